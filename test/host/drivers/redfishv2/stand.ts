import { onTestFinished } from "vitest";
import type {
  ComposeFacts,
  Facts,
  PodManager,
  PodManagerAccess,
  Requirements,
  Step,
} from "../../../../host/drivers/driver.ts";
import { redfishv2 } from "../../../../host/drivers/redfishv2.ts";
import { listenSim } from "../../../../host/sim/base/listen.ts";
import { PASSWORD, USERNAME } from "../../../../host/sim/base/sim.ts";
import { createRedfishSim, type RedfishSim, type RedfishSimOptions } from "../../../../host/sim/redfish.ts";

export const SIGNAL = new AbortController().signal;

export interface Connected {
  readonly sim: RedfishSim;
  readonly manager: PodManager;
}

/** A simulator that listens until the test has finished, with the driver connected to it. */
export async function connected(
  options: RedfishSimOptions = {},
  access: Partial<PodManagerAccess> = {},
): Promise<Connected> {
  const sim = createRedfishSim({ zones: 2, compute: 4, devices: 6, ...options });
  const { url, close } = await listenSim(sim.app);
  const limits = { pollMs: 1, ...access.limits };
  const manager = redfishv2.connect({ url, username: USERNAME, password: PASSWORD, log: () => {}, ...access, limits });
  onTestFinished(async () => {
    await manager.close();
    sim.close();
    await close();
  });
  return { sim, manager };
}

export async function perform(steps: readonly Step[], begun: Facts): Promise<Facts> {
  let facts = begun;
  for (const step of steps) facts = { ...facts, ...(await step.run(facts, SIGNAL)) };
  return facts;
}

/** What composing begins with. */
export async function ordered(
  manager: PodManager,
  requirements: Requirements,
  name = "My node #1",
): Promise<ComposeFacts> {
  return {
    id: "5f0c1c8e-7f7e-4a3c-9a55-2d4f6a3b1c01",
    name,
    description: "for tests",
    requirements,
    choice: await manager.choose(requirements, new Set(), SIGNAL),
  };
}

export async function composed(manager: PodManager, requirements: Requirements): Promise<Facts> {
  return await perform(manager.operations.compose, await ordered(manager, requirements));
}

/** What releasing, attaching and detaching begin with. */
export function nodeOf({ index, resourceUri, choice }: Facts): Facts {
  return { index, resourceUri, resources: [resourceUri, ...(choice as ComposeFacts["choice"]).resources] };
}
