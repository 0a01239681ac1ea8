// What the pipes between VMs that live in the data center take of its NICs and uplinks.
import type { ExistingVm, Host } from "./model.ts";

/** A pipe of one VM, seen from it. */
export interface PipeEnd {
  readonly peer: string;
  readonly kbps: number;
}

/** Keeps the load of every link while VMs come and go; a VM without pipes costs one look-up. */
export class LinkLoads {
  readonly #hostOf: (id: string) => Host | undefined;
  /** Host name -> kbit/s; without those that carry nothing. */
  readonly #nics = new Map<string, number>();
  /** Rack name -> kbit/s. */
  readonly #uplinks = new Map<string, number>();
  /** VM that is there -> peer -> sum of the pipes written on the VM. */
  readonly #written = new Map<string, ReadonlyMap<string, number>>();
  /** Peer -> VMs that are there and have pipes to it. */
  readonly #writers = new Map<string, Set<string>>();

  /** `hostOf`: where a VM lives; undefined when it does not. */
  constructor(hostOf: (id: string) => Host | undefined) {
    this.#hostOf = hostOf;
  }

  /** What all NICs carry together, and all uplinks, kbit/s. */
  get total(): { readonly nicKbps: number; readonly uplinkKbps: number } {
    return { nicKbps: sumOf(this.#nics), uplinkKbps: sumOf(this.#uplinks) };
  }

  nicKbps(host: string): number {
    return this.#nics.get(host) ?? 0;
  }

  uplinkKbps(rack: string): number {
    return this.#uplinks.get(rack) ?? 0;
  }

  /** The VM came to `host`. Returns the other hosts whose links, or whose racks' links, carry more now. */
  add(vm: ExistingVm, host: Host): Host[] {
    if (vm.pipes !== undefined && vm.pipes.length > 0) {
      const sums = new Map<string, number>();
      for (const { peer, kbps } of vm.pipes) sums.set(peer, (sums.get(peer) ?? 0) + kbps);
      this.#written.set(vm.id, sums);
      for (const peer of sums.keys()) {
        const writers = this.#writers.get(peer);
        if (writers === undefined) this.#writers.set(peer, new Set([vm.id]));
        else writers.add(vm.id);
      }
    }
    return this.#load(vm.id, host, 1);
  }

  /** The VM leaves `host`; its peers are where they were. Returns the other hosts whose links carry less now. */
  remove(vm: ExistingVm, host: Host): Host[] {
    const others = this.#load(vm.id, host, -1);
    for (const peer of this.#written.get(vm.id)?.keys() ?? []) {
      const writers = this.#writers.get(peer)!;
      writers.delete(vm.id);
      if (writers.size === 0) this.#writers.delete(peer);
    }
    this.#written.delete(vm.id);
    return others;
  }

  /** The VM's pipes to VMs that live, one a peer. */
  pipesOf(id: string): PipeEnd[] {
    const own = this.#written.get(id);
    const writers = this.#writers.get(id);
    if (own === undefined && writers === undefined) return [];
    return [...new Set([...(own?.keys() ?? []), ...(writers ?? [])])]
      .filter((peer) => this.#hostOf(peer) !== undefined)
      .map((peer) => ({ peer, kbps: Math.max(own?.get(peer) ?? 0, this.#written.get(peer)?.get(id) ?? 0) }));
  }

  #load(id: string, host: Host, by: 1 | -1): Host[] {
    const others: Host[] = [];
    for (const { peer, kbps } of this.pipesOf(id)) {
      const other = peer === id ? host : this.#hostOf(peer)!;
      if (other.name === host.name) continue;
      others.push(other);
      for (const { name } of [host, other]) bump(this.#nics, name, by * kbps);
      if (other.rack === host.rack) continue;
      for (const { rack } of [host, other]) if (rack !== null) bump(this.#uplinks, rack, by * kbps);
    }
    return others;
  }
}

function bump(loads: Map<string, number>, link: string, by: number): void {
  const load = (loads.get(link) ?? 0) + by;
  if (load === 0) loads.delete(link);
  else loads.set(link, load);
}

function sumOf(loads: ReadonlyMap<string, number>): number {
  let sum = 0;
  for (const load of loads.values()) sum += load;
  return sum;
}
