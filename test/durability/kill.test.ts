import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openStore } from "../../db/client.ts";
import { listPlacements, listPlans } from "../../db/queries/plans.ts";
import type { Store } from "../../db/store.ts";
import { audit } from "../support/audit.ts";
import { freshDatabase, postgresServer, type TestDatabase } from "../support/postgres.ts";
import { ServerProcess } from "../support/server.ts";

const KILLS = process.env.CI === "true" ? 50 : 3;

/** What clients were told, and what they asked and got no answer to. */
class Ledger {
  /** Stack -> orchestration id -> host, of every 201. */
  readonly answered = new Map<string, Record<string, string>>();
  /** Stacks of requests without an answer: planned or not, deleted or not. */
  readonly unknown = new Set<string>();
  answers = 0;
  #stacks = 0;

  /** One client: plans stacks of three servers on three hosts, and deletes some again, until the server is gone. */
  async client(server: ServerProcess): Promise<void> {
    for (;;) {
      const stack = `s${this.#stacks++}`;
      this.unknown.add(stack);
      try {
        const { status, body } = await server.request("POST", "/v1/plans", request(stack));
        expect(status, JSON.stringify(body)).toBe(201);
        const placements = Object.entries(body.plan.placements as Record<string, { location: string }>);
        this.answered.set(stack, Object.fromEntries(placements.map(([id, { location }]) => [id, location])));
        this.unknown.delete(stack);
        this.answers++;
        if (this.answered.size <= 20) continue;
        const [oldest] = this.answered.keys();
        this.answered.delete(oldest!);
        this.unknown.add(oldest!);
        expect((await server.request("DELETE", `/v1/plans/${oldest}`)).status).toBe(204);
        this.unknown.delete(oldest!);
      } catch (error) {
        if (error instanceof TypeError) return; // fetch failed: the server is gone
        throw error;
      }
    }
  }

  /** The rest is as it was found. */
  settle(found: ReadonlyMap<string, Record<string, string>>): void {
    for (const stack of this.unknown) {
      const placements = found.get(stack);
      if (placements !== undefined) this.answered.set(stack, placements);
    }
    this.unknown.clear();
  }
}

function request(stack: string): unknown {
  const names = ["a", "b", "c"].map((letter) => `${stack}${letter}`);
  const server = (name: string) => ({ name, type: "OS::Nova::Server", properties: { flavor: "m1.tiny" } });
  const pipe = { resources: names.slice(0, 2), bandwidth: { min: 100, units: "Mbps" } };
  const apart = { group_type: "diversity", level: "host", resources: names };
  return {
    plan_name: stack,
    stack_id: stack,
    resources: {
      ...Object.fromEntries(names.map((name) => [name, server(name)])),
      apart: { name: "apart", type: "ATT::Valet::GroupAssignment", properties: apart },
      pipe: { type: "ATT::Valet::Pipe", properties: pipe },
    },
  };
}

/** Sessions of the killed server: PostgreSQL finishes what they had sent, also a COMMIT. */
async function othersOn(store: Store): Promise<number> {
  const others = sql`select 1 from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
    and backend_type = 'client backend'`;
  return ((await store.read((db) => db.execute(others))) as unknown as unknown[]).length;
}

/** What the store holds when nobody uses it: stack -> orchestration id -> host. Checks that it keeps its promises. */
async function look(url: string): Promise<Map<string, Record<string, string>>> {
  const store = await openStore(url);
  try {
    if (store.kind === "postgres") await expect.poll(() => othersOn(store), { timeout: 10_000 }).toBe(0);
    expect(await audit(store)).toEqual([]);
    const found = new Map<string, Record<string, string>>();
    const stacks = new Map<string, string>();
    for (const { id, stackId } of await store.read((db) => listPlans(db))) {
      stacks.set(id, stackId);
      found.set(stackId, {});
    }
    for (const { planId, orchestrationId, location } of await store.read((db) => listPlacements(db)))
      found.get(stacks.get(planId)!)![orchestrationId] = location;
    return found;
  } finally {
    await store.close();
  }
}

/** What the API answers: the same. */
async function ask(server: ServerProcess): Promise<Map<string, Record<string, string>>> {
  const { body } = await server.request("GET", "/v1/plans");
  return new Map(
    body.plans.map((plan: { stack_id: string; placements: Record<string, { location: string }> }) => [
      plan.stack_id,
      Object.fromEntries(Object.entries(plan.placements).map(([id, { location }]) => [id, location])),
    ]),
  );
}

function compare(found: ReadonlyMap<string, Record<string, string>>, ledger: Ledger): void {
  for (const [stack, placements] of ledger.answered) expect(found.get(stack), stack).toEqual(placements);
  for (const [stack, placements] of found) {
    expect(ledger.answered.has(stack) || ledger.unknown.has(stack), `${stack} was never asked for, or deleted`).toBe(
      true,
    );
    expect(Object.keys(placements), stack).toHaveLength(3);
  }
}

describe.each(postgresServer === null ? ["pglite"] : ["pglite", "postgres"])("on %s", (kind) => {
  let directory: string;
  let database: TestDatabase | undefined;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), "ostro-kill-"));
    database = kind === "postgres" ? await freshDatabase("postgres") : undefined;
  });
  afterEach(async () => {
    await database?.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  test(`after each of ${KILLS} kills at random moments every answered plan is there with what it holds, and nothing else`, {
    timeout: 60_000 + KILLS * 15_000,
  }, async () => {
    const url = database?.url ?? `pglite:${join(directory, "data")}`;
    const options = { database: url, "state-dir": directory, datacenter: "sim:4x16", workers: "1" };
    const ledger = new Ledger();
    for (let kill = 1; kill <= KILLS; kill++) {
      const server = await ServerProcess.start(options);
      compare(await ask(server), ledger);
      ledger.settle(await ask(server));
      const clients = Promise.all(Array.from({ length: 4 }, () => ledger.client(server)));
      // On a busy machine the first answers take a while.
      const enough = ledger.answers + 1 + Math.floor(Math.random() * 20);
      for (let waited = 0; ledger.answers < enough && waited < 10_000; waited += 5) await sleep(5);
      await sleep(Math.random() * 50);
      await server.kill();
      await clients;
      // Other times the next server is the first to open the store after the kill.
      if (kind === "postgres" || kill % 3 === 0 || kill === KILLS) {
        const found = await look(url);
        compare(found, ledger);
        ledger.settle(found);
      }
    }
    expect(ledger.answers).toBeGreaterThanOrEqual(KILLS);
  });
});
