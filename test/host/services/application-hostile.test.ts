// Whatever stands in a stack or a template, the answer is a translation or an AppError that says what is wrong.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { AppError } from "../../../host/errors.ts";
import { type StackResource, toApplication } from "../../../host/services/application.ts";
import { expandTemplate } from "../../../host/services/heat-template.ts";
import { folder } from "../../support/heat.ts";
import { stackFiles } from "../../support/heat-stacks.ts";
import { propertySeed } from "../../support/property-seed.ts";

afterAll(() => rmSync(folder, { recursive: true }));

/** True: it was taken; false: it was refused as it should be; anything else is thrown. */
function taken(work: () => unknown): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    expect(error.message.length).toBeLessThan(2000);
    return false;
  }
}

const word = fc.constantFrom(
  "a",
  "b",
  "c",
  "f",
  "near",
  "ex",
  "host",
  "rack",
  "affinity",
  "diversity",
  "exclusivity",
  "__proto__",
  "constructor",
  "",
);
const anything = fc.oneof({ weight: 4, arbitrary: word }, fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<unknown>);
const list = fc.oneof({ weight: 4, arbitrary: fc.array(anything, { maxLength: 4 }) }, anything);
const valet = fc.oneof(
  fc.record({ groups: list }),
  list.map((groups) => JSON.stringify({ groups })),
  anything,
);
const properties = fc.record(
  {
    flavor: fc.oneof({ weight: 9, arbitrary: fc.constant<unknown>("f") }, anything),
    availability_zone: anything,
    metadata: fc.oneof(fc.record({ valet }), anything),
    group_type: fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom<unknown>("affinity", "diversity", "exclusivity") },
      anything,
    ),
    group_name: anything,
    group: anything,
    level: fc.oneof({ weight: 2, arbitrary: fc.constantFrom<unknown>("host", "rack") }, anything),
    resources: list,
    volume_id: anything,
    instance_uuid: anything,
    block_device_mapping: list,
    bandwidth: fc.oneof(
      fc.record({ min: anything, units: fc.oneof(fc.constantFrom<unknown>("Mbps", "bps"), anything) }),
      fc.double(),
      anything,
    ),
    volume_type: fc.oneof(fc.constant<unknown>("local"), anything),
    size: fc.oneof(fc.nat(), anything),
  },
  { requiredKeys: ["flavor"] },
);
const resource = fc.record(
  {
    name: fc.oneof(word, fc.string({ unit: "binary" })),
    type: fc.constantFrom(
      "OS::Nova::Server",
      "OS::Nova::Server",
      "ATT::Valet::GroupAssignment",
      "OS::Valet::GroupAssignment",
      "OS::Cinder::Volume",
      "OS::Cinder::VolumeAttachment",
      "OS::Valet::Pipe",
      "X",
    ),
    properties,
    locations: fc.array(word, { maxLength: 2 }),
  },
  { requiredKeys: ["type"] },
);

test("no stack breaks the translation", () => {
  const known = new Map([
    ["near", { id: "1", name: "near", type: "affinity", level: "host" as const, members: [] }],
    ["ex", { id: "2", name: "ex", type: "exclusivity", level: null, members: ["demo"] }],
  ]);
  const flavor = { id: "f", name: "f", vcpus: 1, ramMiB: 1, diskGiB: 1, extraSpecs: {} };
  const context = {
    projectId: "demo",
    flavor: (name: string) => (name === "f" ? flavor : undefined),
    group: (name: string) => known.get(name),
    zones: new Set(["a"]),
  };
  const seen = { true: 0, false: 0 };
  const property = fc.property(fc.dictionary(word, resource, { maxKeys: 6 }), (resources) => {
    const request = { planName: "p", stackId: "s", resources: resources as Record<string, StackResource> };
    seen[`${taken(() => toApplication(request, context))}`]++;
  });
  fc.assert(property, { numRuns: 5000, seed: propertySeed });
  expect(seen.true, JSON.stringify(seen)).toBeGreaterThan(100);
  expect(seen.false).toBeGreaterThan(100);
});

test("no damage to a template breaks its expansion", () => {
  const texts = stackFiles().map((path) => readFileSync(path, "utf8"));
  const path = join(folder, "damaged.yaml");
  const tokens = [
    "{",
    "}",
    "[",
    "]",
    ":",
    "- ",
    "*a",
    "&a ",
    "!!binary ",
    "get_param",
    "repeat",
    "if",
    "null",
    "1e999",
    "'",
    '"',
    "\n",
    "  ",
    "<<: ",
    "\t",
    "%index%",
    "\0",
  ];
  const damage = fc.array(
    fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), cut: fc.nat(20), put: fc.constantFrom(...tokens) }),
    { minLength: 1, maxLength: 4 },
  );
  const seen = { true: 0, false: 0 };
  const property = fc.property(fc.constantFrom(...texts), damage, (text, changes) => {
    let damaged = text;
    for (const { at, cut, put } of changes) {
      const start = Math.floor(at * damaged.length);
      damaged = damaged.slice(0, start) + put + damaged.slice(start + cut);
    }
    writeFileSync(path, damaged);
    seen[`${taken(() => expandTemplate(path, new Map()))}`]++;
  });
  fc.assert(property, { numRuns: 600, seed: propertySeed });
  expect(seen.false, JSON.stringify(seen)).toBeGreaterThan(100);
});
