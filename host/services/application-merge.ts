// From declared groups, nested and overlapping, to the plain sets the core understands: inheritance is resolved here.

import { type Group, LEVELS, type Vm } from "../core/model.ts";
import { fault, quote, quoteSome } from "./application-fault.ts";
import { type DeclaredGroup, labelOf, type Member } from "./application-groups.ts";
import { nestedFirst } from "./application-nesting.ts";
import { Units } from "./application-units.ts";

/** Members of all named affinity groups together, nested ones counted again in each group that holds them. */
const MOST_MEMBERS = 1_000_000;

/**
 * - Affinity: a named group is the VMs below it. Anonymous groups of one level that overlap become one set, since they
 *   share one container.
 * - Diversity: each member is a VM, or the group of all VMs that affinity of the same or a lower level ties to it.
 * - Exclusivity: all VMs below it and all that affinity of the same or a lower level ties to them.
 *
 * @throws AppError application.invalid for illegal nesting and for groups that contradict themselves
 */
export function plainGroups(vms: readonly Vm[], declared: readonly DeclaredGroup[]): Group[] {
  if (declared.length === 0) return [];
  const order = nestedFirst(declared);
  const merge = new Merge(
    vms,
    declared,
    new Units(
      vms.map(({ name }) => name),
      declared,
      order,
    ),
  );
  merge.checkZones(vms);
  merge.affinity(order);
  for (const group of declared) {
    if (group.type === "diversity") merge.diversity(group);
    if (group.type === "exclusivity") merge.exclusivity(group);
  }
  return merge.groups;
}

class Merge {
  readonly groups: Group[] = [];
  readonly #declared: readonly DeclaredGroup[];
  readonly #units: Units;
  /** Names taken by VMs and groups: members are looked up by name. */
  readonly #taken: Set<string>;
  /** For each level: unit -> name of the group that is that unit. */
  readonly #groupOfUnit: readonly Map<number, string>[] = LEVELS.map(() => new Map());
  /** For each level: unit -> the exclusivity group it belongs to and a VM that brought it there. */
  readonly #owners: readonly Map<number, { group: DeclaredGroup; vm: number }>[] = LEVELS.map(() => new Map());

  constructor(vms: readonly Vm[], declared: readonly DeclaredGroup[], units: Units) {
    this.#declared = declared;
    this.#units = units;
    this.#taken = new Set(vms.map(({ name }) => name));
    for (const { name, key } of declared) {
      if (name === null) continue;
      if (this.#taken.has(name))
        throw fault(key, "group", `${quote(name)} is the name of a group and the key of a server; rename one`);
      this.#taken.add(name);
    }
  }

  /** One host has one zone. */
  checkZones(vms: readonly Vm[]): void {
    const first = new Map<number, Vm>();
    vms.forEach((vm, at) => {
      if (vm.zone === null) return;
      const unit = this.#units.unit(0, at);
      const other = first.get(unit);
      if (!other) first.set(unit, vm);
      else if (other.zone !== vm.zone) {
        const text = `is ${quote(vm.zone)}, but affinity keeps it on one host with ${quote(other.name)}, whose zone is ${quote(other.zone)}`;
        throw fault(
          vm.name,
          "properties.availability_zone",
          `${text}; give both the same zone${this.#tiedBy(0, unit)}`,
        );
      }
    });
  }

  affinity(order: readonly number[]): void {
    const anonymous = LEVELS.map(() => new Map<number, DeclaredGroup>());
    let total = 0;
    for (const index of order) {
      const group = this.#declared[index]!;
      const vm = this.#vmIn(group);
      if (group.type !== "affinity" || vm === undefined) continue;
      const level = LEVELS.indexOf(group.level);
      const unit = this.#units.unit(level, vm);
      // The last of a unit is an outermost one: nested groups come first.
      if (group.name === null) anonymous[level]!.set(unit, group);
      else {
        const members = this.#namesBelow(group);
        total += members.length;
        if (total > MOST_MEMBERS)
          throw fault(group.key, "group", `named affinity groups have more than ${MOST_MEMBERS} members together`);
        this.groups.push({ name: group.name, type: "affinity", level: group.level, members, named: true });
        if (members.length === this.#units.size(level, unit)) this.#groupOfUnit[level]!.set(unit, group.name);
      }
    }
    anonymous.forEach((units, level) => {
      for (const [unit, group] of units)
        if (!this.#groupOfUnit[level]!.has(unit)) this.#addUnit(level, unit, group.key);
    });
  }

  diversity(group: DeclaredGroup): void {
    const level = LEVELS.indexOf(group.level);
    const members = new Map<number, Member>();
    for (const member of group.members) {
      const vm = this.#units.vmBelow(member);
      if (vm < 0) continue;
      const unit = this.#units.unit(level, vm);
      const other = members.get(unit);
      if (other?.listed && member.listed && (other.key !== member.key || other.group !== member.group)) {
        const text = `members ${quote(other.key)} and ${quote(member.key)} must be apart, but affinity keeps them in one ${group.level}`;
        throw fault(member.from, "properties.resources", `${text}; take one of them out${this.#tiedBy(level, unit)}`);
      }
      if (!other?.listed) members.set(unit, member);
    }
    this.#add(
      group,
      [...members.keys()].map((unit) => this.#unitName(level, unit)),
    );
  }

  exclusivity(group: DeclaredGroup): void {
    const level = LEVELS.indexOf(group.level);
    const owners = this.#owners[level]!;
    const names: string[] = [];
    for (const member of group.members) {
      const vm = this.#units.vmBelow(member);
      if (vm < 0) continue;
      const unit = this.#units.unit(level, vm);
      const owner = owners.get(unit);
      if (!owner) {
        owners.set(unit, { group, vm });
        for (const name of this.#units.namesIn(level, unit)) names.push(name);
      } else if (owner.group !== group) {
        const servers =
          owner.vm === vm
            ? quote(this.#units.name(vm))
            : `${quote(this.#units.name(owner.vm))}, tied by affinity to ${quote(this.#units.name(vm))},`;
        const text = `violate exclusivity constraint (more than one exclusivity): server ${servers} would be in ${quote(labelOf(owner.group))} and ${quote(labelOf(group))}`;
        const field = member.listed ? "properties.resources" : "properties.metadata.valet.groups";
        throw fault(member.from, field, `${text}, both of level ${group.level}; keep one of them`);
      }
    }
    this.#add(group, names);
  }

  #add({ key, name, type, level }: DeclaredGroup, members: readonly string[]): void {
    if (members.length === 0) return;
    this.groups.push({ name: name ?? this.#free(key), type, level, members, named: name !== null });
  }

  #addUnit(level: number, unit: number, wanted: string): string {
    const name = this.#free(wanted);
    const members = this.#units.namesIn(level, unit);
    this.groups.push({ name, type: "affinity", level: LEVELS[level]!, members, named: false });
    this.#groupOfUnit[level]!.set(unit, name);
    return name;
  }

  /** The VM or group that stands for a unit; made when several groups only together make the unit. */
  #unitName(level: number, unit: number): string {
    const names = this.#units.namesIn(level, unit);
    if (names.length === 1) return names[0]!;
    // The unit has the level of the highest affinity group in it, which is the lowest level at which it is whole.
    let own = level;
    while (own > 0 && this.#units.size(own - 1, this.#units.unit(own - 1, unit)) === names.length) own--;
    const root = this.#units.unit(own, unit);
    return this.#groupOfUnit[own]!.get(root) ?? this.#addUnit(own, root, `${names[0]} and what is tied to it`);
  }

  /** Names of all VMs at or below a group, in the order of the lists. */
  #namesBelow(group: DeclaredGroup): string[] {
    const names = new Set<string>();
    const seen = new Set<number>();
    const open: DeclaredGroup[] = [group];
    for (let next = open.pop(); next; next = open.pop()) {
      for (const member of next.members) {
        if (member.kind === "server") names.add(member.key);
        else if (!seen.has(member.group)) {
          seen.add(member.group);
          open.push(this.#declared[member.group]!);
        }
      }
    }
    return [...names];
  }

  #vmIn(group: DeclaredGroup): number | undefined {
    return group.members.map((member) => this.#units.vmBelow(member)).find((vm) => vm >= 0);
  }

  /** Which affinity groups make a unit what it is. */
  #tiedBy(level: number, unit: number): string {
    const tying = this.#declared.filter((group) => {
      const vm = this.#vmIn(group);
      if (group.type !== "affinity" || vm === undefined || LEVELS.indexOf(group.level) > level) return false;
      return this.#units.unit(level, vm) === unit;
    });
    return ` (tied by ${quoteSome(tying.map(labelOf), 3)})`;
  }

  #free(wanted: string): string {
    let name = wanted;
    for (let at = 2; this.#taken.has(name); at++) name = `${wanted} (${at})`;
    this.#taken.add(name);
    return name;
  }
}
