// From a stack's resources, as Heat's plugins of both generations send them, to VMs, plain groups and pipes.

import type { Application, Flavor, Vm } from "../core/model.ts";
import { AppError } from "../errors.ts";
import { fault } from "./application-fault.ts";
import { GroupReader, type KnownGroup } from "./application-groups.ts";
import { plainGroups } from "./application-merge.ts";
import { pipesOf } from "./application-pipes.ts";
import { Resources, SERVER, type StackResource } from "./application-resources.ts";
import { type KnownServerGroup, serverGroupsOf } from "./application-server-groups.ts";
import { groupsIn, ServerReader, valetOf } from "./application-servers.ts";
import { withLocalVolumes } from "./application-volumes.ts";

export type { StackResource } from "./application-resources.ts";

/** More resources than this in one request are refused. */
export const MOST_RESOURCES = 20_000;

/** A stack to be placed. `resources` by orchestration id. */
export interface PlanRequest {
  planName: string;
  stackId: string;
  resources: Record<string, StackResource>;
  /** Candidate hosts; counts only when there is exactly one resource (Nova's ad-hoc requests). */
  locations?: string[];
}

/** What a stack may refer to. `flavor` and `group` answer for a name and for an id. */
export interface ApplicationContext {
  readonly projectId: string;
  flavor(nameOrId: string): Flavor | undefined;
  group(idOrName: string): KnownGroup | undefined;
  readonly zones: Pick<ReadonlySet<string>, "has"> & Iterable<string>;
  /** Server groups of the cloud, by id. */
  serverGroup?(id: string): KnownServerGroup | undefined;
}

/** A server of the stack; its VM has the orchestration id as its name. */
export interface Server {
  orchestrationId: string;
  name: string;
  resourceId: string | null;
  metadata: Record<string, unknown>;
}

/**
 * Translates a stack. VMs and servers stand in the order of the request; without a server both are empty (the groups are
 * checked all the same).
 * @throws AppError application.invalid, or group.not-found, group.not-member, group.name-not-allowed; the message names
 *   the resource and the field, what is wrong and what would be right
 */
export function toApplication(
  request: PlanRequest,
  context: ApplicationContext,
): { application: Application; servers: Server[] } {
  const count = Object.keys(request.resources).length;
  if (count > MOST_RESOURCES)
    throw new AppError(
      "application.invalid",
      `resources: ${count} resources, at most ${MOST_RESOURCES} are taken; split the stack`,
    );
  const resources = new Resources(request.resources);
  const groups = new GroupReader(resources, context);
  for (const [key, resource] of resources.entries()) groups.declare(key, resource);
  for (const [key, resource] of resources.entries()) groups.fill(key, resource);

  const onlyOne = count === 1 && request.locations && request.locations.length > 0 ? request.locations : undefined;
  const reader = new ServerReader(context);
  const vms: Vm[] = [];
  const servers: Server[] = [];
  for (const [key, resource] of resources.entries()) {
    if (resource.type !== SERVER) continue;
    if (resource.name === undefined) throw fault(key, "name", "is missing; a server needs a name");
    const properties = resource.properties ?? {};
    vms.push(reader.vm(key, properties, resource.locations ?? onlyOne));
    const { resourceId = null, metadata = {} } = resource;
    servers.push({ orchestrationId: key, name: resource.name, resourceId, metadata });
    const named = groupsIn(valetOf(key, resource), key, "properties.metadata.valet");
    groups.join(key, named, "properties.metadata.valet.groups");
    const flavored = groupsIn(
      reader.flavor(key, properties).extraSpecs.valet,
      key,
      "properties.flavor (extra spec valet)",
    );
    groups.join(key, flavored, "properties.flavor (extra spec valet)");
  }
  const plain = plainGroups(vms, groups.groups);
  const taken = [...vms, ...plain].map(({ name }) => name);
  const application = {
    name: request.planName,
    vms: withLocalVolumes(resources, vms),
    groups: [...plain, ...serverGroupsOf(resources, taken, (id) => context.serverGroup?.(id))],
  };
  const pipes = pipesOf(resources);
  return { application: pipes.length > 0 ? { ...application, pipes } : application, servers };
}
