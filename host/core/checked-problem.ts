// The rules of a problem and where VMs stand in it, for check-certificate.ts: written from the problem format.
import { type Application, type DataCenter, type Group, groupKey, type Host, LEVELS, type Level } from "./model.ts";
import { refusingTraits, someAggregateFits } from "./verify-specs.ts";

type Amounts = readonly [number, number, number];

/** VMs tied to one host: they are placed together. */
export interface Unit {
  /** Indexes, ascending. */
  readonly vms: readonly number[];
  /** vCPU, MiB of RAM, GiB of disk. */
  readonly need: Amounts;
}

export function containerOf(host: Host, level: Level): string | null {
  return level === "host" ? host.name : host[level];
}

/** The problem's rules, and where VMs stand in the case that is looked at. */
export class CheckedProblem {
  readonly hosts: readonly Host[];
  readonly units: readonly Unit[];
  readonly #dataCenter: DataCenter;
  readonly #application: Application;
  readonly #byName: ReadonlyMap<string, Host>;
  readonly #unitByName = new Map<string, Unit>();
  /** Group -> for each direct member the VMs below it, by index. */
  readonly #members = new Map<Group, ReadonlySet<number>[]>();
  /** Group -> containers where VMs of it live on hosts that are up. */
  readonly #living = new Map<Group, ReadonlySet<string>>();
  /** [level][VM]: its exclusivity groups, as text. */
  readonly #owners: readonly string[][];
  /** [level]: container -> exclusivity groups of the VMs that live there, as texts. */
  readonly #residents: readonly Map<string, Set<string>>[];
  readonly #free = new Map<Host, number[]>();
  readonly #hostOf = new Map<Unit, Host>();
  /** "nic host" and "uplink rack" -> free kbit/s. */
  readonly #links = new Map<string, number>();
  readonly #alone = new Map<string, boolean>();

  constructor(dataCenter: DataCenter, application: Application) {
    this.#dataCenter = dataCenter;
    this.#application = application;
    this.hosts = dataCenter.hosts;
    this.#byName = new Map(dataCenter.hosts.map((host) => [host.name, host]));
    const index = new Map(application.vms.map(({ name }, i) => [name, i]));
    const groups = new Map(application.groups.map((group) => [group.name, group]));
    const below = (member: string, seen: ReadonlySet<string>): number[] => {
      const vm = index.get(member);
      if (vm !== undefined) return [vm];
      if (seen.has(member)) return [];
      return (groups.get(member)?.members ?? []).flatMap((each) => below(each, new Set([...seen, member])));
    };
    for (const group of application.groups) {
      const members = [...new Set(group.members)].map((member) => new Set(below(member, new Set([group.name]))));
      this.#members.set(
        group,
        members.filter(({ size }) => size > 0),
      );
      const living = new Set<string>();
      for (const { host, groups: keys } of dataCenter.existing) {
        const home = this.#byName.get(host)!;
        const container = containerOf(home, group.level);
        if (group.named !== false && home.up && container !== null && keys.includes(groupKey(group)))
          living.add(container);
      }
      this.#living.set(group, living);
    }
    this.units = this.#tie();
    for (const unit of this.units) for (const vm of unit.vms) this.#unitByName.set(application.vms[vm]!.name, unit);
    this.#owners = LEVELS.map((level) => application.vms.map((_, vm) => this.#ownersOf(vm, level)));
    this.#residents = LEVELS.map((level) => {
      const residents = new Map<string, Set<string>>();
      for (const { host, groups: keys } of dataCenter.existing) {
        const container = containerOf(this.#byName.get(host)!, level);
        if (container === null) continue;
        const set = residents.get(container) ?? new Set();
        set.add(textOf(keys.filter((key) => key.startsWith(`${level}:EX:`))));
        residents.set(container, set);
      }
      return residents;
    });
    for (const host of this.hosts) {
      const { capacity, used } = host;
      this.#free.set(host, [
        capacity.vcpus - used.vcpus,
        capacity.ramMiB - used.ramMiB,
        capacity.diskGiB - used.diskGiB,
      ]);
    }
    for (const { host, need } of dataCenter.existing) this.#take(this.#byName.get(host)!, amounts(need), 1);
    this.#readLinks();
  }

  host(name: string): Host | undefined {
    return this.#byName.get(name);
  }

  unitOf(vm: string): Unit | undefined {
    return this.#unitByName.get(vm);
  }

  stands(unit: Unit): boolean {
    return this.#hostOf.has(unit);
  }

  free(host: Host): readonly number[] {
    return this.#free.get(host)!;
  }

  place(unit: Unit, host: Host): void {
    this.#hostOf.set(unit, host);
    this.#take(host, unit.need, 1);
  }

  remove(unit: Unit): void {
    this.#take(this.#hostOf.get(unit)!, unit.need, -1);
    this.#hostOf.delete(unit);
  }

  /** The rule that keeps the unit off the host as things are, or null. */
  refusal(unit: Unit, host: Host): string | null {
    if (!this.#allowedAlone(unit, host)) return "facts";
    const free = this.#free.get(host)!;
    if (unit.need.some((need, r) => need > free[r]!)) return "capacity";
    for (const group of this.#application.groups) if (!this.#keepsGroup(unit, host, group)) return group.type;
    if (!this.#keepsExclusivity(unit, host)) return "exclusivity";
    return this.#overloads(unit, host) ? "bandwidth" : null;
  }

  /** May the two never share a container of this level? */
  keptApart(a: Unit, b: Unit, level: Level): boolean {
    const [x, y] = [a.vms[0]!, b.vms[0]!];
    const owners = this.#owners[LEVELS.indexOf(level)]!;
    if (owners[x] !== "" && owners[y] !== "" && owners[x] !== owners[y]) return true;
    return this.#application.groups.some((group) => {
      if (group.type !== "diversity" || group.level !== level) return false;
      const [i, j] = [this.#memberOf(group, a), this.#memberOf(group, b)];
      return i.size > 0 && j.size > 0 && ![...i].some((member) => j.has(member));
    });
  }

  /** Can the two units change places wherever they stand? */
  exchangeable(a: Unit, b: Unit): boolean {
    if (a.vms.length !== 1 || b.vms.length !== 1) return false;
    const [i, j] = [a.vms[0]!, b.vms[0]!];
    const facts = (vm: number) => {
      const { vcpus, ramMiB, diskGiB, zone, extraSpecs } = this.#application.vms[vm]!;
      return JSON.stringify([vcpus, ramMiB, diskGiB, zone, Object.entries(extraSpecs).sort()]);
    };
    if (facts(i) !== facts(j)) return false;
    for (const vm of [i, j]) {
      const { name, candidates, excluded, fixed } = this.#application.vms[vm]!;
      if (candidates !== undefined || (excluded?.length ?? 0) > 0 || fixed !== undefined) return false;
      if (this.#application.pipes?.some((pipe) => pipe.a === name || (!pipe.living && pipe.b === name))) return false;
    }
    return this.#application.groups.every((group) => {
      const members = this.#members.get(group)!;
      const [of, with_] = [this.#memberOf(group, a), this.#memberOf(group, b)];
      if (of.size === 0 && with_.size === 0) return true;
      if (of.size === 0 || with_.size === 0) return false;
      if (group.type !== "diversity") return true;
      if (textOf([...of].map(String)) === textOf([...with_].map(String))) return true;
      return [of, with_].every((own) => own.size === 1 && members[[...own][0]!]!.size === 1);
    });
  }

  /** Are the hosts in nothing different, with no VM of the application on either? */
  alike(a: Host, b: Host): boolean {
    for (const host of this.#hostOf.values()) if (host === a || host === b) return false;
    if (a.rack !== b.rack || a.cluster !== b.cluster) return false;
    if (this.#free.get(a)!.some((free, r) => free !== this.#free.get(b)![r])) return false;
    if (this.#links.get(`nic ${a.name}`) !== this.#links.get(`nic ${b.name}`)) return false;
    for (const { living, b: id } of this.#application.pipes ?? []) {
      const home = living ? this.#dataCenter.existing.find((vm) => vm.id === id)?.host : undefined;
      if (home === a.name || home === b.name) return false;
    }
    const residents = this.#residents[0]!;
    if (textOf([...(residents.get(a.name) ?? ["-"])]) !== textOf([...(residents.get(b.name) ?? ["-"])])) return false;
    return this.units.every((unit) => this.#allowedAlone(unit, a) === this.#allowedAlone(unit, b));
  }

  #take(host: Host, need: Amounts, by: 1 | -1): void {
    const free = this.#free.get(host)!;
    need.forEach((amount, r) => {
      free[r]! -= by * amount;
    });
  }

  /** VMs that host-level affinity ties together, directly or through others. */
  #tie(): Unit[] {
    const { vms } = this.#application;
    const set = vms.map((_, vm) => new Set([vm]));
    for (const group of this.#application.groups) {
      if (group.type !== "affinity" || group.level !== "host") continue;
      const all = new Set(this.#members.get(group)!.flatMap((member) => [...member].flatMap((vm) => [...set[vm]!])));
      for (const vm of all) set[vm] = all;
    }
    return [...new Set(set)].map((tied) => {
      const list = [...tied].sort((a, b) => a - b);
      const sum = [0, 0, 0];
      for (const vm of list) for (const [r, amount] of amounts(vms[vm]!).entries()) sum[r]! += amount;
      return { vms: list, need: [sum[0]!, sum[1]!, sum[2]!] };
    });
  }

  #ownersOf(vm: number, level: Level): string {
    const keys = this.#application.groups
      .filter((group) => group.type === "exclusivity" && group.level === level)
      .filter((group) => this.#members.get(group)!.some((member) => member.has(vm)))
      .map((group) => (group.named === false ? `anonymous:${group.name}` : groupKey(group)));
    return textOf(keys);
  }

  /** Indexes of the direct members that the unit is below. */
  #memberOf(group: Group, unit: Unit): Set<number> {
    const members = this.#members.get(group)!;
    return new Set([...members.keys()].filter((i) => unit.vms.some((vm) => members[i]!.has(vm))));
  }

  /** What neither room nor other VMs of the application change. */
  #allowedAlone(unit: Unit, host: Host): boolean {
    const key = `${unit.vms[0]} ${host.name}`;
    let allowed = this.#alone.get(key);
    if (allowed === undefined) {
      allowed = unit.vms.every((vm) => this.#factsAllow(vm, host));
      this.#alone.set(key, allowed);
    }
    return allowed;
  }

  #factsAllow(index: number, host: Host): boolean {
    const vm = this.#application.vms[index]!;
    if (!host.up || (vm.zone !== null && vm.zone !== host.zone)) return false;
    if (vm.fixed !== undefined && vm.fixed !== host.name) return false;
    if (vm.candidates !== undefined && !vm.candidates.includes(host.name)) return false;
    if (vm.excluded?.includes(host.name)) return false;
    if (vm.vcpus > host.physical.vcpus || vm.ramMiB > host.physical.ramMiB) return false;
    const metadata = host.aggregates.map((name) => this.#dataCenter.aggregates[name] ?? {});
    if (!someAggregateFits(vm.extraSpecs, metadata)) return false;
    if (refusingTraits(vm.extraSpecs, host.traits).length > 0) return false;
    for (const group of this.#application.groups) {
      if (!this.#members.get(group)!.some((member) => member.has(index))) continue;
      const container = containerOf(host, group.level);
      if (container === null) return false;
      const living = this.#living.get(group)!;
      if (group.type === "affinity" && living.size > 0 && (living.size > 1 || !living.has(container))) return false;
      if (group.type === "diversity" && living.has(container)) return false;
    }
    return LEVELS.every((level, l) => {
      const container = containerOf(host, level);
      const residents = container === null ? undefined : this.#residents[l]!.get(container);
      return residents === undefined || [...residents].every((owners) => owners === this.#owners[l]![index]);
    });
  }

  /** Affinity and diversity towards the VMs that stand. */
  #keepsGroup(unit: Unit, host: Host, group: Group): boolean {
    if (group.type === "exclusivity") return true;
    const own = this.#memberOf(group, unit);
    if (own.size === 0) return true;
    if (group.type === "diversity" && own.size > 1) return false;
    const container = containerOf(host, group.level);
    for (const [other, there] of this.#hostOf) {
      const members = this.#memberOf(group, other);
      if (members.size === 0) continue;
      const together = containerOf(there, group.level) === container;
      if (group.type === "affinity" && !together) return false;
      if (group.type === "diversity" && together && ![...members].every((member) => own.has(member))) return false;
    }
    return true;
  }

  #keepsExclusivity(unit: Unit, host: Host): boolean {
    return LEVELS.every((level, l) => {
      const owners = this.#owners[l]!;
      const own = owners[unit.vms[0]!]!;
      if (unit.vms.some((vm) => owners[vm] !== own)) return false;
      const container = containerOf(host, level);
      if (container === null) return own === "";
      for (const [other, there] of this.#hostOf)
        if (containerOf(there, level) === container && owners[other.vms[0]!] !== own) return false;
      return true;
    });
  }

  /** Free bandwidth of each link that has a capacity, without the application. */
  #readLinks(): void {
    for (const { name, nicKbps, nicUsedKbps } of this.hosts)
      if (nicKbps != null) this.#links.set(`nic ${name}`, nicKbps - (nicUsedKbps ?? 0));
    for (const { name, uplinkKbps, uplinkUsedKbps } of this.#dataCenter.racks ?? [])
      if (uplinkKbps !== null) this.#links.set(`uplink ${name}`, uplinkKbps - uplinkUsedKbps);
    const homes = new Map(this.#dataCenter.existing.map(({ id, host }) => [id, this.#byName.get(host)!]));
    const written = new Map<string, number>();
    for (const { id, pipes } of this.#dataCenter.existing)
      for (const { peer, kbps } of pipes ?? []) {
        const key = JSON.stringify([id, peer]);
        written.set(key, (written.get(key) ?? 0) + kbps);
      }
    for (const [key, kbps] of written) {
      const [id, peer] = JSON.parse(key) as [string, string];
      const back = written.get(JSON.stringify([peer, id])) ?? -1;
      // A pair that is written on both counts once, as the larger.
      if (back > kbps || (back === kbps && peer < id) || !homes.has(peer)) continue;
      for (const link of linksBetween(homes.get(id)!, homes.get(peer)!))
        if (this.#links.has(link)) this.#links.set(link, this.#links.get(link)! - kbps);
    }
  }

  /** Would a link that the unit's pipes use carry more than it can? */
  #overloads(unit: Unit, host: Host): boolean {
    const pipes = this.#application.pipes ?? [];
    if (pipes.length === 0) return false;
    const where = (name: string) => {
      const other = this.#unitByName.get(name);
      return other === unit ? host : other && this.#hostOf.get(other);
    };
    const loads = new Map<string, number>();
    const own = new Set<string>();
    for (const { a, b, living, kbps } of pipes) {
      const home = living ? this.#dataCenter.existing.find(({ id }) => id === b)?.host : undefined;
      const [from, to] = [where(a), living ? home && this.#byName.get(home) : where(b)];
      if (!from || !to || kbps === 0) continue;
      const mine = this.#unitByName.get(a) === unit || (!living && this.#unitByName.get(b) === unit);
      for (const link of linksBetween(from, to)) {
        loads.set(link, (loads.get(link) ?? 0) + kbps);
        if (mine) own.add(link);
      }
    }
    return [...own].some((link) => this.#links.has(link) && loads.get(link)! > this.#links.get(link)!);
  }
}

function amounts(of: { readonly vcpus: number; readonly ramMiB: number; readonly diskGiB: number }): Amounts {
  return [of.vcpus, of.ramMiB, of.diskGiB];
}

function textOf(keys: readonly string[]): string {
  return [...new Set(keys)].sort().join(" ");
}

function linksBetween(a: Host, b: Host): string[] {
  if (a.name === b.name) return [];
  const uplinks =
    a.rack === b.rack ? [] : [a.rack, b.rack].flatMap((rack) => (rack === null ? [] : [`uplink ${rack}`]));
  return [`nic ${a.name}`, `nic ${b.name}`, ...uplinks];
}
