// Synchronizing the devices of a pod manager into the store: what it costs beside listing them, which rows it writes, and
// that memory stays flat when it goes on for long.

import { sql } from "drizzle-orm";
import { openStore } from "../../db/client.ts";
import type { Store } from "../../db/store.ts";
import { expether } from "../../host/drivers/expether.ts";
import { Secrets } from "../../host/services/hardware/secrets.ts";
import { type HardwareServices, hardwareServices } from "../../host/services/hardware/services.ts";
import type { Figure, Goal, GoalContext } from "../goal.ts";
import { heapCollector } from "../heap.ts";
import { type Simulator, startSimulator } from "../simulator.ts";

const DEVICES = 10_000;
const CHANGED = 100;
const SERVERS = 20;
const ATTEMPTS = 5;
/** Of a long run. */
const FEW_DEVICES = 20;
/** When everything is measured in full; otherwise fewer, as it takes minutes. */
const SYNCS = { full: 10_000, less: 2_000 };
const FULL_RANDOM = 100_000;
const WARM_SYNCS = 1_000;
const DAY_MS = 86_400_000;

interface Served {
  readonly store: Store;
  readonly sim: Simulator;
  readonly sync: () => Promise<void>;
  close(): Promise<void>;
}

/** The service with one pod manager, of which nothing was listed yet. */
async function served(devices: number): Promise<Served> {
  const sim = await startSimulator("eem", ["--servers", `${SERVERS}`, "--devices", `${devices}`]);
  const store = await openStore(process.env.TEST_DATABASE_URL ?? "memory:");
  const services = hardwareServices({
    store,
    secrets: new Secrets("a key for measurements, known to all"),
    drivers: [expether],
    log: () => {},
    // Rounds would begin with `start`: it syncs when it is told to.
    syncEveryMs: DAY_MS,
  });
  const id = await register(services, sim.url);
  return {
    store,
    sim,
    async sync() {
      const outcome = await services.sync.once(id);
      if (outcome.status !== "SUCCESS") throw new Error(outcome.detail);
    },
    async close() {
      await services.podManagers.remove(id, { force: true, requestId: "bench" });
      await services.close();
      await store.close();
      await sim.stop();
    },
  };
}

async function register({ podManagers }: HardwareServices, url: string): Promise<string> {
  const name = `bench-${process.pid}-${new URL(url).port}`;
  const authentication = [{ type: "basic", auth_items: { username: "anyone", password: "none" } }];
  const { id } = await podManagers.create({ name, url, driver: "expether", authentication }, never());
  return id;
}

const never = () => new AbortController().signal;

/** By device, which transaction wrote its row. */
async function writers({ store }: Served): Promise<Map<string, string>> {
  const result = await store.read((db) => db.execute(sql`select id, xmin::text as writer from devices`));
  const rows = (Array.isArray(result) ? result : (result as { rows: unknown }).rows) as {
    id: string;
    writer: string;
  }[];
  return new Map(rows.map(({ id, writer }) => [id, writer]));
}

/** Device rows that are written, or gone, meanwhile. */
async function rowsTouched(service: Served, use: () => Promise<unknown>): Promise<number> {
  const before = await writers(service);
  await use();
  const after = await writers(service);
  const gone = [...before.keys()].filter((id) => !after.has(id)).length;
  return gone + [...after].filter(([id, writer]) => before.get(id) !== writer).length;
}

async function msOf(use: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await use();
  return performance.now() - start;
}

/** Of the simulator. */
async function ordered(url: string | URL, init: RequestInit): Promise<string> {
  const answer = await fetch(url, init);
  const body = await answer.text();
  if (!answer.ok) throw new Error(body);
  return body;
}

async function assign(url: string, board: string, groupId: string | null): Promise<string> {
  const order = { method: "PUT", body: JSON.stringify({ group_id: groupId }) };
  return JSON.parse(await ordered(`${url}/devices/${board}/group_id`, order)).group_id;
}

async function boardsOf(url: string, status: "eesv" | "eeio"): Promise<string[]> {
  const answer = (await (await fetch(`${url}/devices?status=${status}`)).json()) as { devices: { id: string }[] };
  return answer.devices.map(({ id }) => id);
}

/** A hundred devices get to servers, behind the service's back. */
async function attachSome(url: string): Promise<void> {
  const devices = await boardsOf(url, "eeio");
  const each = CHANGED / SERVERS;
  for (const [at, server] of (await boardsOf(url, "eesv")).entries()) {
    const group = await assign(url, server, null);
    for (const device of devices.slice(at * each, (at + 1) * each)) await assign(url, device, group);
  }
}

/** Back to where they were. */
async function detachSome(url: string): Promise<void> {
  for (const board of [...(await boardsOf(url, "eeio")).slice(0, CHANGED), ...(await boardsOf(url, "eesv"))])
    await ordered(`${url}/devices/${board}/group_id`, { method: "DELETE" });
}

async function largeSync({ progress }: GoalContext): Promise<Figure[]> {
  const service = await served(DEVICES);
  const { sim, sync } = service;
  const podManager = expether.connect({ url: sim.url, username: "", password: "", log: () => {} });
  const list = () => podManager.devices(never());
  const best = {
    listing: Number.POSITIVE_INFINITY,
    unchanged: Number.POSITIVE_INFINITY,
    changed: Number.POSITIVE_INFINITY,
  };
  const keep = (what: keyof typeof best, ms: number) => {
    best[what] = Math.min(best[what], ms);
  };
  try {
    await list();
    progress(`first sync of ${DEVICES} devices`);
    let first = 0;
    const inserted = await rowsTouched(service, async () => {
      first = await msOf(sync);
    });
    let unchangedRows = 0;
    let changedRows = 0;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      progress(`sync of ${DEVICES} devices, ${attempt} of ${ATTEMPTS}`);
      keep("listing", await msOf(list));
      unchangedRows += await rowsTouched(service, async () => keep("unchanged", await msOf(sync)));
      await attachSome(sim.url);
      changedRows += await rowsTouched(service, async () => keep("changed", await msOf(sync)));
      await detachSome(sim.url);
      await sync();
    }
    if (inserted < DEVICES || changedRows < ATTEMPTS * CHANGED) throw new Error("a sync has missed changes");
    const over = (what: string, ms: number): Figure => ({
      what,
      value: ms / best.listing,
      unit: "x",
      basis: "measured",
      goal: null,
      remark: `${Math.round(ms)} ms and ${Math.round(best.listing)} ms`,
    });
    const rows = (what: string, value: number, goal: Figure["goal"]): Figure => ({
      what,
      value,
      unit: "",
      basis: "counted",
      goal,
    });
    return [
      over(`first sync of ${DEVICES} devices, over listing them`, first),
      over("… when nothing changed", best.unchanged),
      over(`… when ${CHANGED} of them changed`, best.changed),
      rows("rows of devices that the first sync writes", inserted, { atMost: DEVICES }),
      rows(`… ${ATTEMPTS} syncs when nothing changed`, unchangedRows, { atMost: 0 }),
      rows(`… ${ATTEMPTS} syncs when ${CHANGED} changed`, changedRows, { atMost: ATTEMPTS * CHANGED }),
    ];
  } finally {
    await podManager.close();
    await service.close();
  }
}

/** One device is unplugged or plugged in before each sync, so that each writes. */
async function longRun({ progress, random }: GoalContext): Promise<Figure[]> {
  const syncs = random >= FULL_RANDOM ? SYNCS.full : SYNCS.less;
  const service = await served(FEW_DEVICES);
  const { sim, sync } = service;
  const heapBytes = heapCollector();
  try {
    const [board] = await boardsOf(sim.url, "eeio");
    const until = async (from: number, to: number) => {
      for (let done = from; done < to; done++) {
        if (done % 100 === 0) progress(`${done} of ${syncs} syncs`);
        const link = `/sim/boards/${board}/${done % 2 === 0 ? "down" : "up"}`;
        await ordered(new URL(link, sim.url), { method: "PUT" });
        await sync();
      }
      return heapBytes();
    };
    const warm = await until(0, WARM_SYNCS);
    const begun = performance.now();
    const late = await until(WARM_SYNCS, syncs);
    const each = (performance.now() - begun) / (syncs - WARM_SYNCS);
    const mib = (bytes: number) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
    return [
      {
        what: `heap after ${syncs} syncs, over that after ${WARM_SYNCS}`,
        value: late / warm,
        unit: "x",
        basis: "measured",
        goal: { atMost: 1.1 },
        remark: `${FEW_DEVICES} devices, one of which changes each time; ${mib(late)} and ${mib(warm)}, ${each.toFixed(1)} ms a sync`,
      },
    ];
  } finally {
    await service.close();
  }
}

export const sync: Goal = {
  name: "sync",
  async measure(context) {
    return [...(await largeSync(context)), ...(await longRun(context))];
  },
};
