// Composed nodes: finding them, and what they hold. Contract: drivers 1.6.

import type { RedfishClient, Resource } from "../redfish/client.ts";
import { at, type Fields, recordOf, textOf } from "../redfish/shapes.ts";
import { linkOf, linksOf, rootLink } from "../redfish/views/links.ts";
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
 * Whether a node is no more, or another one has its path by now: that of another name, where one is given. The collection
 * is asked too: Intel's simulator goes on answering for nodes that were deleted.
 * @throws AppError as PodManager
 */
export async function isReleased(
  client: RedfishClient,
  path: string,
  name: string | null,
  signal: AbortSignal,
): Promise<boolean> {
  const node = await client.find(path, signal);
  if (node === null) return true;
  const today = textOf(node.body.Name);
  if (name !== null && today !== null && today !== name) return true;
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

/** Allocating, Allocated, Assembling, Assembled, Failed, PoweringOn, …; null: this service has no states. */
export function stateOf(body: Fields): string | null {
  return textOf(body.ComposedNodeState);
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
