import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "./test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

const SERVER = { name: "s", type: "OS::Nova::Server", properties: { flavor: "m1.small" } };
const plan = (more: Record<string, unknown> = {}) => ({ plan_name: "p", stack_id: "p", resources: {}, ...more });
const post = (path: string, body: unknown) => api.ask("POST", path, body);

/** Nothing may have changed by a refused request. */
async function expectNothingStored(): Promise<void> {
  expect((await api.ask("GET", "/v1/plans")).json).toEqual({ plans: [] });
  expect((await api.ask("GET", "/v1/groups")).json).toEqual({ groups: [] });
}

describe("what is no JSON object is 400", () => {
  const bodies: [name: string, body: string | Uint8Array | undefined][] = [
    ["nothing", undefined],
    ["an empty text", ""],
    ["half an object", '{"plan_name": "x"'],
    ["a list", "[]"],
    ["null", "null"],
    ["a text", '"{}"'],
    ["a form", "plan_name=x&stack_id=y"],
    ["a number that JSON does not know", '{"plan_name": NaN}'],
    ["bytes that are no UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d])],
  ];
  test.each(bodies)("%s", async (_, body) => {
    const response = await post("/v1/plans", body);
    expect([response.status, response.json.error.type]).toEqual([400, "HTTPBadRequest"]);
    expect(response.json.explanation).toMatch(/^No JSON object could be decoded/);
    await expectNothingStored();
  });

  test("whatever the Content-Type, an object is taken", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json; charset=utf-8", "x"]) {
      const headers = { "X-Auth-Token": "admin-token", "Content-Type": type };
      const body = new TextEncoder().encode(JSON.stringify(plan()));
      const response = await api.app.request("/v1/plans", { method: "POST", headers, body });
      expect([type, response.status]).toEqual([type, 201]);
    }
  });
});

describe("a fault in a body is 400 and named", () => {
  const cases: [name: string, path: string, body: unknown, explanation: RegExp][] = [
    ["a missing key", "/v1/plans", { plan_name: "p", resources: {} }, /^-> stack_id: is required$/],
    ["an unknown key", "/v1/plans", plan({ stack: "x" }), /^-> stack: unknown key \(known: plan_name, stack_id, /],
    ["a number for a text", "/v1/plans", plan({ stack_id: 5 }), /^-> stack_id: expected string, got 5$/],
    ["an empty name", "/v1/plans", plan({ plan_name: "" }), /^-> plan_name: expected at least 1 characters/],
    [
      "an endless name",
      "/v1/plans",
      plan({ stack_id: "x".repeat(300) }),
      /^-> stack_id: expected at most 255 characters/,
    ],
    ["a number as time-out", "/v1/plans", plan({ timeout: 60 }), /^-> timeout: expected string, got 60$/],
    ["a list of resources", "/v1/plans", plan({ resources: [] }), /^-> resources: expected object, got \[\]$/],
    ["a resource that is a text", "/v1/plans", plan({ resources: { a: "x" } }), /^-> resources -> a: expected object/],
    [
      "a resource without a type",
      "/v1/plans",
      plan({ resources: { a: {} } }),
      /^-> resources -> a -> type: is required$/,
    ],
    [
      "properties in a list",
      "/v1/plans",
      plan({ resources: { a: { type: "x", Properties: [] } } }),
      /-> a -> properties: expected object/,
    ],
    ["a resource without a key", "/v1/plans", plan({ resources: { "": SERVER } }), /^-> resources -> : the key: /],
    ["one location", "/v1/plans", plan({ locations: "h1" }), /^-> locations: expected array, got "h1"$/],
    [
      "a location that is a number",
      "/v1/plans",
      plan({ locations: ["h1", 2] }),
      /^-> locations -> 1: expected string, got 2$/,
    ],
    ["a server without a name", "/v1/plans", plan({ resources: { a: { ...SERVER, name: undefined } } }), /name/],
    [
      "an unknown flavor",
      "/v1/plans",
      plan({ resources: { a: { ...SERVER, properties: { flavor: "huge" } } } }),
      /flavor.*huge/,
    ],
    [
      "an unknown zone",
      "/v1/plans",
      plan({ resources: { a: { ...SERVER, properties: { flavor: "m1.small", availability_zone: "mars" } } } }),
      /availability_zone.*mars/,
    ],
    ["a group without a type", "/v1/groups", { name: "g" }, /^-> type: is required$/],
    [
      "a group of another type",
      "/v1/groups",
      { name: "g", type: "anti" },
      /^-> type: expected "affinity" or "diversity" or "exclusivity", got "anti"$/,
    ],
    [
      "a group of another level",
      "/v1/groups",
      { name: "g", type: "affinity", level: "room" },
      /^-> level: expected "host" or "rack" or "cluster", got "room"$/,
    ],
    ["a group without a level, said so", "/v1/groups", { name: "g", type: "affinity", level: null }, /^-> level: /],
    [
      "a group name with a blank",
      "/v1/groups",
      { name: "a b", type: "affinity" },
      /^-> name: expected only letters, digits and - \. _ ~, got "a b"$/,
    ],
    ["a group name with an accent", "/v1/groups", { name: "é", type: "affinity" }, /^-> name: /],
    ["a group name with a line end", "/v1/groups", { name: "a\n", type: "affinity" }, /^-> name: /],
    ["an empty group name", "/v1/groups", { name: "", type: "affinity" }, /^-> name: /],
    ["members at creation", "/v1/groups", { name: "g", type: "affinity", members: [] }, /^-> members: unknown key/],
  ];
  test.each(cases)("%s", async (_, path, body, explanation) => {
    const response = await post(path, body);
    expect([response.status, response.json.code, response.json.title]).toEqual([400, 400, "Bad Request"]);
    expect(response.json.explanation.replace(/^Valet error: /, "")).toMatch(explanation);
    await expectNothingStored();
  });

  test("many faults are counted, not listed", async () => {
    const resources = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`r${i}`, { type: i }]));
    const { json } = await post("/v1/plans", plan({ resources }));
    expect(json.explanation).toMatch(/; and 95 more$/);
    expect(json.explanation.length).toBeLessThan(1000);
  });
});

describe("hostile bodies are refused and named", () => {
  const cases: [name: string, body: string, explanation: RegExp][] = [
    ["__proto__ as a key", '{"__proto__": {"admin": true}}', /^-> __proto__: this key is not allowed$/],
    ["__proto__ as a resource", '{"resources": {"__proto__": {}}}', /^-> resources -> __proto__: /],
    ["NUL in a text", '{"plan_name": "a\\u0000b"}', /^-> plan_name: the text contains the character NUL$/],
    ["NUL in a key", '{"resources": {"a\\u0000": {}}}', /^-> resources: a key contains the character NUL$/],
    ["half of a surrogate pair", '{"a": ["\\ud83d"]}', /^-> a -> 0: the text contains half of a surrogate pair$/],
    [
      "100,000 lists in each other",
      `{"a": ${"[".repeat(100_000)}${"]".repeat(100_000)}}`,
      /nested deeper than 64 levels$/,
    ],
    [
      "100,000 objects in each other",
      `{"a": ${'{"a":'.repeat(100_000)}1${"}".repeat(100_000)}}`,
      /nested deeper than 64 levels$/,
    ],
  ];
  test.each(cases)("%s", async (_, body, explanation) => {
    const response = await post("/v1/plans", body);
    expect(response.status).toBe(400);
    expect(response.json.explanation).toMatch(explanation);
    await expectNothingStored();
  });

  test("keys that every JavaScript object seems to have are ordinary ids", async () => {
    const keys = ["constructor", "toString", "hasOwnProperty", "valueOf"];
    const resources = Object.fromEntries(keys.map((key) => [key, { ...SERVER, name: key }]));
    const response = await post("/v1/plans", plan({ stack_id: "constructor", resources }));
    expect(Object.keys(response.json.plan.placements).toSorted()).toEqual(keys.toSorted());
    expect((await api.ask("GET", "/v1/plans/constructor")).json).toEqual(response.json);
    expect((await api.ask("DELETE", "/v1/plans/constructor")).status).toBe(204);
  });

  test.each(["'; drop table plans; --", "<script>", "💩", "a/b?c#d", "..", " ", "%00", "\n", "\u202e"])(
    "%j is an ordinary stack id",
    async (id) => {
      const made = await post(
        "/v1/plans",
        plan({ plan_name: id, stack_id: id, resources: { [id]: { ...SERVER, name: id } } }),
      );
      expect(made.status).toBe(201);
      expect(made.json.plan).toMatchObject({ stack_id: id, name: id, placements: { [id]: { name: id } } });
      expect((await api.ask("DELETE", `/v1/plans/${made.json.plan.id}`)).status).toBe(204);
    },
  );
});

describe("limits", () => {
  test("a body over the limit is 413 before it was read to its end", async () => {
    let sent = 0;
    const chunk = new Uint8Array(1024 * 1024).fill(0x20);
    const body = new ReadableStream({
      pull(controller) {
        sent += chunk.length;
        if (sent > 100 * chunk.length) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const init = { method: "POST", headers: { "X-Auth-Token": "admin-token" }, body, duplex: "half" } as const;
    const response = await api.app.request("/v1/plans", init);
    expect(response.status).toBe(413);
    const { explanation, error } = (await response.json()) as { explanation: string; error: { type: string } };
    expect([explanation, error.type]).toEqual([
      "The body is larger than the limit of 8388608 bytes.",
      "HTTPRequestEntityTooLarge",
    ]);
    expect(sent).toBeLessThan(12 * chunk.length);
  });

  test("a body that announces 10 MB is 413", async () => {
    expect((await post("/v1/plans", " ".repeat(10_000_000))).status).toBe(413);
  });

  test("a body just below the limit is read", async () => {
    const body = JSON.stringify(plan());
    expect((await post("/v1/plans", body + " ".repeat(8 * 1024 * 1024 - body.length))).status).toBe(201);
  });

  test("100,000 resources are refused, naming the limit", async () => {
    const resources = Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`v${i}`, { type: "x" }]));
    const { status, json } = await post("/v1/plans", plan({ resources }));
    expect([status, json.explanation]).toEqual([
      400,
      expect.stringContaining("100000 resources, at most 10000 are taken"),
    ]);
  });

  test("10,000 resources are taken", async () => {
    const resources = Object.fromEntries(Array.from({ length: 10_000 }, (_, i) => [`v${i}`, { type: "x" }]));
    expect((await post("/v1/plans", plan({ resources }))).json).toEqual({ plan: {} });
  });

  test("1,001 servers are refused, naming the limit, also when their keys are capitalised", async () => {
    const resources = Object.fromEntries(
      Array.from({ length: 1001 }, (_, i) => [`s${i}`, { Type: SERVER.type, name: `s${i}` }]),
    );
    const { status, json } = await post("/v1/plans", plan({ resources }));
    expect([status, json.explanation]).toEqual([400, expect.stringContaining("1001 servers, at most 1000 are taken")]);
  });
});

test("every status of an error has its body", async () => {
  const bodies: Record<string, unknown> = {};
  const keep = async (name: string, request: Promise<{ status: number; json: unknown; text: string }>) => {
    const { status, json, text } = await request;
    bodies[name] = { status, body: json ?? text };
  };
  await post("/v1/groups", { name: "full", type: "exclusivity", level: "host" });
  await api.ask("PUT", "/v1/groups/full/members", { members: ["demo"] });
  const big = { big: { ...SERVER, name: "big", properties: { flavor: "m1.xlarge" } } };
  const everything = Object.fromEntries(
    Array.from({ length: 400 }, (_, i) => [`s${i}`, { ...big.big, name: `s${i}` }]),
  );
  await keep("400 malformed", post("/v1/groups", "[]"));
  await keep("400 invalid", post("/v1/groups", { name: "a b", type: "affinity" }));
  await keep("400 duplicate group", post("/v1/groups", { name: "full", type: "affinity" }));
  await keep("401", api.ask("GET", "/v1/groups", undefined, null));
  await keep("404 path", api.ask("GET", "/v1/nothing"));
  await keep("404 group", api.ask("GET", "/v1/groups/none"));
  await keep("404 member", api.ask("GET", "/v1/groups/full/members/none"));
  await keep("404 plan", api.ask("GET", "/v1/plans/none"));
  await keep("404 placement", api.ask("GET", "/v1/placements/none"));
  await keep(
    "404 group of a plan",
    post(
      "/v1/plans",
      plan({ resources: { s: SERVER, a: assignment({ group_type: "exclusivity", group_name: "none" }) } }),
    ),
  );
  await keep("405", api.ask("PATCH", "/v1/groups"));
  await keep("409 group with members", api.ask("DELETE", "/v1/groups/full"));
  await keep("409 unknown projects", api.ask("PUT", "/v1/groups/full/members", { members: ["mars"] }));
  await keep(
    "409 group name not allowed",
    post(
      "/v1/plans",
      plan({ resources: { s: SERVER, a: assignment({ group_type: "affinity", group_name: "full" }) } }),
    ),
  );
  await keep(
    "409 not a member",
    api.ask(
      "POST",
      "/v1/plans",
      plan({ resources: { s: SERVER, a: assignment({ group_type: "exclusivity", group_name: "full" }) } }),
      "other-token",
    ),
  );
  await keep("413", post("/v1/groups", " ".repeat(10_000_000)));
  await keep("500 no place", post("/v1/plans", plan({ resources: everything })));
  await expect(`${JSON.stringify(bodies, null, 2)}\n`).toMatchFileSnapshot("../../../golden/valet-errors.json");
});

function assignment(properties: Record<string, unknown>) {
  return {
    name: "a",
    type: "ATT::Valet::GroupAssignment",
    properties: { level: "host", resources: ["s"], ...properties },
  };
}
