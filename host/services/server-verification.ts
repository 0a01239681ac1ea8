// Is a server that we did not place where its groups let it be? The sentences are the original's, which its users know.
import type { ServerGroupRow, ServerRow } from "../../db/queries/servers.ts";
import type { Inventory } from "../core/inventory.ts";
import { type ExistingVm, GROUP_TYPES, groupKey, type Host, LEVELS, type Level } from "../core/model.ts";
import { groupsIn } from "./application-servers.ts";
import type { GroupView } from "./groups.ts";
import { type Holding, heldId } from "./holdings.ts";
import { ruleOf, withServerGroups } from "./server-groups.ts";

/** What the verification reads. */
export interface Surroundings {
  readonly inventory: Pick<Inventory, "vm" | "hostState" | "occupancy" | "living">;
  /** Valet's groups. */
  readonly groups: readonly GroupView[];
}

export interface Verdict {
  /** Keys of the groups that the server is in from now on. */
  readonly groups: string[];
  /** Which rule it breaks, in words; null: none. */
  readonly fault: string | null;
}

/**
 * A server that nobody planned: it joins the groups of its metadata (`valet.groups`) if it may be in them where it is, and
 * those of Nova in any case. One that joined there before stays in them.
 */
export function verdictOnUnplanned(
  surroundings: Surroundings,
  server: ServerRow,
  holding: Holding,
  before: Holding | undefined,
  serverGroups: readonly ServerGroupRow[],
): Verdict {
  const own = wantedKeys(surroundings, server);
  if (typeof own === "string") return { groups: withServerGroups([], serverGroups), fault: own };
  const groups = withServerGroups(own, serverGroups);
  const fault = faultOf(surroundings, server.id, { ...holding, groups }, serverGroups);
  const stays = before?.host === holding.host && own.every((key) => before.groups.includes(key));
  return { groups: fault === null || stays ? groups : withServerGroups([], serverGroups), fault };
}

/** The rule that a server breaks where it is; null: none. Soft groups are no rules. */
export function faultOf(
  { inventory }: Surroundings,
  serverId: string,
  { id, host: name, groups }: Holding,
  serverGroups: readonly ServerGroupRow[],
): string | null {
  const host = inventory.hostState(name)?.host;
  if (host === undefined) return null;
  const self = [inventory.vm(id), inventory.vm(heldId(serverId))].filter((vm) => vm !== undefined);
  const soft = new Set(
    withServerGroups(
      [],
      serverGroups.filter(({ policy }) => ruleOf(policy).soft),
    ),
  );
  for (const level of LEVELS) {
    const container = containerOf(host, level);
    if (container === null) continue;
    const fault = exclusivityFault(inventory, self, level, container, groups);
    if (fault !== null) return fault;
  }
  for (const key of groups) {
    const [level, type, ...rest] = key.split(":") as [Level, string, ...string[]];
    const container = containerOf(host, level);
    const of = `${level} of group (${rest.join(":")})`;
    if (container === null) return `placed in non-existing ${level} level of group (${rest.join(":")})`;
    if (soft.has(key) || type === "EX") continue;
    const living = livingBeside(inventory, self, level, key);
    if (type === "AFF" && living.size > 0 && !living.has(container)) return `placed in non-affinity ${of}`;
    if (type === "DIV" && living.has(container)) return `incorrectly placed in diversity ${of}`;
  }
  return null;
}

/** Keys of the groups that its metadata names, or what is wrong with them. */
function wantedKeys({ groups }: Surroundings, { id, valet, projectId }: ServerRow): string[] | string {
  if (valet === null) return [];
  let names: string[];
  try {
    names = groupsIn(valet, id, "metadata.valet");
  } catch {
    return "wrong valet metadata format";
  }
  const keys: string[] = [];
  for (const name of names) {
    const group = groups.find((known) => known.id === name) ?? groups.find((known) => known.name === name);
    if (group === undefined) return `not existing group (${name})`;
    if (group.level === null || !GROUP_TYPES.includes(group.type)) return `no grouping level of group (${name})`;
    if (group.members.length > 0 && !group.members.includes(projectId ?? ""))
      return `tenant(${projectId ?? "unknown"}) cannot use group(${name})`;
    keys.push(groupKey({ ...group, level: group.level }));
  }
  return keys;
}

function exclusivityFault(
  inventory: Surroundings["inventory"],
  self: readonly ExistingVm[],
  level: Level,
  container: string,
  groups: readonly string[],
): string | null {
  const { vms, exclusive } = inventory.occupancy(level, container);
  const mine = self.filter((vm) => {
    const host = inventory.hostState(vm.host)?.host;
    return host !== undefined && containerOf(host, level) === container;
  });
  const count = (key: string) => (exclusive.get(key) ?? 0) - mine.filter((vm) => vm.groups.includes(key)).length;
  const others = vms - mine.length;
  const own = groups.filter((key) => key.startsWith(`${level}:EX:`));
  for (const key of own)
    if (count(key) !== others)
      return `placed in non-exclusivity ${level} of group (${key.split(":").slice(2).join(":")})`;
  for (const key of exclusive.keys())
    if (count(key) > 0 && !own.includes(key)) return `incorrectly placed in exclusive ${level}`;
  return null;
}

function livingBeside(
  inventory: Surroundings["inventory"],
  self: readonly ExistingVm[],
  level: Level,
  key: string,
): Map<string, number> {
  const living = new Map(inventory.living(key));
  for (const vm of self) {
    const host = inventory.hostState(vm.host)?.host;
    const container = host?.up && vm.groups.includes(key) ? containerOf(host, level) : null;
    if (container === null) continue;
    const left = (living.get(container) ?? 0) - 1;
    if (left > 0) living.set(container, left);
    else living.delete(container);
  }
  return living;
}

function containerOf(host: Host, level: Level): string | null {
  return level === "host" ? host.name : host[level];
}
