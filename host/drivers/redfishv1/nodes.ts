// Composed nodes: finding them, what they hold, and how Valence shows them. Contract: drivers 1.6.

import type { NodeView } from "../driver.ts";
import type { RedfishClient, Resource } from "../redfish/client.ts";
import { at, type Fields, recordOf, textOf } from "../redfish/shapes.ts";
import { type AssetPaths, readAssets, systemAssetPaths } from "../redfish/views/assets.ts";
import { linkOf, linksOf, rootLink } from "../redfish/views/links.ts";
import { ifGiven } from "../redfish/views/part.ts";
import { findMember } from "../redfish/views/systems.ts";

/** @throws UpstreamError 404, AppError as PodManager */
export async function findNode(client: RedfishClient, index: string, signal: AbortSignal): Promise<Resource> {
  return await findMember(client, "Nodes", index, signal);
}

/** All of them. @throws AppError as PodManager */
export async function readNodes(client: RedfishClient, signal: AbortSignal): Promise<Resource[]> {
  const collection = await rootLink(client, "Nodes", signal);
  return collection === null ? [] : await client.members(collection, signal);
}

/**
 * Whether a node is no more. The collection is asked too: Intel's simulator goes on answering for nodes that were deleted.
 * @throws AppError as PodManager
 */
export async function isReleased(client: RedfishClient, path: string, signal: AbortSignal): Promise<boolean> {
  if ((await client.find(path, signal)) === null) return true;
  const collection = await rootLink(client, "Nodes", signal);
  return collection !== null && !(await client.paths(collection, signal)).includes(path);
}

/** Path; null: it names none, or `{}`. */
export function computerSystemOf(client: RedfishClient, { body }: Resource): string | null {
  return linkOf(client, at(body, "Links", "ComputerSystem"));
}

/** Links of a node that lead to what it is part of, rather than to what is part of it. */
const ELSEWHERE = new Set(["ComputerSystem", "Chassis", "ManagedBy", "Oem"]);

/** Paths of all that is part of a node, by whatever name this version links it. */
export function heldBy(client: RedfishClient, { body }: Resource): Set<string> {
  const relations = Object.entries(recordOf(body.Links));
  return new Set(relations.flatMap(([name, value]) => (ELSEWHERE.has(name) ? [] : linksOf(client, value))));
}

/** @throws AppError as PodManager, but not for parts that are refused */
export async function nodeView(
  client: RedfishClient,
  index: string,
  node: Resource,
  signal: AbortSignal,
): Promise<NodeView> {
  const { path, body } = node;
  return {
    index,
    resourceUri: path,
    name: textOf(body.Name),
    description: textOf(body.Description),
    powerState: textOf(body.PowerState),
    state: stateOf(body),
    health: textOf(at(body, "Status", "Health")),
    bootTarget: textOf(at(body, "Boot", "BootSourceOverrideTarget")),
    pooledGroupId: null,
    computerSystem: computerSystemOf(client, node),
    ...(await readAssets(client, await assetPaths(client, node, signal), signal)),
  };
}

/** Allocating, Allocated, Assembling, Assembled, Failed, PoweringOn, …; null: this service has no states. */
export function stateOf(body: Fields): string | null {
  return textOf(body.ComposedNodeState);
}

/** What the node links; of a node that links none of a kind, not even an empty list, what its system has. */
async function assetPaths(client: RedfishClient, node: Resource, signal: AbortSignal): Promise<AssetPaths> {
  const relations = recordOf(node.body.Links);
  const paths = (...names: string[]) => [...new Set(names.flatMap((name) => linksOf(client, relations[name])))];
  const links = {
    processors: paths("Processors"),
    memory: paths("Memory"),
    interfaces: paths("EthernetInterfaces"),
    drives: paths("LocalDrives", "RemoteDrives", "Storage"),
  };
  const lacks = ["Processors", "Memory", "EthernetInterfaces"].some((name) => !(name in relations));
  const system = lacks ? computerSystemOf(client, node) : null;
  const found = system === null ? null : await ifGiven(client.find(system, signal), null);
  const own = found === null ? null : await systemAssetPaths(client, found, signal);
  return {
    processors: "Processors" in relations || own === null ? links.processors : own.processors,
    memory: "Memory" in relations || own === null ? links.memory : own.memory,
    interfaces: "EthernetInterfaces" in relations || own === null ? links.interfaces : own.interfaces,
    drives: links.drives,
    pooled: new Set([...paths("RemoteDrives"), ...links.drives.filter(isOfPool)]),
  };
}

/** A volume of a storage service. */
function isOfPool(path: string): boolean {
  return /\/(StorageServices|Services)\//.test(path);
}

/** MAC addresses of a node, or else of its system. @throws AppError as PodManager */
export async function macsOf(client: RedfishClient, node: Resource, signal: AbortSignal): Promise<string[]> {
  const { interfaces } = await assetPaths(client, node, signal);
  const found = await client.all(interfaces, (path, inner) => ifGiven(client.find(path, inner), null), signal);
  const macs = found.map((one) => textOf(one?.body.MACAddress) ?? textOf(one?.body.PermanentMACAddress));
  return [...new Set(macs.filter((mac) => mac !== null))];
}

/**
 * The name on the hardware: unique, so that a node whose birth was not reported can be found again.
 * @param id of our node, a UUID
 */
export function wireName(name: string, id: string): string {
  return `${name}-${id.replaceAll("-", "").slice(0, 12)}`;
}

/** The node with this name. @throws AppError as PodManager */
export async function nodeNamed(client: RedfishClient, name: string, signal: AbortSignal): Promise<Resource | null> {
  const nodes = await readNodes(client, signal);
  return nodes.find(({ body }) => body.Name === name) ?? null;
}

/** Facts of a saga as they came back from the store. */
export function textFact(facts: { readonly [key: string]: unknown }, name: string): string {
  const value = facts[name];
  if (typeof value !== "string") throw new TypeError(`operation has no ${name} among its facts`);
  return value;
}
