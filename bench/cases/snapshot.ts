// The columns in a worker's memory: all of them for the first solve, afterwards only the cells that changed.

import type { Inventory } from "../../host/core/inventory.ts";
import { SnapshotReader } from "../../host/core/snapshot.ts";
import { type BenchCase, defineCase, ensure } from "../case.ts";
import { changingInventory, sharedInventory } from "../problems.ts";
import { HOSTS } from "./plan.ts";

/** Hosts that get a VM in one commit. */
const COMMITS = [1, 8, 64];
/**
 * The most a VM can change: 5 cells of its host, 6 of its block, 5 of its rack, 2 of its cluster and the 3 totals, 4 bytes
 * each. That this holds for every size of data center is what makes a commit cheap.
 */
const MOST_BYTES_PER_VM = 21 * 4;

function firstCopy(hosts: number): BenchCase {
  return defineCase({
    name: `snapshot/${hosts}-hosts/first-copy`,
    labels: hosts > 10_000 ? ["slow"] : hosts === 1000 ? ["short"] : [],
    setup: async (scale) => {
      const { snapshot } = await sharedInventory(scale === "small" ? 200 : hosts);
      return { snapshot, cells: new Int32Array(snapshot.columnBytes / 4) };
    },
    run: ({ snapshot, cells }) => new SnapshotReader(snapshot.buffer).copyInto(cells).bytes,
    check: ({ snapshot, cells }, bytes) => {
      ensure(bytes === snapshot.columnBytes, `copied ${bytes} of ${snapshot.columnBytes} bytes`);
      ensure(
        cells.every((cell, at) => cell === snapshot.read(at)),
        "the copy differs",
      );
    },
    gate: (_state, bytes) => ({ bytes, bytes_per_host: Math.round((bytes / hosts) * 100) / 100 }),
  });
}

/** Hosts of different racks, as a plan that spreads would touch them. */
function spread(inventory: Inventory, count: number): string[] {
  const names = [...inventory.hosts.values()].filter(({ up }) => up).map(({ name }) => name);
  return Array.from({ length: count }, (_, i) => names[Math.floor((i * names.length) / count)]!);
}

function commit(hosts: number, touched: number): BenchCase {
  return defineCase({
    name: `snapshot/${hosts}-hosts/commit-to-${touched}-hosts`,
    labels: hosts > 10_000 ? ["slow"] : hosts === 1000 && touched === 8 ? ["short"] : [],
    setup: async (scale) => {
      const inventory = await changingInventory(scale === "small" ? 200 : hosts);
      const need = { vcpus: 1, ramMiB: 2048, diskGiB: 20 };
      const vms = spread(inventory, touched).map((host, i) => ({ id: `new${i}`, host, groups: [], need }));
      const cells = new Int32Array(inventory.snapshot.columnBytes / 4);
      const reader = new SnapshotReader(inventory.snapshot.buffer);
      reader.copyInto(cells);
      return { inventory, vms, cells, reader };
    },
    // Two commits, so that the state is as before: the VMs come, and go.
    run: ({ inventory, vms, cells, reader }) => {
      for (const vm of vms) inventory.put(vm);
      const came = reader.copyInto(cells).bytes;
      for (const { id } of vms) inventory.remove(id);
      return { came, left: reader.copyInto(cells).bytes };
    },
    check: ({ inventory: { snapshot }, cells }, { came, left }) => {
      const most = MOST_BYTES_PER_VM * touched;
      ensure(came > 0 && came <= most, `${came} bytes were copied for ${touched} hosts, at most ${most} were expected`);
      ensure(left > 0 && left <= most, `${left} bytes were copied for ${touched} hosts, at most ${most} were expected`);
      ensure(
        cells.every((cell, at) => cell === snapshot.read(at)),
        "the copy differs",
      );
    },
    gate: (_state, { came, left }) => ({ bytes_came: came, bytes_left: left }),
    per: () => ({ count: 2, unit: "commit" }),
  });
}

export const snapshot: readonly BenchCase[] = HOSTS.flatMap((hosts) => [
  firstCopy(hosts),
  ...COMMITS.map((touched) => commit(hosts, touched)),
]);
