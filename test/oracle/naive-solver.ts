// A plain greedy as the ever-present reference of the benchmarks: for each VM in order all hosts are looked at, every rule
// is asked on plain objects, and the best host by the objective's levels is taken. VMs of one host-level affinity go
// together, and a rack or cluster is entered by a wider affinity only if a first fit says that it holds all of it. No
// repair, nothing remembered, nothing pruned; written from the problem format alone.
import { LEVELS, type Level } from "../../host/core/model.ts";
import type { ProblemFile } from "../../host/core/problem-schema.ts";

type App = NonNullable<ProblemFile["app"]>;
type VmFile = NonNullable<App["vms"]>[number];
type HostFile = ProblemFile["hosts"][number];
type Key = keyof HostFile["capacity"];
type Mbps = number;

const RESOURCES: readonly Key[] = ["vcpus", "mem_mb", "disk_gb"];
const SHORT = { affinity: "AFF", diversity: "DIV", exclusivity: "EX" } as const;
/** Owner in diversity of what lives there already: no member of the application. */
const LIVING = -1;

interface Container {
  vms: number;
  /** The exclusivity groups of its VMs, sorted and joined. */
  owner: string;
}

interface Place {
  readonly file: HostFile;
  /** A name per level; null: the host is in none. */
  readonly names: Readonly<Record<Level, string | null>>;
  readonly containers: readonly (Container | null)[];
  readonly free: Record<Key, number>;
  /** VMs of this application. */
  placed: number;
  nic: Mbps;
}

interface Rack {
  uplink: Mbps;
  placed: number;
}

interface GroupState {
  readonly type: "affinity" | "diversity";
  readonly level: Level;
  /** Affinity: the one container. */
  home: string | undefined;
  /** Diversity: container -> direct member that is in it. */
  readonly owners: Map<string, number>;
  readonly items: Item[];
}

/** VMs that must share a host. */
interface Item {
  readonly vms: readonly VmFile[];
  readonly need: Readonly<Record<Key, number>>;
  readonly groups: readonly { readonly state: GroupState; readonly member: number }[];
  /** Per level: its exclusivity groups, sorted and joined. */
  readonly owners: readonly string[];
  readonly grouped: readonly boolean[];
  readonly pipes: readonly { readonly peer: string; readonly mbps: Mbps }[];
}

/** VM -> host, or null as soon as one VM finds no host. Starts from the problem at every call. */
export function naivePlan(problem: ProblemFile): Record<string, string> | null {
  return new NaiveSolver(problem).plan();
}

/** Set-up apart from planning, so that a benchmark can time the plan alone. Plans once. */
export class NaiveSolver {
  readonly #places: readonly Place[];
  readonly #racks = new Map<string | null, Rack>();
  readonly #items: readonly Item[];
  readonly #aggregates: ProblemFile["aggregates"];
  readonly #at = new Map<string, Place>();
  /** What first fits said since the last VM was placed. */
  readonly #holding = new Map<string, boolean>();

  constructor(problem: ProblemFile) {
    const app: App = problem.app ?? {};
    this.#aggregates = problem.aggregates;
    this.#places = placesOf(problem);
    for (const { names } of this.#places) this.#racks.set(names.rack, { uplink: Number.POSITIVE_INFINITY, placed: 0 });
    for (const { name, uplink_mbps, uplink_used_mbps } of problem.racks ?? [])
      if (uplink_mbps != null) this.#racks.set(name, { uplink: uplink_mbps - (uplink_used_mbps ?? 0), placed: 0 });
    this.#items = itemsOf(problem, app, this.#places);
  }

  plan(): Record<string, string> | null {
    for (const item of this.#items) {
      let best: Place | null = null;
      let bestCost: readonly number[] = [];
      for (const place of this.#places) {
        if (!this.#allows(item, place)) continue;
        const cost = this.#cost(item, place);
        if (best !== null && !isLess(cost, bestCost)) continue;
        if (this.#promises(item, place)) [best, bestCost] = [place, cost];
      }
      if (best === null) return null;
      this.#put(item, best);
    }
    return Object.fromEntries([...this.#at].map(([vm, place]) => [vm, place.file.name]));
  }

  #allows(item: Item, place: Place): boolean {
    const { need } = item;
    for (const key of RESOURCES) if (need[key] > place.free[key]) return false;
    for (const vm of item.vms) if (!this.#allowsAlone(vm, place.file)) return false;
    for (const [level, container] of place.containers.entries()) {
      if (container === null && item.grouped[level]) return false;
      if (container !== null && container.vms > 0 && container.owner !== item.owners[level]) return false;
    }
    for (const { state, member } of item.groups) {
      const container = place.names[state.level]!;
      if (state.type === "affinity" && state.home !== undefined && state.home !== container) return false;
      const owner = state.owners.get(container);
      if (owner !== undefined && owner !== member) return false;
    }
    return item.pipes.length === 0 || this.#linksHold(item, place);
  }

  #allowsAlone(vm: VmFile, host: HostFile): boolean {
    if (host.status !== "up" || (vm.az && vm.az !== host.az)) return false;
    if (vm.fixed && vm.fixed !== host.name) return false;
    if (vm.candidates && !vm.candidates.includes(host.name)) return false;
    if (vm.excluded?.includes(host.name)) return false;
    const machine = host.physical ?? host.capacity;
    if (vm.vcpus > machine.vcpus || vm.mem_mb > machine.mem_mb) return false;
    return this.#specsHold(vm, host);
  }

  /** Of affinities wider than a host that this item would be the first of: does the container hold all of each? */
  #promises(item: Item, place: Place): boolean {
    return item.groups.every(({ state }) => {
      if (state.type !== "affinity" || state.home !== undefined) return true;
      const container = place.names[state.level]!;
      const key = `${state.level}|${container}|${this.#items.indexOf(item)}`;
      const known = this.#holding.get(key) ?? this.#firstFit(state, container);
      this.#holding.set(key, known);
      return known;
    });
  }

  #firstFit(state: GroupState, container: string): boolean {
    const places = this.#places.filter(({ names }) => names[state.level] === container);
    const taken = new Map<Place, Item[]>();
    return state.items.every((item) => {
      const place = places.find((each) => {
        const beside = taken.get(each) ?? [];
        const fits = RESOURCES.every(
          (key) => beside.reduce((sum, other) => sum + other.need[key], item.need[key]) <= each.free[key],
        );
        return fits && this.#allows(item, each) && !beside.some((other) => apart(item, other));
      });
      if (place !== undefined) taken.set(place, [...(taken.get(place) ?? []), item]);
      return place !== undefined;
    });
  }

  /** Of extra specs the plain values alone: the generator's problems have no operators. */
  #specsHold(file: VmFile, host: HostFile): boolean {
    const specs = Object.entries(file.extra_specs ?? {});
    if (specs.length === 0) return true;
    return (host.aggregates ?? []).some((name) =>
      specs.every(([key, value]) => this.#aggregates?.[name]?.metadata?.[key] === value),
    );
  }

  #linksHold(item: Item, place: Place): boolean {
    const nic = new Map<Place, Mbps>();
    const uplink = new Map<Rack, Mbps>();
    for (const { peer, mbps } of item.pipes) {
      const there = this.#at.get(peer);
      if (there === undefined || there === place) continue;
      for (const end of [place, there]) {
        nic.set(end, (nic.get(end) ?? 0) + mbps);
        if (there.names.rack === place.names.rack) continue;
        const rack = this.#racks.get(end.names.rack)!;
        uplink.set(rack, (uplink.get(rack) ?? 0) + mbps);
      }
    }
    return [...nic].every(([end, mbps]) => mbps <= end.nic) && [...uplink].every(([rack, mbps]) => mbps <= rack.uplink);
  }

  /** What the VM adds to each level of the objective here, then what the host has left. */
  #cost(item: Item, place: Place): readonly number[] {
    let reserved = 0;
    for (const { peer, mbps } of item.pipes) {
      const there = this.#at.get(peer);
      if (there !== undefined && there !== place) reserved += mbps * (there.names.rack === place.names.rack ? 2 : 4);
    }
    let left = 0;
    for (const key of RESOURCES) left += (place.free[key] - item.need[key]) / Math.max(1, place.file.capacity[key]);
    const touches = place.placed === 0 ? 1 : 0;
    const activates = place.containers[0]!.vms === 0 ? 1 : 0;
    return [activates, reserved, touches, this.#racks.get(place.names.rack)!.placed === 0 ? 1 : 0, left];
  }

  #put(item: Item, place: Place): void {
    for (const { peer, mbps } of item.pipes) {
      const there = this.#at.get(peer);
      if (there === undefined || there === place) continue;
      for (const end of [place, there]) {
        end.nic -= mbps;
        if (there.names.rack !== place.names.rack) this.#racks.get(end.names.rack)!.uplink -= mbps;
      }
    }
    for (const key of RESOURCES) place.free[key] -= item.need[key];
    for (const [level, container] of place.containers.entries())
      if (container !== null) {
        container.vms += item.vms.length;
        container.owner = item.owners[level]!;
      }
    for (const { state, member } of item.groups) {
      const container = place.names[state.level]!;
      if (state.type === "affinity") state.home = container;
      else state.owners.set(container, member);
    }
    place.placed++;
    this.#racks.get(place.names.rack)!.placed++;
    for (const { name } of item.vms) this.#at.set(name, place);
    this.#holding.clear();
  }
}

/** Two items of one host-level diversity, below different members. */
function apart(one: Item, other: Item): boolean {
  return one.groups.some(
    ({ state, member }) =>
      state.type === "diversity" &&
      state.level === "host" &&
      other.groups.some((theirs) => theirs.state === state && theirs.member !== member),
  );
}

function isLess(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i]! < b[i]!;
  return false;
}

function placesOf(problem: ProblemFile): Place[] {
  const containers = new Map<string, Container>();
  const containerOf = (level: Level, name: string | null) => {
    if (name === null) return null;
    const key = `${level}|${name}`;
    const known = containers.get(key) ?? { vms: 0, owner: "" };
    containers.set(key, known);
    return known;
  };
  const named = (name: string | null | undefined) => (name && name !== "none" ? name : null);
  const places = problem.hosts.map((file): Place => {
    const names = { host: file.name, rack: named(file.rack), cluster: named(file.cluster) };
    return {
      file,
      names,
      containers: LEVELS.map((level) => containerOf(level, names[level])),
      free: {
        vcpus: file.capacity.vcpus - (file.used?.vcpus ?? 0),
        mem_mb: file.capacity.mem_mb - (file.used?.mem_mb ?? 0),
        disk_gb: file.capacity.disk_gb - (file.used?.disk_gb ?? 0),
      },
      placed: 0,
      nic: file.bw_mbps == null ? Number.POSITIVE_INFINITY : file.bw_mbps - (file.bw_used_mbps ?? 0),
    };
  });
  const byName = new Map(places.map((place) => [place.file.name, place]));
  for (const { host, groups = [] } of problem.existing ?? [])
    for (const [at, container] of byName.get(host)!.containers.entries()) {
      if (container === null) continue;
      container.vms++;
      container.owner = joined(groups.filter((key) => key.startsWith(`${LEVELS[at]}:EX:`)));
    }
  return places;
}

function itemsOf(problem: ProblemFile, app: App, places: readonly Place[]): Item[] {
  const groups = new Map((app.groups ?? []).map((group) => [group.name, group]));
  const volumes = new Map((app.volumes ?? []).map((volume) => [volume.name, volume]));
  const below = (member: string): string[] => {
    const group = groups.get(member);
    if (group !== undefined) return group.members.flatMap(below);
    const volume = volumes.get(member);
    if (volume === undefined) return [member];
    return volume.attached_to ? [volume.attached_to] : [];
  };
  const byName = new Map(places.map((place) => [place.file.name, place]));
  const memberships = new Map<string, { state: GroupState; member: number }[]>();
  const owners = new Map<string, string[]>();
  for (const { name, type, level, members } of groups.values()) {
    const key = `${level}:${SHORT[type]}:${name}`;
    if (type === "exclusivity") {
      for (const vm of new Set(below(name))) owners.set(vm, [...(owners.get(vm) ?? []), key]);
      continue;
    }
    const state: GroupState = { type, level, home: undefined, owners: new Map(), items: [] };
    for (const { host, groups: keys = [] } of problem.existing ?? []) {
      const { file, names } = byName.get(host)!;
      const container = names[level];
      if (file.status !== "up" || container === null || !keys.includes(key)) continue;
      if (type === "affinity") state.home = container;
      else state.owners.set(container, LIVING);
    }
    const joins = new Map<string, number>();
    for (const [ordinal, member] of members.entries())
      for (const vm of below(member)) if (!joins.has(vm)) joins.set(vm, ordinal);
    for (const [vm, member] of joins) memberships.set(vm, [...(memberships.get(vm) ?? []), { state, member }]);
  }
  const items = together(app, below).map((vms): Item => {
    const own = vms.flatMap(({ name }) => memberships.get(name) ?? []);
    const keys = vms.flatMap(({ name }) => owners.get(name) ?? []);
    const names = new Set(vms.map(({ name }) => name));
    const local = (app.volumes ?? []).filter(({ local, attached_to }) => local && names.has(attached_to ?? ""));
    const sum = (key: Key) => vms.reduce((total, vm) => total + vm[key], 0);
    return {
      vms,
      need: {
        vcpus: sum("vcpus"),
        mem_mb: sum("mem_mb"),
        disk_gb: local.reduce((total, volume) => total + (volume.size_gb ?? 0), sum("disk_gb")),
      },
      groups: own,
      owners: LEVELS.map((level) => joined(keys.filter((key) => key.startsWith(`${level}:`)))),
      grouped: LEVELS.map(
        (level) => own.some(({ state }) => state.level === level) || keys.some((key) => key.startsWith(`${level}:`)),
      ),
      pipes: (app.pipes ?? []).flatMap(({ a, b, mbps }) => {
        if (names.has(a) === names.has(b)) return [];
        return [{ peer: names.has(a) ? b : a, mbps }];
      }),
    };
  });
  for (const item of items)
    for (const { state } of item.groups) if (!state.items.includes(item)) state.items.push(item);
  return items;
}

/** VMs in order, those of overlapping host-level affinities as one. */
function together(app: App, below: (member: string) => string[]): VmFile[][] {
  const sets = new Map((app.vms ?? []).map((vm) => [vm.name, [vm]]));
  for (const { type, level, name } of app.groups ?? []) {
    if (type !== "affinity" || level !== "host") continue;
    const [first, ...rest] = below(name).map((vm) => sets.get(vm)!);
    for (const set of rest) {
      if (first === undefined || set === first || first.includes(set[0]!)) continue;
      first.push(...set);
      for (const vm of set) sets.set(vm.name, first);
    }
  }
  return [...new Set(sets.values())];
}

function joined(keys: readonly string[]): string {
  return [...new Set(keys)].sort().join();
}
