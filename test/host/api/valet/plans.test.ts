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

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const server = (name: string, more: Record<string, unknown> = {}) => ({
  name,
  type: "OS::Nova::Server",
  properties: { flavor: "m1.small", ...more },
});
const rackOf = (host: string) => host.slice(0, 8);
const post = (resources: Record<string, unknown>, more: Record<string, unknown> = {}, token?: string) =>
  api.ask("POST", "/v1/plans", { plan_name: "stack", stack_id: "stack", resources, ...more }, token);

describe("both generations of Heat's plugin", () => {
  test("2017: capitalised keys, names in the assignment, a slash at the end, a time-out and other resources", async () => {
    const response = await api.ask("POST", "/v1/plans/", {
      plan_name: "0a1b",
      stack_id: "0a1b",
      timeout: "60 sec",
      specifications: {},
      reservations: {},
      resources: {
        "id-web": { name: "web", Type: "OS::Nova::Server", Properties: { flavor: "m1.small" }, Metadata: {} },
        "id-db": { name: "db", Type: "OS::Nova::Server", Properties: { flavor: "m1.small" }, DependsOn: ["web"] },
        "id-disk": { name: "disk", Type: "OS::Cinder::Volume", Properties: { size: 1 } },
        "id-apart": {
          name: "apart",
          Type: "ATT::Valet::GroupAssignment",
          Properties: { group_type: "Diversity", level: "rack", resources: ["web", "db"] },
        },
      },
    });
    expect(response.status).toBe(201);
    const { plan } = response.json;
    expect(plan).toEqual({
      id: expect.stringMatching(UUID),
      stack_id: "0a1b",
      name: "0a1b",
      placements: {
        "id-web": { name: "web", location: expect.any(String) },
        "id-db": { name: "db", location: expect.any(String) },
      },
    });
    expect(rackOf(plan.placements["id-web"].location)).not.toBe(rackOf(plan.placements["id-db"].location));
  });

  test("2018: lower-case keys, groups in the metadata of the servers, hints kept for the search", async () => {
    await api.ask("POST", "/v1/groups", { name: "together", type: "affinity", level: "host" });
    const metadata = { valet: { groups: ["together"] } };
    const hints = { heat_root_stack_id: "root", heat_resource_name: "web" };
    const { status, json } = await post({
      a: { ...server("web", { metadata }), metadata: hints },
      b: server("db", { metadata: { valet: JSON.stringify(metadata.valet) } }),
    });
    expect(status).toBe(201);
    expect(json.plan.placements.a.location).toBe(json.plan.placements.b.location);
    const found = await api.ask("GET", "/v1/placements?heat_root_stack_id=root&heat_resource_name=web");
    expect(found.json.placements).toEqual([expect.objectContaining({ orchestration_id: "a", metadata: hints })]);
  });

  test("Nova's filter: one server, candidate hosts, its own id as every name", async () => {
    const locations = ["sim01r02c003", "sim01r03c004"];
    const { json } = await api.ask("POST", "/v1/plans", {
      plan_name: "u-1",
      stack_id: "u-1",
      locations,
      timeout: "60 sec",
      resources: { "u-1": server("ad_hoc_instance", { availability_zone: "nova" }) },
    });
    expect(locations).toContain(json.plan.placements["u-1"].location);
  });
});

describe("pipes and volumes", () => {
  const pipe = (resources: unknown, bandwidth: unknown) => ({
    Type: "ATT::Valet::Pipe",
    Properties: { access_type: "mixed", resources, bandwidth },
  });
  const apart = (level: string) => ({
    type: "ATT::Valet::GroupAssignment",
    properties: { group_type: "diversity", level, resources: ["web", "db"] },
  });
  const pair = { a: server("web"), b: server("db") };

  test("more than the link of a simulated host carries is refused between hosts, and taken on one", async () => {
    const wide = { p: pipe(["web", "db"], { min: 10.1, max: 20, units: "Gbps", tolerance: 1 }) };
    const refusal = await post({ ...pair, apart: apart("host"), ...wide });
    expect([refusal.status, refusal.json.explanation]).toEqual([
      500,
      expect.stringContaining("Ostro error: violate nic bandwidth constraint"),
    ]);
    const { status, json } = await post({ ...pair, ...wide });
    expect(status).toBe(201);
    expect(json.plan.placements.a.location).toBe(json.plan.placements.b.location);
  });

  test.each([
    ["an unknown end", pipe(["web", "nobody"], 1), 'resource "p", properties.resources[1]: the stack has no resource'],
    ["one end twice", pipe(["web", "a"], 1), 'resource "p", properties.resources: both ends are "web"'],
    ["a single end", pipe(["web"], 1), 'resource "p", properties.resources: a pipe has two ends, not 1'],
    ["a negative bandwidth", pipe(["web", "db"], { min: -5 }), 'resource "p", properties.bandwidth.min: -5 is not'],
    ["an unknown unit", pipe(["web", "db"], { min: 5, units: "furlongs" }), 'unknown unit "furlongs"; give one of bps'],
  ])("%s is a bad request that names resource and field", async (_, p, explanation) => {
    const { status, json } = await post({ ...pair, p });
    expect([status, json.title]).toEqual([400, "Bad Request"]);
    expect(json.explanation).toContain(explanation);
  });

  test("a local volume takes the disk of its server's host, Cinder's does not", async () => {
    // A simulated host has 1000 GB.
    const attached = {
      type: "OS::Cinder::VolumeAttachment",
      properties: { instance_uuid: "web", volume_id: { get_resource: "v" } },
    };
    const volume = (volume_type: string) => ({
      name: "data",
      type: "OS::Cinder::Volume",
      properties: { size: 990, volume_type },
    });
    const refusal = await post({ a: server("web"), v: volume("local"), attached });
    expect([refusal.status, refusal.json.explanation]).toEqual([500, expect.stringContaining("disk capacity")]);
    expect((await post({ a: server("web"), v: volume("ceph"), attached })).status).toBe(201);
  });
});

describe("repeating a request", () => {
  test("with the same resources gives the same plan", async () => {
    const resources = { a: server("a"), b: server("b") };
    const first = await post(resources);
    const second = await post(resources);
    expect([second.status, second.json]).toEqual([201, first.json]);
    expect((await api.ask("GET", "/v1/plans")).json).toEqual({ plans: [first.json.plan] });
  });

  test("with other resources replaces the plan and keeps its id", async () => {
    const first = (await post({ a: server("a"), b: server("b") })).json.plan;
    const second = (await post({ a: server("a"), c: server("c") })).json.plan;
    expect(second.id).toBe(first.id);
    expect(Object.keys(second.placements).toSorted()).toEqual(["a", "c"]);
    expect((await api.ask("GET", "/v1/placements/b")).status).toBe(404);
  });
});

describe("reading and deleting", () => {
  test("a plan is found by its id and by its stack's, and is gone once deleted", async () => {
    const { plan } = (await post({ a: server("a") })).json;
    for (const name of [plan.id, "stack"]) expect((await api.ask("GET", `/v1/plans/${name}`)).json).toEqual({ plan });
    expect(await api.ask("DELETE", "/v1/plans/stack")).toMatchObject({ status: 204, text: "" });
    for (const path of ["/v1/plans/stack", `/v1/plans/${plan.id}`, "/v1/placements/a"]) {
      expect((await api.ask("GET", path)).status).toBe(404);
    }
    expect((await api.ask("DELETE", "/v1/plans/stack")).status).toBe(404);
  });

  test("a stack without servers is an empty plan of which nothing is kept", async () => {
    for (const resources of [{}, { disk: { name: "disk", type: "OS::Cinder::Volume" } }]) {
      const response = await post(resources);
      expect([response.status, response.json]).toEqual([201, { plan: {} }]);
    }
    expect((await api.ask("GET", "/v1/plans/stack")).status).toBe(404);
    expect((await api.ask("DELETE", "/v1/plans/stack")).status).toBe(404);
  });

  test("deleting gives the capacity back", async () => {
    // A host has room for one, by its memory.
    const large = (name: string) => server(name, { flavor: "m1.large" });
    const fill = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`s${i}`, large(`s${i}`)]));
    expect((await post(fill)).status).toBe(201);
    const more = { plan_name: "more", stack_id: "more" };
    expect((await post({ x: large("x") }, more)).status).toBe(500);
    await api.ask("DELETE", "/v1/plans/stack");
    expect((await post({ x: large("x") }, more)).status).toBe(201);
  });
});

describe("refusals", () => {
  test("no place is 500 with the engine's prefix, and names the rule", async () => {
    const apart = Object.fromEntries(["a", "b", "c", "d", "e"].map((name) => [name, server(name)]));
    const { status, json } = await post({
      ...apart,
      group: {
        name: "group",
        type: "ATT::Valet::GroupAssignment",
        properties: { group_type: "diversity", level: "rack", resources: Object.keys(apart) },
      },
    });
    expect([status, json.error.type]).toEqual([500, "HTTPInternalServerError"]);
    expect(json.explanation).toMatch(/^Ostro error: .*diversity/);
    const { text } = await api.ask("GET", "/metrics");
    expect(text).toMatch(/^ostro_refusals_total\{rule="diversity"\} 1$/m);
    expect((await api.ask("GET", "/v1/plans")).json).toEqual({ plans: [] });
  });

  const assignment = (properties: Record<string, unknown>, type = "ATT::Valet::GroupAssignment") => ({
    s: server("s"),
    g: { name: "g", type, properties: { level: "host", resources: ["s"], ...properties } },
  });
  const cases: [name: string, resources: Record<string, unknown>, status: number][] = [
    ["an exclusivity without a name", assignment({ group_type: "exclusivity" }), 400],
    ["an exclusivity of an unknown group", assignment({ group_type: "exclusivity", group_name: "none" }), 404],
    ["a named affinity", assignment({ group_type: "affinity", group_name: "g" }), 409],
    ["a named diversity", assignment({ group_type: "diversity", group_name: "g" }), 409],
    ["another type", assignment({ group_type: "proximity" }), 400],
    ["an assignment of 2018 without a group", assignment({}, "OS::Valet::GroupAssignment"), 400],
    ["an assignment of 2018 to an unknown group", assignment({ group: "none" }, "OS::Valet::GroupAssignment"), 404],
    ["metadata with an unknown group", { s: server("s", { metadata: { valet: { groups: ["none"] } } }) }, 404],
  ];
  test.each(cases)("%s is refused with Valet's prefix", async (_, resources, status) => {
    const response = await post(resources);
    expect(response.status).toBe(status);
    expect(response.json.explanation).toMatch(/^Valet error: /);
    expect((await api.ask("GET", "/v1/plans/stack")).status).toBe(404);
  });

  test("exclusivity of a group without members is refused in the form of 2017 and open to all in that of 2018", async () => {
    await api.ask("POST", "/v1/groups", { name: "empty", type: "exclusivity", level: "host" });
    expect((await post(assignment({ group_type: "exclusivity", group_name: "empty" }))).status).toBe(409);
    expect((await post(assignment({ group: "empty" }, "OS::Valet::GroupAssignment"))).status).toBe(201);
  });

  test("an exclusive group lets its members in and no other project", async () => {
    await api.ask("POST", "/v1/groups", { name: "ours", type: "exclusivity", level: "host" });
    await api.ask("PUT", "/v1/groups/ours/members", { members: ["demo"] });
    const resources = assignment({ group_type: "exclusivity", group_name: "Ours" });
    expect((await post(resources, {}, "other-token")).status).toBe(409);
    expect((await post(resources)).status).toBe(201);
  });
});

describe("?explain=1", () => {
  const resources = {
    a: server("a"),
    b: server("b"),
    apart: {
      name: "apart",
      type: "ATT::Valet::GroupAssignment",
      properties: { group_type: "diversity", level: "rack", resources: ["a", "b"] },
    },
  };

  test("says why each server is where it is, of a new plan, of the recorded one and when it is shown", async () => {
    const body = { plan_name: "stack", stack_id: "stack", resources };
    const { status, json } = await api.ask("POST", "/v1/plans?explain=1", body);
    expect(status).toBe(201);
    const { a, b } = json.explanation;
    expect(a.chosen).toMatchObject({ host: json.plan.placements.a.location, adds: { hosts_activated: 1 } });
    expect(rackOf(a.runner_up.host)).not.toBe(rackOf(b.chosen.host));
    const hosts = Object.values<number>(a.refused).reduce((sum, count) => sum + count, a.allowed);
    expect(hosts - a.allowed).toBe(a.refused.diversity);
    expect((await api.ask("POST", "/v1/plans?explain=1", body)).json).toEqual(json);
    expect((await api.ask("GET", "/v1/plans/stack?explain=1")).json).toEqual(json);
    expect((await api.ask("GET", "/v1/plans/stack?explain=true")).json).toEqual(json);
  });

  test("is not said unasked, nor of nothing", async () => {
    expect((await post(resources)).json).not.toHaveProperty("explanation");
    expect((await api.ask("GET", "/v1/plans/stack")).json).not.toHaveProperty("explanation");
    const nothing = { plan_name: "none", stack_id: "none", resources: {} };
    expect((await api.ask("POST", "/v1/plans?explain=1", nothing)).json).toEqual({ plan: {} });
  });
});
