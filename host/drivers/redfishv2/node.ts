// A composed system as a node: how it is shown, reset, booted, and handed to Ironic. Contract: drivers, 3.5 and 5.1.

import type { Boot, Facts, NodeView, PodManagerAccess, Provisioning } from "../driver.ts";
import type { RedfishClient, Resource } from "../redfish/client.ts";
import { at, lastSegment, recordOf, textOf } from "../redfish/shapes.ts";
import { orderReset } from "../redfish/views/actions.ts";
import { readAssets, systemAssetPaths } from "../redfish/views/assets.ts";
import { setBoot } from "../redfish/views/boot.ts";

import { findSystem } from "../redfish/views/systems.ts";
import type { Block } from "./block.ts";
import { blocksAt, blocksOf } from "./hardware.ts";

/** @throws UpstreamError 404, AppError as PodManager */
export async function nodeView(client: RedfishClient, index: string, signal: AbortSignal): Promise<NodeView> {
  const system = await findSystem(client, index, signal);
  const { path, body } = system;
  const [blocks, paths] = await Promise.all([
    blocksAt(client, blocksOf(client, system), signal),
    systemAssetPaths(client, system, signal),
  ]);
  const devices = blocks.filter(({ types }) => types.includes("Storage") && !types.includes("Compute"));
  const assets = await readAssets(client, paths, signal);
  return {
    ...assets,
    drives: assets.drives.map((drive) => ({
      ...drive,
      pooled: devices.some((block) => drive.resourceUri?.startsWith(`${block.path}/`)),
    })),
    index,
    resourceUri: path,
    name: textOf(body.Name),
    description: textOf(body.Description),
    powerState: textOf(body.PowerState),
    state: stateOf(blocks),
    health: textOf(at(body, "Status", "Health")),
    bootTarget: textOf(at(body, "Boot", "BootSourceOverrideTarget")),
    pooledGroupId: zonesOf(blocks),
    computerSystem: path,
  };
}

/** By the names of RSD, which the API knows. Null: it was not composed. */
function stateOf(blocks: readonly Block[]): string | null {
  if (blocks.length === 0) return null;
  const states = new Set(blocks.map(({ state }) => state));
  if (states.has("Failed") || states.has("Unavailable")) return "Failed";
  if (states.has("Composing")) return "Assembling";
  return states.has("Unused") ? "Failed" : "Assembled";
}

/** Zones that all its blocks are in. */
function zonesOf(blocks: readonly Block[]): string | null {
  const [first, ...others] = blocks;
  const common = (first?.zones ?? []).filter((zone) => others.every(({ zones }) => zones.includes(zone)));
  return common.length === 0 ? null : common.map(lastSegment).join(",");
}

/** @throws UpstreamError 404; AppError request.invalid naming the types it takes */
export async function resetNode(
  client: RedfishClient,
  index: string,
  type: string,
  signal: AbortSignal,
): Promise<void> {
  await orderReset(client, await findSystem(client, index, signal), type, signal);
}

/** @throws UpstreamError 404; AppError request.invalid naming the targets it takes */
export async function bootNode(client: RedfishClient, index: string, boot: Boot, signal: AbortSignal): Promise<void> {
  await setBoot(client, async () => await findSystem(client, index, signal), boot, signal);
}

/**
 * One port for each interface with a MAC. `driver_info` of `params` goes before what is known here.
 * @throws UpstreamError 404, AppError as PodManager
 */
export async function provisioningOf(
  client: RedfishClient,
  access: PodManagerAccess,
  index: string,
  params: Facts,
  signal: AbortSignal,
): Promise<Provisioning> {
  const system = await findSystem(client, index, signal);
  const mac = textOf(params.mac);
  return {
    driver: textOf(params.driver) ?? "redfish",
    driverInfo: {
      redfish_address: client.origin,
      redfish_username: access.username,
      redfish_password: access.password,
      redfish_verify_ca: access.insecure !== true,
      redfish_system_id: system.path,
      ...recordOf(params.driver_info),
    },
    macs: mac === null ? await macsOf(client, system, signal) : [mac],
  };
}

async function macsOf(client: RedfishClient, system: Resource, signal: AbortSignal): Promise<string[]> {
  const assets = await readAssets(client, await systemAssetPaths(client, system, signal), signal);
  return [...new Set(assets.interfaces.flatMap(({ mac }) => mac ?? []))];
}
