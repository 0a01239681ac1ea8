// What can be moved between nodes: targets of fabrics, drives of chassis without computers, volumes. Contract: drivers 1.9.

import type { DeviceFacts, DeviceState } from "../driver.ts";
import type { RedfishClient, Resource } from "../redfish/client.ts";
import { at, idOf, lastSegment, listOf, recordOf, textOf } from "../redfish/shapes.ts";
import { capacityGib, partPaths } from "../redfish/views/assets.ts";
import { isRefusal } from "../redfish/views/boot.ts";
import { type Chassis, ChassisTree } from "../redfish/views/chassis.ts";
import { linkOf, linksOf, rootLink } from "../redfish/views/links.ts";
import { ifGiven } from "../redfish/views/part.ts";
import { holdingsOf } from "./attach.ts";
import { type Target, typeOf } from "./device-type.ts";
import { readNodes } from "./nodes.ts";

/** One that was found, before it is known who has it. */
interface Found extends Target {
  /** Id of its fabric or storage service; null: it belongs to neither. */
  readonly pool: string | null;
  readonly chassis: string | null;
  /** Paths of the endpoints that lead to it: some versions attach those. */
  readonly endpoints: string[];
}

/** Each thing once, however many ways lead to it. @throws AppError as PodManager: a part that cannot be listed ends it */
export async function readDevices(client: RedfishClient, signal: AbortSignal): Promise<DeviceFacts[]> {
  const [targets, tree, systems, volumes, held] = await Promise.all([
    fabricTargets(client, signal),
    ChassisTree.read(client, signal),
    rootLink(client, "Systems", signal).then((path) => membersOrNone(client, path, signal)),
    volumesOfServices(client, signal),
    holders(client, signal),
  ]);
  // What pools are made of comes as a system too, in some versions.
  const virtual = systems.filter(({ body }) => body.SystemType === "Virtual");
  const found = new Map<string, Found>();
  for (const target of targets) {
    const known = found.get(target.path);
    if (known) known.endpoints.push(...target.endpoints);
    else found.set(target.path, target);
  }
  for (const other of [
    ...(await looseDrives(client, poolsOf(tree, virtual), found, signal)),
    ...volumes,
    ...(await accelerators(client, virtual, signal)),
  ])
    if (!found.has(other.path)) found.set(other.path, other);
  return [...found.values()].map((device) => factsOf(device, held)).sort(byPath);
}

function byPath(a: DeviceFacts, b: DeviceFacts): number {
  return a.resourceUri < b.resourceUri ? -1 : a.resourceUri > b.resourceUri ? 1 : 0;
}

/** What the targets of all fabrics lead to, else the targets themselves; not iSCSI, which hosts log in to themselves. */
async function fabricTargets(client: RedfishClient, signal: AbortSignal): Promise<Found[]> {
  const fabrics = await membersOrNone(client, await rootLink(client, "Fabrics", signal), signal);
  const all = await client.all(
    fabrics,
    async (fabric, inner) => {
      const endpoints = await membersOrNone(client, linkOf(client, fabric.body.Endpoints), inner);
      const targets = endpoints.filter(({ body }) => isTarget(body) && textOf(body.EndpointProtocol) !== "iSCSI");
      return await client.all(targets, (endpoint, last) => target(client, fabric, endpoint, last), inner);
    },
    signal,
  );
  return all.flat();
}

function isTarget(body: Resource["body"]): boolean {
  return listOf(body.ConnectedEntities).some((entity) => ["Target", "Both"].includes(String(at(entity, "EntityRole"))));
}

async function target(
  client: RedfishClient,
  fabric: Resource,
  endpoint: Resource,
  signal: AbortSignal,
): Promise<Found> {
  const entities = listOf(endpoint.body.ConnectedEntities).map(recordOf);
  const entity = entities.find(({ EntityRole }) => EntityRole !== "Initiator") ?? {};
  const behind = linkOf(client, entity.EntityLink);
  const resource = behind === null ? null : await ifGiven(client.find(behind, signal), null);
  const path = behind ?? endpoint.path;
  return {
    path,
    body: resource?.body ?? endpoint.body,
    entity,
    protocol: textOf(resource?.body.Protocol) ?? textOf(endpoint.body.EndpointProtocol),
    pool: idOf(fabric),
    chassis: resource === null ? null : chassisPathOf(client, resource),
    endpoints: [endpoint.path],
  };
}

/** Chassis in which no computer stands: drives beside one are its own. */
function poolsOf(tree: ChassisTree, virtual: readonly Resource[]): readonly Chassis[] {
  const pooled = new Set(virtual.map(({ path }) => path));
  return tree.all.filter(({ systems }) => systems.every((path) => pooled.has(path)));
}

/** Drives that no fabric leads to; the others are `known`. */
async function looseDrives(
  client: RedfishClient,
  pools: readonly Chassis[],
  known: ReadonlyMap<string, unknown>,
  signal: AbortSignal,
): Promise<Found[]> {
  const all = await client.all(
    pools,
    async ({ path: chassis, body }, inner) => {
      const named = linksOf(client, at(body, "Links", "Drives"));
      const paths = named.length > 0 ? named : await partPaths(client, body.Drives, inner);
      const unknown = paths.filter((path) => !known.has(path));
      return await client.each(unknown, (drive) => plain(drive, chassis), inner);
    },
    signal,
  );
  return all.flat();
}

/** Volumes, and logical drives of early versions, of the storage services. */
async function volumesOfServices(client: RedfishClient, signal: AbortSignal): Promise<Found[]> {
  const root = (await rootLink(client, "StorageServices", signal)) ?? (await rootLink(client, "Services", signal));
  const services = await membersOrNone(client, root, signal);
  const all = await client.all(
    services,
    async (service, inner) => {
      const lists = [linkOf(client, service.body.Volumes), linkOf(client, service.body.LogicalDrives)];
      const members = await Promise.all(lists.map((list) => membersOrNone(client, list, inner)));
      return members
        .flat()
        .filter(isForNodes)
        .map((volume) => ({
          ...plain(volume, null),
          protocol: protocolOfVolume(volume.body),
          pool: idOf(service),
          endpoints: linksOf(client, at(volume.body, "Links", "Targets")),
        }));
    },
    signal,
  );
  return all.flat().filter(({ protocol }) => protocol !== "iSCSI");
}

/** Not what others are copied of, nor what they are cut from. */
function isForNodes({ body }: Resource): boolean {
  const access = listOf(body.AccessCapabilities);
  const isReadOnly = access.length > 0 && !access.includes("Write");
  return !isReadOnly && body.Protected !== true && ["LV", null].includes(textOf(body.Mode));
}

function protocolOfVolume(body: Resource["body"]): string | null {
  return textOf(at(body, "Oem", "Intel_RackScale", "Protocol")) ?? textOf(body.Protocol);
}

/** FPGAs and the like that stand on their own: processors of systems that are none. */
async function accelerators(
  client: RedfishClient,
  virtual: readonly Resource[],
  signal: AbortSignal,
): Promise<Found[]> {
  const all = await client.all(
    virtual,
    async ({ body }, inner) => {
      const processors = await membersOrNone(client, linkOf(client, body.Processors), inner);
      return processors
        .filter((processor) => ![null, "CPU"].includes(textOf(processor.body.ProcessorType)))
        .map((processor) => plain(processor, chassisPathOf(client, processor)));
    },
    signal,
  );
  return all.flat();
}

function plain({ path, body }: Resource, chassis: string | null): Found {
  return { path, body, entity: {}, protocol: textOf(body.Protocol), pool: null, chassis, endpoints: [] };
}

function chassisPathOf(client: RedfishClient, { path, body }: Resource): string | null {
  return linksOf(client, at(body, "Links", "Chassis"))[0] ?? /^(.*\/Chassis\/[^/]+)\//.exec(path)?.[1] ?? null;
}

/** Of a service that has no such collection, or names one that it then does not have: none. */
async function membersOrNone(client: RedfishClient, path: string | null, signal: AbortSignal): Promise<Resource[]> {
  if (path === null) return [];
  try {
    return await client.members(path, signal);
  } catch (error) {
    if (isRefusal(error, 404, 405, 410, 501)) return [];
    throw error;
  }
}

/** Index of the node by the path of what it has. */
async function holders(client: RedfishClient, signal: AbortSignal): Promise<Map<string, string>> {
  const nodes = await readNodes(client, signal);
  const all = await client.all(nodes, (node, inner) => holdingsOf(client, node, inner), signal);
  const held = new Map<string, string>();
  for (const [at, paths] of all.entries()) for (const path of paths) held.set(path, lastSegment(nodes[at]!.path));
  return held;
}

/** States in which a thing is known but cannot be used. */
const DOWN = new Set(["Absent", "UnavailableOffline", "Disabled"]);

function factsOf(device: Found, held: ReadonlyMap<string, string>): DeviceFacts {
  const { path, body, protocol, pool, chassis, endpoints } = device;
  const nodeIndex = [path, ...endpoints].map((each) => held.get(each)).find((index) => index !== undefined) ?? null;
  const down = DOWN.has(textOf(at(body, "Status", "State")) ?? "");
  const broken = down || at(body, "Status", "Health") === "Critical";
  // One that nobody here has may be assigned past this pod manager.
  const isAssigned = nodeIndex !== null || at(body, "Oem", "Intel_RackScale", "Assigned") === true;
  const state: DeviceState = broken ? "error" : isAssigned ? "allocated" : "free";
  return {
    resourceUri: path,
    state,
    nodeIndex,
    pooledGroupId: pool ?? (chassis === null ? null : lastSegment(chassis)),
    type: typeOf(device),
    properties: {
      device_id: idOf(device),
      protocol,
      capacity: capacityGib(body),
      model: textOf(body.Model),
    },
    extra: { name: textOf(body.Name), chassis, endpoints: [...endpoints].sort() },
    ...(down ? { down } : {}),
  };
}
