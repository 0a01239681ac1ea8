// The clients ask again when they hear nothing: that of 2018 up to three times, 5 s apart, while the service may still be
// at it; the filter of 2017 up to sixty times.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { start } from "../host/cli/command.ts";
import { scratchFolders } from "../support/scratch-folder.ts";
import { type Client, type Exchange, stepsOf } from "./replay.ts";

const folder = scratchFolders();
const CEPH = readFileSync(new URL("../fixtures/postman/ceph.json", import.meta.url), "utf8");
let server: ReturnType<typeof start>;
let url = "";
let token = "";
beforeAll(async () => {
  const stateDir = folder();
  const free = ["--valet-port", "0", "--valence-port", "0", "--database", "memory:", "--datacenter", "sim:12x4"];
  server = start(["serve", ...free, "--state-dir", stateDir, "--log-level", "warn"]);
  url = (await server.printed(/Valet's API at (http:\S+),/))[1]!;
  token = readFileSync(join(stateDir, "token"), "utf8").trim();
});
afterAll(() => {
  server.child.kill("SIGKILL");
});

// biome-ignore lint/suspicious/noExplicitAny: bodies of every form
type Json = any;
const ask = async (method: string, path: string, body?: string, signal?: AbortSignal): Promise<Json> => {
  const headers = { "X-Auth-Token": token, "Content-Type": "application/json" };
  const sent = {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
  };
  const response = await fetch(url + path, sent);
  const text = await response.text();
  return text === "" ? undefined : JSON.parse(text);
};
const held = async (): Promise<{ plans: number; placements: number }> => ({
  plans: (await ask("GET", "/v1/plans")).plans.length,
  placements: (await ask("GET", "/v1/placements")).placements.length,
});
beforeEach(async () => {
  for (const { id } of (await ask("GET", "/v1/plans")).plans) await ask("DELETE", `/v1/plans/${id}`);
});

const recorded = (client: Client, call: string): Exchange =>
  stepsOf(client)
    .find((step) => step.call === call)!
    .exchanges.at(-1)!;
/** Hosts of this data center in place of those of the recorded one. */
const body = ({ request }: Exchange): string => {
  const { locations, ...rest } = request.body;
  return JSON.stringify(locations === undefined ? rest : { ...rest, locations: ["sim01r01c001", "sim01r02c001"] });
};

describe("one plan is left, with one placement for each server, when", () => {
  test("three tries of the wrapper of 2018 are under way at once", async () => {
    const plan = JSON.stringify({ ...JSON.parse(CEPH), stack_id: "retried" });
    const answers = await Promise.all([1, 2, 3].map(async () => await ask("POST", "/v1/plans", plan)));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await held()).toEqual({ plans: 1, placements: 16 });
  });

  test("a client hangs up before the answer, again and again, at any moment", async () => {
    for (const afterMs of [1, 5, 10, 20, 40, 80, 160, 320]) {
      await ask("POST", "/v1/plans", CEPH, AbortSignal.timeout(afterMs)).catch(() => undefined);
    }
    const { plan } = await ask("POST", "/v1/plans", CEPH);
    expect(Object.keys(plan.placements)).toHaveLength(16);
    expect((await ask("POST", "/v1/plans", CEPH)).plan).toEqual(plan);
    expect(await held()).toEqual({ plans: 1, placements: 16 });
  });

  test("the filter of 2017 asks sixty times for a server without a stack", async () => {
    const once = body(recorded("plugins-2017", "nova: server without a stack"));
    const first = await ask("POST", "/v1/plans/", once);
    for (let attempt = 2; attempt <= 60; attempt++) expect(await ask("POST", "/v1/plans/", once)).toEqual(first);
    expect(await held()).toEqual({ plans: 1, placements: 1 });
  });

  test("a placement is reserved three times at once", async () => {
    const created = recorded("plugins-2018", "heat: UPDATE of an unknown plan");
    const { stack_id, plan_name, resources } = created.request.body;
    const plain = Object.fromEntries(
      Object.entries<Json>(resources).map(([id, { properties, ...rest }]) => [
        id,
        { ...rest, properties: { ...properties, metadata: {} } },
      ]),
    );
    const { plan } = await ask("POST", "/v1/plans", JSON.stringify({ stack_id, plan_name, resources: plain }));
    const [id, { location }] = Object.entries<Json>(plan.placements)[0]!;
    const reserve = JSON.stringify({ action: "reserve", resource_id: "a-server", locations: [location] });
    const answers = await Promise.all([1, 2, 3].map(async () => await ask("POST", `/v1/placements/${id}`, reserve)));
    for (const { placement } of answers)
      expect(placement).toMatchObject({ orchestration_id: id, location, reserved: true, resource_id: "a-server" });
    expect(await held()).toEqual({ plans: 1, placements: Object.keys(resources).length });
  });
});

test("the space that retried plans held is free again when the plan is deleted", async () => {
  // One for each host, on three quarters of them: held twice they would not fit.
  const resources = Object.fromEntries(
    Array.from({ length: 36 }, (_, at) => [
      `big${at}`,
      { name: `big${at}`, type: "OS::Nova::Server", properties: { flavor: "m1.large" } },
    ]),
  );
  const plan = JSON.stringify({ plan_name: "big", stack_id: "big", resources });
  for (const afterMs of [1, 10, 30, 60]) {
    await ask("POST", "/v1/plans", plan, AbortSignal.timeout(afterMs)).catch(() => undefined);
  }
  expect(Object.keys((await ask("POST", "/v1/plans", plan)).plan.placements)).toHaveLength(36);
  await ask("DELETE", "/v1/plans/big");
  const other = JSON.stringify({ ...JSON.parse(plan), stack_id: "other" });
  expect(Object.keys((await ask("POST", "/v1/plans", other)).plan.placements)).toHaveLength(36);
});
