// The data center in memory: facts of the hosts, the VMs that live on them, and the columns that the core reads.

import { OWNER_CLOSED, OWNER_NONE } from "../../assembly/abi.ts";
import { ChangeLog } from "./change-log.ts";
import { Columns, type HostCells, type Patch, type SpecSet } from "./columns.ts";
import type { InventoryView } from "./inventory-view.ts";
import { LinkLoads, type PipeEnd } from "./link-loads.ts";
import { type DataCenter, type ExistingVm, type Host, LEVELS, type Level, type Rack, type Resources } from "./model.ts";
import { OwnerClasses, type RequestOwners } from "./owner-classes.ts";
import type { Snapshot } from "./snapshot.ts";

interface HostState {
  host: Host;
  used: { vcpus: number; ramMiB: number; diskGiB: number };
  readonly vms: Map<string, ExistingVm>;
}

/** A rack or cluster. */
interface Container {
  readonly hosts: Set<string>;
  vmCount: number;
  /** Exclusivity class -> VMs of it. */
  readonly owners: Map<number, number>;
  /** Exclusivity group of this level -> VMs of it: for the check, which shares nothing with the classes. */
  readonly exclusive: Map<string, number>;
}

/** Names of what a plan touches, for `changedSince`. */
export interface Touched {
  readonly hosts?: Iterable<string>;
  readonly racks?: Iterable<string>;
  readonly clusters?: Iterable<string>;
  readonly groups?: Iterable<string>;
}

export class Inventory implements InventoryView {
  #aggregates: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly #states = new Map<string, HostState>();
  readonly #vms = new Map<string, ExistingVm>();
  readonly #racks = new Map<string, Container>();
  readonly #clusters = new Map<string, Container>();
  readonly #living = new Map<string, Map<string, number>>();
  readonly #changed = new ChangeLog();
  readonly #owners = new OwnerClasses();
  /** Racks whose uplink is known, also those that no host stands in. */
  readonly #uplinks = new Map<string, Rack>();
  readonly #loads = new LinkLoads((id) => {
    const vm = this.#vms.get(id);
    return vm && this.#states.get(vm.host)?.host;
  });
  #columns: Columns;
  #version = 1;
  #facts: ReadonlyMap<string, Host> | null = null;

  constructor({ hosts, racks = [], aggregates, existing }: Omit<DataCenter, "flavors">) {
    this.#aggregates = aggregates;
    for (const rack of racks) this.#uplinks.set(rack.name, rack);
    for (const host of hosts) this.#addHost(host);
    for (const vm of existing) this.#count(vm, 1);
    this.#columns = this.#makeColumns();
    this.#owners.settle();
  }

  /** Grows with each change. */
  get version(): number {
    return this.#version;
  }

  /** The columns in shared memory; a new object when hosts come, go or move to another rack. */
  get snapshot(): Snapshot {
    return this.#columns.snapshot;
  }

  /** Name -> metadata. */
  get aggregates(): Readonly<Record<string, Readonly<Record<string, string>>>> {
    return this.#aggregates;
  }

  /** Facts by name; `used` does not contain the tracked VMs' needs. */
  get hosts(): ReadonlyMap<string, Host> {
    this.#facts ??= new Map([...this.#states].map(([name, state]) => [name, state.host]));
    return this.#facts;
  }

  /** Facts of the racks whose uplink is known; `uplinkUsedKbps` does not contain the pipes of tracked VMs. */
  get racks(): Iterable<Rack> {
    return this.#uplinks.values();
  }

  get vmCount(): number {
    return this.#vms.size;
  }

  /** What pipes reserve on all NICs together, and on all uplinks, kbit/s. */
  get reserved(): { readonly nicKbps: number; readonly uplinkKbps: number } {
    return this.#loads.total;
  }

  vm(id: string): ExistingVm | undefined {
    return this.#vms.get(id);
  }

  /** `used` and `nicUsedKbps`: the host's own and its tracked VMs'. */
  hostState(name: string): { host: Host; used: Resources; nicUsedKbps: number; vmCount: number } | undefined {
    const state = this.#states.get(name);
    if (state === undefined) return undefined;
    const { host, used, vms } = state;
    return { host, used, nicUsedKbps: this.#nicUsedKbps(host), vmCount: vms.size };
  }

  /** The rack's uplink, kbit/s; `usedKbps`: its own and that of the pipes between tracked VMs. */
  uplink(rack: string): { kbps: number | null; usedKbps: number } {
    const { uplinkKbps = null, uplinkUsedKbps = 0 } = this.#uplinks.get(rack) ?? {};
    return { kbps: uplinkKbps, usedKbps: uplinkUsedKbps + this.#loads.uplinkKbps(rack) };
  }

  /** The VM's pipes to VMs that are there, one a peer. */
  pipesOf(id: string): PipeEnd[] {
    return this.#loads.pipesOf(id);
  }

  /** VMs in a container, on up and down hosts. */
  *vmsIn(level: Level, container: string): Iterable<ExistingVm> {
    if (level === "host") {
      yield* this.#states.get(container)?.vms.values() ?? [];
      return;
    }
    const hosts = (level === "rack" ? this.#racks : this.#clusters).get(container)?.hosts ?? [];
    for (const host of hosts) yield* this.#states.get(host)!.vms.values();
  }

  /** VMs in a container, on up and down hosts, and how many of them are in each exclusivity group of its level. */
  occupancy(level: Level, container: string): { vms: number; exclusive: ReadonlyMap<string, number> } {
    if (level !== "host") {
      const { vmCount, exclusive } = (level === "rack" ? this.#racks : this.#clusters).get(container) ?? newContainer();
      return { vms: vmCount, exclusive };
    }
    const vms = this.#states.get(container)?.vms ?? new Map<string, ExistingVm>();
    const exclusive = new Map<string, number>();
    for (const vm of vms.values()) for (const key of exclusivities(vm, level)) bump(exclusive, key, 1);
    return { vms: vms.size, exclusive };
  }

  /** Containers on up hosts where VMs of the group live -> how many. */
  living(key: string): ReadonlyMap<string, number> {
    return this.#living.get(key) ?? new Map();
  }

  /** Adds the VM, or replaces the one with its id. Throws when its host is unknown. */
  put(vm: ExistingVm): void {
    if (!this.#states.has(vm.host)) throw new Error(`VM (${vm.id}) is on unknown host (${vm.host})`);
    this.#change(() => {
      const before = this.#vms.get(vm.id);
      for (const [moved, by] of [
        [before, -1],
        [vm, 1],
      ] as const) {
        if (!moved) continue;
        this.#moveVm(moved, by);
        this.#touch(this.#states.get(moved.host)!.host, [moved]);
      }
    });
    if (this.#owners.crowded) this.#renumberOwners();
  }

  /** False if there is no such VM. */
  remove(id: string): boolean {
    const vm = this.#vms.get(id);
    if (!vm) return false;
    this.#change(() => {
      this.#moveVm(vm, -1);
      this.#touch(this.#states.get(vm.host)!.host, [vm]);
    });
    return true;
  }

  /** New facts of a known host, or a new host. */
  setHost(host: Host): void {
    this.setHosts([host]);
  }

  /** New facts of known hosts, and new hosts; those `gone` are forgotten with the VMs on them. New columns at most once. */
  setHosts(hosts: readonly Host[], gone: readonly string[] = []): void {
    this.#facts = null;
    const fitting = (host: Host) => this.#states.has(host.name) && this.#columns.fits(host);
    const rest: Host[] = [];
    if (hosts.some(fitting))
      this.#change(() => {
        // Each may take the last place of a new kind, so they are asked one by one.
        for (const host of hosts)
          if (fitting(host)) this.#setInPlace(host);
          else rest.push(host);
      });
    else rest.push(...hosts);

    const touched: Host[] = [];
    const vms: ExistingVm[] = [];
    for (const name of gone) {
      const state = this.#states.get(name);
      if (state === undefined) continue;
      touched.push(state.host);
      vms.push(...state.vms.values());
      this.#dropHost(state);
    }
    for (const host of rest) {
      const state = this.#states.get(host.name);
      const here = state ? [...state.vms.values()] : [];
      if (state) {
        touched.push(state.host);
        this.#dropHost(state);
      }
      this.#addHost(host);
      for (const vm of here) this.#count(vm, 1);
      touched.push(host);
      vms.push(...here);
    }
    if (touched.length > 0) this.#rebuild(touched, vms);
  }

  /** New facts of a rack's uplink. */
  setRack(rack: Rack): void {
    this.#uplinks.set(rack.name, rack);
    this.#change(() => this.#writeUplink(rack.name));
  }

  /** New metadata of all aggregates. */
  setAggregates(aggregates: Inventory["aggregates"]): void {
    this.#aggregates = aggregates;
    this.#change(() => {});
  }

  /** The host and the VMs on it are forgotten. */
  removeHost(name: string): void {
    this.setHosts([], [name]);
  }

  /** Did a VM come to or leave, or a fact change of, any of these after `version`? A group changes with its VMs. */
  changedSince(version: number, touched: Touched): boolean {
    const since = (kind: string, names: Iterable<string> = []) =>
      this.#changed.changedSince(
        version,
        Array.from(names, (name) => kind + name),
      );
    return (
      since("host ", touched.hosts) ||
      since("rack ", touched.racks) ||
      since("cluster ", touched.clusters) ||
      since("group ", touched.groups)
    );
  }

  // ---- For the encoder -----------------------------------------------------------------------------------------------

  rowOf(host: string): number | undefined {
    return this.#columns.rowOf(host);
  }

  hostAt(row: number): string | undefined {
    return this.#columns.names[row];
  }

  /** Host name by row of the present columns. */
  hostNames(): readonly (string | undefined)[] {
    return this.#columns.names;
  }

  zoneNumber(zone: string): number | undefined {
    return this.#columns.zoneNumber(zone);
  }

  specSets(): readonly SpecSet[] {
    return this.#columns.specSets;
  }

  ownerClasses(): RequestOwners {
    return this.#owners.forRequest();
  }

  /** Rows of the containers where the group lives on up hosts, without the named VMs. */
  livingRows(level: Level, key: string, without: readonly string[]): number[] {
    const counts = new Map(this.living(key));
    for (const id of new Set(without)) {
      const vm = this.#vms.get(id);
      if (!vm?.groups.includes(key)) continue;
      const { host } = this.#states.get(vm.host)!;
      const container = containerOf(host, level);
      if (host.up && container !== null) counts.set(container, (counts.get(container) ?? 0) - 1);
    }
    return [...counts]
      .filter(([, count]) => count > 0)
      .map(([name]) => this.#columns.containerRow(level, name)!)
      .sort((a, b) => a - b);
  }

  /** The cells that read differently when these VMs are thought away. */
  patchesWithout(ids: readonly string[]): Patch[] {
    const vms = [...new Set(ids)].map((id) => this.#vms.get(id)).filter((vm) => vm !== undefined);
    return this.#columns.record(
      () => {
        for (const vm of vms) this.#moveVm(vm, -1);
      },
      () => {
        for (const vm of vms) this.#moveVm(vm, 1);
      },
    );
  }

  // ---- Inside --------------------------------------------------------------------------------------------------------

  #change(write: () => void): void {
    this.#version++;
    this.#columns.snapshot.change(this.#version, write);
  }

  /** `by` 1: the VM comes; -1: it leaves. Facts, then cells. */
  #moveVm(vm: ExistingVm, by: 1 | -1): void {
    const state = this.#states.get(vm.host)!;
    const atPeers = this.#count(vm, by);
    this.#columns.writeHost(this.#cells(state));
    for (const host of atPeers) this.#columns.writeHost(this.#cells(this.#states.get(host.name)!));
    if (atPeers.length > 0)
      for (const rack of new Set([state.host, ...atPeers].map((host) => host.rack))) if (rack) this.#writeUplink(rack);
    const { rack, cluster } = state.host;
    if (rack !== null) {
      const { vmCount, owners } = this.#racks.get(rack)!;
      this.#columns.writeRack(rack, vmCount, ownerOf(owners));
    }
    if (cluster !== null) {
      const { vmCount, owners } = this.#clusters.get(cluster)!;
      this.#columns.writeCluster(cluster, vmCount, ownerOf(owners));
    }
  }

  /** Inside a change, of a known host whose columns have a place for it. */
  #setInPlace(host: Host): void {
    const state = this.#states.get(host.name)!;
    const vms = [...state.vms.values()];
    for (const vm of vms) this.#count(vm, -1);
    for (const [resource, value] of Object.entries(host.used) as [keyof Resources, number][]) {
      state.used[resource] += value - state.host.used[resource];
    }
    state.host = host;
    for (const vm of vms) this.#count(vm, 1);
    this.#touch(host, vms);
    this.#columns.writeHost(this.#cells(state));
  }

  #touch(host: Host, vms: readonly ExistingVm[]): void {
    this.#changed.note(`host ${host.name}`, this.#version);
    if (host.rack !== null) this.#changed.note(`rack ${host.rack}`, this.#version);
    if (host.cluster !== null) this.#changed.note(`cluster ${host.cluster}`, this.#version);
    for (const vm of vms) for (const group of vm.groups) this.#changed.note(`group ${group}`, this.#version);
  }

  #addHost(host: Host): void {
    this.#states.set(host.name, { host, used: { ...host.used }, vms: new Map() });
    for (const [containers, name] of [
      [this.#racks, host.rack],
      [this.#clusters, host.cluster],
    ] as const) {
      if (name === null) continue;
      if (!containers.has(name)) containers.set(name, newContainer());
      containers.get(name)!.hosts.add(host.name);
    }
  }

  #dropHost(state: HostState): void {
    for (const vm of [...state.vms.values()]) this.#count(vm, -1);
    const { name, rack, cluster } = state.host;
    this.#states.delete(name);
    for (const [containers, container] of [
      [this.#racks, rack],
      [this.#clusters, cluster],
    ] as const) {
      if (container === null) continue;
      const { hosts } = containers.get(container)!;
      hosts.delete(name);
      if (hosts.size === 0) containers.delete(container);
    }
  }

  /** The VM in the sums of its host, rack, cluster, groups and links. Returns other hosts whose links it loads. */
  #count(vm: ExistingVm, by: 1 | -1): Host[] {
    const state = this.#states.get(vm.host);
    if (!state) throw new Error(`VM (${vm.id}) is on unknown host (${vm.host})`);
    const { host, used, vms } = state;
    let atPeers: Host[];
    if (by > 0) {
      vms.set(vm.id, vm);
      this.#vms.set(vm.id, vm);
      atPeers = this.#loads.add(vm, host);
    } else {
      atPeers = this.#loads.remove(vm, host);
      vms.delete(vm.id);
      this.#vms.delete(vm.id);
    }
    used.vcpus += by * vm.need.vcpus;
    used.ramMiB += by * vm.need.ramMiB;
    used.diskGiB += by * vm.need.diskGiB;
    for (const [level, container] of [
      ["rack", host.rack === null ? undefined : this.#racks.get(host.rack)],
      ["cluster", host.cluster === null ? undefined : this.#clusters.get(host.cluster)],
    ] as const) {
      if (!container) continue;
      container.vmCount += by;
      bump(container.owners, this.#owners.of(vm, level), by);
      for (const key of exclusivities(vm, level)) bump(container.exclusive, key, by);
    }
    if (host.up) this.#countGroups(vm, host, by);
    return atPeers;
  }

  #countGroups(vm: ExistingVm, host: Host, by: 1 | -1): void {
    for (const key of new Set(vm.groups)) {
      const level = LEVELS.find((level) => key.startsWith(`${level}:`));
      const container = level === undefined ? null : containerOf(host, level);
      if (container === null) continue;
      let counts = this.#living.get(key);
      if (!counts) {
        counts = new Map();
        this.#living.set(key, counts);
      }
      bump(counts, container, by);
      if (counts.size === 0) this.#living.delete(key);
    }
  }

  #cells({ host, used, vms }: HostState): HostCells {
    const owners = new Map<number, number>();
    for (const vm of vms.values()) bump(owners, this.#owners.of(vm, "host"), 1);
    return { host, used, nicUsedKbps: this.#nicUsedKbps(host), vmCount: vms.size, owner: ownerOf(owners) };
  }

  #nicUsedKbps(host: Host): number {
    return (host.nicUsedKbps ?? 0) + this.#loads.nicKbps(host.name);
  }

  #writeUplink(rack: string): void {
    const { kbps, usedKbps } = this.uplink(rack);
    this.#columns.writeRackUplink(rack, kbps, usedKbps);
  }

  #makeColumns(): Columns {
    const columns = new Columns([...this.#states.values()].map((state) => this.#cells(state)));
    columns.snapshot.change(this.#version, () => {
      for (const [name, { vmCount, owners }] of this.#racks) columns.writeRack(name, vmCount, ownerOf(owners));
      for (const [name, { vmCount, owners }] of this.#clusters) columns.writeCluster(name, vmCount, ownerOf(owners));
      for (const name of this.#uplinks.keys()) {
        const { kbps, usedKbps } = this.uplink(name);
        columns.writeRackUplink(name, kbps, usedKbps);
      }
    });
    columns.snapshot.bytesWritten = 0;
    return columns;
  }

  /** Classes whose VMs are gone give up their numbers. The columns are new ones: searches under way keep the old. */
  #renumberOwners(): void {
    const containers = { rack: this.#racks, cluster: this.#clusters };
    this.#owners.renumber(() => {
      for (const level of ["rack", "cluster"] as const) {
        for (const { owners } of containers[level].values()) owners.clear();
        for (const vm of this.#vms.values()) {
          const name = containerOf(this.#states.get(vm.host)!.host, level);
          if (name !== null) bump(containers[level].get(name)!.owners, this.#owners.of(vm, level), 1);
        }
      }
      this.#columns = this.#makeColumns();
    });
  }

  /** `touched`: also the host as it was, whose rack or cluster it left. */
  #rebuild(touched: readonly Host[], vms: readonly ExistingVm[]): void {
    this.#version++;
    for (const host of touched) this.#touch(host, vms);
    this.#columns = this.#makeColumns();
  }
}

function containerOf(host: Host, level: Level): string | null {
  return level === "host" ? host.name : level === "rack" ? host.rack : host.cluster;
}

function newContainer(): Container {
  return { hosts: new Set(), vmCount: 0, owners: new Map(), exclusive: new Map() };
}

/** The VM's exclusivity groups of a level, each once. */
function exclusivities(vm: ExistingVm, level: Level): Iterable<string> {
  if (vm.groups.length === 0) return [];
  return new Set(vm.groups.filter((key) => key.startsWith(`${level}:EX:`)));
}

function bump<K>(counts: Map<K, number>, key: K, by: number): void {
  const count = (counts.get(key) ?? 0) + by;
  if (count === 0) counts.delete(key);
  else counts.set(key, count);
}

/** The one class of a container's VMs; closed when they are of several. */
function ownerOf(owners: ReadonlyMap<number, number>): number {
  if (owners.size > 1) return OWNER_CLOSED;
  for (const owner of owners.keys()) return owner;
  return OWNER_NONE;
}
