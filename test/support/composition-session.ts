// What a user does with services of others through redfishv2, and what came of it; the same against peers and against what was
// recorded of them.
import type { DeviceFacts, Facts, PodManager, Requirements, Step } from "../../host/drivers/driver.ts";
import { redfishv2 } from "../../host/drivers/redfishv2.ts";
import type { AppError } from "../../host/errors.ts";

const SIGNAL = new AbortController().signal;
const BLOCKS = "/redfish/v1/CompositionService/ResourceBlocks";

/** What composing came to. */
export interface Composed {
  readonly blocks: readonly string[];
  readonly reasons: readonly string[];
  /** What the steps left, or the message of the one that failed. */
  readonly outcome: Facts | string;
  /** State, cores and MiB of the node as it was shown. */
  readonly node: { state: string | null; cores: number; memoryMib: number; macs: number } | null;
  /** What releasing left; null: it was taken back instead. */
  readonly released: Facts | null;
  /** Names of the systems that are there at the end. */
  readonly systems: readonly (string | null)[];
  /** Blocks that are free at the end, of those that were chosen. */
  readonly free: readonly string[];
}

async function connected<T>(url: string, use: (manager: PodManager) => Promise<T>): Promise<T> {
  const manager = redfishv2.connect({
    url,
    username: "Administrator",
    password: "Password",
    log: () => {},
    limits: { pollMs: 10, assembleMs: 5_000 },
  });
  try {
    return await use(manager);
  } finally {
    await manager.close();
  }
}

/** Composes a node and releases it; where that fails, takes back what was done. */
export async function composeSession(url: string, requirements: Requirements): Promise<Composed> {
  return await connected(url, async (manager) => {
    const choice = await manager.choose(requirements, new Set(), SIGNAL);
    const id = "5f0c1c8e-7f7e-4a3c-9a55-2d4f6a3b1c01";
    let facts: Facts = { id, name: "peer", description: "", requirements, choice };
    let failure: string | null = null;
    const tried: Step[] = [];
    for (const step of manager.operations.compose) {
      tried.unshift(step);
      try {
        facts = { ...facts, ...(await step.run(facts, SIGNAL)) };
      } catch (error) {
        failure = (error as AppError).message;
        break;
      }
    }
    let node: Composed["node"] = null;
    let released: Facts | null = null;
    if (failure === null) {
      const view = await manager.node(String(facts.index), SIGNAL);
      node = {
        state: view.state,
        cores: view.processors.reduce((sum, { totalCores }) => sum + (totalCores ?? 0), 0),
        memoryMib: view.memory.reduce((sum, { capacityMib }) => sum + (capacityMib ?? 0), 0),
        macs: (await manager.provisioning(String(facts.index), {}, SIGNAL)).macs.length,
      };
      released = { index: facts.index, resourceUri: facts.resourceUri, resources: choice.resources };
      for (const step of manager.operations.release) released = { ...released, ...(await step.run(released, SIGNAL)) };
    } else for (const step of tried) await step.undo(facts, SIGNAL);
    const { choice: _, ...outcome } = facts;
    const blocks = choice.plan.blocks as string[];
    const again = (await manager.choose(requirements, new Set(), SIGNAL)).plan.blocks as string[];
    return {
      blocks: blocks.map(idOf),
      reasons: choice.reasons,
      outcome: failure ?? { index: outcome.index, devices: outcome.devices ?? [] },
      node,
      released: released && { devices: released.devices },
      systems: (await manager.systems(SIGNAL)).map(({ id }) => id),
      free: blocks.filter((path) => again.includes(path)).map(idOf),
    };
  });
}

/** Attaches a block to a system that is there; the message when it fails. */
export async function attachSession(url: string, index: string, block: string): Promise<Facts | string> {
  return await connected(url, async (manager) => {
    const device = (await manager.devices(SIGNAL)).find(({ resourceUri }) => idOf(resourceUri) === block);
    const facts: Facts = { index, resourceUri: `/redfish/v1/Systems/${index}`, device };
    const [step] = manager.operations.attach!;
    return await step!.run(facts, SIGNAL).catch((error: AppError) => error.message);
  });
}

/** Devices by id: type, state, node. */
export async function devicesSession(url: string): Promise<Record<string, string>> {
  const devices: DeviceFacts[] = await connected(url, (manager) => manager.devices(SIGNAL));
  return Object.fromEntries(
    devices.map(({ resourceUri, type, state, nodeIndex }) => [
      idOf(resourceUri),
      `${type} ${state} ${nodeIndex ?? ""}`.trim(),
    ]),
  );
}

/** Tells a mockup that a block is free: it takes any change. */
export async function setFree(url: string, block: string): Promise<void> {
  const body = JSON.stringify({ CompositionStatus: { CompositionState: "Unused" }, Links: { ComputerSystems: [] } });
  await fetch(`${url}${BLOCKS}/${block}`, { method: "PATCH", headers: { "content-type": "application/json" }, body });
}

/** Of a service without composition: its systems, one of them reset, booted otherwise, handed to Ironic. */
export async function systemSession(url: string) {
  return await connected(url, async (manager) => {
    const systems = await manager.systems(SIGNAL);
    const { id } = systems[0]!;
    const before = (await manager.node(id, SIGNAL)).powerState;
    await manager.reset!(id, before === "On" ? "ForceOff" : "On", SIGNAL);
    // It takes its time, on purpose.
    for (const deadline = Date.now() + 30_000; Date.now() < deadline; ) {
      if ((await manager.node(id, SIGNAL)).powerState !== before) break;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    await manager.boot!(id, { enabled: "Once", target: "Pxe" }, SIGNAL);
    const { powerState, bootTarget } = await manager.node(id, SIGNAL);
    return {
      status: await manager.status(SIGNAL),
      systems: systems.length,
      turned: powerState !== before,
      bootTarget,
      macs: (await manager.provisioning(id, {}, SIGNAL)).macs,
      choice: await manager.choose({}, new Set(), SIGNAL).catch((error: AppError) => error.code),
    };
  });
}

function idOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
