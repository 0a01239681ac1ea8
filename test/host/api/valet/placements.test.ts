import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "./test-api.ts";

let api: TestApi;
let placement: Record<string, string>;
beforeAll(async () => {
  api = await openTestApi();
});
beforeEach(async () => {
  const server = (name: string) => ({
    name,
    type: "OS::Nova::Server",
    properties: { flavor: "m1.small" },
    metadata: { heat_resource_name: name, heat_path_in_stack: [["top", "grp"]], size: 5 },
  });
  await api.ask("POST", "/v1/plans", {
    plan_name: "p",
    stack_id: "p",
    resources: { web: server("w"), db: server("d") },
  });
  placement = (await api.ask("GET", "/v1/placements/web")).json.placement;
});
afterEach(() => api.ask("DELETE", "/v1/plans/p"));
afterAll(() => api.close());

const other = (host: string) => (host === "sim01r04c016" ? "sim01r04c015" : "sim01r04c016");

test("a placement is found by its id and by its orchestration id", async () => {
  expect(placement).toEqual({
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    name: "w",
    orchestration_id: "web",
    resource_id: null,
    location: expect.stringMatching(/^sim01r\d+c\d+$/),
    reserved: false,
    plan_id: (await api.ask("GET", "/v1/plans/p")).json.plan.id,
    metadata: { heat_resource_name: "w", heat_path_in_stack: [["top", "grp"]], size: 5 },
  });
  expect((await api.ask("GET", `/v1/placements/${placement.id}`)).json).toEqual({ placement });
});

test("says with ?explain=1 why its server is where it is, shown or reserved, and nothing of the others", async () => {
  const { explanation } = (await api.ask("GET", "/v1/plans/p?explain=1")).json;
  expect(explanation.web.chosen.host).toBe(placement.location);
  const shown = await api.ask("GET", "/v1/placements/web?explain=1");
  expect(shown.json).toEqual({ placement, explanation: { web: explanation.web } });
  const reserved = await api.ask("POST", "/v1/placements/web?explain=1", { locations: [placement.location] });
  expect(reserved.status).toBe(201);
  expect(reserved.json).toEqual({ placement: { ...placement, reserved: true }, explanation: { web: explanation.web } });
  expect((await api.ask("GET", "/v1/placements/db")).json).not.toHaveProperty("explanation");
});

describe("the search", () => {
  const ids = async (query: string) =>
    (await api.ask("GET", `/v1/placements${query}`)).json.placements
      .map((found: Record<string, string>) => found.orchestration_id)
      .toSorted();
  const cases: [query: string, found: string[]][] = [
    ["", ["db", "web"]],
    ["?orchestration_id=web", ["web"]],
    ["?name=d", ["db"]],
    ["?name=D", []],
    ["?reserved=false", ["db", "web"]],
    ["?reserved=true", []],
    ["?heat_resource_name=w", ["web"]],
    ["?heat_resource_name=%22w%22", ["web"]],
    ["?size=5", ["db", "web"]],
    ["?heat_path_in_stack=%5B%5B%22top%22%2C%20%22grp%22%5D%5D", ["db", "web"]],
    ["?heat_path_in_stack=%5B%5D", []],
    ["?name=w&size=5", ["web"]],
    ["?name=w&orchestration_id=db", []],
    ["?name=w&name=w", []],
    ["?unheard=of", []],
    ["?constructor=x", []],
    ["?__proto__=x", []],
    ["?name=%00", []],
    ["?name=%", []],
    ["?resource_id=null", ["db", "web"]],
  ];
  test.each(cases)("%s", async (query, found) => {
    expect(await ids(query)).toEqual(found);
  });
});

describe("reserving", () => {
  const reserve = (body?: unknown, name = "web") => api.ask("POST", `/v1/placements/${name}`, body);

  test("on the planned host keeps it, and is repeated without harm", async () => {
    for (let i = 0; i < 2; i++) {
      const body = { resource_id: "u1", locations: [other(placement.location!), placement.location] };
      const { status, json } = await reserve(body);
      expect(status).toBe(201);
      expect(json).toEqual({ placement: { ...placement, reserved: true, resource_id: "u1" } });
    }
    expect((await api.ask("GET", "/v1/placements?resource_id=u1")).json.placements).toHaveLength(1);
  });

  test("on other hosts plans again among these", async () => {
    const locations = [other(placement.location!)];
    const { status, json } = await reserve({ resource_id: "u1", locations }, placement.id);
    expect(status).toBe(201);
    expect(json.placement).toEqual({ ...placement, reserved: true, resource_id: "u1", location: locations[0] });
    expect((await api.ask("GET", "/v1/plans/p")).json.plan.placements.web.location).toBe(locations[0]);
  });

  test("keys of nobody are ignored, as there was never a schema", async () => {
    expect((await reserve({ locations: [placement.location], excluded: 5 })).status).toBe(201);
  });

  test.each([[undefined], [{}], [{ locations: [] }], [{ locations: ["nowhere"] }]])(
    "with %j no host is left: 500",
    async (body) => {
      const { status, json } = await reserve(body);
      expect([status, json.explanation]).toEqual([500, expect.stringMatching(/^Ostro error: /)]);
      expect((await api.ask("GET", "/v1/placements/web")).json.placement.reserved).toBe(false);
    },
  );

  const faults: [body: unknown, explanation: RegExp][] = [
    [{ action: "move" }, /^-> action: expected "reserve" or "replan", got "move"$/],
    [{ locations: "h1" }, /^-> locations: expected array/],
    [{ locations: [1] }, /^-> locations -> 0: expected string/],
    [{ resource_id: 5 }, /^-> resource_id: expected string/],
    ["[", /^No JSON object could be decoded/],
  ];
  test.each(faults)("%j is 400 and changes nothing", async (body, explanation) => {
    const { status, json } = await reserve(body);
    expect([status, json.explanation]).toEqual([400, expect.stringMatching(explanation)]);
    expect((await api.ask("GET", "/v1/placements/web")).json).toEqual({ placement });
  });
});

test("a deleted placement is gone from its plan too", async () => {
  expect(await api.ask("DELETE", "/v1/placements/web")).toMatchObject({ status: 204, text: "" });
  expect((await api.ask("GET", "/v1/placements/web")).status).toBe(404);
  expect(Object.keys((await api.ask("GET", "/v1/plans/p")).json.plan.placements)).toEqual(["db"]);
});
