import { describe, expect, test } from "vitest";
import type { StackResource } from "../../../host/services/application.ts";
import { affinity, att, diversity, exclusivity, groupsOf, joining, os, server, stack } from "../../support/stack.ts";

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
