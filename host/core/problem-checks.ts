// What the shape of a problem file cannot say: names that are unique and known, racks in one cluster, groups that nest
// as the format allows and do not contradict themselves. The first fault ends the reading.
import type { JsonPath } from "./json-position.ts";
import { LEVELS } from "./model.ts";
import type { ProblemFile } from "./problem-schema.ts";

/** Something wrong at one place of the file. `advice` completes "It must be …" or is a sentence of its own. */
export class ProblemFault extends Error {
  readonly path: JsonPath;

  constructor(path: JsonPath, message: string) {
    super(message);
    this.name = "ProblemFault";
    this.path = path;
  }
}

type App = NonNullable<ProblemFile["app"]>;

/** "", "none" and an absent name all mean: in no such container. */
export function container(name: string | null | undefined): string | null {
  return name === undefined || name === "" || name === "none" ? null : name;
}

/** @throws ProblemFault */
export function checkDataCenter(file: ProblemFile): void {
  const racks = unique(file.racks, ["racks"], "rack", (rack) => rack.name);
  const hosts = unique(file.hosts, ["hosts"], "host", (host) => host.name);
  unique(file.flavors, ["flavors"], "flavor", (flavor) => flavor.id, "id");
  unique(file.flavors, ["flavors"], "flavor", (flavor) => flavor.name);
  unique(file.existing, ["existing"], "existing VM", (vm) => vm.id, "id");

  const clusterOf = new Map<string, { cluster: string | null; host: string }>();
  for (const [i, host] of file.hosts.entries()) {
    for (const [j, aggregate] of (host.aggregates ?? []).entries())
      if (!Object.hasOwn(file.aggregates ?? {}, aggregate))
        throw new ProblemFault(
          ["hosts", i, "aggregates", j],
          `the aggregate (${aggregate}) is not defined.\nDefine it under "aggregates".`,
        );
    const rack = container(host.rack);
    if (rack === null) continue;
    const cluster = container(host.cluster);
    const declared = racks.has(rack) ? container(file.racks?.[racks.get(rack)!]?.cluster) : null;
    if (cluster !== null && declared !== null && cluster !== declared)
      throw new ProblemFault(
        ["hosts", i, "cluster"],
        `host (${host.name}) lies in cluster (${cluster}) but its rack (${rack}) in (${declared}).\n` +
          "A rack lies in one cluster.",
      );
    const first = clusterOf.get(rack);
    if (first === undefined) clusterOf.set(rack, { cluster, host: host.name });
    else if (first.cluster !== cluster)
      throw new ProblemFault(
        ["hosts", i, "cluster"],
        `rack (${rack}) has host (${first.host}) in cluster (${first.cluster ?? "none"}) and host (${host.name}) in ` +
          `(${cluster ?? "none"}).\nA rack lies in one cluster.`,
      );
  }

  for (const [i, vm] of (file.existing ?? []).entries()) {
    const at = hosts.get(vm.host);
    if (at === undefined)
      throw new ProblemFault(["existing", i, "host"], `VM (${vm.id}) lives on an unknown host (${vm.host}).`);
    for (const [j, key] of (vm.groups ?? []).entries()) {
      const level = key.slice(0, key.indexOf(":"));
      const host = file.hosts[at]!;
      if (level !== "host" && container(level === "rack" ? host.rack : host.cluster) === null)
        throw new ProblemFault(
          ["existing", i, "groups", j],
          `VM (${vm.id}) is in a ${level}-level group (${key}) but its host (${host.name}) has no ${level}.`,
        );
    }
  }
}

/** @throws ProblemFault */
export function checkApplication(app: App, hostNames: ReadonlySet<string>): void {
  const vms = unique(app.vms, ["app", "vms"], "VM", (vm) => vm.name);
  const volumes = unique(app.volumes, ["app", "volumes"], "volume", (volume) => volume.name);
  const groups = unique(app.groups, ["app", "groups"], "group", (group) => group.name);
  for (const [name, i] of volumes)
    if (vms.has(name)) throw new ProblemFault(["app", "volumes", i, "name"], `(${name}) names a VM and a volume.`);
  for (const [name, i] of groups)
    if (vms.has(name) || volumes.has(name))
      throw new ProblemFault(
        ["app", "groups", i, "name"],
        `(${name}) names a group and a ${vms.has(name) ? "VM" : "volume"}.`,
      );
  for (const [i, vm] of (app.vms ?? []).entries())
    if (vm.fixed && !hostNames.has(vm.fixed))
      throw new ProblemFault(["app", "vms", i, "fixed"], `VM (${vm.name}) is fixed to an unknown host (${vm.fixed}).`);
  for (const [i, volume] of (app.volumes ?? []).entries())
    if (volume.attached_to && !vms.has(volume.attached_to))
      throw new ProblemFault(
        ["app", "volumes", i, "attached_to"],
        `volume (${volume.name}) is attached to an unknown VM (${volume.attached_to}).`,
      );
  checkPipes(app, vms, volumes);
  checkGroups(app, vms, volumes, groups);
}

type Index = ReadonlyMap<string, number>;

/** An end is a VM or a volume, which stands for the VM it is attached to. */
function checkPipes(app: App, vms: Index, volumes: Index): void {
  for (const [i, pipe] of (app.pipes ?? []).entries()) {
    for (const end of ["a", "b"] as const) {
      const path = ["app", "pipes", i, end];
      const volume = volumes.get(pipe[end]);
      if (volume === undefined && !vms.has(pipe[end]))
        throw new ProblemFault(path, `the pipe ends at an unknown VM (${pipe[end]}).`);
      if (volume !== undefined && !app.volumes![volume]!.attached_to)
        throw new ProblemFault(
          path,
          `the pipe ends at a volume (${pipe[end]}) that is attached to no VM.\nAttach it, or name a VM.`,
        );
    }
    if (pipe.a === pipe.b)
      throw new ProblemFault(["app", "pipes", i, "b"], `both ends of the pipe are (${pipe.b}).\nName two VMs.`);
  }
}

function checkGroups(app: App, vms: Index, volumes: Index, groups: Index): void {
  for (const [i, group] of (app.groups ?? []).entries())
    for (const [j, member] of group.members.entries()) {
      const path = ["app", "groups", i, "members", j];
      const at = groups.get(member);
      if (at === undefined) {
        if (vms.has(member) || volumes.has(member)) continue;
        throw new ProblemFault(path, `group (${group.name}) has an unknown member (${member}).`);
      }
      const nested = app.groups![at]!;
      if (LEVELS.indexOf(nested.level) > LEVELS.indexOf(group.level))
        throw new ProblemFault(
          path,
          `group (${nested.name}) of level ${nested.level} is nested in (${group.name}) of level ${group.level}.\n` +
            "A nested group's level must not be higher.",
        );
      if (nested.type !== "affinity" && group.type !== "affinity")
        throw new ProblemFault(
          path,
          `${nested.type} group (${nested.name}) is nested in ${group.type} group (${group.name}).\n` +
            "Only affinity groups may be members of diversity and exclusivity groups.",
        );
    }

  const below = vmsBelow(app, vms, volumes, groups);
  for (const [i, group] of (app.groups ?? []).entries()) {
    if (group.type !== "diversity") continue;
    const owner = new Map<string, string>();
    for (const [j, member] of group.members.entries())
      for (const vm of below(member)) {
        const other = owner.get(vm);
        if (other !== undefined && other !== member)
          throw new ProblemFault(
            ["app", "groups", i, "members", j],
            `VM (${vm}) is below two members, (${other}) and (${member}), of diversity group (${group.name}).\n` +
              "It cannot be apart from itself.",
          );
        owner.set(vm, member);
      }
  }
}

/** The VMs below a VM, volume or group, by name. Finds circles on the way; without recursion, nests may be deep. */
function vmsBelow(app: App, vms: Index, volumes: Index, groups: Index): (member: string) => Iterable<string> {
  const done = new Map<number, Set<string>>();
  const below = (member: string): Iterable<string> => {
    if (vms.has(member)) return [member];
    const volume = volumes.get(member);
    if (volume === undefined) return done.get(groups.get(member)!)!;
    const vm = app.volumes![volume]!.attached_to;
    return vm ? [vm] : [];
  };
  for (const root of groups.values()) {
    const open = [{ group: root, next: 0 }];
    const onStack = new Set([root]);
    while (open.length > 0) {
      const top = open.at(-1)!;
      const { name, members } = app.groups![top.group]!;
      if (done.has(top.group) || top.next === members.length) {
        if (!done.has(top.group)) done.set(top.group, new Set(members.flatMap((member) => [...below(member)])));
        onStack.delete(top.group);
        open.pop();
        continue;
      }
      const child = groups.get(members[top.next]!);
      if (child !== undefined && onStack.has(child))
        throw new ProblemFault(
          ["app", "groups", top.group, "members", top.next],
          `circular group reference: group (${name}) contains (${app.groups![child]!.name}), which contains it.`,
        );
      top.next++;
      if (child === undefined || done.has(child)) continue;
      onStack.add(child);
      open.push({ group: child, next: 0 });
    }
  }
  return below;
}

/** Name -> index of its only bearer. */
function unique<T>(
  list: readonly T[] | undefined,
  path: JsonPath,
  what: string,
  nameOf: (item: T) => string,
  key = "name",
): Map<string, number> {
  const seen = new Map<string, number>();
  for (const [i, item] of (list ?? []).entries()) {
    const name = nameOf(item);
    const other = seen.get(name);
    if (other !== undefined)
      throw new ProblemFault(
        [...path, i, key],
        `${what} (${name}) is defined twice, first at ${path.join(".")}[${other}].`,
      );
    seen.set(name, i);
  }
  return seen;
}
