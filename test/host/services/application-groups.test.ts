import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { StackResource } from "../../../host/services/application.ts";
import {
  affinity,
  att,
  diversity,
  exclusivity,
  groupsOf,
  ID,
  joining,
  os,
  server,
  stack,
} from "../../support/stack.ts";

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
