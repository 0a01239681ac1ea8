import { describe, expect, test } from "vitest";
import type { Flavor } from "../../../host/core/model.ts";
import {
  type ApplicationContext,
  MOST_RESOURCES,
  type PlanRequest,
  type StackResource,
  toApplication,
} from "../../../host/services/application.ts";

const small: Flavor = { id: "f1", name: "m1.small", vcpus: 1, ramMiB: 2048, diskGiB: 20, extraSpecs: { ssd: "true" } };
const numbered: Flavor = { ...small, id: "7", name: "seven", vcpus: 7 };
const context: ApplicationContext = {
  projectId: "demo",
  flavor: (wanted) => [small, numbered].find(({ id, name }) => name === wanted || id === wanted),
  group: () => undefined,
  zones: new Set(["nova", "edge"]),
};

const server = (properties: Record<string, unknown> = {}, more: Partial<StackResource> = {}): StackResource => ({
  name: "web",
  type: "OS::Nova::Server",
  properties: { flavor: "m1.small", ...properties },
  ...more,
});

const translate = (resources: Record<string, StackResource>, locations?: string[]) => {
  const request: PlanRequest = { planName: "plan", stackId: "stack", resources, ...(locations ? { locations } : {}) };
  return toApplication(request, context);
};
const vmOf = (resource: StackResource) => translate({ key: resource }).application.vms[0]!;

describe("a server", () => {
  test("becomes a VM with the size of its flavor and the orchestration id as its name", () => {
    const { application, servers } = translate({
      "uuid-1": server({}, { resourceId: "nova-1", metadata: { a: [1] } }),
    });
    expect(application).toEqual({
      name: "plan",
      vms: [{ name: "uuid-1", vcpus: 1, ramMiB: 2048, diskGiB: 20, zone: null, extraSpecs: { ssd: "true" } }],
      groups: [],
    });
    expect(servers).toEqual([{ orchestrationId: "uuid-1", name: "web", resourceId: "nova-1", metadata: { a: [1] } }]);
  });

  test("has no resource id and no metadata unless they were sent", () => {
    expect(translate({ key: server() }).servers[0]).toMatchObject({ resourceId: null, metadata: {} });
  });

  test("may give its flavor by id, also as a number", () => {
    expect(vmOf(server({ flavor: "f1" })).vcpus).toBe(1);
    expect(vmOf(server({ flavor: 7 })).vcpus).toBe(7);
  });

  test("keeps only the zone of az:host", () => {
    expect(vmOf(server({ availability_zone: "edge:host7" })).zone).toBe("edge");
    expect(vmOf(server({ availability_zone: ":host7" })).zone).toBeNull();
  });

  test("in the order of the request, ports and unknown types left out", () => {
    const { application } = translate({
      b: server(),
      port: { type: "OS::Neutron::Port" },
      a: server(),
      alarm: { type: "OS::Aodh::Alarm", properties: { resources: ["a", "b"] } },
    });
    expect(application.vms.map(({ name }) => name)).toEqual(["b", "a"]);
  });

  test("is not needed: a stack without one gives an empty application", () => {
    expect(translate({ port: { type: "OS::Neutron::Port" } })).toEqual({
      application: { name: "plan", vms: [], groups: [] },
      servers: [],
    });
  });
});

describe("candidate hosts", () => {
  test("of the request count when it has exactly one resource", () => {
    expect(translate({ one: server() }, ["h1", "h2", "h1"]).application.vms[0]!.candidates).toEqual(["h1", "h2"]);
  });

  test("of the request are ignored with more resources, or when the list is empty", () => {
    const two = translate({ one: server(), port: { type: "OS::Neutron::Port" } }, ["h1"]);
    expect(two.application.vms[0]).not.toHaveProperty("candidates");
    expect(translate({ one: server() }, []).application.vms[0]).not.toHaveProperty("candidates");
  });

  test("of a resource are its own", () => {
    const { vms } = translate({ a: server({}, { locations: ["h3"] }), b: server() }, ["h1"]).application;
    expect(vms.map(({ candidates }) => candidates)).toEqual([["h3"], undefined]);
  });
});

const faults: [what: string, resources: Record<string, StackResource>, message: string][] = [
  [
    "no flavor",
    { s: server({ flavor: undefined }) },
    `resource "s", properties.flavor: OS::Nova::Server flavor attribute missing`,
  ],
  [
    "an empty flavor",
    { s: server({ flavor: "" }) },
    `resource "s", properties.flavor: OS::Nova::Server flavor attribute missing`,
  ],
  [
    "an odd flavor",
    { s: server({ flavor: ["m1"] }) },
    `resource "s", properties.flavor: ["m1"] is not the name or id of a flavor`,
  ],
  [
    "an unknown flavor",
    { s: server({ flavor: "m9" }) },
    `resource "s", properties.flavor: no flavor has the name or id "m9"`,
  ],
  [
    "a zone that is no text",
    { s: server({ availability_zone: 1 }) },
    `resource "s", properties.availability_zone: 1 is not`,
  ],
  [
    "an unknown zone",
    { s: server({ availability_zone: "mars:h1" }) },
    `resource "s", properties.availability_zone: no zone is called "mars"; known zones: "edge", "nova"`,
  ],
  [
    "no name",
    { s: { type: "OS::Nova::Server", properties: { flavor: "m1.small" } } },
    `resource "s", name: is missing`,
  ],
  ["an empty key", { "": server() }, `resource "", key: is empty`],
  ["an endless key", { ["k".repeat(256)]: server() }, "key: has 256 characters, at most 255"],
  ["a NUL in its name", { s: server({}, { name: "a\0b" }) }, `resource "s", name: "a\\u0000b" holds a character`],
  ["half a character", { s: server({}, { name: "\ud800" }) }, `resource "s", name: "\\ud800" holds a character`],
  [
    "metadata that is a list",
    { s: server({ metadata: [] }) },
    `resource "s", properties.metadata: [] is not an object`,
  ],
];

describe("a server is refused with its key and field", () => {
  test.each(faults)("for %s", (_what, resources, message) => {
    expect(() => translate(resources)).toThrow(
      expect.objectContaining({ code: "application.invalid", status: 400, message: expect.stringContaining(message) }),
    );
  });

  test("for a key that JavaScript reserves", () => {
    const resources = JSON.parse(
      '{"__proto__":{"name":"x","type":"OS::Nova::Server","properties":{"flavor":"m1.small"}}}',
    );
    expect(() => translate(resources)).toThrow('resource "__proto__", key: is a reserved word');
  });

  test("for a flavor of impossible size", () => {
    const sized = (flavor: Partial<Flavor>) => () =>
      toApplication(
        { planName: "p", stackId: "s", resources: { s: server() } },
        { ...context, flavor: () => ({ ...small, ...flavor }) },
      );
    expect(sized({ ramMiB: 1.5 })).toThrow('flavor "m1.small" has ramMiB 1.5, not a whole number');
    expect(sized({ vcpus: 2 ** 31 })).toThrow('flavor "m1.small" has vcpus 2147483648');
    expect(sized({ vcpus: 0, ramMiB: 0, diskGiB: 0 })).toThrow('flavor "m1.small" is empty');
  });

  test("without quoting a hostile value in full", () => {
    expect(() => translate({ s: server({ flavor: "x".repeat(100_000) }) })).toThrow(/^.{1,300}$/s);
  });
});

test(`more than ${MOST_RESOURCES} resources are refused, naming the limit`, () => {
  const resources = Object.fromEntries(
    Array.from({ length: MOST_RESOURCES + 1 }, (_, at) => [`p${at}`, { type: "X" }]),
  );
  expect(() => translate(resources)).toThrow(`resources: ${MOST_RESOURCES + 1} resources, at most ${MOST_RESOURCES}`);
});

describe("10,000 resources", () => {
  const servers = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, at) => [`s${at}`, server({}, { name: `n${at}` })]));
  const assignment = (group_type: string, level: string, resources: string[]): StackResource => ({
    type: "ATT::Valet::GroupAssignment",
    properties: { group_type, level, resources },
  });
  /** The work is linear: twice the stack takes about twice the time, and never seconds. */
  const fastest = (resources: Record<string, StackResource>): number =>
    Math.min(
      ...Array.from({ length: 3 }, () => {
        const started = performance.now();
        translate(resources);
        return performance.now() - started;
      }),
    );

  test("in many small groups take well below a second", () => {
    const resources = servers(9000);
    for (let at = 0; at < 1000; at++)
      resources[`g${at}`] = assignment(
        at % 2 ? "affinity" : "diversity",
        "host",
        [...Array(9).keys()].map((i) => `n${at * 9 + i}`),
      );
    expect(translate(resources).application.groups).toHaveLength(1000);
    expect(fastest(resources)).toBeLessThan(500);
  });

  test("nested 5,000 deep are one set of 5,000, and no stack overflows", () => {
    const resources = servers(5000);
    for (let at = 0; at < 5000; at++)
      resources[`g${at}`] = assignment("affinity", "host", at === 0 ? ["s0"] : [`g${at - 1}`, `s${at}`]);
    const { groups } = translate(resources).application;
    expect(groups).toHaveLength(1);
    expect(groups[0]).toMatchObject({ name: "g4999", named: false });
    expect(groups[0]!.members).toHaveLength(5000);
    expect(fastest(resources)).toBeLessThan(500);
  });

  test("in a circle of 5,000 are refused", () => {
    const resources: Record<string, StackResource> = {};
    for (let at = 0; at < 5000; at++) resources[`g${at}`] = assignment("affinity", "host", [`g${(at + 1) % 5000}`]);
    expect(() => translate(resources)).toThrow('circular group reference: "g0" holds "g1"');
  });

  test("of 5,000 affinity groups around one diversity group of 5,000", () => {
    const resources = servers(5000);
    resources.apart = assignment("diversity", "host", Object.keys(servers(5000)));
    for (let at = 0; at < 4999; at++) resources[`g${at}`] = assignment("affinity", "rack", ["apart"]);
    expect(translate(resources).application.groups.map(({ members }) => members.length)).toEqual([5000, 5000]);
    expect(fastest(resources)).toBeLessThan(500);
  });
});
