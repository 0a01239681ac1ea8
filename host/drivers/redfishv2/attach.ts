// Blocks added to a system that runs, and taken from it. Contract: drivers, 3.5 (attach/detach).

import { AppError, type UpstreamError } from "../../errors.ts";
import type { DeviceFacts, Facts, Step } from "../driver.ts";
import type { RedfishClient, Resource } from "../redfish/client.ts";
import { at, lastSegment, textOf } from "../redfish/shapes.ts";
import { isRefusal } from "../redfish/views/boot.ts";
import { linkOf } from "../redfish/views/links.ts";
import {
  blocksAt,
  blocksOf,
  deviceChange,
  notApplied,
  type PresentBlock,
  taskWith,
  unreserve,
  until,
} from "./hardware.ts";

type Move = "add" | "remove";

export function attachSteps(client: RedfishClient): readonly Step[] {
  return [move(client, "add")];
}

export function detachSteps(client: RedfishClient): readonly Step[] {
  return [move(client, "remove")];
}

function move(client: RedfishClient, direction: Move): Step {
  const back = direction === "add" ? "remove" : "add";
  const places = (facts: Facts) => ({
    system: textOf(facts.resourceUri)!,
    block: (facts.device as DeviceFacts).resourceUri,
  });
  const done = async (facts: Facts, signal: AbortSignal): Promise<Facts | null> => {
    const { system, block } = places(facts);
    const now = await standing(client, system, block, signal);
    if (now.isAttached !== (direction === "add")) return null;
    if (direction === "remove") await unreserve(client, [block], signal);
    const change = now.block === null ? null : deviceChange(now.block);
    return {
      devices: change === null ? [] : [direction === "add" ? { ...change, nodeIndex: lastSegment(system) } : change],
    };
  };
  return {
    name: direction === "add" ? "add block" : "remove block",
    async run(facts, signal) {
      const { system, block } = places(facts);
      await moveBlock(client, system, block, direction, signal);
      const left = await done(facts, signal);
      if (left === null) throw notApplied(`${block} is ${direction === "add" ? "not" : "still"} part of ${system}`);
      return left;
    },
    look: done,
    async undo(facts, signal) {
      const { system, block } = places(facts);
      if ((await standing(client, system, block, signal)).isAttached !== (direction === "add")) return;
      await moveBlock(client, system, block, back, signal);
      await standing(client, system, block, signal);
    },
  };
}

interface Standing {
  /** Null: it is not there. */
  readonly block: PresentBlock | null;
  readonly isAttached: boolean;
}

/** How block and system stand, once nothing goes on between them. */
async function standing(client: RedfishClient, system: string, path: string, signal: AbortSignal): Promise<Standing> {
  return await until(client, `${path} settled`, signal, async () => {
    // An order whose answer was lost may still be under way. Asked first: what it did is seen by who looks after it.
    if ((await taskWith(client, `"${path}"`, signal)) !== null) return null;
    const [[block], record] = await Promise.all([blocksAt(client, [path], signal), client.find(system, signal)]);
    if (block?.state === "Composing") return null;
    const listed = record !== null && blocksOf(client, record).includes(path);
    return { block: block ?? null, isAttached: listed && (block?.systems.includes(system) ?? true) };
  });
}

/**
 * Adds a block to a system, or takes it away, and waits for the task if it becomes one.
 * @throws AppError pod-manager.unsupported; device.busy when the block is not free, or not at this system
 */
export async function moveBlock(
  client: RedfishClient,
  systemPath: string,
  path: string,
  direction: Move,
  signal: AbortSignal,
): Promise<void> {
  const system = await client.get(systemPath, signal);
  const [block] = await blocksAt(client, [path], signal);
  if (direction === "add" && (block === undefined || block.obstacle !== null))
    throw new AppError("device.busy", `${path} cannot be attached: it is ${block?.obstacle ?? "not there any more"}.`);
  if (direction === "remove" && !blocksOf(client, system).includes(path))
    throw new AppError("device.busy", `${path} cannot be detached from ${systemPath}: it is not part of it.`);
  const key = direction === "add" ? "#ComputerSystem.AddResourceBlock" : "#ComputerSystem.RemoveResourceBlock";
  const target = linkOf(client, at(system.body, "Actions", key, "target"));
  const written =
    target !== null
      ? await client.post(target, { ResourceBlock: { "@odata.id": path } }, signal, { compose: true })
      : await patch(client, system, path, direction, signal);
  await client.finished(written, signal);
}

/** `{}` keeps an element of the list, `null` takes it out, a link at the end is added. */
async function patch(client: RedfishClient, system: Resource, path: string, direction: Move, signal: AbortSignal) {
  if (textOf(system.body.SystemType) !== "Composed")
    throw new AppError("pod-manager.unsupported", `${system.path} takes no blocks: it advertises no action for that.`);
  const present = blocksOf(client, system);
  const list =
    direction === "add"
      ? [...present.map(() => ({})), { "@odata.id": path }]
      : present.map((own) => (own === path ? null : {}));
  try {
    const body = { Links: { ResourceBlocks: list } };
    return await client.patch(system.path, body, signal, { etag: system.etag, compose: true, once: true });
  } catch (error) {
    const isFixed = isRefusal(error, 400) && /PropertyNotWritable$/.test((error as UpstreamError).upstreamCode ?? "");
    if (!isFixed && !isRefusal(error, 405, 501)) throw error;
    throw new AppError("pod-manager.unsupported", `${system.path} lets no blocks be added or removed.`, {
      cause: error,
    });
  }
}
