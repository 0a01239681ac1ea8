// The scan kernels: all rules over all hosts for one VM, a call of the core for each block of 16 hosts.

import { BLOCK_ROWS } from "../../assembly/abi.ts";
import { encode } from "../../host/core/encode.ts";
import type { Inventory } from "../../host/core/inventory.ts";
import type { Application } from "../../host/core/model.ts";
import { CoreSession } from "../../host/core/session.ts";
import { type BenchCase, defineCase, ensure } from "../case.ts";
import { sharedInventory } from "../problems.ts";
import { HOSTS } from "./plan.ts";

const EVERY_ROW = 2 ** BLOCK_ROWS - 1;
const VM = { vcpus: 8, ramMiB: 16_384, diskGiB: 160 };
const APPLICATION: Application = {
  name: "scan",
  vms: [{ name: "vm", ...VM, zone: "az1", extraSpecs: {} }],
  groups: [],
};

/** By the facts of the hosts, one after the other. */
function allowedPlainly(inventory: Inventory): number {
  let allowed = 0;
  for (const { name, up, zone } of inventory.hosts.values()) {
    const { host, used } = inventory.hostState(name)!;
    const fits =
      used.vcpus + VM.vcpus <= host.capacity.vcpus &&
      used.ramMiB + VM.ramMiB <= host.capacity.ramMiB &&
      used.diskGiB + VM.diskGiB <= host.capacity.diskGiB;
    if (!up || zone !== "az1" || !fits) continue;
    const kept = [...inventory.vmsIn("host", name)].some(({ groups }) => groups.some((key) => key.includes(":EX:")));
    if (!kept) allowed++;
  }
  return allowed;
}

export async function readyToScan(hosts: number, corePath?: string) {
  const inventory = await sharedInventory(hosts);
  const session = new CoreSession(corePath);
  session.sync(inventory.snapshot.buffer);
  session.write(encode(inventory, APPLICATION));
  session.core.begin(1);
  const { blocks } = inventory.snapshot.size;
  const { core } = session;
  const scan = () => {
    let allowed = 0;
    for (let block = 0; block < blocks; block++) {
      for (let rows = core.filterAll(0, block, EVERY_ROW); rows !== 0; rows &= rows - 1) allowed++;
    }
    return allowed;
  };
  return { inventory, hosts, scan };
}

export const scan: readonly BenchCase[] = HOSTS.map((hosts) =>
  defineCase({
    name: `scan/${hosts}-hosts`,
    labels: hosts > 10_000 ? ["slow"] : hosts === 1000 ? ["short"] : [],
    setup: (scale) => readyToScan(scale === "small" ? 200 : hosts),
    run: ({ scan }) => scan(),
    check: ({ inventory }, allowed) => {
      const expected = allowedPlainly(inventory);
      ensure(allowed === expected, `the core allows ${allowed} hosts, the facts ${expected}`);
    },
    gate: (_state, allowed) => ({ allowed }),
    per: (state) => ({ count: state.hosts, unit: "host" }),
  }),
);
