import { describe, expect, it } from "vitest";
import * as abi from "../../../assembly/abi.ts";
import { decode } from "../../../host/core/decode.ts";
import { plainVm } from "../../support/plain.ts";

const RULES = [
  { name: "zone", text: "availability zone" },
  { name: "ram-capacity", text: "memory capacity" },
  { name: "diversity", text: "diversity" },
];
const APPLICATION = { name: "app", vms: ["a", "b", "__proto__"].map((name) => plainVm(name)), groups: [] };

function decoded(words: Readonly<Record<number, number>>, hosts: readonly number[] = []) {
  const result = new Int32Array(abi.RESULT_HOSTS + APPLICATION.vms.length);
  for (const [at, word] of Object.entries(words)) result[Number(at)] = word;
  result.set(hosts, abi.RESULT_HOSTS);
  const answer = { result, version: 3, searchMs: 1.5, searchedUntil: 0, work: 0, ended: false, bytesCopied: 0 };
  return decode(answer, 7, APPLICATION, RULES, (row) => `h${row}`);
}

describe("a plan", () => {
  const plan = decoded(
    {
      [abi.RESULT_STATUS]: abi.STATUS_PLACED,
      [abi.RESULT_ACTIVATED]: 1,
      [abi.RESULT_RESERVED]: 1_500,
      [abi.RESULT_RESERVED + 1]: 1,
      [abi.RESULT_TOUCHED]: 2,
      [abi.RESULT_RACKS]: 1,
      [abi.RESULT_LEFT]: -1,
      [abi.RESULT_LEFT + 1]: 2,
      [abi.RESULT_BOUND_ACTIVATED]: 1,
      [abi.RESULT_BOUND_RESERVED]: 3_000,
      [abi.RESULT_BOUND_TOUCHED]: 2,
      [abi.RESULT_ATTEMPTS]: 11,
      [abi.RESULT_BLOCKS]: 12,
      [abi.RESULT_MOVES]: 13,
    },
    [4, 5, 4],
  );

  it("names a host for every VM, whatever its name", () => {
    if (!plan.ok) throw new Error("refused");
    expect(Object.entries(plan.placements)).toEqual([
      ["a", "h4"],
      ["b", "h5"],
      ["__proto__", "h4"],
    ]);
  });

  it("has the levels of the objective, bounds and counters; bandwidth and what is left over are 64-bit numbers", () => {
    expect(plan).toMatchObject({
      objective: {
        hosts_activated: 1,
        reserved_bw_mbps: (2 ** 32 + 1_500) / 1_000,
        hosts_touched: 2,
        racks_touched: 1,
        left_bp: 3 * 2 ** 32 - 1,
      },
      bound: { hosts_activated: 1, reserved_bw_mbps: 3, hosts_touched: 2 },
      stats: { attempts: 11, blocks_visited: 12, moves: 13 },
      searchMs: 1.5,
    });
  });

  it("claims the version that the request was made from", () => {
    expect(plan.version).toBe(7);
  });

  it("can leave less than nothing", () => {
    const words = { [abi.RESULT_STATUS]: abi.STATUS_PLACED, [abi.RESULT_LEFT]: -20, [abi.RESULT_LEFT + 1]: -1 };
    const over = decoded(words);
    expect(over.ok && over.objective.left_bp).toBe(-20);
  });
});

describe("a refusal", () => {
  const words = {
    [abi.RESULT_STATUS]: abi.STATUS_REFUSED,
    [abi.RESULT_REFUSED_VM]: 1,
    [abi.RESULT_REFUSED_RULE]: 2,
    [abi.RESULT_REFUSED]: 10,
    [abi.RESULT_REFUSED + 2]: 6,
  };

  it("names the VM, the rule that emptied the list, and the hosts that each rule refused", () => {
    expect(decoded(words)).toMatchObject({
      ok: false,
      rule: "diversity",
      vm: "b",
      refused: { zone: 10, diversity: 6 },
      placedBefore: 0,
      reason:
        "violate diversity constraint for node = b: none of 16 hosts is left " +
        "(refused by availability zone 10, diversity 6); gave up within the budget or deadline",
    });
  });

  it("says of a refusal whether it is proven", () => {
    const proven = decoded({ ...words, [abi.RESULT_PROVEN]: 1 });
    expect(proven).toMatchObject({ ok: false, proven: true });
    expect(!proven.ok && proven.reason).toMatch(/^violate diversity constraint for node = b: .*; proven impossible$/);
    expect(decoded(words)).toMatchObject({ ok: false, proven: false });
  });

  it("says how many VMs had a place when there was none left", () => {
    const late = decoded({ ...words, [abi.RESULT_PLACED_BEFORE]: 2 });
    expect(late).toMatchObject({ placedBefore: 2 });
    expect(!late.ok && late.reason).toMatch(/after 2 of 3 VMs were placed/);
  });
});
