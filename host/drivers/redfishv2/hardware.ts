// Blocks and systems as they are now, and what is done to them one at a time. Contract: drivers, 3.4 and 3.5.

import { AppError, UpstreamError } from "../../errors.ts";
import type { DeviceChange } from "../driver.ts";
import type { RedfishClient, Resource, Written } from "../redfish/client.ts";
import { at, lastSegment, textOf } from "../redfish/shapes.ts";
import { isRefusal } from "../redfish/views/boot.ts";
import { linkOf, linksOf } from "../redfish/views/links.ts";
import { growing, pause } from "../redfish/waiting.ts";
import { type Block, blockOf, NOTHING } from "./block.ts";

/** A block with the tag that changes when it does. */
export interface PresentBlock extends Block {
  readonly etag: string | null;
}

/** In no order; those that are not there are missing. What they hold is not read. */
export async function blocksAt(
  client: RedfishClient,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<PresentBlock[]> {
  return await client.each(
    paths,
    ({ path, body, etag }) => ({ ...blockOf(path, body, NOTHING, (value) => linksOf(client, value)), etag }),
    signal,
  );
}

/** Paths of the blocks a system is made of. */
export function blocksOf(client: RedfishClient, { body }: Resource): string[] {
  return linksOf(client, at(body, "Links", "ResourceBlocks"));
}

/**
 * Looks until what it looks for is there.
 * @param look null: not yet
 * @throws AppError pod-manager.timeout after `limits.assembleMs`
 */
export async function until<T>(
  client: RedfishClient,
  what: string,
  signal: AbortSignal,
  look: () => Promise<T | null>,
): Promise<T> {
  const { assembleMs, pollMs } = client.limits;
  const deadline = performance.now() + assembleMs;
  for (const ms of growing(pollMs)) {
    const found = await look();
    if (found !== null) return found;
    if (performance.now() + ms > deadline) break;
    await pause(ms, signal);
  }
  throw new AppError(
    "pod-manager.timeout",
    `${what} is not so after ${assembleMs / 1000} s.\nMaybe look at the hardware.`,
  );
}

/** Whether it is reserved. Services that know no reservations refuse: false then. @throws AppError as RedfishClient.patch */
export async function setReserved(
  client: RedfishClient,
  { path, etag }: PresentBlock,
  reserved: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await client.finished(
      await client.patch(path, { CompositionStatus: { Reserved: reserved } }, signal, { etag, once: true }),
      signal,
    );
    return true;
  } catch (error) {
    if (isRefusal(error, 400, 404, 405, 501)) return false;
    throw error;
  }
}

/** Takes back reservations; blocks that are not reserved are left alone. */
export async function unreserve(client: RedfishClient, paths: readonly string[], signal: AbortSignal): Promise<void> {
  for (const block of await blocksAt(client, paths, signal)) {
    if (!block.reserved) continue;
    try {
      await setReserved(client, block, false, signal);
    } catch (error) {
      if (!isRefusal(error, 412)) throw error;
      // It changed in between: once more with what it is now.
      for (const now of await blocksAt(client, [block.path], signal))
        if (now.reserved) await setReserved(client, now, false, signal);
    }
  }
}

/** How the device that a block is stands at the moment. */
export function deviceChange(block: Block): DeviceChange {
  const failed = block.state === "Failed" || block.state === "Unavailable";
  return {
    resourceUri: block.path,
    state: failed ? "error" : block.systems.length > 0 ? "allocated" : "free",
    nodeIndex: block.systems[0] === undefined ? null : lastSegment(block.systems[0]),
    pooledGroupId: block.zones.length === 0 ? null : block.zones.map((zone) => lastSegment(zone)).join(","),
  };
}

/** A system that nobody composed: to delete it would delete the record of a physical machine. */
export function isPhysical({ body }: Resource): boolean {
  const type = textOf(body.SystemType);
  return type !== null && type !== "Composed" && type !== "Virtual";
}

/** The service said that it did, and did not. */
export function notApplied(what: string): UpstreamError {
  return new UpstreamError(
    "pod-manager.refused",
    { status: 502, title: "Not applied" },
    `The service did not apply the composition: ${what}.`,
  );
}

/** Powers a system off and waits until it is; nothing when it has no reset. */
export async function forceOff(client: RedfishClient, system: Resource, signal: AbortSignal): Promise<void> {
  const target = linkOf(client, at(system.body, "Actions", "#ComputerSystem.Reset", "target"));
  if (target === null) return;
  await client.finished(await client.post(target, { ResetType: "ForceOff" }, signal), signal);
  await until(client, `${system.path} Off`, signal, async () => {
    const now = await client.find(system.path, signal);
    return now === null || textOf(now.body.PowerState) === "Off" ? true : null;
  });
}

/** Tasks under way whose payload holds this text: an order whose answer was lost goes on in one of them. */
export async function taskWith(client: RedfishClient, text: string, signal: AbortSignal): Promise<Written | null> {
  const { body: root } = await client.root(signal);
  const service = linkOf(client, root.Tasks);
  const tasks = service === null ? null : linkOf(client, (await client.find(service, signal))?.body.Tasks);
  if (tasks === null) return null;
  for (const { path, body } of await client.members(tasks, signal)) {
    const payload = at(body, "Payload", "JsonBody");
    const sent = typeof payload === "string" ? payload : (JSON.stringify(payload) ?? "");
    if (!sent.includes(text)) continue;
    if (["Completed", "Cancelled", "Exception", "Killed"].includes(textOf(body.TaskState) ?? "")) continue;
    return { status: 202, location: null, body: null, etag: null, monitor: linkOf(client, body.TaskMonitor) ?? path };
  }
  return null;
}
