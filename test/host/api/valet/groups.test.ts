import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "./test-api.ts";

let api: TestApi;
beforeEach(async () => {
  api ??= await openTestApi();
});
afterEach(async () => {
  for (const { id } of (await api.ask("GET", "/v1/plans")).json.plans) await api.ask("DELETE", `/v1/plans/${id}`);
  for (const { id } of (await api.ask("GET", "/v1/groups")).json.groups) {
    await api.ask("DELETE", `/v1/groups/${id}/members`);
    await api.ask("DELETE", `/v1/groups/${id}`);
  }
});
afterAll(() => api.close());

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const make = async (more: Record<string, unknown> = {}) =>
  (await api.ask("POST", "/v1/groups", { name: "g", type: "exclusivity", ...more })).json;

describe("making a group", () => {
  test("as the clients of 2017 do, without a level", async () => {
    const body = { name: "tenants", type: "exclusivity", description: "for two" };
    const response = await api.ask("POST", "/v1/groups/", body);
    expect(response.status).toBe(201);
    expect(response.json).toEqual({ ...body, id: expect.stringMatching(UUID), level: null, members: [] });
  });

  test("as the clients of 2018 do, with a level", async () => {
    const response = await api.ask("POST", "/v1/groups", { name: "far", type: "diversity", level: "rack" });
    expect(response.json).toMatchObject({ name: "far", type: "diversity", level: "rack", description: "" });
  });

  test.each([".", ".."])("a name that no path can say is refused: %s", async (name) => {
    const response = await api.ask("POST", "/v1/groups", { name, type: "affinity" });
    expect(response.status).toBe(400);
    expect(response.json.explanation).toContain("expected more than one or two dots");
    expect((await make({ name: "..." })).name).toBe("...");
  });

  test("a name is taken once, capitals making a difference", async () => {
    await make({ name: "Web" });
    const again = await api.ask("POST", "/v1/groups", { name: "Web", type: "affinity" });
    expect([again.status, again.json.explanation]).toEqual([400, "A group named Web already exists"]);
    expect((await api.ask("POST", "/v1/groups", { name: "web", type: "affinity" })).status).toBe(201);
  });

  test("of twenty that ask at once for a name one gets it", async () => {
    const asked = Array.from({ length: 20 }, () => api.ask("POST", "/v1/groups", { name: "one", type: "affinity" }));
    const statuses = (await Promise.all(asked)).map(({ status }) => status);
    expect(statuses.filter((status) => status === 201)).toHaveLength(1);
    expect(statuses.filter((status) => status === 400)).toHaveLength(19);
  });
});

describe("reading", () => {
  test("the list is wrapped, an item too, found by id and by name", async () => {
    const group = await make();
    expect((await api.ask("GET", "/v1/groups")).json).toEqual({ groups: [group] });
    expect((await api.ask("GET", `/v1/groups/${group.id}`)).json).toEqual({ group });
    expect((await api.ask("GET", "/v1/groups/g")).json).toEqual({ group });
  });
});

describe("changing", () => {
  test("the description is replaced; nothing given is nothing changed", async () => {
    const group = await make({ description: "old" });
    const same = await api.ask("PUT", "/v1/groups/g", {});
    expect([same.status, same.json]).toEqual([201, group]);
    const changed = await api.ask("PUT", `/v1/groups/${group.id}`, { description: "new" });
    expect([changed.status, changed.json]).toEqual([201, { ...group, description: "new" }]);
    expect((await api.ask("GET", "/v1/groups/g")).json.group.description).toBe("new");
  });

  test.each(["name", "type", "level", "members", "id"])("%s cannot be changed", async (key) => {
    const group = await make();
    const response = await api.ask("PUT", "/v1/groups/g", { [key]: "affinity" });
    expect([response.status, response.json.explanation]).toEqual([400, `-> ${key}: unknown key (known: description)`]);
    expect((await api.ask("GET", "/v1/groups/g")).json).toEqual({ group });
  });
});

describe("members", () => {
  test("are added as a set, verified one by one and removed", async () => {
    const group = await make();
    const add = (...members: string[]) => api.ask("PUT", "/v1/groups/g/members", { members });
    expect((await add("demo")).status).toBe(201);
    const both = await add("demo", "admin", "demo");
    expect({ ...both.json, members: both.json.members.toSorted() }).toEqual({ ...group, members: ["admin", "demo"] });
    expect(await api.ask("GET", "/v1/groups/g/members/demo")).toMatchObject({ status: 204, text: "" });
    expect(await api.ask("DELETE", "/v1/groups/g/members/demo")).toMatchObject({ status: 204, text: "" });
    const gone = await api.ask("GET", "/v1/groups/g/members/demo");
    expect([gone.status, gone.json.explanation]).toEqual([404, "Member not found in group"]);
    expect((await api.ask("DELETE", "/v1/groups/g/members/demo")).status).toBe(404);
    expect(await api.ask("DELETE", "/v1/groups/g/members")).toMatchObject({ status: 204, text: "" });
    expect((await api.ask("DELETE", "/v1/groups/g/members")).status).toBe(204);
    expect((await api.ask("GET", "/v1/groups/g")).json.group.members).toEqual([]);
  });

  test.each([[["mars"]], [["demo", "mars"]], [[]]])("%j are refused with 409 and none is added", async (members) => {
    await make();
    const response = await api.ask("PUT", "/v1/groups/g/members", { members });
    expect(response.status).toBe(409);
    expect(response.json.explanation).toMatch(/^Member list contains invalid tenant IDs/);
    expect((await api.ask("GET", "/v1/groups/g")).json.group.members).toEqual([]);
  });

  test.each([[{}], [{ members: "demo" }], [{ members: [1] }], [{ members: ["demo"], name: "x" }]])(
    "%j is no list of members",
    async (body) => {
      await make();
      expect((await api.ask("PUT", "/v1/groups/g/members", body)).status).toBe(400);
    },
  );

  test("keep a group from being deleted", async () => {
    await make();
    await api.ask("PUT", "/v1/groups/g/members", { members: ["demo"] });
    const refused = await api.ask("DELETE", "/v1/groups/g");
    expect([refused.status, refused.json.explanation]).toEqual([409, "Unable to delete a Group with members."]);
    await api.ask("DELETE", "/v1/groups/g/members");
    expect(await api.ask("DELETE", "/v1/groups/g")).toMatchObject({ status: 204, text: "" });
    expect((await api.ask("GET", "/v1/groups/g")).status).toBe(404);
  });

  test("stay while their project has built servers in the group", async () => {
    await make({ level: "host" });
    await api.ask("PUT", "/v1/groups/g/members", { members: ["demo"] });
    const metadata = { valet: { groups: ["g"] } };
    const server = { name: "s", type: "OS::Nova::Server", properties: { flavor: "m1.small", metadata } };
    const made = await api.ask("POST", "/v1/plans", { plan_name: "p", stack_id: "p", resources: { s: server } });
    await api.ask("POST", "/v1/placements/s", {
      resource_id: "built-1",
      locations: [made.json.plan.placements.s.location],
    });
    for (const path of ["/v1/groups/g/members/demo", "/v1/groups/g/members"]) {
      const response = await api.ask("DELETE", path);
      expect([path, response.status]).toEqual([path, 409]);
      expect(response.json.explanation).toMatch(/has servers in group/);
      expect(response.json.explanation).toMatch(/demo.*built-1|built-1.*demo/s);
    }
    expect((await api.ask("GET", "/v1/groups/g")).json.group.members).toEqual(["demo"]);
  });
});
