import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Group } from "../../../host/core/model.ts";
import { type StackResource, toApplication } from "../../../host/services/application.ts";
import type { KnownGroup } from "../../../host/services/application-groups.ts";

const ID = "9e6a1fd8-8b5c-4f0e-9d57-2f0b6a3c1d2e";
const known: KnownGroup[] = [
  { id: ID, name: "ex", type: "exclusivity", level: "host", members: ["demo"] },
  { id: "g2", name: "ex2", type: "exclusivity", level: "host", members: ["demo"] },
  { id: "g3", name: "old", type: "exclusivity", level: null, members: ["demo"] },
  { id: "g4", name: "closed", type: "exclusivity", level: "host", members: ["other"] },
  { id: "g5", name: "nobody", type: "exclusivity", level: "host", members: [] },
  { id: "g6", name: "near", type: "affinity", level: "host", members: [] },
  { id: "g7", name: "near2", type: "affinity", level: "host", members: [] },
  { id: "g8", name: "apart", type: "diversity", level: "rack", members: ["x", "demo"] },
  { id: "g9", name: "Capital", type: "exclusivity", level: "host", members: ["demo"] },
  { id: "ga", name: "odd", type: "quorum", level: "host", members: [] },
  { id: "gb", name: "rackex", type: "exclusivity", level: "rack", members: ["demo"] },
  { id: "gc", name: "s1", type: "affinity", level: "host", members: [] },
];
const valetFlavor = {
  id: "2",
  name: "grouped",
  vcpus: 1,
  ramMiB: 1,
  diskGiB: 1,
  extraSpecs: { valet: '{"groups":["near"]}' },
};
const plainFlavor = { id: "1", name: "f", vcpus: 1, ramMiB: 1, diskGiB: 1, extraSpecs: {} };

function groupsOf(resources: Record<string, StackResource>): readonly Group[] {
  return toApplication(
    { planName: "p", stackId: "s", resources },
    {
      projectId: "demo",
      flavor: (wanted) => (wanted === "grouped" ? valetFlavor : wanted === "f" ? plainFlavor : undefined),
      group: (wanted) => known.find(({ id, name }) => id === wanted || name === wanted),
      zones: new Set(["z1", "z2"]),
    },
  ).application.groups;
}

/** Servers s1, s2 … called web1, web2 …, and what is given beside them. */
function stack(count: number, more: Record<string, StackResource>): Record<string, StackResource> {
  const servers: [string, StackResource][] = Array.from({ length: count }, (_, at) => [
    `s${at + 1}`,
    server(`web${at + 1}`),
  ]);
  return { ...Object.fromEntries(servers), ...more };
}
function server(name: string, properties: Record<string, unknown> = {}): StackResource {
  return { name, type: "OS::Nova::Server", properties: { flavor: "f", ...properties } };
}
const joining = (name: string, ...groups: string[]) => server(name, { metadata: { valet: { groups } } });
const att = (properties: Record<string, unknown>, name?: string): StackResource => ({
  ...(name === undefined ? {} : { name }),
  type: "ATT::Valet::GroupAssignment",
  properties,
});
const os = (properties: Record<string, unknown>): StackResource => ({ type: "OS::Valet::GroupAssignment", properties });
const affinity = (level: string, ...resources: unknown[]) => att({ group_type: "affinity", level, resources });
const diversity = (level: string, ...resources: unknown[]) => att({ group_type: "diversity", level, resources });
const exclusivity = (group_name: string, level: string, ...resources: unknown[]) =>
  att({ group_type: "exclusivity", group_name, level, resources });

describe("assignments of 2017", () => {
  test("are anonymous groups called like their key; members by key, by name or by get_resource", () => {
    expect(
      groupsOf(stack(3, { a: affinity("host", "s1", "web2"), d: diversity("rack", { get_resource: "web2" }, "s3") })),
    ).toEqual([
      { name: "a", type: "affinity", level: "host", members: ["s1", "s2"], named: false },
      { name: "d", type: "diversity", level: "rack", members: ["a", "s3"], named: false },
    ]);
  });

  test("may be capitalised in their type and may call it relationship", () => {
    expect(groupsOf(stack(1, { a: att({ group_type: "Affinity", level: "host", resources: ["s1"] }) }))).toHaveLength(
      1,
    );
    expect(
      groupsOf(stack(1, { a: att({ relationship: "diversity", level: "host", resources: ["s1"] }) })),
    ).toHaveLength(1);
  });

  test("of one exclusivity group are one group of that name", () => {
    expect(
      groupsOf(stack(2, { a: exclusivity("ex", "host", "s1"), b: exclusivity("ex", "host", "s2", "s1") })),
    ).toEqual([{ name: "ex", type: "exclusivity", level: "host", members: ["s1", "s2"], named: true }]);
  });

  test("find a group by its name as written, else in lower case", () => {
    expect(groupsOf(stack(1, { a: exclusivity("Capital", "host", "s1") }))[0]!.name).toBe("Capital");
    expect(groupsOf(stack(1, { a: exclusivity("EX", "host", "s1") }))[0]!.name).toBe("ex");
  });

  test("bring the level for a group made without one", () => {
    expect(groupsOf(stack(1, { a: exclusivity("old", "rack", "s1") }))[0]!.level).toBe("rack");
    expect(groupsOf(stack(1, { a: exclusivity("ex", "", "s1") }))[0]!.level).toBe("host");
  });

  test("without a server leave no trace", () => {
    expect(
      groupsOf(stack(1, { a: affinity("host"), d: diversity("host", "a"), e: exclusivity("ex", "host") })),
    ).toEqual([]);
  });
});

describe("groups of 2018", () => {
  test("are joined by metadata, by JSON text in it, by flavor and by assignment, as one group", () => {
    const text = { metadata: { valet: '{"groups":["near"]}' } };
    const groups = groupsOf({
      s1: joining("a", "near", "near"),
      s2: server("b", text),
      s3: server("c", { flavor: "grouped" }),
      s4: server("d"),
      s5: server("e"),
      x: os({ group: "near", resources: ["s4"] }),
    });
    expect(groups).toEqual([
      { name: "near", type: "affinity", level: "host", members: ["s4", "s1", "s2", "s3"], named: true },
    ]);
  });

  test("are found by id with and without hyphens, in lower case only", () => {
    expect(groupsOf({ a: joining("a", ID) })[0]!.name).toBe("ex");
    expect(groupsOf({ a: joining("a", ID.replaceAll("-", "")) })[0]!.name).toBe("ex");
    expect(() => groupsOf({ a: joining("a", ID.toUpperCase()) })).toThrow("Group not found");
    expect(() => groupsOf({ a: joining("a", "g6") }), "an id that is no uuid is not looked up").toThrow(
      "Group not found",
    );
  });

  test("without members are open to every project", () => {
    expect(groupsOf({ a: joining("a", "nobody") })).toHaveLength(1);
  });

  test("may be nested by the key of an assignment or by the name of a group", () => {
    const groups = groupsOf({
      s1: joining("a", "near"),
      s2: joining("b", "near"),
      s3: server("c"),
      d: os({ group: "apart", resources: ["near", "s3"] }),
    });
    expect(groups).toEqual([
      { name: "near", type: "affinity", level: "host", members: ["s1", "s2"], named: true },
      { name: "apart", type: "diversity", level: "rack", members: ["near", "s3"], named: true },
    ]);
  });

  test("affinity and diversity of the same servers mean that the affinity group is one member", () => {
    const groups = groupsOf({
      s1: joining("a", "near", "apart"),
      s2: joining("b", "near", "apart"),
      s3: joining("c", "apart"),
    });
    expect(groups.find(({ name }) => name === "apart")!.members).toEqual(["near", "s3"]);
  });
});

describe("volumes", () => {
  const attached = (volume_id: unknown, instance_uuid: unknown): StackResource => ({
    name: "attachment",
    type: "OS::Cinder::VolumeAttachment",
    properties: { volume_id, instance_uuid },
  });
  const volume: StackResource = { name: "data", type: "OS::Cinder::Volume", properties: { size: 1 } };

  test.each([
    ["keys", attached("v", "s1")],
    ["names", attached("data", "web1")],
    ["get_resource", attached({ get_resource: "v" }, { get_resource: "s1" })],
  ])("attached by %s stand for their server", (_how, attachment) => {
    expect(groupsOf(stack(2, { v: volume, attachment, d: diversity("host", "data", "s2") }))[0]!.members).toEqual([
      "s1",
      "s2",
    ]);
  });

  test("of a server's block devices stand for it", () => {
    const s1 = server("web1", { block_device_mapping_v2: [{ volume_id: "v" }] });
    expect(groupsOf({ s1, s2: server("b"), v: volume, a: affinity("host", "v", "s2") })[0]!.members).toEqual([
      "s1",
      "s2",
    ]);
  });

  test("beside their server count once, attached to nothing not at all; ports neither", () => {
    const more = { v: volume, w: volume, port: { type: "OS::Neutron::Port" }, attachment: attached("v", "s1") };
    expect(groupsOf(stack(2, { ...more, d: diversity("host", "v", "s1", "w", "port", "s2") }))[0]!.members).toEqual([
      "s1",
      "s2",
    ]);
  });
});

describe("inheritance", () => {
  test("an affinity group is exclusive as a whole when a member is, at its level or above", () => {
    const groups = groupsOf(
      stack(3, { a: affinity("host", "s1", "s2"), b: affinity("rack", "a", "s3"), e: exclusivity("ex", "host", "s1") }),
    );
    expect(groups.at(-1)).toEqual({
      name: "ex",
      type: "exclusivity",
      level: "host",
      members: ["s1", "s2"],
      named: true,
    });
  });

  test("an exclusivity below the affinity group's level stays on the member", () => {
    const groups = groupsOf(stack(2, { a: affinity("rack", "s1", "s2"), e: exclusivity("ex", "host", "s1") }));
    expect(groups.at(-1)!.members).toEqual(["s1"]);
  });

  test("passes from group to group through a shared server", () => {
    const groups = groupsOf(
      stack(3, {
        a: affinity("host", "s1", "s2"),
        b: affinity("rack", "s2", "s3"),
        e: exclusivity("rackex", "rack", "s1"),
      }),
    );
    expect(groups.at(-1)!.members).toEqual(["s1", "s2", "s3"]);
  });

  test("diversity sees what affinity ties as one member, called like the group that is it", () => {
    const groups = groupsOf(
      stack(4, {
        a: affinity("host", "s1", "s2"),
        b: affinity("rack", "a", "s3"),
        d: diversity("cluster", "s1", "s4"),
      }),
    );
    expect(groups.at(-1)!.members).toEqual(["b", "s4"]);
  });

  test("named groups that only together are the unit get an anonymous group for it", () => {
    const groups = groupsOf({
      s1: joining("a", "near"),
      s2: joining("b", "near", "near2"),
      s3: joining("c", "near2"),
      s4: server("d"),
      d: diversity("host", "s1", "s4"),
    });
    const unit = groups.find(({ named, type }) => !named && type === "affinity")!;
    expect(unit).toMatchObject({ level: "host", members: ["s1", "s2", "s3"] });
    expect(groups.find(({ name }) => name === "d")!.members).toEqual([unit.name, "s4"]);
  });

  test("diversity and exclusivity inside affinity dissolve: their members join it", () => {
    const groups = groupsOf(stack(3, { d: diversity("host", "s1", "s2"), a: affinity("rack", "d", "s3") }));
    expect(groups.map(({ type, members }) => [type, members])).toEqual([
      ["affinity", ["s1", "s2", "s3"]],
      ["diversity", ["s1", "s2"]],
    ]);
  });

  test("overlapping anonymous affinity groups of one level are one set, called like an outermost one", () => {
    expect(groupsOf(stack(3, { outer: affinity("host", "inner", "s3"), inner: affinity("host", "s1", "s2") }))).toEqual(
      [{ name: "outer", type: "affinity", level: "host", members: ["s1", "s2", "s3"], named: false }],
    );
  });

  test("an anonymous group whose key is the name of a group of the stack gets another name", () => {
    const groups = groupsOf(stack(2, { ex: affinity("host", "s1", "s2"), e: exclusivity("ex", "host", "s1") }));
    expect(groups.map(({ name }) => name)).toEqual(["ex (2)", "ex"]);
  });
});

const faults: [what: string, resources: Record<string, StackResource>, code: string, message: string][] = [
  [
    "no group type",
    stack(1, { a: att({ level: "host", resources: ["s1"] }) }),
    "application.invalid",
    `resource "a", properties.group_type: no group type; give one of affinity, diversity, exclusivity`,
  ],
  [
    "an unknown group type",
    stack(1, { a: att({ group_type: "love", level: "host", resources: ["s1"] }) }),
    "application.invalid",
    `resource "a", properties.group_type: unknown group type "love"`,
  ],
  [
    "no level",
    stack(1, { a: att({ group_type: "affinity", resources: ["s1"] }) }),
    "application.invalid",
    `resource "a", properties.level: no grouping level; give one of host, rack, cluster`,
  ],
  [
    "an unknown level",
    stack(1, { a: affinity("room", "s1") }),
    "application.invalid",
    `resource "a", properties.level: unknown level "room"`,
  ],
  [
    "affinity with a group name",
    stack(1, { a: att({ group_type: "affinity", group_name: "ex", level: "host", resources: ["s1"] }) }),
    "group.name-not-allowed",
    `resource "a", properties.group_name: affinity takes no group_name (it is "ex")`,
  ],
  [
    "exclusivity without a group name",
    stack(1, { a: att({ group_type: "exclusivity", level: "host", resources: ["s1"] }) }),
    "application.invalid",
    `resource "a", properties.group_name: no exclusivity group identifier`,
  ],
  [
    "exclusivity of an unknown group",
    stack(1, { a: exclusivity("none", "host", "s1") }),
    "group.not-found",
    `resource "a", properties.group_name: Group not found: no group has the id or name "none"`,
  ],
  [
    "exclusivity of others",
    stack(1, { a: exclusivity("closed", "host", "s1") }),
    "group.not-member",
    `resource "a", properties.group_name: project "demo" is not a member of group "closed"`,
  ],
  [
    "exclusivity of a group without members",
    stack(1, { a: exclusivity("nobody", "host", "s1") }),
    "group.not-member",
    `project "demo" is not a member of group "nobody"`,
  ],
  [
    "a fault before a valid assignment",
    stack(1, { a: exclusivity("closed", "host", "s1"), b: exclusivity("ex", "host", "s1") }),
    "group.not-member",
    "closed",
  ],
  [
    "exclusivity of an affinity group",
    stack(1, { a: exclusivity("near", "host", "s1") }),
    "application.invalid",
    `group "near" is a group of type affinity, not exclusivity`,
  ],
  [
    "a level that is not the group's",
    stack(1, { a: exclusivity("ex", "rack", "s1") }),
    "application.invalid",
    `resource "a", properties.level: is rack, but group "ex" was made for level host`,
  ],
  [
    "one group at two levels",
    stack(2, { a: exclusivity("old", "rack", "s1"), b: exclusivity("old", "host", "s2") }),
    "application.invalid",
    `resource "b", properties.level: group "old" has level host here, but rack in "a"`,
  ],
  [
    "members that are no list",
    stack(1, { a: att({ group_type: "affinity", level: "host", resources: "s1" }) }),
    "application.invalid",
    `resource "a", properties.resources: group assignment format error: "s1" is not a list`,
  ],
  [
    "a member that is no text",
    stack(1, { a: affinity("host", "s1", 5) }),
    "application.invalid",
    `resource "a", properties.resources[1]: invalid resource = 5`,
  ],
  [
    "an unknown member",
    stack(1, { a: affinity("host", "s1", "s9") }),
    "application.invalid",
    `resource "a", properties.resources[1]: invalid resource = "s9": the stack has no resource of this key or name`,
  ],
  [
    "an ambiguous name",
    { s1: server("web"), s2: server("web"), a: affinity("host", "web") },
    "application.invalid",
    `resource "a", properties.resources[0]: "web" is the name of 2 resources ("s1", "s2"); use the key of one`,
  ],
  [
    "a group named 2018 without saying which",
    stack(1, { a: os({ resources: ["s1"] }) }),
    "application.invalid",
    "Property 'group' must be specified.",
  ],
  [
    "an unknown group in metadata",
    { s1: joining("a", "none") },
    "group.not-found",
    `resource "s1", properties.metadata.valet.groups: Group not found`,
  ],
  [
    "a group of other projects",
    { s1: joining("a", "closed") },
    "group.not-member",
    `resource "s1", properties.metadata.valet.groups: project "demo" is not a member of group "closed"`,
  ],
  ["a group without a level", { s1: joining("a", "old") }, "application.invalid", `no grouping level for group "old"`],
  [
    "a group of an unknown type",
    { s1: joining("a", "odd") },
    "application.invalid",
    `unknown group type "quorum" for group "odd"`,
  ],
  [
    "valet metadata that is a number",
    { s1: server("a", { metadata: { valet: 5 } }) },
    "application.invalid",
    `resource "s1", properties.metadata.valet: wrong valet metadata format: 5 is not an object`,
  ],
  [
    "valet metadata that is no JSON",
    { s1: server("a", { metadata: { valet: "{" } }) },
    "application.invalid",
    "wrong valet metadata format",
  ],
  [
    "groups that are no list",
    { s1: server("a", { metadata: { valet: { groups: "near" } } }) },
    "application.invalid",
    `properties.metadata.valet.groups: wrong valet metadata format: "near" is not a list`,
  ],
  [
    "a group that is no text",
    { s1: server("a", { metadata: { valet: { groups: [7] } } }) },
    "application.invalid",
    "properties.metadata.valet.groups[0]: wrong valet metadata format: 7",
  ],
  [
    "a circle",
    stack(1, { a: affinity("host", "b"), b: affinity("host", "c"), c: affinity("host", "a", "s1") }),
    "application.invalid",
    `resource "a", properties.resources: circular group reference: "a" holds "b" holds "c" holds "a"`,
  ],
  [
    "a group in itself",
    stack(1, { a: affinity("host", "a", "s1") }),
    "application.invalid",
    `circular group reference: "a" holds "a"`,
  ],
  [
    "a named group in itself through another assignment",
    stack(1, { a: os({ group: "near", resources: ["b"] }), b: os({ group: "near", resources: ["s1"] }) }),
    "application.invalid",
    `circular group reference: "near" holds "near"`,
  ],
  [
    "a nested level above its holder's",
    stack(2, { a: affinity("rack", "s1", "s2"), b: affinity("host", "a") }),
    "application.invalid",
    `resource "b", properties.resources: grouping scope: nested group's level is higher: "a" has level rack, this group host`,
  ],
  [
    "diversity in diversity",
    stack(2, { a: diversity("host", "s1", "s2"), b: diversity("rack", "a") }),
    "application.invalid",
    `resource "b", properties.resources: DIV not allowed to be nested in diversity group: "a"`,
  ],
  [
    "exclusivity in diversity",
    stack(2, { a: exclusivity("ex", "host", "s1", "s2"), b: diversity("rack", "a") }),
    "application.invalid",
    "EX not allowed to be nested in diversity group",
  ],
  [
    "diversity in exclusivity",
    stack(2, { a: diversity("host", "s1", "s2"), b: exclusivity("ex", "host", "a") }),
    "application.invalid",
    "(DIV) not allowed to be nested in exclusivity group",
  ],
  [
    "exclusivity in exclusivity",
    stack(2, { a: exclusivity("ex2", "host", "s1", "s2"), b: exclusivity("ex", "host", "a") }),
    "application.invalid",
    "(EX) not allowed to be nested in exclusivity group",
  ],
  [
    "a server below two members of one diversity",
    stack(2, { a: affinity("host", "s1", "s2"), d: diversity("host", "a", "s1") }),
    "application.invalid",
    `resource "d", properties.resources: members "a" and "s1" must be apart, but affinity keeps them in one host; take one of them out (tied by "a")`,
  ],
  [
    "diversity of what a lower affinity ties",
    stack(3, { a: affinity("host", "s1", "s2"), b: affinity("host", "s2", "s3"), d: diversity("rack", "s1", "s3") }),
    "application.invalid",
    `members "s1" and "s3" must be apart, but affinity keeps them in one rack; take one of them out (tied by "a", "b")`,
  ],
  [
    "diversity inside affinity of its level",
    stack(2, { d: diversity("host", "s1", "s2"), a: affinity("host", "d") }),
    "application.invalid",
    `members "s1" and "s2" must be apart, but affinity keeps them in one host; take one of them out (tied by "a")`,
  ],
  [
    "two exclusivities of one level on a server",
    stack(1, { a: exclusivity("ex", "host", "s1"), b: exclusivity("ex2", "host", "s1") }),
    "application.invalid",
    `resource "b", properties.resources: violate exclusivity constraint (more than one exclusivity): server "s1" would be in "ex" and "ex2", both of level host`,
  ],
  [
    "two exclusivities of one level tied by affinity",
    { s1: joining("a", "near", "ex"), s2: joining("b", "near", "ex2") },
    "application.invalid",
    `resource "s2", properties.metadata.valet.groups: violate exclusivity constraint (more than one exclusivity): server "s1", tied by affinity to "s2", would be in "ex" and "ex2"`,
  ],
  [
    "two zones on one host",
    {
      s1: server("a", { availability_zone: "z1" }),
      s2: server("b", { availability_zone: "z2" }),
      x: affinity("host", "s1", "s2"),
    },
    "application.invalid",
    `resource "s2", properties.availability_zone: is "z2", but affinity keeps it on one host with "s1", whose zone is "z1"; give both the same zone (tied by "x")`,
  ],
  [
    "a group called like the key of a server",
    { s1: joining("a", "s1") },
    "application.invalid",
    `resource "s1", group: "s1" is the name of a group and the key of a server`,
  ],
];

describe("a stack is refused for", () => {
  test.each(faults)("%s", (_what, resources, code, message) => {
    expect(() => groupsOf(resources)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});

describe("what looks like a contradiction but is none is taken:", () => {
  const sound: [what: string, resources: Record<string, StackResource>][] = [
    ["host diversity within a rack", stack(2, { a: affinity("rack", "s1", "s2"), d: diversity("host", "s1", "s2") })],
    ["a member listed twice", stack(2, { d: diversity("host", "s1", "s1", "web1", "s2") })],
    [
      "exclusivities of two levels",
      stack(1, { a: exclusivity("ex", "host", "s1"), b: exclusivity("rackex", "rack", "s1") }),
    ],
    [
      "two exclusivities of a level below the affinity's",
      stack(2, {
        a: affinity("rack", "s1", "s2"),
        b: exclusivity("ex", "host", "s1"),
        c: exclusivity("ex2", "host", "s2"),
      }),
    ],
    [
      "two zones in one rack",
      {
        s1: server("a", { availability_zone: "z1" }),
        s2: server("b", { availability_zone: "z2" }),
        x: affinity("rack", "s1", "s2"),
      },
    ],
    ["equal names that nothing refers to", { s1: server("web"), s2: server("web"), a: affinity("host", "s1", "s2") }],
  ];
  test.each(sound)("%s", (_what, resources) => {
    expect(() => groupsOf(resources)).not.toThrow();
  });
});

test("the ceph application: 16 hosts of their own volumes, 12 and 3 of them in different racks", () => {
  const body = JSON.parse(readFileSync(new URL("../../fixtures/postman/ceph.json", import.meta.url), "utf8"));
  const entries = Object.entries<Record<string, unknown>>(body.resources).map(([key, entry]) => {
    const lower = Object.fromEntries(Object.entries(entry).map(([field, value]) => [field.toLowerCase(), value]));
    return [key, lower as unknown as StackResource];
  });
  const resources: Record<string, StackResource> = Object.fromEntries(entries);
  for (const resource of Object.values(resources)) if (resource.properties?.flavor) resource.properties.flavor = "f";
  const groups = groupsOf(resources);
  const sizes = (type: string) =>
    groups.filter((group) => group.type === type).map(({ members, level }) => `${members.length} ${level}`);
  expect(sizes("affinity")).toEqual(Array(16).fill("1 host"));
  expect(sizes("diversity").sort()).toEqual(["12 rack", "3 rack"]);
  const osds = groups.find(({ members }) => members.length === 12)!.members;
  expect(osds.map((key) => resources[key]!.name).sort()).toEqual(
    [...Array(12).keys()].map((at) => `osd${at}-ceph-r-auto-test`).sort(),
  );
});
