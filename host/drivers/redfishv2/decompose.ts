// Giving a system's blocks back. Contract: drivers, 3.5 (decompose).

import type { DeviceChange, Facts, Step } from "../driver.ts";
import type { RedfishClient, Resource } from "../redfish/client.ts";
import { at, lastSegment, textOf } from "../redfish/shapes.ts";
import { isRefusal } from "../redfish/views/boot.ts";
import { linksOf } from "../redfish/views/links.ts";
import { checkManifest } from "./answer.ts";
import { moveBlock } from "./attach.ts";
import { blockOf, isDevice } from "./block.ts";
import { blocksAt, blocksOf, deviceChange, forceOff, isPhysical, notApplied, unreserve, until } from "./hardware.ts";
import type { HoldingsReader } from "./parts.ts";
import { manifest } from "./request.ts";

/** `compose`: target of the action Compose, where there is one. */
export function releaseSteps(
  client: RedfishClient,
  holdings: HoldingsReader,
  compose: (signal: AbortSignal) => Promise<string | null>,
): readonly Step[] {
  return [takeApart(client, compose), free(client, holdings)];
}

/** Paths of claimed blocks; the system itself is claimed, too. */
const claimedBlocks = ({ resources, resourceUri }: Facts): string[] =>
  pathsIn(resources).filter((path) => path !== resourceUri);
const pathsIn = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/**
 * The system of a node with the blocks to be given back; null: it is gone, or there is another in its place by now, for some
 * services use an id again.
 */
async function ofNode(
  client: RedfishClient,
  facts: Facts,
  signal: AbortSignal,
): Promise<{ system: Resource; blocks: string[] } | null> {
  const path = textOf(facts.resourceUri)!;
  const system = await client.find(path, signal);
  if (system === null) return null;
  const claimed = await blocksAt(client, claimedBlocks(facts), signal);
  const listed = blocksOf(client, system);
  const blocks = [
    ...new Set([...listed, ...claimed.filter(({ systems }) => systems.includes(path)).map((b) => b.path)]),
  ];
  if (claimed.length > 0 && blocks.length > 0 && !claimed.some((block) => blocks.includes(block.path))) return null;
  return { system, blocks };
}

function takeApart(client: RedfishClient, compose: (signal: AbortSignal) => Promise<string | null>): Step {
  return {
    name: "decompose",
    async run(facts, signal) {
      const found = await ofNode(client, facts, signal);
      if (found === null) return { blocks: claimedBlocks(facts) };
      const { system, blocks } = found;
      // A physical machine that was managed is not ours to take apart.
      if (blocks.length === 0 && textOf(system.body.SystemType) !== "Composed") return { blocks };
      if (isPhysical(system)) return { blocks: await shrink(client, system, blocks, signal) };
      await decompose(client, system, await compose(signal), signal);
      await waitUntilGone(client, system.path, signal);
      return { blocks };
    },
    async look(facts, signal) {
      const found = await ofNode(client, facts, signal);
      return found === null ? { blocks: claimedBlocks(facts) } : null;
    },
    async undo() {},
  };
}

/** Sees to it that the blocks are free for others. */
function free(client: RedfishClient, holdings: HoldingsReader): Step {
  const devices = async (paths: readonly string[], signal: AbortSignal): Promise<DeviceChange[]> => {
    const records = await client.each(paths, (record) => record, signal);
    const blocks = await Promise.all(
      records.map(async ({ path, body }) =>
        blockOf(path, body, await holdings.of(path, body, signal), (value) => linksOf(client, value)),
      ),
    );
    return blocks.filter(isDevice).map((block) => deviceChange(block));
  };
  const ofFacts = ({ blocks }: Facts) => pathsIn(blocks);
  return {
    name: "free",
    async run(facts, signal) {
      const paths = ofFacts(facts);
      await until(client, "The blocks free", signal, async () =>
        (await blocksAt(client, paths, signal)).some(({ state }) => state === "Composing") ? null : true,
      );
      const left = (await blocksAt(client, paths, signal)).find(({ systems }) =>
        systems.includes(String(facts.resourceUri)),
      );
      if (left) throw notApplied(`${left.path} is still part of ${facts.resourceUri}`);
      await unreserve(client, paths, signal);
      return { devices: await devices(paths, signal) };
    },
    async look(facts, signal) {
      const paths = ofFacts(facts);
      const blocks = await blocksAt(client, paths, signal);
      const isFree = blocks.every(
        ({ reserved, state, systems }) =>
          !reserved && state !== "Composing" && !systems.includes(String(facts.resourceUri)),
      );
      return isFree ? { devices: await devices(paths, signal) } : null;
    },
    async undo() {},
  };
}

/** Takes the blocks from a system that stays; it keeps the block that it is itself. */
async function shrink(
  client: RedfishClient,
  system: Resource,
  blocks: readonly string[],
  signal: AbortSignal,
): Promise<string[]> {
  const records = await client.each(blocks, (record) => record, signal);
  const added = records.filter(({ body }) => !linksOf(client, body.ComputerSystems).includes(system.path));
  for (const { path } of added) await moveBlock(client, system.path, path, "remove", signal);
  return added.map(({ path }) => path);
}

/**
 * Orders a system to be taken apart and waits until that was done, or a task says so. One that may not be while it is
 * powered on is powered off first.
 */
export async function decompose(
  client: RedfishClient,
  system: Resource,
  compose: string | null,
  signal: AbortSignal,
): Promise<void> {
  try {
    await order(client, system, compose, signal);
  } catch (error) {
    if (!isRefusal(error, 400, 409) || textOf(system.body.PowerState) === "Off") throw error;
    await forceOff(client, system, signal);
    await order(client, system, compose, signal);
  }
}

async function order(
  client: RedfishClient,
  { path, body }: Resource,
  compose: string | null,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.finished(await client.delete(path, signal, { compose: true }), signal);
  } catch (error) {
    if (isRefusal(error, 404, 410)) return;
    if (!isRefusal(error, 405, 501) || compose === null) throw error;
    const id = textOf(at(body, "Name")) ?? lastSegment(path);
    const stanza = manifest("DecomposeSystem", id, { "@odata.id": path }, new Date());
    checkManifest(await client.finished(await client.post(compose, stanza, signal, { compose: true }), signal));
  }
}

/** @throws AppError pod-manager.timeout when it stays */
export async function waitUntilGone(client: RedfishClient, path: string, signal: AbortSignal): Promise<void> {
  await until(client, `${path} taken apart`, signal, async () =>
    (await client.find(path, signal)) === null ? true : null,
  );
}
