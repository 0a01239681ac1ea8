// Giving a node back. Contract: drivers 1.2 (roll-back) and 1.3.

import { UpstreamError } from "../../errors.ts";
import type { DeviceChange, Facts, Step } from "../driver.ts";
import type { RedfishClient, Resource } from "../redfish/client.ts";
import { textOf } from "../redfish/shapes.ts";
import { actionOf } from "../redfish/views/actions.ts";
import { isRefusal } from "../redfish/views/boot.ts";
import { ifGiven } from "../redfish/views/part.ts";
import { free, holdingsOf } from "./attach.ts";
import { readDevices } from "./devices.ts";
import { computerSystemOf, isReleased, textFact } from "./nodes.ts";

export function releaseSteps(client: RedfishClient): readonly Step[] {
  const held = async (facts: Facts, signal: AbortSignal): Promise<Facts> => {
    const path = textFact(facts, "resourceUri");
    const node = await client.find(path, signal);
    if (node === null) return { held: [] };
    return { held: await devicesOf(client, path, node, signal), wireName: textOf(node.body.Name) };
  };
  const freed = ({ held }: Facts) => ({ devices: held ?? [] });
  return [
    // Afterwards nobody could say which devices it had, nor whether what is found at its path is another node.
    { name: "inventory", run: held, look: held, undo: async () => {} },
    {
      name: "delete",
      run: async (facts, signal) => {
        await removeNode(client, textFact(facts, "resourceUri"), { byForce: false }, signal);
        return freed(facts);
      },
      look: async (facts, signal) =>
        (await isReleased(client, textFact(facts, "resourceUri"), textOf(facts.wireName), signal))
          ? freed(facts)
          : null,
      undo: async () => {},
    },
  ];
}

/** Devices that are free when a node is gone; those of its own system are none. */
async function devicesOf(
  client: RedfishClient,
  path: string,
  node: Resource,
  signal: AbortSignal,
): Promise<DeviceChange[]> {
  const system = computerSystemOf(client, node);
  const held = await holdingsOf(client, node, signal);
  if ([...held].every((one) => system !== null && one.startsWith(`${system}/`))) return [];
  const devices = await ifGiven(readDevices(client, signal), []);
  const index = path.slice(path.lastIndexOf("/") + 1);
  return devices.filter(({ nodeIndex }) => nodeIndex !== null && encodeURIComponent(nodeIndex) === index).map(free);
}

/**
 * A node that is gone already is no error. By force: when the pod manager cannot take it apart, it is told to forget it,
 * which later versions offer.
 * @throws UpstreamError saying why it could not be taken apart, AppError as PodManager
 */
export async function removeNode(
  client: RedfishClient,
  path: string,
  { byForce }: { byForce: boolean },
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.finished(await client.delete(path, signal, { compose: true }), signal);
  } catch (error) {
    if (isRefusal(error, 404, 410)) return;
    if (!byForce || !(error instanceof UpstreamError)) throw error;
    const node = await client.find(path, signal);
    if (node === null) return;
    const action = actionOf(client, node, /^#ComposedNode\.ForceDelete$/);
    if (action === null) throw error;
    await client.finished(await client.post(action.target, {}, signal, { compose: true }), signal);
  }
}
