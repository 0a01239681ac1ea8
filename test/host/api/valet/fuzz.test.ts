import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { propertySeed } from "../../../support/property-seed.ts";
import { openTestApi, type TestApi } from "./test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
  await api.ask("POST", "/v1/groups", { name: "ours", type: "exclusivity", level: "host" });
  await api.ask("PUT", "/v1/groups/ours/members", { members: ["demo"] });
});
afterAll(() => api.close());

const server = (name: string, more = {}) => ({
  name,
  type: "OS::Nova::Server",
  properties: { flavor: "m1.small", ...more },
});
const assignment = (properties: object) => ({ name: "g", type: "ATT::Valet::GroupAssignment", properties });

/** Valid requests of both generations, to be spoiled. */
const REQUESTS = [
  {
    plan_name: "p",
    stack_id: "p",
    timeout: "60 sec",
    resources: {
      a: server("a"),
      b: server("b", { availability_zone: "nova", metadata: { valet: { groups: ["ours"] } } }),
      near: assignment({ group_type: "affinity", level: "rack", resources: ["a", "far"] }),
      far: assignment({ group_type: "diversity", level: "host", resources: ["a", "b"] }),
      own: assignment({ group_type: "exclusivity", group_name: "ours", level: "host", resources: ["a"] }),
    },
  },
  {
    plan_name: "q",
    stack_id: "q",
    locations: ["sim01r01c001", "sim01r01c002"],
    resources: {
      s: { ...server("s", { metadata: { valet: '{"groups":["ours"]}' } }), metadata: { heat_stack_id: "x" } },
    },
  },
];

type Path = readonly (string | number)[];

function pathsOf(value: unknown, path: Path = []): Path[] {
  if (typeof value !== "object" || value === null) return [path];
  return [path, ...Object.entries(value).flatMap(([key, inner]) => pathsOf(inner, [...path, key]))];
}

function replaced(value: unknown, path: Path, by: unknown): unknown {
  if (path.length === 0) return by;
  const copy: Record<string, unknown> | unknown[] = Array.isArray(value) ? [...value] : { ...(value as object) };
  const key = path[0] as keyof typeof copy;
  Object.assign(copy, { [key]: replaced((value as Record<string, unknown>)[key as string], path.slice(1), by) });
  return copy;
}

const WORDS = [
  "a",
  "b",
  "near",
  "far",
  "own",
  "ours",
  "m1.small",
  "nova",
  "host",
  "rack",
  "room",
  "affinity",
  "",
  "OS::Nova::Server",
];
const anything = fc.oneof(
  fc.constantFrom<unknown>(...WORDS),
  fc.constantFrom<unknown>(
    null,
    true,
    0,
    -1,
    1e308,
    [],
    {},
    [[]],
    ["a", "a"],
    ["near"],
    { groups: "ours" },
    { get_resource: "a" },
  ),
  fc.jsonValue({ maxDepth: 3 }),
);
const spoiled = fc
  .constantFrom(...REQUESTS)
  .chain((request) =>
    fc
      .array(fc.tuple(fc.constantFrom(...pathsOf(request).slice(1)), anything), { minLength: 1, maxLength: 3 })
      .map((changes) =>
        changes.reduce<unknown>((made, [path, by]) => tried(() => replaced(made, path, by), made), request),
      ),
  );

/** An earlier change may have taken away what a later one would change. */
function tried<T>(change: () => T, otherwise: T): T {
  try {
    return change();
  } catch {
    return otherwise;
  }
}

test("a spoiled plan request is planned or refused with a body that says why, and never an error of our own", async () => {
  const seen = new Set<number>();
  await fc.assert(
    fc.asyncProperty(spoiled, async (body) => {
      const { status, json } = await api.ask("POST", "/v1/plans", body);
      seen.add(status);
      if (status === 201) {
        if (json.plan.id) await api.ask("DELETE", `/v1/plans/${json.plan.id}`);
        return;
      }
      expect([400, 404, 409, 500]).toContain(status);
      expect(json.explanation).toMatch(status === 500 ? /^Ostro error: / : /\w/);
      expect(json.explanation).not.toMatch(/undefined|\[object|TypeError|Cannot read/);
      expect(json.explanation.length).toBeLessThan(2000);
    }),
    { seed: propertySeed, numRuns: 500 },
  );
  expect([...seen].toSorted()).toEqual(expect.arrayContaining([201, 400, 404]));
  expect((await api.ask("GET", "/v1/plans")).json).toEqual({ plans: [] });
});

test("any JSON to any operation is answered with its own status and a body", async () => {
  const operations: [method: string, path: string][] = [
    ["POST", "/v1/groups"],
    ["PUT", "/v1/groups/ours"],
    ["PUT", "/v1/groups/ours/members"],
    ["POST", "/v1/plans"],
    ["PUT", "/v1/plans/none"],
    ["POST", "/v1/placements/none"],
  ];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...operations), fc.jsonValue(), async ([method, path], body) => {
      const { status, json } = await api.ask(method, path, JSON.stringify(body));
      // An empty object changes nothing of a group.
      if (path === "/v1/groups/ours" && status === 201) return;
      expect([400, 404]).toContain(status);
      expect(json.error.type).toMatch(/^HTTP/);
    }),
    { seed: propertySeed, numRuns: 300 },
  );
});
