// What a resident data center takes: in a worker's core exactly, in the service's own objects as the engine counts them.

import { Inventory } from "../../host/core/inventory.ts";
import { parseProblem } from "../../host/core/problem.ts";
import { readyToPlan } from "../cases/plan.ts";
import type { Goal } from "../goal.ts";
import { heapCollector } from "../heap.ts";
import { generated, sharedInventory } from "../problems.ts";

const MOST_HOSTS = 100_000;
const HEAP_HOSTS = 10_000;
const PLACED = 200_000;

export const memory: Goal = {
  name: "memory",
  async measure() {
    const { snapshot } = await sharedInventory(MOST_HOSTS);
    const { session, solve } = await readyToPlan(MOST_HOSTS, 100, "default");
    solve();
    const core = session.core.memory.buffer.byteLength / MOST_HOSTS;
    const heap = await heapBytes();
    const size = `${MOST_HOSTS} hosts`;
    return [
      {
        what: `bytes per host in a worker, ${size}, a plan of 100 VMs included`,
        value: core,
        unit: "B",
        basis: "counted",
        goal: { atMost: 64 },
        remark: `columns ${(snapshot.columnBytes / MOST_HOSTS).toFixed(1)} B`,
      },
      {
        what: "bytes per placed VM in a worker",
        value: await workerBytesPerVm(),
        unit: "B",
        basis: "counted",
        goal: { atMost: 16 },
        remark: "the core keeps sums, not VMs",
      },
      {
        what: "bytes per host in the service's own objects",
        value: heap.host,
        unit: "B",
        basis: "measured",
        goal: null,
      },
      {
        what: "bytes per placed VM in the service's own objects",
        value: heap.vm,
        unit: "B",
        basis: "measured",
        goal: null,
      },
    ];
  },
};

/** How much larger the columns are that workers copy, once VMs are placed. */
async function workerBytesPerVm(): Promise<number> {
  const { dataCenter } = parseProblem(JSON.stringify(await generated(HEAP_HOSTS, 1, 1)), "generated");
  const empty = new Inventory({ ...dataCenter, existing: [] });
  const full = new Inventory(dataCenter);
  const more = full.snapshot.columnBytes - empty.snapshot.columnBytes;
  return more / dataCenter.existing.length;
}

async function heapBytes(): Promise<{ host: number; vm: number }> {
  const { dataCenter } = parseProblem(JSON.stringify(await generated(HEAP_HOSTS, 1, 1)), "generated");
  const hosts = dataCenter.hosts.filter(({ up }) => up);
  const collect = heapCollector();
  const before = collect();
  const inventory = new Inventory({ ...dataCenter, existing: [] });
  const withHosts = collect();
  const need = { vcpus: 0, ramMiB: 1, diskGiB: 0 };
  for (let i = 0; i < PLACED; i++)
    inventory.put({ id: `placed-${i}`, host: hosts[i % hosts.length]!.name, groups: [], need });
  const withVms = collect();
  if (inventory.hosts.size !== HEAP_HOSTS) throw new Error("the inventory lost hosts");
  return { host: (withHosts - before) / HEAP_HOSTS, vm: (withVms - withHosts) / PLACED };
}
