// Listing the systems of a large pod manager: many requests at a time beside one at a time.

import { redfishv1 } from "../../host/drivers/redfishv1.ts";
import type { Goal } from "../goal.ts";
import { startSimulator } from "../simulator.ts";

const SYSTEMS = 1000;
const LATENCY_MS = 5;
const ATTEMPTS = 3;

/** Of one listing, ms; without `concurrency` as many requests at a time as in service. */
async function listingMs(url: string, concurrency?: number): Promise<number> {
  const manager = redfishv1.connect({
    url,
    username: "",
    password: "",
    log: () => undefined,
    ...(concurrency === undefined ? {} : { limits: { concurrency } }),
  });
  const start = performance.now();
  const { length } = await manager.systems(new AbortController().signal);
  const ms = performance.now() - start;
  await manager.close();
  if (length !== SYSTEMS) throw new Error(`${length} systems of ${SYSTEMS} were listed`);
  return ms;
}

async function requestsOf(url: string): Promise<number> {
  const { total } = (await (await fetch(`${url}/sim/requests`)).json()) as { total: number };
  return total;
}

export const systems: Goal = {
  name: "systems",
  async measure({ progress }) {
    const sim = await startSimulator("podm", ["--systems", `${SYSTEMS}`, "--latency", `${LATENCY_MS}`]);
    const { url } = sim;
    try {
      progress("listing systems one at a time");
      const before = await requestsOf(url);
      const one = await listingMs(url, 1);
      const requests = (await requestsOf(url)) - before;
      progress("listing systems many at a time");
      let many = Number.POSITIVE_INFINITY;
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) many = Math.min(many, await listingMs(url));
      return [
        {
          what: `listing ${SYSTEMS} systems of a pod manager that takes ${LATENCY_MS} ms for each answer, over one request at a time`,
          value: one / many,
          unit: "x",
          basis: "measured",
          goal: { atLeast: 20 },
          remark: `${requests} requests; ${Math.round(one)} ms one at a time, ${Math.round(many)} ms at best of ${ATTEMPTS}`,
        },
      ];
    } finally {
      await sim.stop();
    }
  },
};
