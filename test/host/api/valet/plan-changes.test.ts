import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "./test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterEach(async () => {
  for (const { id } of (await api.ask("GET", "/v1/plans")).json.plans) await api.ask("DELETE", `/v1/plans/${id}`);
});
afterAll(() => api.close());

const server = (name: string, flavor = "m1.small", more: Record<string, unknown> = {}) => ({
  name,
  type: "OS::Nova::Server",
  properties: { flavor },
  ...more,
});
const group = (group_type: string, level: string, ...resources: string[]) => ({
  type: "ATT::Valet::GroupAssignment",
  properties: { group_type, level, resources },
});
const create = async (resources: Record<string, unknown>) =>
  (await api.ask("POST", "/v1/plans", { plan_name: "s", stack_id: "s", resources })).json.plan;
const put = (body: Record<string, unknown>, token?: string) => api.ask("PUT", "/v1/plans/s", body, token);
const placement = async (id: string) => (await api.ask("GET", `/v1/placements/${id}`)).json.placement;
const hostsOf = (plan: { placements: Record<string, { location: string }> }) =>
  Object.fromEntries(Object.entries(plan.placements).map(([id, { location }]) => [id, location]));
const reserve = (id: string, resource_id: string, location: string) =>
  api.ask("POST", `/v1/placements/${id}`, { resource_id, locations: [location] });

describe("migrate", () => {
  const migrate = (id: string, more: Record<string, unknown> = {}) =>
    put({ action: "migrate", resources: [id], timeout: "60 sec", ...more });

  test("takes the server from its host, by its id or its orchestration id, leaves the others and unreserves all", async () => {
    const before = hostsOf(
      await create({ a: server("a"), b: server("b"), apart: group("diversity", "rack", "a", "b") }),
    );
    await reserve("a", "vm-a", before.a!);
    await reserve("b", "vm-b", before.b!);
    const { status, json } = await migrate("vm-a");
    expect(status).toBe(201);
    const after = hostsOf(json.plan);
    expect(after.a).not.toBe(before.a);
    expect(after.b).toBe(before.b);
    expect(await placement("a")).toMatchObject({ location: after.a, reserved: false, resource_id: "vm-a" });
    expect(await placement("b")).toMatchObject({ reserved: false });
    expect(hostsOf((await migrate("a")).json.plan).a).not.toBe(after.a);
  });

  test("leaves out the excluded hosts", async () => {
    const { a } = hostsOf(await create({ a: server("a") }));
    const next = hostsOf((await migrate("a")).json.plan).a;
    await api.ask("DELETE", "/v1/plans/s");
    await create({ a: server("a") });
    const elsewhere = hostsOf((await migrate("a", { excluded_hosts: [next] })).json.plan).a;
    expect([a, next]).not.toContain(elsewhere);
  });

  test("takes along whom affinity ties to the server", async () => {
    const before = hostsOf(await create({ a: server("a"), b: server("b"), near: group("affinity", "host", "a", "b") }));
    const after = hostsOf((await migrate("a")).json.plan);
    expect(after.a).not.toBe(before.a);
    expect(after.b).toBe(after.a);
  });

  test("with nowhere to go is 500, and nothing changes", async () => {
    const hosts = Array.from(
      { length: 64 },
      (_, i) => `sim01r0${1 + Math.floor(i / 16)}c0${String(1 + (i % 16)).padStart(2, "0")}`,
    );
    const plan = await create({ a: server("a") });
    const { status, json } = await migrate("a", { excluded_hosts: hosts });
    expect([status, json.explanation]).toEqual([500, expect.stringMatching(/^Ostro error: /)]);
    expect((await api.ask("GET", "/v1/plans/s")).json.plan).toEqual(plan);
  });

  const faults: [body: Record<string, unknown>, explanation: RegExp][] = [
    [{ resources: [] }, /resources must be a list of length 1\./],
    [{ resources: ["a", "b"] }, /resources must be a list of length 1\./],
    [{ resources: { a: {} } }, /resources must be a list of length 1\./],
    [{ resources: ["nobody"] }, /^Unknown resource or orchestration id: nobody/],
    [{ resources: ["elsewhere"] }, /^Unknown resource or orchestration id: elsewhere/],
    [{ resources: ["a"], excluded_hosts: "h" }, /excluded_hosts/],
    [{ resources: ["a"], force: true }, /force: unknown key/],
  ];
  test.each(faults)("%j is 400", async (body, explanation) => {
    await create({ a: server("a") });
    const other = { plan_name: "t", stack_id: "t", resources: { elsewhere: server("x") } };
    await api.ask("POST", "/v1/plans", other);
    const { status, json } = await put({ action: "migrate", ...body });
    expect([status, json.explanation]).toEqual([400, expect.stringMatching(explanation)]);
  });

  test("needs the role admin, which an update does not", async () => {
    await create({ a: server("a") });
    expect((await put({ action: "migrate", resources: ["a"] }, "member-token")).status).toBe(401);
    expect((await put({ action: "update", resources: { a: server("a") } }, "member-token")).status).toBe(201);
  });
});

describe("update", () => {
  const update = (resources: unknown, original_resources?: unknown) =>
    put({ action: "update", resources, ...(original_resources === undefined ? {} : { original_resources }) });

  test("places what is new, keeps what is there with its metadata, and drops what was never built", async () => {
    const old = { a: server("a", "m1.small", { metadata: { heat_resource_name: "a" } }), gone: server("gone") };
    const before = await create(old);
    const id = (await placement("a")).id;
    const { status, json } = await update(
      { a: server("a"), b: server("b"), apart: group("diversity", "rack", "a", "b") },
      old,
    );
    expect(status).toBe(201);
    expect(json.plan).toMatchObject({ id: before.id, stack_id: "s", name: "s" });
    expect(Object.keys(json.plan.placements)).toEqual(["a", "b"]);
    expect(hostsOf(json.plan).a).toBe(hostsOf(before).a);
    expect(await placement("a")).toMatchObject({ id, metadata: { heat_resource_name: "a" } });
    expect(
      (await update({ a: server("a"), b: server("b"), apart: group("diversity", "rack", "a", "b") })).json,
    ).toEqual(json);
    expect((await api.ask("GET", "/v1/placements/gone")).status).toBe(404);
  });

  test("leaves a server that the stack has no more until it is deleted", async () => {
    const before = hostsOf(await create({ a: server("a"), b: server("b") }));
    await reserve("b", "vm-b", before.b!);
    const { json } = await update({ a: server("a") });
    expect(hostsOf(json.plan)).toEqual(before);
    await api.servers.apply([{ kind: "server-gone", id: "vm-b", host: null, at: null }]);
    expect(Object.keys((await api.ask("GET", "/v1/plans/s")).json.plan.placements)).toContain("a");
  });

  test("plans a server whose flavor changed again, and nobody else", async () => {
    const before = hostsOf(await create({ a: server("a"), b: server("b") }));
    for (const id of ["a", "b"]) await reserve(id, `vm-${id}`, before[id]!);
    const { status, json } = await update({ a: server("a", "m1.large"), b: server("b") });
    expect(status).toBe(201);
    expect(hostsOf(json.plan).b).toBe(before.b);
    expect(await placement("b")).toMatchObject({ reserved: true });
  });

  test("knows a server by its id, though its key in the stack has become another", async () => {
    const before = await create({ mock: server("a") });
    await reserve("mock", "vm-a", hostsOf(before).mock!);
    const { json } = await update({ "real-uuid": server("a", "m1.small", { resource_id: "vm-a" }) });
    expect(hostsOf(json.plan)).toEqual({ "real-uuid": hostsOf(before).mock });
    expect(await placement("real-uuid")).toMatchObject({ resource_id: "vm-a" });
  });

  test("does not plan again what had a placement and was deleted", async () => {
    const both = { a: server("a"), b: server("b") };
    await create(both);
    await api.ask("DELETE", "/v1/placements/b");
    const { json } = await update({ ...both, c: server("c") }, both);
    expect(Object.keys(json.plan.placements)).toEqual(["a", "c"]);
  });

  test("without a server changes nothing", async () => {
    const plan = await create({ a: server("a") });
    for (const resources of [{}, { disk: { type: "OS::Cinder::Volume", name: "disk" } }])
      expect(await update(resources)).toMatchObject({ status: 201, json: { plan } });
  });

  test("checks the groups of both states as a new plan's", async () => {
    await create({ a: server("a") });
    const bad = {
      a: server("a"),
      g: { type: "OS::Valet::GroupAssignment", properties: { group: "none", resources: ["a"] } },
    };
    for (const answer of [await update(bad), await update({ a: server("a") }, bad)])
      expect([answer.status, answer.json.explanation]).toEqual([404, expect.stringMatching(/^Valet error: /)]);
  });

  test("of an unknown plan is 404, so that Heat's plugin plans it from the start", async () => {
    const { status, json } = await put({ action: "update", resources: { a: server("a") } });
    expect([status, json.explanation]).toEqual([404, "Plan not found"]);
  });

  const faults: [body: Record<string, unknown>, explanation: RegExp][] = [
    [{ action: "update", resources: ["a"] }, /resources: must be an object/],
    [{ action: "update" }, /resources: is required/],
    [{ action: "update", resources: { a: 5 } }, /resources -> a/],
    [{ action: "update", resources: {}, original_resources: [] }, /original_resources/],
    [{ action: "grow", resources: {} }, /action: expected "update" or "migrate"/],
  ];
  test.each(faults)("%j is 400", async (body, explanation) => {
    await create({ a: server("a") });
    const { status, json } = await put(body);
    expect([status, json.explanation]).toEqual([400, expect.stringMatching(explanation)]);
  });
});
