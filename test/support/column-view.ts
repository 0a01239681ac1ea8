// What the columns of an inventory say, by names.
import * as abi from "../../assembly/abi.ts";
import type { Patch, SpecSet } from "../../host/core/columns.ts";
import type { Inventory } from "../../host/core/inventory.ts";

/** Cells of one host and of what it lies in. Numbers that only stand for names are in `labels`. */
export interface HostView {
  readonly cells: Readonly<Record<string, number | string>>;
  /** Exclusivity classes and zones: equal in meaning if one numbering can be turned into the other. */
  readonly labels: Readonly<Record<string, number>>;
}

export interface ColumnView {
  readonly hosts: ReadonlyMap<string, HostView>;
  readonly totals: readonly number[];
  /** What is wrong in itself: bounds of blocks, pads, neighbours. */
  readonly faults: readonly string[];
}

const HOST_CELLS = {
  "free vCPU": abi.FREE_VCPUS,
  "free RAM": abi.FREE_RAM,
  "free disk": abi.FREE_DISK,
  VMs: abi.HOST_VMS,
  "free NIC": abi.FREE_NIC,
};
const CLASS_CELLS = {
  up: abi.CLASS_UP,
  "vCPU of the machine": abi.CLASS_PHYSICAL_VCPUS,
  "RAM of the machine": abi.CLASS_PHYSICAL_RAM,
  vCPU: abi.CLASS_VCPUS,
  RAM: abi.CLASS_RAM,
  disk: abi.CLASS_DISK,
};
const RACK_CELLS = {
  "has a rack": abi.RACK_REAL,
  "VMs of the rack": abi.RACK_VMS,
  "vCPU of the rack": abi.RACK_VCPUS,
  "RAM of the rack": abi.RACK_RAM,
  "disk of the rack": abi.RACK_DISK,
  "uplink of the rack": abi.RACK_UPLINK,
};

/** `patches`: cells that read differently. */
export function viewColumns(inventory: Inventory, patches: readonly Patch[] = []): ColumnView {
  const { snapshot } = inventory;
  const patched = new Map(patches.map(({ column, row, value }) => [snapshot.cell(column, row), value]));
  const read = (column: number, row: number) => {
    const cell = snapshot.cell(column, row);
    return patched.get(cell) ?? snapshot.read(cell);
  };
  const hosts = new Map<string, HostView>();
  for (const name of inventory.hosts.keys()) {
    const row = inventory.rowOf(name)!;
    const rack = read(abi.BLOCK_RACK, row >> abi.BLOCK_SHIFT);
    const cluster = read(abi.RACK_CLUSTER, rack);
    const hostClass = read(abi.HOST_CLASS, row);
    const cells: Record<string, number | string> = {
      ...labelsOf(inventory.specSets()[read(abi.CLASS_AGGREGATES, hostClass)]!),
      "has a cluster": cluster === abi.NONE ? 0 : 1,
      "VMs of the cluster": cluster === abi.NONE ? 0 : read(abi.CLUSTER_VMS, cluster),
    };
    for (const [name, column] of Object.entries(HOST_CELLS)) cells[name] = read(column, row);
    for (const [name, column] of Object.entries(CLASS_CELLS)) cells[name] = read(column, hostClass);
    for (const [name, column] of Object.entries(RACK_CELLS)) cells[name] = read(column, rack);
    hosts.set(name, {
      cells,
      labels: {
        "owner of host": read(abi.HOST_OWNER, row),
        "owner of rack": read(abi.RACK_OWNER, rack),
        "owner of cluster": cluster === abi.NONE ? abi.OWNER_NONE : read(abi.CLUSTER_OWNER, cluster),
        zone: read(abi.CLASS_ZONE, hostClass),
      },
    });
  }
  const totals = [abi.TOTAL_VCPUS, abi.TOTAL_RAM, abi.TOTAL_DISK].map((column) => read(column, 0));
  return { hosts, totals, faults: [...faultsOf(inventory, read)] };
}

type Read = (column: number, row: number) => number;

function* faultsOf(inventory: Inventory, read: Read): Iterable<string> {
  const { blocks, racks, clusters } = inventory.snapshot.size;
  for (let block = 0; block < blocks; block++) {
    const rows = Array.from({ length: abi.BLOCK_ROWS }, (_, lane) => block * abi.BLOCK_ROWS + lane);
    for (const row of rows) {
      const isPad = inventory.hostAt(row) === undefined;
      if (isPad !== (read(abi.FREE_VCPUS, row) === abi.PAD_FREE)) yield `row ${row} is a pad and is not`;
    }
    const up = rows.filter((row) => inventory.hosts.get(inventory.hostAt(row) ?? "")?.up);
    for (let r = 0; r < 3; r++) {
      for (const [bound, active] of [
        [abi.ACTIVE_VCPUS + r, true],
        [abi.EMPTY_VCPUS + r, false],
      ] as const) {
        const kind = up.filter((row) => read(abi.HOST_VMS, row) > 0 === active);
        const most = Math.max(-1, ...kind.map((row) => read(abi.FREE_VCPUS + r, row)));
        if (read(bound, block) !== most) yield `bound ${bound} of block ${block} is ${read(bound, block)}, not ${most}`;
      }
    }
    const rack = read(abi.BLOCK_RACK, block);
    if (block < read(abi.RACK_BLOCK, rack) || block >= read(abi.RACK_BLOCK, rack + 1))
      yield `block ${block} is outside of its rack ${rack}`;
    const facts = new Set(
      rows.flatMap((row) => {
        const host = inventory.hosts.get(inventory.hostAt(row) ?? "");
        return host === undefined ? [] : [`${host.cluster} ${host.rack}`];
      }),
    );
    if (facts.size !== 1) yield `block ${block} holds hosts of ${facts.size} racks`;
  }
  for (let rack = 0; rack < racks; rack++) {
    const cluster = read(abi.RACK_CLUSTER, rack);
    const inside = rack >= read(abi.CLUSTER_RACK, cluster) && rack < read(abi.CLUSTER_RACK, cluster + 1);
    if (cluster === abi.NONE ? rack < read(abi.CLUSTER_RACK, clusters) : !inside)
      yield `rack ${rack} is not among the neighbours of its cluster ${cluster}`;
  }
}

/** Where the two say different things, and what is wrong in either; owners and zones may be numbered differently. */
export function differences(a: ColumnView, b: ColumnView): string[] {
  const found = [...a.faults, ...b.faults];
  if (a.totals.join() !== b.totals.join()) found.push(`totals ${a.totals} and ${b.totals}`);
  if ([...a.hosts.keys()].sort().join() !== [...b.hosts.keys()].sort().join()) found.push("other hosts");
  const there = new Map<string, number>();
  const back = new Map<string, number>();
  for (const [name, one] of a.hosts) {
    const other = b.hosts.get(name);
    if (other === undefined) continue;
    for (const [cell, value] of Object.entries(one.cells))
      if (other.cells[cell] !== value) found.push(`${cell} of ${name}: ${value} and ${other.cells[cell]}`);
    for (const [label, value] of Object.entries(one.labels)) {
      const kind = label.split(" ")[0]!;
      const theirs = other.labels[label]!;
      const known = there.get(`${kind} ${value}`) ?? theirs;
      const backward = back.get(`${kind} ${theirs}`) ?? value;
      there.set(`${kind} ${value}`, known);
      back.set(`${kind} ${theirs}`, backward);
      // None and closed are the same number for everyone.
      if (known !== theirs || backward !== value || (value <= 0 && kind === "owner" && theirs !== value))
        found.push(`${label} of ${name}: ${value} and ${theirs}`);
    }
  }
  return found;
}

function labelsOf({ aggregates, traits }: SpecSet): Record<string, string> {
  return { aggregates: aggregates.join(), traits: traits?.join() ?? "not known" };
}
