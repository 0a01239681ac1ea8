// Composing: reserve the blocks, have the system made, see that it was. Contract: drivers, 3.4.

import { UpstreamError } from "../../errors.ts";
import type { ComposeFacts, Facts, Step } from "../driver.ts";
import type { RedfishClient, Resource, Written } from "../redfish/client.ts";
import { at, lastSegment, textOf } from "../redfish/shapes.ts";
import { isRefusal } from "../redfish/views/boot.ts";
import { systemIn } from "./answer.ts";
import { decompose, waitUntilGone } from "./decompose.ts";
import {
  blocksAt,
  blocksOf,
  deviceChange,
  notApplied,
  type PresentBlock,
  setReserved,
  taskWith,
  unreserve,
  until,
} from "./hardware.ts";
import { type ComposePlan, manifest, systemName, systemRequest } from "./request.ts";

export function composeSteps(client: RedfishClient): readonly Step[] {
  return [reserve(client), create(client), verify(client)];
}

const planOf = (facts: Facts): ComposePlan => (facts as ComposeFacts).choice.plan as unknown as ComposePlan;
const resourcesOf = (facts: Facts): readonly string[] => (facts as ComposeFacts).choice.resources;
const nameOf = (facts: Facts): string => systemName((facts as ComposeFacts).name, (facts as ComposeFacts).id);

/** Blocks that others reserved between the choice and the reservation: not ours to release. By operation, a few of the last. */
class Foreign {
  readonly #blocks = new Map<string, readonly string[]>();

  note(operation: string, paths: readonly string[]): void {
    this.#blocks.set(operation, paths);
    if (this.#blocks.size > 100) this.#blocks.delete(this.#blocks.keys().next().value!);
  }

  without(operation: string, paths: readonly string[]): string[] {
    const foreign = this.#blocks.get(operation) ?? [];
    return paths.filter((path) => !foreign.includes(path));
  }
}

/** Services without reservations refuse the first one; then there are none, and our claims have to do. */
function reserve(client: RedfishClient): Step {
  const foreign = new Foreign();
  let refuses = false;
  const operation = (facts: Facts) => (facts as ComposeFacts).id;
  const taken = (facts: Facts, blocks: readonly PresentBlock[]): UpstreamError => {
    foreign.note(
      operation(facts),
      blocks.map(({ path }) => path),
    );
    const what = blocks.map(({ path, obstacle }) => `${path} (${obstacle ?? "changed"})`).join(", ");
    return new UpstreamError("pod-manager.refused", { status: 409 }, `Others took blocks meanwhile: ${what}.`);
  };
  return {
    name: "reserve",
    async run(facts, signal) {
      const blocks = await blocksAt(client, resourcesOf(facts), signal);
      const gone = blocks.filter(({ obstacle }) => obstacle !== null);
      if (gone.length > 0) throw taken(facts, gone);
      const reserved: string[] = [];
      for (const block of blocks) {
        try {
          refuses = !(await setReserved(client, block, true, signal));
          if (refuses) break;
          reserved.push(block.path);
        } catch (error) {
          if (!isRefusal(error, 412)) throw error;
          await unreserve(client, reserved, signal);
          throw taken(facts, [block]);
        }
      }
      return { reserved };
    },
    async look(facts, signal) {
      if (refuses || resourcesOf(facts).length === 0) return { reserved: [] };
      const blocks = await blocksAt(client, resourcesOf(facts), signal);
      const reserved = blocks.filter((block) => block.reserved).map(({ path }) => path);
      if (reserved.length > 0 && reserved.length === resourcesOf(facts).length) return { reserved };
      // Half a reservation is none: whoever begins again would take our own blocks for others'.
      await unreserve(client, foreign.without(operation(facts), reserved), signal);
      return null;
    },
    async undo(facts, signal) {
      await unreserve(client, foreign.without(operation(facts), resourcesOf(facts)), signal);
    },
  };
}

function create(client: RedfishClient): Step {
  return {
    name: "create",
    async run(facts, signal) {
      const { requirements, description } = facts as ComposeFacts;
      const plan = planOf(facts);
      const name = nameOf(facts);
      const written = await order(client, plan, name, systemRequest(plan, name, description, requirements), signal);
      if (written.monitor !== null) return { monitor: written.monitor };
      const path = systemIn(client, written) ?? (await composed(client, facts, signal))?.path;
      if (path === undefined) throw notApplied(`it answered ${written.status}, but there is no system ${name}`);
      return made(path);
    },
    async look(facts, signal) {
      // What is being composed will be a system, or not, when it is over.
      await until(client, "The composition of the blocks", signal, async () => {
        if ((await composed(client, facts, signal)) !== null) return true;
        if ((await taskWith(client, nameOf(facts), signal)) !== null) return true;
        const blocks = await blocksAt(client, planOf(facts).blocks, signal);
        return blocks.some(({ state }) => state === "Composing") ? null : true;
      });
      const task = await taskWith(client, nameOf(facts), signal);
      if (task !== null) return { monitor: task.monitor };
      const system = await composed(client, facts, signal);
      return system === null ? null : made(system.path);
    },
    async undo(facts, signal) {
      const task = monitored(facts) ?? (await taskWith(client, nameOf(facts), signal));
      if (task !== null) await cancel(client, task, signal);
      const system = await composed(client, facts, signal);
      if (system === null) return;
      await decompose(client, system, planOf(facts).compose, signal);
      await waitUntilGone(client, system.path, signal);
    },
  };
}

/** "Created" is what several services answer and do nothing. */
function verify(client: RedfishClient): Step {
  const verified = async (facts: Facts, signal: AbortSignal): Promise<Facts> => {
    const plan = planOf(facts);
    const path = await pathOf(client, facts, signal);
    const system = await until(client, `${path} composed`, signal, async () => {
      const now = await client.find(path, signal);
      if (now === null) throw notApplied(`${path} is not there`);
      const state = textOf(at(now.body, "Status", "State"));
      if (state === "Starting" || state === "Updating") return null;
      const blocks = await blocksAt(client, blocksOf(client, now), signal);
      return blocks.some((block) => block.state === "Composing") ? null : now;
    });
    const own = blocksOf(client, system);
    const blocks = await blocksAt(client, plan.way === "constrained" ? own : plan.blocks, signal);
    check(facts, path, own, blocks);
    const isDevice = new Set(plan.devices);
    const devices = blocks.filter((block) => isDevice.has(block.path)).map((block) => deviceChange(block));
    const index = lastSegment(path);
    return {
      ...made(path),
      ...(devices.length === 0 ? {} : { devices: devices.map((device) => ({ ...device, nodeIndex: index })) }),
    };
  };
  return {
    name: "verify",
    run: verified,
    async look(facts, signal) {
      try {
        return await verified(facts, signal);
      } catch (error) {
        if (error instanceof UpstreamError) return null;
        throw error;
      }
    },
    // There is nothing that verifying did.
    async undo() {},
  };
}

function check(facts: Facts, path: string, own: readonly string[], blocks: readonly PresentBlock[]): void {
  const { way, blocks: wanted } = planOf(facts);
  if (own.length === 0) throw notApplied(`${path} has no resource blocks`);
  const missing = way === "constrained" ? [] : wanted.filter((block) => !own.includes(block));
  if (missing.length > 0) throw notApplied(`${path} lacks ${missing.join(", ")}`);
  for (const { path: block, state, systems } of blocks) {
    if (state !== "Composed" && state !== "ComposedAndAvailable") throw notApplied(`${block} is ${state}`);
    if (!systems.includes(path)) throw notApplied(`${block} does not know of ${path}`);
  }
}

const made = (path: string): Facts => ({ index: lastSegment(path), resourceUri: path });

/** Of the system, as soon as it is known: a task tells it at its end. */
async function pathOf(client: RedfishClient, facts: Facts, signal: AbortSignal): Promise<string> {
  const known = textOf(facts.resourceUri);
  if (known !== null) return known;
  const task = monitored(facts);
  const found = await composed(client, facts, signal);
  if (task === null || found !== null) {
    if (found === null) throw notApplied(`there is no system ${nameOf(facts)}`);
    return found.path;
  }
  let told: string | null = null;
  try {
    told = systemIn(client, await client.finished(task, signal));
  } catch (error) {
    // The end of a task is told once; whoever comes later finds the system itself.
    if (!isRefusal(error, 404, 410)) throw error;
  }
  const path = told ?? (await composed(client, facts, signal))?.path;
  if (path === undefined) throw notApplied(`its task is over, but there is no system ${nameOf(facts)}`);
  return path;
}

function monitored(facts: Facts): Written | null {
  const monitor = textOf(facts.monitor);
  return monitor === null ? null : { status: 202, location: null, body: null, etag: null, monitor };
}

async function cancel(client: RedfishClient, task: Written, signal: AbortSignal): Promise<void> {
  try {
    await client.delete(task.monitor!, signal);
  } catch (error) {
    if (!isRefusal(error, 400, 404, 405, 409, 410, 501)) throw error;
  }
  try {
    // It may be too late to cancel: then its system is found, and decomposed.
    await client.finished(task, signal);
  } catch (error) {
    if (!(error instanceof UpstreamError)) throw error;
  }
}

/** Posts the order in the way of the plan; where that is not allowed, in the one that is. */
async function order(
  client: RedfishClient,
  { way, target, compose }: ComposePlan,
  name: string,
  request: object,
  signal: AbortSignal,
): Promise<Written> {
  const byManifest = async () =>
    await client.post(compose!, manifest("ComposeSystem", name, request, new Date()), signal, { compose: true });
  if (way === "manifest" && compose !== null) return await byManifest();
  try {
    return await client.post(target, request, signal, { compose: true });
  } catch (error) {
    if (isRefusal(error, 405, 501) && compose !== null) return await byManifest();
    // Some services want the id said as well.
    if (isRefusal(error, 400) && /\bId\b/.test((error as UpstreamError).message))
      return await client.post(target, { Id: name, ...request }, signal, { compose: true });
    throw error;
  }
}

/**
 * The system that was made for this operation: by its name or id, else by our blocks. Those are ours alone, but for the ones
 * that are shared.
 */
async function composed(client: RedfishClient, facts: Facts, signal: AbortSignal): Promise<Resource | null> {
  const name = nameOf(facts);
  for (const system of await client.members(planOf(facts).target, signal)) {
    if (textOf(system.body.Name) === name || lastSegment(system.path) === name) return system;
    const blocks = blocksOf(client, system);
    const ours = resourcesOf(facts);
    if (ours.length > 0 && ours.every((path) => blocks.includes(path))) return system;
  }
  return null;
}
