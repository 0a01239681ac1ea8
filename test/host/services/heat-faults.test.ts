import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { expandTemplate } from "../../../host/services/heat-template.ts";
import { expand, folder } from "../../support/heat.ts";

afterAll(() => rmSync(folder, { recursive: true }));

/** A text twice as long for each level. */
function doubled(text: string, levels: number): string {
  const inner = levels === 0 ? `"${text}"` : doubled(text, levels - 1);
  return `{ str_replace: { template: "$x$x", params: { "$x": ${inner} } } }`;
}

/** Lists of ten, in lists of ten, … */
function repeated(levels: number): string {
  const template = levels === 0 ? '"%a%"' : repeated(levels - 1);
  return `{ repeat: { for_each: { "%a%": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10] }, template: ${template} } }`;
}

describe("a damaged template is refused with file and line:", () => {
  const a = (text: string) => `resources:\n  a:\n    ${text}`;
  const faults: [what: string, body: string, message: string, beside?: Record<string, string>][] = [
    [
      "no YAML",
      "resources: { a: [ }",
      "stack.yaml:2:19: Flow sequence in block collection must be sufficiently indented and end with a ]",
    ],
    ["a list", "heat_template_version: 1\n- a", "stack.yaml:"],
    ["an empty file", "", "stack.yaml:1: is not a template"],
    ["a key twice", "resources:\n  a: { type: X }\n  a: { type: X }", "stack.yaml:4:3: Map keys must be unique"],
    [
      "CloudFormation",
      'AWSTemplateFormatVersion: "2010-09-09"',
      "stack.yaml:1 (AWSTemplateFormatVersion): is a CloudFormation template",
    ],
    ["no version", "heat_x: 1", "stack.yaml:1: has no heat_template_version"],
    ["resources that are a list", "resources: [a]", 'stack.yaml:2 (resources): is ["a"], it must be a map'],
    [
      "a resource that is a text",
      "resources:\n  a: b",
      'stack.yaml:3 (resources.a): is "b", it must be a map with a type',
    ],
    ["a resource without a type", a("properties: {}"), "stack.yaml:3 (resources.a): has no type"],
    [
      "an unknown parameter",
      a("{ type: X, properties: { v: [{ get_param: q }] } }"),
      'stack.yaml:4 (resources.a.properties.v.0.get_param): no parameter is called "q"',
    ],
    [
      "an unknown resource",
      a("type: X\n    properties:\n      v: { get_resource: q }"),
      'stack.yaml:6 (resources.a.properties.v.get_resource): no resource is called "q"',
    ],
    [
      "an attribute of an unknown resource",
      a("{ type: X, properties: { v: { get_attr: [q, x] } } }"),
      'no resource is called "q"',
    ],
    [
      "an unknown condition",
      a("{ type: X, condition: q }"),
      'stack.yaml:4 (resources.a.condition): no condition is called "q"',
    ],
    [
      "conditions in a circle",
      `conditions: { x: { not: y }, y: { not: x } }\n${a("{ type: X, condition: x }")}`,
      'condition "x" depends on itself',
    ],
    [
      "a condition nobody can know",
      a("{ type: X, condition: { yaql: {} } }"),
      "cannot be evaluated before the stack exists",
    ],
    [
      "a missing nested file",
      a("{ type: none.yaml }"),
      'stack.yaml:4 (resources.a.type): nested template "none.yaml" does not exist',
    ],
    [
      "a remote nested file",
      a("{ type: 'http://x/y.yaml' }"),
      'stack.yaml:3 (resources.a): "http://x/y.yaml" is not fetched',
    ],
    ["a stack in itself", a("{ type: stack.yaml }"), 'nested deeper than 10; does "stack.yaml" nest itself?'],
    [
      "a damaged nested file",
      a("{ type: inner.yaml }"),
      "inner.yaml:3 (resources.b): has no type",
      { "inner.yaml": "resources:\n  b: {}" },
    ],
    [
      "a negative count",
      a("{ type: OS::Heat::ResourceGroup, properties: { count: -1, resource_def: { type: X } } }"),
      "(resources.a.properties.count): is -1, it must be a whole number from 0",
    ],
    [
      "a count known too late",
      a("{ type: OS::Heat::ResourceGroup, properties: { count: { get_attr: [a, x] }, resource_def: { type: X } } }"),
      'is "<get_attr: a x>", it must be a whole number',
    ],
    [
      "an endless count",
      a("{ type: OS::Heat::ResourceGroup, properties: { count: 20001, resource_def: { type: X } } }"),
      "the stack has more than 20000 resources",
    ],
    [
      "a count beyond all memory",
      a("{ type: OS::Heat::ResourceGroup, properties: { count: 4000000000, resource_def: { type: X } } }"),
      "the stack has more than 20000 resources",
    ],
    [
      "a text that doubles without end",
      a(`{ type: X, properties: { v: ${doubled("x", 24)} } }`),
      "makes a text of more than 4194304 characters",
    ],
    [
      "a list in a list in a list without end",
      a(`{ type: X, properties: { v: ${repeated(8)} } }`),
      "the stack expands to more than 1000000 values",
    ],
    [
      "conditions that ask each other twice without end",
      `conditions: { ${[...Array(40).keys()].map((n) => `c${n + 1}: { and: [c${n}, c${n}] }`).join(", ")}, c0: { not: { equals: [a, b] } } }\n${a("{ type: X, condition: c40 }")}`,
      "the stack expands to more than 1000000 values",
    ],
    [
      "a large definition in a large group",
      a(
        `{ type: OS::Heat::ResourceGroup, properties: { count: 20000, resource_def: { type: X, properties: { v: [${"a, ".repeat(1000)}] } } } }`,
      ),
      "the stack expands to more than 1000000 values",
    ],
    [
      "endless empty stacks",
      ["a", "b"]
        .map(
          (name) =>
            `  ${name}: { type: OS::Heat::ResourceGroup, properties: { count: 11000, resource_def: { type: inner.yaml } } }`,
        )
        .reduce((above, line) => `${above}\n${line}`, "resources:"),
      "more than 20000 nested stacks",
      { "inner.yaml": "resources: {}" },
    ],
    [
      "a group without a definition",
      a("{ type: OS::Heat::ResourceGroup }"),
      "(resources.a.properties.resource_def): is undefined, it must be a map with a type",
    ],
    [
      "a scaling group without a size",
      a("{ type: OS::Heat::AutoScalingGroup, properties: { resource: { type: X } } }"),
      "has no desired_capacity and no min_size",
    ],
    [
      "an open flavor",
      `parameters: { flavor: { type: string } }\n${a("{ type: OS::Nova::Server, properties: { flavor: { get_param: flavor } } }")}`,
      'stack.yaml:5 (resources.a.properties.flavor): parameter "flavor" has no value; pass --parameter flavor=m1.small',
    ],
    [
      "an open flavor of a nested stack",
      a("{ type: inner.yaml }"),
      'parameter "f" has no value; give it as property f at stack.yaml:3',
      {
        "inner.yaml":
          "parameters: { f: { type: string } }\nresources: { s: { type: OS::Nova::Server, properties: { flavor: { get_param: f } } } }",
      },
    ],
    [
      "an open group",
      `parameters: { g: { type: string } }\n${a("{ type: OS::Nova::Server, properties: { flavor: f, metadata: { valet: { groups: [{ get_param: g }] } } } }")}`,
      'parameter "g" has no value; pass --parameter g=VALUE',
    ],
  ];

  test.each(faults)("%s", (_what, body, message, beside) => {
    expect(() => expand(body, {}, beside)).toThrow(
      expect.objectContaining({ code: "file.invalid", message: expect.stringContaining(message) }),
    );
  });

  test("a missing file", () => {
    expect(() => expandTemplate(join(folder, "none.yaml"), new Map())).toThrow(/none.yaml: cannot be read/);
  });

  test("lists nested without end, and aliases that multiply without end", () => {
    expect(() => expand(`resources: ${"[".repeat(20_000)}${"]".repeat(20_000)}`)).toThrow("stack.yaml");
    const bomb = [
      "x0: &x0 [1]",
      ...[...Array(12).keys()].map((n) => `x${n + 1}: &x${n + 1} [${Array(10).fill(`*x${n}`).join(", ")}]`),
    ];
    expect(() => expand(`${bomb.join("\n")}\nresources: {}`)).toThrow("stack.yaml");
  });
});
