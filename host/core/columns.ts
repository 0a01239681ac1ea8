// Hosts as rows of numbers: writes the cells of a snapshot (assembly/README.md has the table of columns).

import {
  ACTIVE_DISK,
  ACTIVE_RAM,
  ACTIVE_VCPUS,
  BLOCK_RACK,
  BLOCK_ROWS,
  CLASS_AGGREGATES,
  CLASS_DISK,
  CLASS_PHYSICAL_RAM,
  CLASS_PHYSICAL_VCPUS,
  CLASS_RAM,
  CLASS_UP,
  CLASS_VCPUS,
  CLASS_ZONE,
  CLUSTER_OWNER,
  CLUSTER_RACK,
  CLUSTER_VMS,
  EMPTY_DISK,
  EMPTY_RAM,
  EMPTY_VCPUS,
  FREE_DISK,
  FREE_NIC,
  FREE_RAM,
  FREE_VCPUS,
  HOST_CLASS,
  HOST_OWNER,
  HOST_VMS,
  NONE,
  PAD_FREE,
  RACK_BLOCK,
  RACK_CLUSTER,
  RACK_DISK,
  RACK_OWNER,
  RACK_RAM,
  RACK_REAL,
  RACK_UPLINK,
  RACK_VCPUS,
  RACK_VMS,
  TOTAL_DISK,
  TOTAL_RAM,
  TOTAL_VCPUS,
  UNLIMITED,
} from "../../assembly/abi.ts";
import type { Host, Resources } from "./model.ts";
import { Snapshot } from "./snapshot.ts";
import { traitsMark } from "./traits.ts";

/** One cell that reads differently for one solve. */
export interface Patch {
  readonly column: number;
  readonly row: number;
  readonly value: number;
}

/** A host as its cells need it. */
export interface HostCells {
  readonly host: Host;
  /** The host's own and its tracked VMs'. */
  readonly used: Resources;
  /** Of the NIC: the host's own and what pipes between tracked VMs load it with, kbit/s. */
  readonly nicUsedKbps: number;
  readonly vmCount: number;
  /** Exclusivity class of its VMs. */
  readonly owner: number;
}

/** What extra specs are compared with, the same for many hosts. */
export interface SpecSet {
  /** Names, ascending. */
  readonly aggregates: readonly string[];
  /** Null: not known. */
  readonly traits: readonly string[] | null;
}

const FREE = [FREE_VCPUS, FREE_RAM, FREE_DISK];
const ACTIVE = [ACTIVE_VCPUS, ACTIVE_RAM, ACTIVE_DISK];
const EMPTY = [EMPTY_VCPUS, EMPTY_RAM, EMPTY_DISK];
const RACK_SUM = [RACK_VCPUS, RACK_RAM, RACK_DISK];
const TOTAL = [TOTAL_VCPUS, TOTAL_RAM, TOTAL_DISK];
const PAD_CLASS = 0;
const MOST = 2 ** 31 - 1;
/** A unit's sum of needs stops at MOST, so no host may have as much. */
const MOST_FREE = MOST - 1;

/** Where hosts stand: racks of a cluster are neighbours, hosts of a rack are, and a rack starts on a block. */
interface Seat {
  readonly row: number;
  readonly rack: number;
  readonly cluster: number;
}

export class Columns {
  readonly snapshot: Snapshot;
  /** Host name by row, undefined for pads. */
  readonly names: (string | undefined)[];
  readonly #seats = new Map<string, Seat>();
  readonly #rackRows = new Map<string, number>();
  readonly #clusterRows = new Map<string, number>();
  readonly #rackNames: (string | null)[] = [];
  readonly #clusterNames: string[] = [];
  readonly #classes = new Map<string, number>();
  readonly #zones: Map<string, number>;
  readonly #sets = new Map<string, number>();
  readonly specSets: SpecSet[] = [];
  readonly #rackSums: Float64Array;
  readonly #totals = new Float64Array(3);
  /** Row x resource -> what the rack sums and the totals contain of it. */
  readonly #inRack: Int32Array;
  readonly #inTotal: Int32Array;
  readonly #up: Uint8Array;
  /** While patches are recorded: cell -> its column, row and value. */
  #recorded: Map<number, Patch> | null = null;

  constructor(hosts: Iterable<HostCells>) {
    const all = [...hosts];
    this.#zones = new Map();
    const { order, racks, clusters, blocks } = arrange(all.map(({ host }) => host));
    const kinds = new Set(all.map(({ host }) => classKey(host)));
    this.snapshot = new Snapshot({
      blocks,
      racks: racks.length,
      clusters: clusters.length,
      classes: kinds.size + 1 + Math.max(64, kinds.size >> 2),
    });
    const rows = blocks * BLOCK_ROWS;
    this.names = new Array(rows).fill(undefined);
    this.#rackSums = new Float64Array(racks.length * 3);
    this.#inRack = new Int32Array(rows * 3);
    this.#inTotal = new Int32Array(rows * 3);
    this.#up = new Uint8Array(rows);

    const column = (c: number) => this.snapshot.column(c);
    for (const c of FREE) column(c).fill(PAD_FREE);
    for (const c of [...ACTIVE, ...EMPTY]) column(c).fill(-1);
    column(HOST_CLASS).fill(PAD_CLASS);
    column(RACK_UPLINK).fill(UNLIMITED);
    this.#classes.set("", PAD_CLASS);
    racks.forEach((rack, row) => {
      this.#rackNames.push(rack.name);
      if (rack.name !== null) this.#rackRows.set(rack.name, row);
      column(RACK_BLOCK)[row] = rack.block;
      column(RACK_CLUSTER)[row] = rack.cluster;
      column(RACK_REAL)[row] = rack.name === null ? 0 : 1;
      column(BLOCK_RACK).fill(row, rack.block, racks[row + 1]?.block ?? blocks);
    });
    column(RACK_BLOCK)[racks.length] = blocks;
    clusters.forEach((cluster, row) => {
      this.#clusterNames.push(cluster.name);
      this.#clusterRows.set(cluster.name, row);
      column(CLUSTER_RACK)[row] = cluster.rack;
    });
    // Racks without a cluster come last, so the end of the last cluster is not the number of racks.
    column(CLUSTER_RACK)[clusters.length] = racks.filter((rack) => rack.cluster !== NONE).length;
    for (const { index, row, rack } of order) {
      const cells = all[index]!;
      this.names[row] = cells.host.name;
      this.#seats.set(cells.host.name, { row, rack, cluster: racks[rack]!.cluster });
    }
    this.snapshot.change(0, () => {
      for (const { index } of order) this.#writeHost(all[index]!);
      for (let block = 0; block < blocks; block++) this.#writeBlock(block);
    });
    this.snapshot.bytesWritten = 0;
  }

  rowOf(host: string): number | undefined {
    return this.#seats.get(host)?.row;
  }

  zoneNumber(zone: string): number | undefined {
    return this.#zones.get(zone);
  }

  containerRow(level: "host" | "rack" | "cluster", name: string): number | undefined {
    if (level === "host") return this.rowOf(name);
    return (level === "rack" ? this.#rackRows : this.#clusterRows).get(name);
  }

  /** False: the host's rack, cluster or kind has no place in these columns, new ones must be made. */
  fits(host: Host): boolean {
    const seat = this.#seats.get(host.name);
    if (seat === undefined) return false;
    const rack = this.#rackNames[seat.rack] ?? null;
    const cluster = seat.cluster === NONE ? null : this.#clusterNames[seat.cluster]!;
    if (rack !== host.rack || cluster !== host.cluster) return false;
    return this.#classes.has(classKey(host)) || this.#classes.size < this.snapshot.size.classes;
  }

  /** Inside a change: the host's own cells and those that sum up its block, rack and all. */
  writeHost(cells: HostCells): void {
    this.#writeHost(cells);
    this.#writeBlock(Math.floor(this.#seats.get(cells.host.name)!.row / BLOCK_ROWS));
  }

  writeRack(name: string, vmCount: number, owner: number): void {
    const row = this.#rackRows.get(name)!;
    this.#write(RACK_VMS, row, vmCount);
    this.#write(RACK_OWNER, row, owner);
  }

  /** `usedKbps`: what is taken of it by anyone. A rack that no host stands in has no cell. */
  writeRackUplink(name: string, uplinkKbps: number | null, usedKbps: number): void {
    const row = this.#rackRows.get(name);
    if (row !== undefined) this.#write(RACK_UPLINK, row, freeOfLink(uplinkKbps, usedKbps));
  }

  writeCluster(name: string, vmCount: number, owner: number): void {
    const row = this.#clusterRows.get(name)!;
    this.#write(CLUSTER_VMS, row, vmCount);
    this.#write(CLUSTER_OWNER, row, owner);
  }

  /** What `pretend` writes, as patches; the cells themselves stay. `pretend` and `restore` must undo each other. */
  record(pretend: () => void, restore: () => void): Patch[] {
    const recorded = new Map<number, Patch>();
    this.#recorded = recorded;
    try {
      pretend();
      const patches = [...recorded.values()].filter(({ column, row, value }) => {
        return this.snapshot.read(this.snapshot.cell(column, row)) !== value;
      });
      restore();
      return patches;
    } finally {
      this.#recorded = null;
    }
  }

  #write(column: number, row: number, value: number): void {
    const cell = this.snapshot.cell(column, row);
    if (this.#recorded) this.#recorded.set(cell, { column, row, value });
    else this.snapshot.write(cell, value);
  }

  #read(column: number, row: number): number {
    const cell = this.snapshot.cell(column, row);
    return this.#recorded?.get(cell)?.value ?? this.snapshot.read(cell);
  }

  #writeHost({ host, used, nicUsedKbps, vmCount, owner }: HostCells): void {
    const { row, rack } = this.#seats.get(host.name)!;
    const free = [
      host.capacity.vcpus - used.vcpus,
      host.capacity.ramMiB - used.ramMiB,
      host.capacity.diskGiB - used.diskGiB,
    ];
    this.#up[row] = host.up ? 1 : 0;
    this.#write(HOST_CLASS, row, this.#classOf(host));
    this.#write(HOST_VMS, row, vmCount);
    this.#write(HOST_OWNER, row, owner);
    this.#write(FREE_NIC, row, freeOfLink(host.nicKbps ?? null, nicUsedKbps));
    for (let r = 0; r < 3; r++) {
      this.#write(FREE[r]!, row, Math.min(MOST_FREE, Math.max(free[r]!, -MOST)));
      const at = row * 3 + r;
      const inRack = host.up ? Math.max(0, free[r]!) : 0;
      const inTotal = vmCount > 0 ? inRack : 0;
      this.#rackSums[rack * 3 + r]! += inRack - this.#inRack[at]!;
      this.#totals[r]! += inTotal - this.#inTotal[at]!;
      this.#inRack[at] = inRack;
      this.#inTotal[at] = inTotal;
      this.#write(RACK_SUM[r]!, rack, Math.min(MOST, this.#rackSums[rack * 3 + r]!));
      this.#write(TOTAL[r]!, 0, Math.min(MOST, this.#totals[r]!));
    }
  }

  #writeBlock(block: number): void {
    const first = block * BLOCK_ROWS;
    for (let r = 0; r < 3; r++) {
      let active = -1;
      let empty = -1;
      for (let row = first; row < first + BLOCK_ROWS; row++) {
        if (!this.#up[row]) continue;
        const free = this.#read(FREE[r]!, row);
        if (this.#read(HOST_VMS, row) > 0) active = Math.max(active, free);
        else empty = Math.max(empty, free);
      }
      this.#write(ACTIVE[r]!, block, active);
      this.#write(EMPTY[r]!, block, empty);
    }
  }

  #classOf(host: Host): number {
    const key = classKey(host);
    let row = this.#classes.get(key);
    if (row !== undefined) return row;
    row = this.#classes.size;
    this.#classes.set(key, row);
    // A class row is never changed once it is given out, so it is written at once even while patches are recorded.
    const cell = (column: number, value: number) => this.snapshot.write(this.snapshot.cell(column, row), value);
    cell(CLASS_UP, host.up ? 1 : 0);
    cell(CLASS_ZONE, host.zone === null ? NONE : this.#numberOf(this.#zones, host.zone));
    cell(CLASS_AGGREGATES, this.#setOf(host));
    cell(CLASS_PHYSICAL_VCPUS, host.physical.vcpus);
    cell(CLASS_PHYSICAL_RAM, host.physical.ramMiB);
    cell(CLASS_VCPUS, host.capacity.vcpus);
    cell(CLASS_RAM, host.capacity.ramMiB);
    cell(CLASS_DISK, host.capacity.diskGiB);
    return row;
  }

  #numberOf(numbers: Map<string, number>, name: string): number {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, numbers.size);
    return numbers.size - 1;
  }

  #setOf({ aggregates, traits = null }: Host): number {
    const names = [...new Set(aggregates)].sort();
    const number = this.#numberOf(this.#sets, JSON.stringify([names, traitsMark(traits)]));
    this.specSets[number] ??= { aggregates: names, traits };
    return number;
  }
}

/** Cell of a link, kbit/s. A limited one stays below UNLIMITED. */
function freeOfLink(kbps: number | null, usedKbps: number): number {
  return kbps === null ? UNLIMITED : Math.max(-MOST, Math.min(MOST_FREE, kbps - usedKbps));
}

/** Equal for hosts that no rule on fixed facts can tell apart. */
function classKey({ up, zone, aggregates, traits, physical, capacity }: Host): string {
  const { vcpus, ramMiB, diskGiB } = capacity;
  const sets = [[...aggregates].sort(), traitsMark(traits)];
  return JSON.stringify([up, zone, sets, physical.vcpus, physical.ramMiB, vcpus, ramMiB, diskGiB]);
}

interface RackSeat {
  readonly name: string | null;
  readonly cluster: number;
  readonly block: number;
}

/**
 * Rack -> the cluster it lies in. While a rack is moved to another cluster, or where hosts that are out of use tell what
 * was, its hosts may name several: then it is that of the first host that is up.
 */
function clusterOfRacks(hosts: readonly Host[]): Map<string, string | null> {
  const clusters = new Map<string, string | null>();
  const sure = new Set<string>();
  for (const { rack, cluster, up } of hosts) {
    if (rack === null || sure.has(rack)) continue;
    if (up || !clusters.has(rack)) clusters.set(rack, cluster);
    if (up) sure.add(rack);
  }
  return clusters;
}

/** A host that names another cluster than its rack lies in has no rack here: so no group of that level stands on it. */
function seatRack({ rack, cluster }: Host, clusterOf: ReadonlyMap<string, string | null>): string | null {
  return rack !== null && clusterOf.get(rack) === cluster ? rack : null;
}

/** Rows by cluster, then rack, both in the order of their first host; what has no cluster comes last. */
function arrange(hosts: readonly Host[]): {
  order: { index: number; row: number; rack: number }[];
  racks: RackSeat[];
  clusters: { name: string; rack: number }[];
  blocks: number;
} {
  const clusterOf = clusterOfRacks(hosts);
  const byCluster = new Map<string | null, Map<string | null, number[]>>();
  hosts.forEach((host, index) => {
    let inCluster = byCluster.get(host.cluster);
    if (inCluster === undefined) {
      inCluster = new Map();
      byCluster.set(host.cluster, inCluster);
    }
    const rack = seatRack(host, clusterOf);
    const inRack = inCluster.get(rack);
    if (inRack === undefined) inCluster.set(rack, [index]);
    else inRack.push(index);
  });
  const order: { index: number; row: number; rack: number }[] = [];
  const racks: RackSeat[] = [];
  const clusters: { name: string; rack: number }[] = [];
  let block = 0;
  const names = [...byCluster.keys()].sort((a, b) => Number(a === null) - Number(b === null));
  for (const name of names) {
    const cluster = name === null ? NONE : clusters.length;
    if (name !== null) clusters.push({ name, rack: racks.length });
    for (const [rackName, indexes] of byCluster.get(name)!) {
      indexes.forEach((index, i) => {
        order.push({ index, row: block * BLOCK_ROWS + i, rack: racks.length });
      });
      racks.push({ name: rackName, cluster, block });
      block += Math.ceil(indexes.length / BLOCK_ROWS);
    }
  }
  return { order, racks, clusters, blocks: block };
}
