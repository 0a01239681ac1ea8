// Which VMs are below which group of an application, nesting followed.
import { type Application, groupKey } from "../core/model.ts";

export type Below = (group: string) => ReadonlySet<string>;

/** VM names below each group. Groups do not nest in circles: translation refuses that. */
export function vmsBelow({ vms, groups }: Pick<Application, "vms" | "groups">): Below {
  const isVm = new Set(vms.map(({ name }) => name));
  const members = new Map(groups.map((group) => [group.name, group.members]));
  const known = new Map<string, Set<string>>();
  const below = (group: string): Set<string> => {
    let found = known.get(group);
    if (found === undefined) {
      found = new Set();
      known.set(group, found);
      for (const member of members.get(group) ?? [])
        for (const vm of isVm.has(member) ? [member] : below(member)) found.add(vm);
    }
    return found;
  };
  return below;
}

/** Keys of the named groups that each VM is in: by these the data center remembers it. */
export function groupKeysOf(application: Application): Map<string, string[]> {
  const below = vmsBelow(application);
  const keys = new Map<string, string[]>(application.vms.map(({ name }) => [name, []]));
  for (const group of application.groups)
    if (group.named !== false) for (const vm of below(group.name)) keys.get(vm)?.push(groupKey(group));
  for (const [vm, all] of keys) keys.set(vm, [...new Set(all)].sort());
  return keys;
}

/**
 * The application with these VMs only; groups keep what is left of them and go when nothing is, pipes go with either end.
 * What they demanded of the VMs left out is not asked any more.
 */
export function onlyVms(application: Application, keep: ReadonlySet<string>): Application {
  const below = vmsBelow(application);
  const vms = application.vms.filter(({ name }) => keep.has(name));
  const isVm = new Set(application.vms.map(({ name }) => name));
  const remains = (member: string) =>
    isVm.has(member) ? keep.has(member) : [...below(member)].some((vm) => keep.has(vm));
  const groups = application.groups
    .map((group) => ({ ...group, members: group.members.filter(remains) }))
    .filter(({ members }) => members.length > 0);
  const pipes = application.pipes?.filter(({ a, b, living }) => keep.has(a) && (living || keep.has(b)));
  return { ...application, vms, groups, ...(pipes !== undefined && { pipes }) };
}
