import { rmSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import type { ExpandedStack } from "../../../host/services/heat-template.ts";
import { expand, folder } from "../../support/heat.ts";

afterAll(() => rmSync(folder, { recursive: true }));

/** Properties of the resource `a`, the only one. */
function propertiesOf(body: string, parameters?: Record<string, string>): Record<string, unknown> {
  return Object.values(expand(body, parameters).request.resources)[0]!.properties!;
}

const byPath = ({ request, origins }: ExpandedStack) =>
  Object.fromEntries(Object.entries(request.resources).map(([id, resource]) => [origins.get(id)!.path, resource]));

const server = (name: string) => `
  ${name}:
    type: OS::Nova::Server
    properties: { flavor: m1.small }`;

describe("a template", () => {
  test("becomes the request Heat sends: resources by uuid, with their names", () => {
    const { request } = expand(`resources:${server("web")}${server("db")}`);
    expect(request.planName).toBe("stack");
    for (const key of [request.stackId, ...Object.keys(request.resources)])
      expect(key).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(Object.values(request.resources)).toEqual([
      { name: "web", type: "OS::Nova::Server", properties: { flavor: "m1.small" } },
      { name: "db", type: "OS::Nova::Server", properties: { flavor: "m1.small" } },
    ]);
  });

  test("gives the same ids each time, whatever stands beside a resource", () => {
    const once = expand(`resources:${server("web")}`).request;
    const again = expand(`resources:${server("first")}${server("web")}`).request;
    expect(Object.keys(again.resources)).toContain(Object.keys(once.resources)[0]);
  });

  test("without resources is an empty request", () => {
    expect(expand("description: nothing").request.resources).toEqual({});
  });
});

describe("parameters", () => {
  const typed = (type: string, given: string) =>
    propertiesOf(
      `parameters: { p: { type: ${type} } }\nresources: { a: { type: X, properties: { v: { get_param: p } } } }`,
      { p: given },
    ).v;

  test("of the command line are converted to their type", () => {
    expect(typed("string", "007")).toBe("007");
    expect(typed("number", "1.5")).toBe(1.5);
    expect(typed("boolean", "Yes")).toBe(true);
    expect(typed("comma_delimited_list", "a, b")).toEqual(["a", "b"]);
    expect(typed("json", '{"a":[1]}')).toEqual({ a: [1] });
  });

  test("may be followed into", () => {
    const body = `parameters: { p: { type: json, default: { list: [x, y] } } }
resources: { a: { type: X, properties: { v: { get_param: [p, list, 1] }, none: { get_param: [p, other] } } } }`;
    expect(propertiesOf(body)).toEqual({ v: "y", none: "" });
  });

  test("that nobody gave are a text where a plan does not look, and any zone", () => {
    const body = `parameters: { image: { type: string }, zone: { type: string } }
resources:
  a: { type: OS::Nova::Server, properties: { flavor: f, image: { get_param: image }, availability_zone: { get_param: zone } } }`;
    expect(propertiesOf(body)).toEqual({ flavor: "f", image: "<image>" });
  });

  test("that decide a size are taken from their constraints", () => {
    const body = `parameters: { n: { type: number, constraints: [{ range: { min: 2, max: 5 } }] } }
resources:
  a: { type: OS::Heat::ResourceGroup, properties: { count: { get_param: n }, resource_def: { type: X } } }`;
    expect(Object.keys(expand(body).request.resources)).toHaveLength(2);
  });

  const pattern =
    "parameters: { p: { type: string, constraints: [{ allowed_pattern: '[a-z]+$' }, { length: { max: 3 } }] } }";
  test.each([
    ["parameters: { p: { type: number } }", "x", 'parameter p ("x"): must be a number (stack.yaml:2)'],
    ["parameters: { p: { type: boolean } }", "maybe", "must be true or false"],
    ["parameters: { p: { type: json } }", "{", "must be JSON"],
    ["parameters: { p: { type: string, constraints: [{ allowed_values: [a, b] }] } }", "c", 'must be one of "a", "b"'],
    ["parameters: { p: { type: number, constraints: [{ range: { min: 1, max: 3 } }] } }", "4", "must be from 1 to 3"],
    [pattern, "A", "must match [a-z]+$"],
    [pattern, "abcd", "must have a length from any to 3"],
    ["parameters: { q: { type: string } }", "x", 'parameter "p" is not declared'],
  ])("%s refuses %j", (body, given, message) => {
    expect(() => expand(`${body}\nresources: {}`, { p: given })).toThrow(
      expect.objectContaining({ code: "config.invalid", message: expect.stringContaining(message) }),
    );
  });
});

describe("functions", () => {
  const value = (text: string, more = ""): unknown =>
    propertiesOf(`parameters:
  n: { type: number, default: 3 }
  on: { type: boolean, default: true }
  list: { type: comma_delimited_list, default: "a,b" }
${more}
resources: { a: { type: X, properties: { v: ${text} } } }`).v;

  test.each([
    ["{ str_replace: { template: 'db_name db', params: { db: X, db_name: db } } }", "db X"],
    ["{ list_join: ['-', [a, { get_param: n }], [c]] }", "a-3-c"],
    ["{ list_join: [',', { get_param: list }] }", "a,b"],
    ["{ str_split: [',', 'a,b,c', 1] }", "b"],
    [
      "{ repeat: { for_each: { P: { get_param: list }, Q: [1, 2] }, template: { k: P-Q } } }",
      [{ k: "a-1" }, { k: "a-2" }, { k: "b-1" }, { k: "b-2" }],
    ],
    [
      "{ repeat: { for_each: { P: [a, b], Q: [1, 2] }, template: [P, Q], permutations: false } }",
      [
        ["a", 1],
        ["b", 2],
      ],
    ],
    ["{ if: [{ equals: [{ get_param: n }, 3] }, yes, no] }", "yes"],
    ["{ if: [{ not: { get_param: on } }, yes, no] }", "no"],
    ["{ if: [{ and: [{ get_param: on }, { or: [false, { contains: [a, { get_param: list }] }] }] }, 1, 2] }", 1],
    ["{ map_merge: [{ a: 1, b: 1 }, { b: 2 }] }", { a: 1, b: 2 }],
    ["{ map_replace: [{ k: v }, { keys: { k: K }, values: { v: V } }] }", { K: "V" }],
    ["{ list_concat: [[1], [2, 1]] }", [1, 2, 1]],
    ["{ list_concat_unique: [[1], [2, 1]] }", [1, 2]],
    ["{ get_param: 'OS::stack_name' }", "<stack_name>"],
    ["{ get_attr: [a, networks, private, 0] }", "<get_attr: a networks private 0>"],
    ["{ yaql: { expression: '$.data.x', data: { x: 1 } } }", expect.stringContaining("<yaql: ")],
  ])("%s", (text, expected) => {
    expect(value(text)).toEqual(expected);
  });

  test("conditions may build on one another", () => {
    const conditions = "conditions: { big: { equals: [{ get_param: n }, 3] }, small: { not: big } }";
    expect(value("{ if: [small, s, { if: [big, b, x] }] }", conditions)).toBe("b");
  });

  test("a resource whose condition is false is left out, also from the groups that name it", () => {
    const stack = expand(`conditions: { never: false }
resources:
  x: { type: OS::Nova::Server, condition: never, properties: { flavor: f } }
  y: { type: OS::Nova::Server, properties: { flavor: f } }
  g:
    type: ATT::Valet::GroupAssignment
    properties: { group_type: affinity, level: host, resources: [{ get_resource: x }, { get_resource: y }] }`);
    expect(Object.keys(byPath(stack))).toEqual(["y", "g"]);
    expect(byPath(stack).g!.properties!.resources).toHaveLength(1);
  });

  test("resources refer to one another by id", () => {
    const stack = expand(`resources:${server("web")}
  attached: { type: OS::Cinder::VolumeAttachment, properties: { instance_uuid: { get_resource: web } } }`);
    const [id] = Object.keys(stack.request.resources);
    expect(byPath(stack).attached!.properties!.instance_uuid).toBe(id);
  });
});

describe("groups of resources", () => {
  test("have their count, with the index put in", () => {
    const stack = expand(`resources:
  web:
    type: OS::Heat::ResourceGroup
    properties:
      count: 2
      resource_def: { type: OS::Nova::Server, properties: { flavor: f, name: web-%index% } }`);
    expect(Object.entries(byPath(stack)).map(([path, { properties }]) => [path, properties!.name])).toEqual([
      ["web/0", "web-0"],
      ["web/1", "web-1"],
    ]);
  });

  test("may have an index of another name, and one member by default", () => {
    const body = `resources: { a: { type: OS::Heat::ResourceGroup, properties: { index_var: $i, resource_def: { type: X, properties: { v: n$i } } } } }`;
    expect(propertiesOf(body)).toEqual({ v: "n0" });
  });

  test.each([
    ["desired_capacity: 3, min_size: 1", 3],
    ["min_size: 2, max_size: 9", 2],
    ["min_size: 0, max_size: 9", 0],
  ])("that scale (%s) have their initial size", (sizes, count) => {
    const body = `resources: { a: { type: OS::Heat::AutoScalingGroup, properties: { ${sizes}, resource: { type: X } } } }`;
    expect(Object.keys(expand(body).request.resources)).toHaveLength(count);
  });

  test("launched from a configuration are servers of its type", () => {
    const stack = expand(`parameters: { flavor: { type: string, default: m1.tiny } }
resources:
  config: { type: AWS::AutoScaling::LaunchConfiguration, properties: { ImageId: i, InstanceType: { get_param: flavor } } }
  group:
    type: OS::Heat::InstanceGroup
    properties: { Size: 2, AvailabilityZones: [z1], LaunchConfigurationName: { get_resource: config } }`);
    const properties = { flavor: "m1.tiny", availability_zone: "z1" };
    expect(byPath(stack)["group/1"]).toEqual({ name: "1", type: "OS::Nova::Server", properties });
  });

  test("may be named by an assignment, which then means all servers in them", () => {
    const stack = expand(
      `resources:
  web: { type: OS::Heat::ResourceGroup, properties: { count: 2, resource_def: { type: pair.yaml } } }
  g:
    type: ATT::Valet::GroupAssignment
    properties: { group_type: diversity, level: host, resources: [{ get_resource: web }] }`,
      {},
      { "pair.yaml": `resources:${server("x")}${server("y")}` },
    );
    const paths = (byPath(stack).g!.properties!.resources as string[]).map((id) => stack.origins.get(id)!.path);
    expect(paths).toEqual(["web/0/x", "web/0/y", "web/1/x", "web/1/y"]);
  });
});

describe("nested templates", () => {
  const inner = `parameters: { flavor: { type: string }, zone: { type: string, default: z } }
resources:
  s: { type: OS::Nova::Server, properties: { flavor: { get_param: flavor }, availability_zone: { get_param: zone } } }`;

  test("are flattened, their parameters are the properties; .yml and .yaml are the same file", () => {
    const stack = expand(
      "resources: { a: { type: inner.yml, properties: { flavor: m1.tiny } }, b: { type: inner.yaml, properties: { flavor: m1.small } } }",
      {},
      { "inner.yaml": inner },
    );
    const flavors = Object.entries(byPath(stack)).map(([path, { name, properties }]) => [
      path,
      name,
      properties!.flavor,
    ]);
    expect(flavors).toEqual([
      ["a/s", "s", "m1.tiny"],
      ["b/s", "s", "m1.small"],
    ]);
    expect([...stack.origins.values()][0]!.at).toBe("inner.yaml:4");
  });

  test("with a property they have no parameter for are planned with a note", () => {
    const stack = expand(
      "resources:\n  a:\n    type: inner.yaml\n    properties: { flavor: f, colour: red }",
      {},
      { "inner.yaml": inner },
    );
    expect(stack.notes).toEqual(['stack.yaml:5: inner.yaml has no parameter "colour"; Heat would refuse it']);
  });

  test("may stand inside the list of an assignment", () => {
    const stack = expand(
      `resources:
  g:
    type: ATT::Valet::GroupAssignment
    properties: { group_type: affinity, level: host, resources: { resource_def: { type: inner.yaml, properties: { flavor: f } } } }`,
      {},
      { "inner.yaml": inner },
    );
    const [id] = Object.keys(stack.request.resources);
    expect(stack.origins.get(id!)!.path).toBe("g/resource_def/s");
    expect(byPath(stack).g!.properties!.resources).toEqual([id]);
  });

  test("groups that the template makes are told", () => {
    const stack = expand(
      "resources: { g: { type: OS::Valet::Group, properties: { name: db, type: diversity, level: rack } } }",
    );
    expect(stack.groups).toEqual([
      { id: Object.keys(stack.request.resources)[0], name: "db", type: "diversity", level: "rack" },
    ]);
  });
});
