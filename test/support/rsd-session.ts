// What a user does with a pod manager of Rack Scale Design, and what came of it; the same against peers and against what was
// recorded of them.
import type { Choice, Driver, Facts, NodeView, PodManager, RackView, SystemView } from "../../host/drivers/driver.ts";

export interface RsdSession {
  readonly status: string;
  readonly systems: readonly Omit<SystemView, "raw">[];
  readonly racks: readonly RackView[];
  readonly choice: Choice;
  /** Of two nodes that were composed one after the other. */
  readonly nodes: readonly NodeView[];
  readonly bootRefusal: string;
  readonly resetRefusal: string;
  readonly released: readonly Facts[];
}

const SIGNAL = new AbortController().signal;

export async function rsdSession(driver: Driver, url: string): Promise<RsdSession> {
  const manager = driver.connect({
    url,
    username: "admin",
    password: "Passw0rd",
    log: () => {},
    limits: { pollMs: 1, assembleMs: 5_000 },
  });
  try {
    return await session(manager);
  } finally {
    await manager.close();
  }
}

async function session(manager: PodManager): Promise<RsdSession> {
  const status = await manager.status(SIGNAL);
  const systems = (await manager.systems(SIGNAL)).map(({ raw: _, ...shown }) => shown);
  const racks = (await manager.racks?.(SIGNAL)) ?? [];
  const choice = await manager.choose({ memory: { capacityMib: 4096 } }, new Set(), SIGNAL);
  const composed: Facts[] = [];
  for (const id of ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"])
    composed.push(
      await perform(manager.operations.compose, {
        id,
        name: "web",
        description: "of a test",
        requirements: { memory: { capacityMib: 4096 } },
        choice,
      }),
    );
  const nodes: NodeView[] = [];
  for (const { index } of composed) nodes.push(await manager.node(String(index), SIGNAL));
  const boot = manager.boot!("2", { enabled: "Once", target: "Pxe" }, SIGNAL);
  const bootRefusal = await refusal(boot);
  const resetRefusal = await refusal(manager.reset!("2", "Explode", SIGNAL));
  await manager.reset!("2", "ForceOff", SIGNAL);
  await manager.reset!("2", "GracefulShutdown", SIGNAL);
  const released: Facts[] = [];
  for (const { index, resourceUri } of composed) {
    const { devices } = await perform(manager.operations.release, { index, resourceUri, resources: [] });
    released.push({ devices });
    for (const step of manager.operations.release)
      if ((await step.look({ resourceUri }, SIGNAL)) === null)
        throw new Error(`${resourceUri}: ${step.name} did nothing`);
  }
  return { status, systems, racks, choice, nodes, bootRefusal, resetRefusal, released };
}

async function perform(steps: PodManager["operations"]["compose"], begun: Facts): Promise<Facts> {
  let facts = begun;
  for (const step of steps) facts = { ...facts, ...(await step.run(facts, SIGNAL)) };
  return facts;
}

async function refusal(asked: Promise<unknown>): Promise<string> {
  return await asked.then(
    () => "none",
    (error: Error) => error.message,
  );
}
