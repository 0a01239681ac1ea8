// Composed nodes as Valence shows them, and as Ironic has to know them. Contract: drivers 1.6.

import type { NodeView } from "../driver.ts";
import type { RedfishClient, Resource } from "../redfish/client.ts";
import { at, recordOf, textOf } from "../redfish/shapes.ts";
import { type AssetPaths, macOf, readAssets, readParts, systemAssetPaths } from "../redfish/views/assets.ts";
import { linksOf } from "../redfish/views/links.ts";
import { ifGiven } from "../redfish/views/part.ts";
import { detachableOf } from "./attach.ts";
import { computerSystemOf, stateOf } from "./nodes.ts";

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
    // What can be taken away from a node is not its own.
    pooled: new Set([...paths("RemoteDrives"), ...(await detachableOf(client, node, signal))]),
  };
}

/** MAC addresses of a node, or else of its system. @throws AppError as PodManager */
export async function macsOf(client: RedfishClient, node: Resource, signal: AbortSignal): Promise<string[]> {
  const { interfaces } = await assetPaths(client, node, signal);
  const macs = (await readParts(client, interfaces, signal)).map(({ body }) => macOf(body));
  return [...new Set(macs.filter((mac) => mac !== null))];
}
