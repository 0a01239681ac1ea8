import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { audit } from "../support/audit.ts";
import { freshDatabase, postgresServer, type TestDatabase } from "../support/postgres.ts";
import { ServerProcess } from "../support/server.ts";

describe.skipIf(postgresServer === null)("two server processes on one PostgreSQL", () => {
  let database: TestDatabase;
  let directory: string;
  let servers: ServerProcess[];
  beforeEach(async () => {
    database = await freshDatabase("postgres");
    directory = mkdtempSync(join(tmpdir(), "ostro-two-"));
    servers = await Promise.all(
      ["a", "b"].map((name) =>
        ServerProcess.start({
          database: database.url!,
          "state-dir": join(directory, name),
          // 64 vCPUs
          datacenter: "sim:2x2",
          workers: "1",
        }),
      ),
    );
  });
  afterEach(async () => {
    for (const server of servers) await server.kill();
    await database.remove();
    rmSync(directory, { recursive: true, force: true });
  });

  test("of 200 requests at once for 64 places 64 are placed by either, and every refusal says why", async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, i) =>
        servers[i % 2]!.request("POST", "/v1/plans", {
          plan_name: `s${i}`,
          stack_id: `s${i}`,
          resources: { [`vm${i}`]: { name: "vm", type: "OS::Nova::Server", properties: { flavor: "m1.tiny" } } },
        }),
      ),
    );
    const placed = answers.filter(({ status }) => status === 201);
    expect(placed).toHaveLength(64);
    for (const { status, body } of answers.filter(({ status }) => status !== 201)) {
      expect(status).toBe(500);
      expect(body.explanation).toMatch(/^Ostro error: .*cpu capacity/);
    }
    const stored = await servers[0]!.request("GET", "/v1/plans");
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    expect(stored.body.plans.sort(byId)).toEqual(placed.map(({ body }) => body.plan).sort(byId));
    expect(await audit(await database.open())).toEqual([]);
  });
});
