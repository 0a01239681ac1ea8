// Composing under many requests at once: nothing twice, and how long it takes beside one request alone.

import { openStore } from "../../db/client.ts";
import { podManagers } from "../../db/schema/index.ts";
import type { Store } from "../../db/store.ts";
import { redfishv1 } from "../../host/drivers/redfishv1.ts";
import { NodeService } from "../../host/services/hardware/nodes.ts";
import { OperationRunner } from "../../host/services/hardware/operations.ts";
import { nodeProcedures } from "../../host/services/hardware/procedures.ts";
import type { Goal } from "../goal.ts";
import { startSimulator } from "../simulator.ts";

const SYSTEMS = 64;
const REQUESTS = 50;
const LATENCY_MS = 5;
const POD = "pod";

function serve(store: Store, url: string) {
  const log = () => {};
  const manager = redfishv1.connect({ url, username: "", password: "", log, limits: { pollMs: 50 } });
  const connect = async () => manager;
  const operations = new OperationRunner({ store, connect, procedures: nodeProcedures(), log });
  const flavors = { find: async () => ({ properties: {} }) };
  const nodes = new NodeService({ store, connect, operations, flavors, log });
  const close = async () => {
    await operations.close();
    await manager.close();
  };
  return { nodes, close };
}

async function register(store: Store, url: string): Promise<void> {
  const now = new Date();
  const row = { id: POD, name: POD, url, address: url, driver: "redfishv1", authentication: [], secret: "" };
  await store.read((db) => db.insert(podManagers).values({ ...row, createdAt: now, updatedAt: now }));
}

/** Of so many requests at once, ms; the nodes are released again. */
async function composeMs({ nodes }: ReturnType<typeof serve>, requests: number): Promise<number> {
  const { signal } = new AbortController();
  const start = performance.now();
  const composed = await Promise.all(
    Array.from({ length: requests }, (_, at) =>
      nodes.compose({ name: `n${at}`, podManagerId: POD, requestId: "bench" }, signal),
    ),
  );
  const ms = performance.now() - start;
  const systems = await nodes.views(
    composed.map(({ record }) => record),
    signal,
  );
  const distinct = new Set(systems.map((view) => view?.computerSystem)).size;
  if (distinct !== requests) throw new Error(`${requests} nodes are on ${distinct} systems`);
  for (const { record } of composed) await nodes.remove(record.id, "bench", signal);
  return ms;
}

export const compose: Goal = {
  name: "compose",
  async measure({ progress }) {
    const sim = await startSimulator("podm", ["--systems", `${SYSTEMS}`, "--latency", `${LATENCY_MS}`]);
    const { url } = sim;
    const store = await openStore("memory:");
    const served = serve(store, url);
    try {
      await register(store, url);
      progress("composing one node");
      await composeMs(served, 1);
      const one = await composeMs(served, 1);
      progress(`composing ${REQUESTS} nodes at once`);
      const many = await composeMs(served, REQUESTS);
      return [
        {
          what: `${REQUESTS} nodes composed at once at a pod manager of ${SYSTEMS} systems that takes ${LATENCY_MS} ms for each answer, over one alone`,
          value: many / one,
          unit: "x",
          basis: "measured",
          goal: { atMost: 20 },
          remark: `no system twice; ${Math.round(many)} ms and ${Math.round(one)} ms, of which assembling takes 2,000 ms`,
        },
      ];
    } finally {
      await served.close();
      await store.close();
      await sim.stop();
    }
  },
};
