// Devices to nodes and back, in all three generations of the API. Contract: drivers 1.9.

import { AppError, UpstreamError } from "../../errors.ts";
import type { DeviceChange, DeviceFacts, Facts, Step } from "../driver.ts";
import type { RedfishClient, Resource } from "../redfish/client.ts";
import { allowable, lastSegment, listOf, textOf } from "../redfish/shapes.ts";
import { type Action, actionOf } from "../redfish/views/actions.ts";
import { linkOf } from "../redfish/views/links.ts";
import { ifGiven } from "../redfish/views/part.ts";
import { dialectOf } from "./dialect.ts";
import { heldBy, readNodes, textFact } from "./nodes.ts";

export function attachSteps(client: RedfishClient): readonly Step[] {
  return [
    {
      name: "attach",
      run: async (facts, signal) => {
        const device = deviceIn(facts);
        await attach(client, await nodeIn(client, facts, signal), device, signal);
        return { devices: [atNode(device, textFact(facts, "index"))] };
      },
      look: async (facts, signal) => {
        const device = deviceIn(facts);
        const node = await client.find(textFact(facts, "resourceUri"), signal);
        if (node === null || !(await isAttached(client, node, device, signal))) return null;
        return { devices: [atNode(device, textFact(facts, "index"))] };
      },
      undo: async (facts, signal) => await detachFrom(client, facts, deviceIn(facts), signal),
    },
  ];
}

export function detachSteps(client: RedfishClient): readonly Step[] {
  return [
    {
      name: "detach",
      run: async (facts, signal) => {
        const device = deviceIn(facts);
        const node = await client.find(textFact(facts, "resourceUri"), signal);
        if (node === null || !(await detach(client, node, device, signal)))
          await refuseIfElsewhere(client, device, signal);
        return { devices: [free(device)] };
      },
      look: async (facts, signal) => {
        const device = deviceIn(facts);
        const node = await client.find(textFact(facts, "resourceUri"), signal);
        return node !== null && (await isAttached(client, node, device, signal)) ? null : { devices: [free(device)] };
      },
      undo: async (facts, signal) => {
        const node = await client.find(textFact(facts, "resourceUri"), signal);
        if (node !== null) await attach(client, node, deviceIn(facts), signal);
      },
    },
  ];
}

async function nodeIn(client: RedfishClient, facts: Facts, signal: AbortSignal): Promise<Resource> {
  return await client.get(textFact(facts, "resourceUri"), signal);
}

function deviceIn({ device }: Facts): DeviceFacts {
  return device as DeviceFacts;
}

export function atNode({ resourceUri, pooledGroupId }: DeviceFacts, nodeIndex: string): DeviceChange {
  return { resourceUri, state: "allocated", nodeIndex, pooledGroupId };
}

export function free({ resourceUri, pooledGroupId }: Pick<DeviceFacts, "resourceUri" | "pooledGroupId">): DeviceChange {
  return { resourceUri, state: "free", nodeIndex: null, pooledGroupId };
}

/** All paths a device goes by: its own, and those of the endpoints that lead to it. */
function pathsOf({ resourceUri, extra }: DeviceFacts): string[] {
  const endpoints = listOf(extra.endpoints).map(textOf);
  return [resourceUri, ...endpoints.filter((path) => path !== null)];
}

/** @throws AppError as PodManager */
export async function isAttached(
  client: RedfishClient,
  node: Resource,
  device: DeviceFacts,
  signal: AbortSignal,
): Promise<boolean> {
  const held = await holdingsOf(client, node, signal);
  return pathsOf(device).some((path) => held.has(path));
}

/**
 * What a node has: what it links, and what it offers to detach. Not all that is attached is linked: of a NIC, only its
 * interfaces are.
 * @throws AppError as PodManager
 */
export async function holdingsOf(client: RedfishClient, node: Resource, signal: AbortSignal): Promise<Set<string>> {
  return new Set([...heldBy(client, node), ...(await detachableOf(client, node, signal))]);
}

/** What a node offers to detach; empty: nothing, or it does not say. @throws AppError as PodManager */
export async function detachableOf(client: RedfishClient, node: Resource, signal: AbortSignal): Promise<string[]> {
  const action = actionOf(client, node, DETACH);
  return (action === null ? null : await resourcesOf(client, action, signal)) ?? [];
}

const ATTACH = /^#ComposedNode\.Attach(Resource|Endpoint)$/;
const DETACH = /^#ComposedNode\.Detach(Resource|Endpoint)$/;

/** Attaches it unless it is attached. @throws AppError pod-manager.unsupported, and as PodManager */
export async function attach(
  client: RedfishClient,
  node: Resource,
  device: DeviceFacts,
  signal: AbortSignal,
): Promise<void> {
  if (await isAttached(client, node, device, signal)) return;
  const action = needed(actionOf(client, node, ATTACH), node, "attach");
  const path = await namedBy(client, action, node, device, signal);
  const { namesProtocol } = dialectOf((await client.root(signal)).body);
  const protocol = namesProtocol ? textOf(device.properties.protocol) : null;
  await order(client, action, { Resource: { "@odata.id": path }, ...(protocol && { Protocol: protocol }) }, signal);
}

/** False: it was not attached to this node. @throws as `attach` */
async function detach(
  client: RedfishClient,
  node: Resource,
  device: DeviceFacts,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(await isAttached(client, node, device, signal))) return false;
  const action = needed(actionOf(client, node, DETACH), node, "detach");
  const path = await namedBy(client, action, node, device, signal);
  await order(client, action, { Resource: { "@odata.id": path } }, signal);
  return true;
}

/** Nothing to do when the node is gone, or has it no more. */
export async function detachFrom(
  client: RedfishClient,
  facts: Facts,
  device: DeviceFacts,
  signal: AbortSignal,
): Promise<void> {
  const node = await client.find(textFact(facts, "resourceUri"), signal);
  if (node !== null) await detach(client, node, device, signal);
}

async function order(client: RedfishClient, action: Action, body: object, signal: AbortSignal): Promise<void> {
  await client.finished(await client.post(action.target, body, signal, { compose: true }), signal);
}

function needed(action: Action | null, { path }: Resource, what: string): Action {
  if (action !== null) return action;
  throw new AppError(
    "pod-manager.unsupported",
    `The pod manager does not support ${what}: ${path} advertises no such action. It came with API 2.1.`,
  );
}

/** What the action wants the device called: some versions know drives, others endpoints, others both. */
async function namedBy(
  client: RedfishClient,
  action: Action,
  { path: node }: Resource,
  device: DeviceFacts,
  signal: AbortSignal,
): Promise<string> {
  const paths = pathsOf(device);
  const offered = await resourcesOf(client, action, signal);
  const path = offered === null ? paths[0] : paths.find((each) => offered.includes(each));
  if (path !== undefined) return path;
  throw new UpstreamError(
    "pod-manager.refused",
    { status: 409, title: "Conflict" },
    `${device.resourceUri} is not among what ${action.key.slice(1)} of ${node} takes: it is in use, or out of this node's reach.`,
  );
}

/** Null: it does not say. */
async function resourcesOf(client: RedfishClient, action: Action, signal: AbortSignal): Promise<string[] | null> {
  const values = await ifGiven(allowable(client, action.fields, "Resource", signal), null);
  if (values === null) return null;
  return values.map((value) => linkOf(client, value)).filter((path) => path !== null);
}

/** A device of another node is not free because it is not at this one. */
async function refuseIfElsewhere(client: RedfishClient, device: DeviceFacts, signal: AbortSignal): Promise<void> {
  const paths = pathsOf(device);
  for (const node of await readNodes(client, signal)) {
    const held = await holdingsOf(client, node, signal);
    if (paths.some((path) => held.has(path)))
      throw new UpstreamError(
        "pod-manager.refused",
        { status: 409, title: "Conflict" },
        `${device.resourceUri} is at node ${lastSegment(node.path)}, it can only be detached there.`,
      );
  }
}
