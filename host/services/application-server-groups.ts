// Server groups of Nova in a stack: those that it makes, and those that are there already.

import type { Group } from "../core/model.ts";
import { fault, isObject, quote, quoteSome } from "./application-fault.ts";
import { type Resources, referenceOf, SERVER, SERVER_GROUP } from "./application-resources.ts";
import { isPolicy, POLICIES, type Policy, ruleOf, serverGroupName } from "./server-groups.ts";

/** A server group as the cloud knows it. */
export interface KnownServerGroup {
  readonly id: string;
  readonly policy: Policy;
}

/**
 * What Nova demands of the servers whose scheduler hint `group` names a server group: the key or name of one in the
 * stack, or the id of one in the cloud, whose members that live there count too. They are plain sets: what Valet's groups
 * inherit from one another is not Nova's. An id that nobody knows demands nothing; Nova itself looks after it.
 *
 * Anti-affinity with `max_server_per_host` of n: the members of a stack's own group are dealt to n sets, each of which is
 * kept apart, so that no host gets more than n. With members that live already it is read as strictly as without.
 * @throws AppError application.invalid for a policy that Nova does not have
 */
export function serverGroupsOf(
  resources: Resources,
  taken: Iterable<string>,
  known: (id: string) => KnownServerGroup | undefined,
): Group[] {
  const members = new Map<string, string[]>();
  for (const [key, { type, properties = {} }] of resources.entries()) {
    if (type !== SERVER || !isObject(properties.scheduler_hints)) continue;
    for (const hint of [properties.scheduler_hints.group].flat()) {
      const reference = referenceOf(hint);
      if (reference === undefined || reference === "") continue;
      const target = resources.keyOf(reference, key, "properties.scheduler_hints.group") ?? reference;
      members.set(target, [...(members.get(target) ?? []), key]);
    }
  }
  const names = new Set(taken);
  return [...members].flatMap(([target, servers]) => groupsFor(resources, target, [...new Set(servers)], names, known));
}

/** Ids that may be those of server groups in the cloud. */
export function serverGroupIdsIn(
  resources: Iterable<{ type: string; properties?: unknown; resourceId?: string }>,
): string[] {
  const ids = new Set<string>();
  for (const { type, properties, resourceId } of resources) {
    if (type === SERVER_GROUP && resourceId !== undefined) ids.add(resourceId);
    if (type !== SERVER || !isObject(properties) || !isObject(properties.scheduler_hints)) continue;
    for (const hint of [properties.scheduler_hints.group].flat()) if (typeof hint === "string") ids.add(hint);
  }
  return [...ids];
}

function groupsFor(
  resources: Resources,
  target: string,
  servers: readonly string[],
  taken: Set<string>,
  known: (id: string) => KnownServerGroup | undefined,
): Group[] {
  const resource = resources.get(target);
  if (resource !== undefined && resource.type !== SERVER_GROUP) return [];
  const living = known(resource?.resourceId ?? target);
  const policy = living?.policy ?? (resource && policyOf(target, resource.properties ?? {}));
  if (policy === undefined) return [];
  const { type, soft } = ruleOf(policy);
  const group = (name: string, members: readonly string[], named: boolean): Group => {
    let free = name;
    for (let at = 2; taken.has(free); at++) free = `${name} (${at})`;
    taken.add(free);
    return { name: free, type, level: "host", members, named, ...(soft && { soft: true as const }) };
  };
  if (living !== undefined) return [group(serverGroupName(living.id), servers, true)];
  const sets = type === "diversity" ? mostPerHost(resource?.properties ?? {}) : 1;
  const dealt = Array.from({ length: Math.min(sets, servers.length) }, (_, set) =>
    servers.filter((_, at) => at % sets === set),
  );
  return dealt.map((each) => group(serverGroupName(target), each, false));
}

function policyOf(key: string, { policies, policy }: Record<string, unknown>): Policy {
  const given: unknown = Array.isArray(policies) ? policies[0] : (policy ?? policies);
  if (typeof given === "string" && isPolicy(given)) return given;
  throw fault(
    key,
    "properties.policies",
    `${quote(given)} is no policy of a server group; give one of ${quoteSome(POLICIES)}`,
  );
}

function mostPerHost({ rules }: Record<string, unknown>): number {
  const most = isObject(rules) ? Number(rules.max_server_per_host ?? 1) : 1;
  return Number.isInteger(most) && most > 1 ? most : 1;
}
