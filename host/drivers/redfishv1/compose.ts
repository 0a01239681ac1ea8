// Composing a node: allocated, ordered to be assembled, assembled, given its devices. Contract: drivers 1.2.

import { setTimeout as pause } from "node:timers/promises";
import { AppError, UpstreamError } from "../../errors.ts";
import type { ComposeFacts, DeviceFacts, Facts, Step } from "../driver.ts";
import type { RedfishClient, Resource } from "../redfish/client.ts";
import { at, lastSegment } from "../redfish/shapes.ts";
import { actionOf } from "../redfish/views/actions.ts";
import { linkOf, rootLink } from "../redfish/views/links.ts";
import { atNode, attach, detachFrom, isAttached } from "./attach.ts";
import { allocateBody, dialectOf } from "./dialect.ts";
import { nodeNamed, stateOf, textFact, wireName } from "./nodes.ts";
import { removeNode } from "./release.ts";
import type { SupplyReader } from "./supply.ts";

export function composeSteps(client: RedfishClient, supply: SupplyReader): readonly Step[] {
  return [allocateStep(client, supply), assembleStep(client), assembledStep(client), devicesStep(client)];
}

/** A node of ours is told by its name, which is unique: that is how one is found whose Location was lost. */
function allocateStep(client: RedfishClient, supply: SupplyReader): Step {
  const born = ({ path }: Pick<Resource, "path">) => ({ index: lastSegment(path), resourceUri: path });
  const find = async (facts: Facts, signal: AbortSignal) => {
    const { name, id } = facts as ComposeFacts;
    return await nodeNamed(client, wireName(name, id), signal);
  };
  return {
    name: "allocate",
    run: async (facts, signal) => {
      try {
        const path = await allocate(client, facts as ComposeFacts, signal);
        const node = path === null ? await find(facts, signal) : { path };
        if (node !== null) return born(node);
      } catch (error) {
        // The systems may not be as they were when one was chosen.
        supply.forget();
        throw error;
      }
      throw new AppError(
        "pod-manager.unreadable",
        "The pod manager said that a node was allocated, but not which one.",
      );
    },
    look: async (facts, signal) => {
      const node = await find(facts, signal);
      return node === null ? null : born(node);
    },
    undo: async (facts, signal) => {
      const path = facts.resourceUri === undefined ? (await find(facts, signal))?.path : textFact(facts, "resourceUri");
      if (path !== undefined) await removeNode(client, path, { byForce: true }, signal);
    },
  };
}

/** Path of the node; null: not told. */
async function allocate(client: RedfishClient, facts: ComposeFacts, signal: AbortSignal): Promise<string | null> {
  const dialect = dialectOf((await client.root(signal)).body);
  const collection = await rootLink(client, "Nodes", signal);
  // Intel's simulator has an s too many.
  const action =
    collection === null
      ? null
      : actionOf(client, await client.get(collection, signal), /^#ComposedNodes?Collection\.Allocate$/);
  if (action === null)
    throw new AppError(
      "pod-manager.unsupported",
      "The pod manager advertises no allocation: it is none of Rack Scale Design.",
    );
  const { processor } = facts.choice.plan;
  const body = allocateBody(dialect, {
    name: wireName(facts.name, facts.id),
    description: facts.description,
    requirements: facts.requirements,
    processor: typeof processor === "string" ? processor : null,
  });
  const written = await client.post(action.target, body, signal, { compose: true });
  const done = await client.finished(written, signal);
  return done.location ?? linkOf(client, at(done.body, "@odata.id"));
}

function assembleStep(client: RedfishClient): Step {
  return {
    name: "assemble",
    run: async (facts, signal) => {
      const node = await client.get(textFact(facts, "resourceUri"), signal);
      if (isOrdered(node)) return {};
      const action = actionOf(client, node, /^#ComposedNode\.Assemble$/);
      if (action === null)
        throw new AppError("pod-manager.unsupported", `${node.path} advertises no Assemble: it cannot be composed.`);
      await client.finished(await client.post(action.target, {}, signal, { compose: true }), signal);
      return {};
    },
    look: async (facts, signal) => {
      const node = await client.find(textFact(facts, "resourceUri"), signal);
      return node !== null && isOrdered(node) ? {} : null;
    },
    // What is assembled goes with the node.
    undo: async () => {},
  };
}

function isOrdered({ body }: Resource): boolean {
  return ["Assembling", "Assembled", "Failed"].includes(stateOf(body) ?? "");
}

/** Assembly goes on by itself; it has `limits.assembleMs`. */
function assembledStep(client: RedfishClient): Step {
  return {
    name: "assembled",
    run: async (facts, signal) => {
      const { assembleMs, pollMs } = client.limits;
      const until = performance.now() + assembleMs;
      for (let wait = pollMs; ; wait = Math.min(wait * 1.5, 10 * pollMs)) {
        const node = await client.get(textFact(facts, "resourceUri"), signal);
        if (isAssembled(node)) return {};
        if (performance.now() + wait > until) throw tooLong(node, assembleMs);
        await pause(wait, undefined, { signal }).catch(() => signal.throwIfAborted());
      }
    },
    look: async (facts, signal) => {
      const node = await client.find(textFact(facts, "resourceUri"), signal);
      return node !== null && stateOf(node.body) !== "Failed" && isAssembled(node) ? {} : null;
    },
    undo: async () => {},
  };
}

/** @throws UpstreamError when it never will be */
function isAssembled({ path, body }: Resource): boolean {
  const state = stateOf(body);
  if (state === "Failed")
    throw new UpstreamError(
      "pod-manager.refused",
      { status: 502, title: "Assembly failed" },
      `The pod manager could not assemble ${path}; its log says why.`,
    );
  // A service without states assembles at once.
  return state === "Assembled" || state === null;
}

function tooLong({ path, body }: Resource, assembleMs: number): AppError {
  return new AppError(
    "pod-manager.timeout",
    `${path} was not assembled within ${assembleMs / 1000} s (it is ${stateOf(body)}).`,
  );
}

/** Those of the choice; one after the other, as a node takes one at a time. */
function devicesStep(client: RedfishClient): Step {
  const planned = (facts: Facts) => ((facts as ComposeFacts).choice.plan.devices ?? []) as readonly DeviceFacts[];
  const attached = (facts: Facts) => {
    const devices = planned(facts);
    return devices.length === 0 ? {} : { devices: devices.map((one) => atNode(one, textFact(facts, "index"))) };
  };
  return {
    name: "devices",
    run: async (facts, signal) => {
      for (const device of planned(facts))
        await attach(client, await client.get(textFact(facts, "resourceUri"), signal), device, signal);
      return attached(facts);
    },
    look: async (facts, signal) => {
      const devices = planned(facts);
      if (devices.length === 0) return {};
      const node = await client.find(textFact(facts, "resourceUri"), signal);
      if (node === null) return null;
      for (const device of devices) if (!(await isAttached(client, node, device, signal))) return null;
      return attached(facts);
    },
    undo: async (facts, signal) => {
      if (facts.resourceUri === undefined) return;
      for (const device of planned(facts)) await detachFrom(client, facts, device, signal);
    },
  };
}
