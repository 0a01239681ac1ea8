// The group rules of a plan, re-checked: affinity, diversity, exclusivity, also against the VMs that live there.
import type { InventoryView } from "./inventory-view.ts";
import { type Application, type ExistingVm, type Group, groupKey, type Host, LEVELS, type Level } from "./model.ts";

interface Placed {
  readonly inventory: InventoryView;
  readonly application: Application;
  /** VM name -> its host, only VMs of the application on known hosts. */
  readonly hostOf: ReadonlyMap<string, Host>;
  /** VMs that are thought away. */
  readonly without: ReadonlyMap<string, ExistingVm>;
}

function containerOf(host: Host, level: Level): string | null {
  return level === "host" ? host.name : host[level];
}

/** Every broken group rule, in words. */
export function brokenGroups(placed: Placed): string[] {
  const broken: string[] = [];
  const below = vmsBelow(placed.application);
  for (const group of placed.application.groups) {
    const { level, name } = group;
    const where = new Map<string, string>();
    for (const vm of below(name)) {
      const host = placed.hostOf.get(vm);
      if (host === undefined) continue;
      const container = containerOf(host, level);
      if (container !== null) where.set(vm, container);
      else broken.push(`${group.type} group (${name}): VM (${vm}) is on host (${host.name}), which has no ${level}`);
    }
    if (group.type === "affinity") broken.push(...brokenAffinity(group, where, livingWith(placed, group)));
    if (group.type === "diversity") broken.push(...brokenDiversity(group, below, where, livingWith(placed, group)));
  }
  for (const level of LEVELS) broken.push(...brokenExclusivity(placed, level, below));
  return broken;
}

function brokenAffinity(group: Group, where: ReadonlyMap<string, string>, living: ReadonlySet<string>): string[] {
  const containers = new Set([...where.values(), ...(where.size > 0 ? living : [])]);
  if (containers.size <= 1) return [];
  const home = living.size > 0 ? `; it lives in (${[...living].join(", ")})` : "";
  return [
    `affinity group (${group.name}) is spread over ${containers.size} containers of level ${group.level} ` +
      `(${[...containers].slice(0, 5).join(", ")})${home}`,
  ];
}

function brokenDiversity(
  group: Group,
  below: (member: string) => ReadonlySet<string>,
  where: ReadonlyMap<string, string>,
  living: ReadonlySet<string>,
): string[] {
  const broken: string[] = [];
  const memberIn = new Map<string, string>();
  for (const member of new Set(group.members))
    for (const vm of below(member)) {
      const container = where.get(vm);
      if (container === undefined) continue;
      const other = memberIn.get(container);
      if (living.has(container))
        broken.push(`diversity group (${group.name}): VM (${vm}) is in ${group.level} (${container}), where it lives`);
      else if (other !== undefined && other !== member)
        broken.push(
          `diversity group (${group.name}): (${other}) and (${member}) share ${group.level} (${container}) (VM (${vm}))`,
        );
      memberIn.set(container, member);
    }
  return broken;
}

/** VMs share a container exactly when they are in the same exclusivity groups of its level. */
function brokenExclusivity(placed: Placed, level: Level, below: (member: string) => ReadonlySet<string>): string[] {
  const keysOf = new Map<string, string[]>();
  for (const group of placed.application.groups) {
    if (group.type !== "exclusivity" || group.level !== level) continue;
    // "anonymous" is no level, so no living VM has such a key.
    const key = group.named === false ? `anonymous:${group.name}` : groupKey(group);
    for (const vm of below(group.name)) keysOf.set(vm, [...(keysOf.get(vm) ?? []), key]);
  }
  // Container -> its guests, one of each set of groups.
  const guests = new Map<string, Map<string, Guest>>();
  for (const [vm, host] of placed.hostOf) {
    const container = containerOf(host, level);
    if (container === null) continue;
    const keys = keysOf.get(vm) ?? [];
    const sets = guests.get(container) ?? new Map<string, Guest>();
    sets.set(textOf(keys), { vm, keys });
    guests.set(container, sets);
  }

  const broken: string[] = [];
  const report = (container: string, a: Guest, b: Guest) =>
    broken.push(
      `exclusivity: VM (${a.vm}) ${inWords(a.keys)} and VM (${b.vm}) ${inWords(b.keys)} share ${level} (${container})`,
    );
  for (const [container, sets] of guests) {
    const [first, other] = sets.values();
    if (other !== undefined) report(container, first!, other);
    const { vms, exclusive } = residents(placed, level, container);
    for (const guest of sets.values()) {
      const foreign = [...exclusive].some(([key, count]) => count > 0 && !guest.keys.includes(key));
      const shared = vms > 0 && guest.keys.some((key) => exclusive.get(key) !== vms);
      if (!foreign && !shared) continue;
      report(container, guest, residentUnlike(placed, level, container, guest));
      break;
    }
  }
  return broken;
}

interface Guest {
  readonly vm: string;
  /** Exclusivity groups of the level. */
  readonly keys: readonly string[];
}

/** The VMs that live in a container, without those thought away, and how many of them are in each exclusivity group. */
function residents(placed: Placed, level: Level, container: string): { vms: number; exclusive: Map<string, number> } {
  const occupancy = placed.inventory.occupancy(level, container);
  const exclusive = new Map(occupancy.exclusive);
  let { vms } = occupancy;
  for (const vm of placed.without.values()) {
    const host = placed.inventory.hostState(vm.host)?.host;
    if (host === undefined || containerOf(host, level) !== container) continue;
    vms--;
    for (const key of new Set(vm.groups)) if (exclusive.has(key)) exclusive.set(key, exclusive.get(key)! - 1);
  }
  return { vms, exclusive };
}

/** A VM that keeps the guest out, for the message. */
function residentUnlike(placed: Placed, level: Level, container: string, guest: Guest): Guest {
  for (const { id, groups } of placed.inventory.vmsIn(level, container)) {
    const keys = groups.filter((key) => key.startsWith(`${level}:EX:`));
    if (!placed.without.has(id) && textOf(keys) !== textOf(guest.keys)) return { vm: id, keys };
  }
  return { vm: "unknown", keys: [] };
}

function textOf(keys: readonly string[]): string {
  return [...new Set(keys)].sort().join(" ");
}

function inWords(keys: readonly string[]): string {
  return keys.length === 0 ? "of no exclusivity group" : `of (${textOf(keys)})`;
}

/** Containers on up hosts where VMs of this named group live. */
function livingWith(placed: Placed, group: Group): ReadonlySet<string> {
  if (group.named === false) return new Set();
  const key = groupKey(group);
  const left = new Map(placed.inventory.living(key));
  for (const vm of placed.without.values()) {
    const host = placed.inventory.hostState(vm.host)?.host;
    if (!vm.groups.includes(key) || host === undefined || !host.up) continue;
    const container = containerOf(host, group.level);
    const count = container === null ? undefined : left.get(container);
    if (count !== undefined) left.set(container!, count - 1);
  }
  return new Set([...left].filter(([, count]) => count > 0).map(([container]) => container));
}

/** The VMs below a VM or group, by name. What is circular or unknown adds none. */
function vmsBelow(application: Application): (member: string) => ReadonlySet<string> {
  const groups = new Map(application.groups.map((group) => [group.name, group]));
  const known = new Map(application.vms.map((vm) => [vm.name, new Set([vm.name])]));
  const below = (member: string): ReadonlySet<string> => {
    const seen = known.get(member);
    if (seen !== undefined) return seen;
    const vms = new Set<string>();
    known.set(member, vms);
    for (const each of groups.get(member)?.members ?? []) for (const vm of below(each)) vms.add(vm);
    return vms;
  };
  return below;
}
