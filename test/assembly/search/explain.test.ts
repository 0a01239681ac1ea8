// A refusal counts the hosts that each rule refuses; many at once, so it is held against asking rule by rule.
import { describe, expect, it } from "vitest";
import {
  BLOCK_ROWS,
  MAX_RULES,
  RESULT_PLACED_BEFORE,
  RESULT_REFUSED,
  RESULT_REFUSED_RULE,
  RESULT_REFUSED_VM,
  STATUS_BUILDING,
  STATUS_REFUSED,
} from "../../../assembly/abi.ts";
import { encode } from "../../../host/core/encode.ts";
import { Inventory } from "../../../host/core/inventory.ts";
import type { Application } from "../../../host/core/model.ts";
import { CoreSession } from "../../../host/core/session.ts";
import { randomScene } from "../../contracts/stage.ts";

const session = new CoreSession();
const { core } = session;

function begin(inventory: Inventory, application: Application): void {
  session.sync(inventory.snapshot.buffer);
  session.write(encode(inventory, application));
  core.disableRules(0);
  core.begin(1);
}

/** Hosts that each rule refuses to the VM, one rule after the other, one block after the other. */
function countOneByOne(inventory: Inventory, vm: number): number[] {
  const counts = new Array<number>(MAX_RULES).fill(0);
  for (let block = 0; block * BLOCK_ROWS < inventory.hostNames().length; block++) {
    let mask = 0;
    for (let lane = 0; lane < BLOCK_ROWS; lane++) {
      if (inventory.hostAt(block * BLOCK_ROWS + lane) !== undefined) mask |= 1 << lane;
    }
    for (let rule = 0; rule < core.ruleCount() && mask !== 0; rule++) {
      const next = core.filterRule(rule, vm, block, mask);
      for (let bits = mask & ~next; bits !== 0; bits &= bits - 1) counts[rule]! += 1;
      mask = next;
    }
  }
  return counts;
}

describe("a refusal", () => {
  it("counts for each rule the hosts that it refuses of those that the rules before it left", () => {
    const named = new Set<number>();
    for (let seed = 0; seed < 200; seed++) {
      const { dataCenter, application } = randomScene(seed, { hosts: 40, vms: 12 }, seed % 3 === 0);
      const inventory = new Inventory(dataCenter);
      if (dataCenter.hosts.length === 0 || application.vms.length === 0) continue;
      const [first, ...others] = application.vms;
      // Half of the time too much for any host, else what some rule by class or none refuses.
      const wish = seed % 2 === 0 ? { ramMiB: 2 ** 30 } : { extraSpecs: { of: "no aggregate" } };
      begin(inventory, { ...application, vms: [{ ...first!, ...wish }, ...others] });
      let status: number = STATUS_BUILDING;
      while (status === STATUS_BUILDING) status = core.construct(core.work() + 64);
      if (status !== STATUS_REFUSED) continue;
      core.finish();
      const result = new Int32Array(core.memory.buffer, core.result(), RESULT_REFUSED + MAX_RULES).slice();
      expect(result[RESULT_PLACED_BEFORE]).toBe(0);
      begin(inventory, { ...application, vms: [{ ...first!, ...wish }, ...others] });
      const counted = countOneByOne(inventory, result[RESULT_REFUSED_VM]!);
      expect([...result.subarray(RESULT_REFUSED)], `seed ${seed}`).toEqual(counted);
      expect(result[RESULT_REFUSED_RULE]).toBe(counted.findLastIndex((count) => count > 0));
      core.finish();
      for (const [rule, count] of counted.entries()) if (count > 0) named.add(rule);
    }
    expect(named.size).toBeGreaterThanOrEqual(6);
  });
});
