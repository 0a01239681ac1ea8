// Plans through HTTP: what one costs beside the least that it needs, an answer of the same server and its rows in the store.
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { readConfig } from "../../host/config.ts";
import { startServer } from "../../host/main.ts";
import type { Goal } from "../goal.ts";

const CONNECTIONS = 32;
const TURNS = 4;
const SECONDS = 1.5;
const SERVERS = ["a", "b", "c", "d", "e"];
const RESOURCES = Object.fromEntries(
  SERVERS.map((name) => [name, { name, type: "OS::Nova::Server", properties: { flavor: "m1.small" } }]),
);

/** How often `work` ends in a second, `CONNECTIONS` at a time. */
async function rateOf(work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  const end = began + SECONDS * 1000;
  let done = 0;
  const one = async () => {
    for (; performance.now() < end; done++) await work();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  return (done * 1000) / (performance.now() - began);
}

/** The rows of a plan of five servers, in one transaction under the lock that all commits take, and out again. */
function bareRows(sql: postgres.Sql): () => Promise<void> {
  return async () => {
    const [plan, stack] = [randomUUID(), randomUUID()];
    await sql.begin(async (tx) => {
      await tx`update inventory set version = version + 1`;
      await tx`insert into plans (id, stack_id, name, project_id, request_hash, application, revision, generation)
        values (${plan}, ${stack}, 'bare', 'p', 'h', '{}', 1, 1)`;
      const places = SERVERS.map((name, position) => ({
        id: randomUUID(),
        plan_id: plan,
        position,
        orchestration_id: name,
        name,
        location: "h",
        reserved: false,
        metadata: "{}",
        generation: 1,
      }));
      await tx`insert into placements ${tx(places)}`;
      const [host] = await tx`select name from hosts limit 1`;
      const held = places.map(({ id }) => {
        const size = { vcpus: 0, ram_mib: 0, disk_gib: 0 };
        return { id, source: "held", host: host!.name as string, ...size, groups: "{}", generation: 1 };
      });
      await tx`insert into allocations ${tx(held)}`;
    });
    await sql.begin(async (tx) => {
      await tx`update inventory set version = version + 1`;
      await tx`delete from allocations where id in (select id from placements where plan_id = ${plan})`;
      await tx`delete from plans where id = ${plan}`;
    });
  };
}

export const httpPlans: Goal = {
  name: "http",
  async measure({ progress }) {
    const admin = process.env.TEST_DATABASE_URL;
    if (admin === undefined) {
      progress("plans through HTTP were skipped: TEST_DATABASE_URL names no PostgreSQL");
      return [];
    }
    const name = `ostro_bench_${randomUUID().replaceAll("-", "").slice(0, 12)}`;
    const root = postgres(admin, { max: 1, onnotice: () => {} });
    await root.unsafe(`create database ${name}`);
    const url = new URL(admin);
    url.pathname = `/${name}`;
    const stateDir = mkdtempSync(join(tmpdir(), "ostro-bench-"));
    const flags = { valetPort: "0", valencePort: "0", database: url.href, logLevel: "silent", datacenter: "sim:40x25" };
    const server = await startServer(readConfig({ flags: { ...flags, stateDir }, environment: {} }));
    const sql = postgres(url.href, { max: CONNECTIONS, onnotice: () => {} });
    const headers = { "content-type": "application/json", "x-auth-token": server.localToken! };
    const plan = async () => {
      const stack = randomUUID();
      const body = JSON.stringify({ plan_name: stack, stack_id: stack, resources: RESOURCES });
      const made = await fetch(`${server.valetUrl}/v1/plans`, { method: "POST", headers, body });
      if (made.status !== 201) throw new Error(`a plan was answered with ${made.status}: ${await made.text()}`);
      await made.arrayBuffer();
      await (await fetch(`${server.valetUrl}/v1/plans/${stack}`, { method: "DELETE", headers })).arrayBuffer();
    };
    const health = async () => {
      await (await fetch(`${server.valetUrl}/healthz`)).arrayBuffer();
    };
    const rates = { plan: [] as number[], health: [] as number[], bare: [] as number[] };
    try {
      const bare = bareRows(sql);
      await Promise.all([plan(), health(), bare()]);
      for (let turn = 0; turn < TURNS; turn++) {
        progress(`plans through HTTP, ${turn} of ${TURNS}`);
        rates.plan.push(await rateOf(plan));
        rates.health.push(await rateOf(health));
        rates.bare.push(await rateOf(bare));
      }
    } finally {
      await sql.end({ timeout: 5 });
      await server.stop();
      await root.unsafe(`drop database ${name} with (force)`);
      await root.end();
      rmSync(stateDir, { recursive: true, force: true });
    }
    const [plans, healths, bares] = [rates.plan, rates.health, rates.bare].map((all) => Math.max(...all));
    const of = `5 VMs on 1,000 hosts, made and deleted, ${CONNECTIONS} connections, PostgreSQL; client in the same process`;
    const shown = { unit: "x", basis: "measured", goal: null } as const;
    return [
      { ...shown, what: "plans through HTTP in a second", value: plans!, unit: "plans", remark: of },
      {
        ...shown,
        what: "answers of /healthz in the time of a plan through HTTP",
        value: healths! / plans!,
        remark: `${Math.round(healths!)} a second`,
      },
      {
        ...shown,
        what: "bare writes of a plan's rows, and their removal, in the time of a plan through HTTP",
        value: bares! / plans!,
        remark: `${Math.round(bares!)} a second`,
      },
    ];
  },
};
