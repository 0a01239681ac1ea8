// What clients of both generations rely on and the tests of the single resources do not say.
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { gone } from "../../../support/cloud.ts";
import { openTestApi, type TestApi } from "./test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterEach(async () => {
  for (const { id } of (await api.ask("GET", "/v1/plans")).json.plans) await api.ask("DELETE", `/v1/plans/${id}`);
  for (const { id } of (await api.ask("GET", "/v1/groups")).json.groups) {
    await api.ask("DELETE", `/v1/groups/${id}/members`);
    await api.ask("DELETE", `/v1/groups/${id}`);
  }
});
afterAll(() => api.close());

const server = (name: string, properties: Record<string, unknown> = {}) => ({
  name,
  type: "OS::Nova::Server",
  properties: { flavor: "m1.small", ...properties },
});
const joining = (name: string, group: string) => server(name, { metadata: { valet: { groups: [group] } } });
const exclusivity = (group_name: string) => ({
  type: "ATT::Valet::GroupAssignment",
  properties: { group_type: "exclusivity", group_name, level: "host", resources: ["s"] },
});
const plan = (stack: string, resources: Record<string, unknown>, token?: string) =>
  api.ask("POST", "/v1/plans", { plan_name: stack, stack_id: stack, resources }, token);
const named = async (name: string, more: Record<string, unknown> = {}) =>
  (await api.ask("POST", "/v1/groups", { name, type: "exclusivity", level: "host", ...more })).json;
const placement = async (id: string) => (await api.ask("GET", `/v1/placements/${id}`)).json.placement;
const reserve = (id: string, body: Record<string, unknown>) => api.ask("POST", `/v1/placements/${id}`, body);

describe("groups of a plan", () => {
  test("are found by id, with or without hyphens, but never by an id in capitals", async () => {
    const { id } = await named("open");
    for (const form of [id, id.replaceAll("-", "")])
      expect([form, (await plan(form, { [form]: joining("s", form) })).status]).toEqual([form, 201]);
    const { status, json } = await plan("capitals", { s: joining("s", id.toUpperCase()) });
    expect([status, json.explanation]).toEqual([404, expect.stringMatching(/^Valet error: .*Group not found/)]);
  });

  test("by exact name before the name in small letters", async () => {
    await named("Team");
    await named("team");
    await api.ask("PUT", "/v1/groups/team/members", { members: ["demo"] });
    expect((await plan("exact", { s: server("s"), g: exclusivity("Team") })).status).toBe(409);
    expect((await plan("small", { s: server("s"), g: exclusivity("TEAM") })).status).toBe(201);
  });

  test("a fault in one assignment is not forgiven for a valid one beside it, in either order", async () => {
    await named("ours");
    await named("theirs");
    await api.ask("PUT", "/v1/groups/ours/members", { members: ["demo"] });
    await api.ask("PUT", "/v1/groups/theirs/members", { members: ["other"] });
    const [good, bad] = [exclusivity("ours"), exclusivity("theirs")];
    for (const resources of [
      { s: server("s"), good, bad },
      { s: server("s"), bad, good },
    ])
      expect((await plan("both", resources)).status).toBe(409);
    expect((await api.ask("GET", "/v1/plans")).json).toEqual({ plans: [] });
  });

  test("made without a level are refused where the servers name them", async () => {
    await api.ask("POST", "/v1/groups", { name: "flat", type: "exclusivity" });
    const { status, json } = await plan("flat", { s: joining("s", "flat") });
    expect([status, json.explanation]).toEqual([400, expect.stringMatching(/^Valet error: .*level/)]);
  });

  test("with members let no other project's servers in by their metadata", async () => {
    await named("closed");
    await api.ask("PUT", "/v1/groups/closed/members", { members: ["demo"] });
    expect((await plan("foreign", { s: joining("s", "closed") }, "other-token")).status).toBe(409);
    expect((await plan("own", { s: joining("s", "closed") })).status).toBe(201);
  });

  test("do not keep a project whose servers are only planned from leaving", async () => {
    await named("planned");
    await api.ask("PUT", "/v1/groups/planned/members", { members: ["demo"] });
    expect((await plan("p", { s: joining("s", "planned") })).status).toBe(201);
    expect((await api.ask("DELETE", "/v1/groups/planned/members/demo")).status).toBe(204);
    expect((await api.ask("DELETE", "/v1/groups/planned")).status).toBe(204);
  });
});

describe("reserving", () => {
  const elsewhere = (host: string) => (host === "sim01r04c016" ? "sim01r04c015" : "sim01r04c016");

  test("a second planning with other candidates takes one of these, not the remembered host", async () => {
    await plan("p", { s: server("s") });
    for (const host of ["sim01r01c005", "sim01r02c006", "sim01r03c007"]) {
      const { status, json } = await reserve("s", { action: "replan", resource_id: "vm", locations: [host] });
      expect([status, json.placement.location, json.placement.reserved]).toEqual([201, host, true]);
    }
  });

  test("moves no server that is reserved", async () => {
    const near = {
      type: "ATT::Valet::GroupAssignment",
      properties: { group_type: "affinity", level: "host", resources: ["a", "b"] },
    };
    await plan("p", { a: server("a"), b: server("b"), near });
    const { location } = await placement("a");
    await reserve("a", { resource_id: "vm-a", locations: [location] });
    const refused = await reserve("b", { resource_id: "vm-b", locations: [elsewhere(location)] });
    expect([refused.status, refused.json.explanation]).toEqual([500, expect.stringMatching(/^Ostro error: /)]);
    expect(await placement("a")).toMatchObject({ location, reserved: true });
    expect(await placement("b")).toMatchObject({ location, reserved: false, resource_id: "vm-b" });
  });

  test("tells the server of another project nothing of a place in this plan", async () => {
    await plan("p", { s: server("s") });
    const before = await placement("s");
    const foreign = await reserve("s", { resource_id: "vm", locations: [before.location], project_id: "other" });
    expect([foreign.status, foreign.json.explanation]).toEqual([404, "Placement not found"]);
    expect(await placement("s")).toEqual(before);
    const own = await reserve("s", { resource_id: "vm", locations: [before.location], project_id: "demo" });
    expect([own.status, own.json.placement.reserved]).toEqual([201, true]);
  });

  test("with a flavor that a host cannot hold finds no place, and with one that it can, does", async () => {
    await plan("p", { s: server("s") });
    const { location } = await placement("s");
    // A host has room for one m1.large.
    expect((await plan("q", { q: server("q", { flavor: "m1.large" }) })).status).toBe(201);
    const { location: full } = await placement("q");
    const refused = await reserve("s", { resource_id: "vm", locations: [full], flavor: "m1.large" });
    expect([refused.status, refused.json.explanation]).toEqual([500, expect.stringMatching(/^Ostro error: /)]);
    const free = location === "sim01r04c016" || full === "sim01r04c016" ? "sim01r03c010" : "sim01r04c016";
    const { status, json } = await reserve("s", { resource_id: "vm", locations: [free], flavor: "m1.large" });
    expect([status, json.placement.location]).toEqual([201, free]);
  });
});

describe("lists", () => {
  test("are not divided by project", async () => {
    await plan("mine", { s: server("s") }, "member-token");
    for (const path of ["plans", "placements"])
      expect((await api.ask("GET", `/v1/${path}`, undefined, "other-token")).json[path]).toHaveLength(1);
  });

  test("a plan takes ids that other plans have for its servers, and each is found by its own stack", async () => {
    for (const stack of ["one", "two"]) expect((await plan(stack, { s: server(stack) })).status).toBe(201);
    for (const stack of ["one", "two"])
      expect((await api.ask("GET", `/v1/plans/${stack}`)).json.plan.placements.s.name).toBe(stack);
  });
});

describe("what a plan is asked for", () => {
  const group = (group_type: string, ...resources: string[]) => ({
    type: "ATT::Valet::GroupAssignment",
    properties: { group_type, level: "host", resources },
  });

  test("members are meant by key before they are meant by name, and by no name that several have", async () => {
    const near = group("affinity", "b", "c");
    // If the name of `a` counted, it would have to be beside `c` and apart from it.
    const meant = await plan("p", {
      a: server("b"),
      b: server("x"),
      c: server("y"),
      near,
      far: group("diversity", "a", "c"),
    });
    expect(meant.status).toBe(201);
    const { a, b, c } = meant.json.plan.placements;
    expect([b.location === c.location, a.location === c.location]).toEqual([true, false]);
    const twice = await plan("q", { d: server("same"), e: server("same"), near: group("affinity", "same", "d") });
    expect([twice.status, twice.json.explanation]).toEqual([400, expect.stringContaining("same")]);
  });

  test("hosts that are offered count for one server alone, those of a resource for that one always", async () => {
    const all = { plan_name: "p", stack_id: "p", locations: ["sim01r04c016"] };
    const two = { ...all, resources: { a: server("a"), b: { ...server("b"), locations: ["sim01r03c004"] } } };
    const { a, b } = (await api.ask("POST", "/v1/plans", two)).json.plan.placements;
    expect([a.location, b.location]).toEqual([expect.not.stringContaining("r04c016"), "sim01r03c004"]);
    const one = { ...all, stack_id: "q", resources: { c: server("c") } };
    expect((await api.ask("POST", "/v1/plans", one)).json.plan.placements.c.location).toBe("sim01r04c016");
  });

  test("groups of both generations of clients hold in one request", async () => {
    const { id } = await named("old", { type: "diversity" });
    const new_ = { type: "OS::Valet::GroupAssignment", properties: { group: id, resources: ["a", "b"] } };
    const { json } = await plan("p", {
      a: server("a"),
      b: server("b"),
      c: server("c"),
      new_,
      near: group("affinity", "b", "c"),
    });
    const { a, b, c } = json.plan.placements;
    expect([a.location === b.location, b.location === c.location]).toEqual([false, true]);
  });

  test("an update may come with its stack's and plan's names and what only a migration needs, which change nothing", async () => {
    await plan("p", { a: server("a") });
    const body = { action: "update", resources: { a: server("a"), b: server("b") } };
    const tolerated = { plan_name: "other", stack_id: "other", timeout: "60 sec", excluded_hosts: ["sim01r01c001"] };
    const { status, json } = await api.ask("PUT", "/v1/plans/p", { ...body, ...tolerated });
    expect([status, json.plan.stack_id, Object.keys(json.plan.placements)]).toEqual([201, "p", ["a", "b"]]);
  });

  test("a server that was built keeps what it holds when its plan is deleted", async () => {
    const [host] = ["sim01r02c009"];
    const large = { a: { ...server("a", { flavor: "m1.large" }), locations: [host] } };
    await plan("p", large);
    await reserve("a", { resource_id: "vm-built", locations: [host] });
    await api.ask("DELETE", "/v1/plans/p");
    const { status, json } = await plan("q", large);
    expect([status, json.explanation]).toEqual([500, expect.stringMatching(/^Ostro error: /)]);
  });
});

test("placements are found by each of their members", async () => {
  const { json } = await plan("p", { a: server("a"), b: server("b") });
  const one = await placement("a");
  const found = async (query: string) =>
    (await api.ask("GET", `/v1/placements?${query}`)).json.placements.map(({ name }: { name: string }) => name).sort();
  expect(await found(`id=${one.id}`)).toEqual(["a"]);
  expect(await found(`orchestration_id=b`)).toEqual(["b"]);
  expect(await found(`plan_id=${json.plan.id}`)).toEqual(["a", "b"]);
  expect(await found(`location=${one.location}&name=a`)).toEqual(["a"]);
  expect(await found(`location=${one.location}&name=c`)).toEqual([]);
});

test("a project leaves a group whose servers are another project's", async () => {
  await named("shared");
  await api.ask("PUT", "/v1/groups/shared/members", { members: ["demo", "other"] });
  const { json } = await plan("p", { s: joining("s", "shared") }, "other-token");
  const { location } = json.plan.placements.s;
  expect((await reserve("s", { resource_id: "vm-other", locations: [location] })).status).toBe(201);
  expect((await api.ask("DELETE", "/v1/groups/shared/members/demo")).status).toBe(204);
  const kept = await api.ask("DELETE", "/v1/groups/shared/members/other");
  expect([kept.status, kept.json.explanation]).toEqual([
    409,
    expect.stringMatching(/other.*has servers in group.*vm-other/s),
  ]);
  await api.servers.apply([gone("vm-other")]);
});
