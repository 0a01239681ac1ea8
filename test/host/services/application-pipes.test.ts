import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Pipe } from "../../../host/core/model.ts";
import { type StackResource, toApplication } from "../../../host/services/application.ts";
import { affinity, server, stack } from "../../support/stack.ts";

const flavor = { id: "1", name: "m1.small", vcpus: 1, ramMiB: 2048, diskGiB: 20, extraSpecs: {} };
const context = {
  projectId: "demo",
  flavor: () => flavor,
  group: () => undefined,
  zones: new Set<string>(),
};
const pipesOf = (resources: Record<string, StackResource>): readonly Pipe[] | undefined =>
  toApplication({ planName: "p", stackId: "s", resources }, context).application.pipes;

const HUNDRED = { min: 100, max: 200, units: "Mbps", tolerance: 1 };
const pipe = (resources: unknown, bandwidth: unknown = HUNDRED, type = "ATT::Valet::Pipe"): StackResource => ({
  type,
  properties: { access_type: "mixed", resources, bandwidth },
});
const volume: StackResource = { name: "data", type: "OS::Cinder::Volume", properties: { size: 16 } };
const attachment: StackResource = {
  name: "web1-data",
  type: "OS::Cinder::VolumeAttachment",
  properties: { instance_uuid: "web1", volume_id: "data" },
};
/** Two servers; a volume of the first. */
const pair = (more: Record<string, StackResource>) => stack(2, { vol: volume, att: attachment, ...more });

describe("a pipe", () => {
  const ends: [string, unknown][] = [
    ["keys", ["s1", "s2"]],
    ["names", ["web1", "web2"]],
    ["references", [{ get_resource: "s1" }, { Ref: "web2" }]],
    ["a volume and a server", ["data", "s2"]],
    ["a volume attachment and a server", ["web1-data", "web2"]],
  ];
  test.each(ends)("joins the servers that %s stand for", (_, list) => {
    expect(pipesOf(pair({ p: pipe(list) }))).toEqual([{ a: "s1", b: "s2", kbps: 100_000 }]);
  });

  test.each(["ATT::Valet::Pipe", "OS::Valet::Pipe"])("may be of type %s", (type) => {
    expect(pipesOf(pair({ p: pipe(["s1", "s2"], 1, type) }))).toHaveLength(1);
  });

  const free: [string, StackResource][] = [
    ["of a volume attachment", pipe(["att"])],
    ["between a server and its volume", pipe(["s1", "vol"])],
    ["between a volume and its attachment", pipe(["vol", "att"])],
    ["of no bandwidth", pipe(["s1", "s2"], { min: 0, units: "Gbps" })],
  ];
  test.each(free)("%s reserves nothing", (_, resource) => {
    expect(pipesOf(pair({ p: resource }))).toBeUndefined();
  });

  const bandwidths: [unknown, number][] = [
    [{ min: 24.1, max: 24.1, units: "Mbps", tolerance: 1 }, 24_100],
    [{ min: 48.1, units: "Mbps" }, 48_100],
    [{ min: 100 }, 100_000],
    [{ min: 0.0001, units: "Kbps" }, 1],
    [{ min: 1.5, units: "kbps" }, 2],
    [{ min: 1500, units: "bps" }, 2],
    [{ min: 2.5, units: "Gbps" }, 2_500_000],
    [{ min: "24.1", units: "Mbps" }, 24_100],
    [10, 10_000],
    [0.3, 300],
    ["7", 7_000],
  ];
  test.each(bandwidths)("of %j reserves %i kbit/s", (bandwidth, kbps) => {
    expect(pipesOf(pair({ p: pipe(["s1", "s2"], bandwidth) }))?.[0]?.kbps).toBe(kbps);
  });
});

describe("a pipe that cannot be is refused with its resource and field", () => {
  const faults: [string, StackResource, string][] = [
    ["an unknown end", pipe(["s1", "s9"]), `resources[1]: the stack has no resource of the key or name "s9"`],
    ["an end that is no text", pipe(["s1", 7]), "resources[1]: 7 is not the key or name of a resource"],
    ["an empty end", pipe(["", "s2"]), `resources[0]: "" is not the key or name`],
    ["the same end twice", pipe(["s1", "s1"]), `resources: both ends are "s1"`],
    ["the same end by key and name", pipe(["s2", "web2"]), `resources: both ends are "s2"`],
    ["one server", pipe(["s1"]), "resources: a pipe has two ends, not 1"],
    ["three ends", pipe(["s1", "s2", "vol"]), "resources: a pipe has two ends, not 3"],
    ["no ends", pipe([]), "resources: a pipe has two ends, not 0"],
    ["no list", pipe("s1"), `resources: "s1" is not a list`],
    ["a volume of no server", pipe(["s1", "loose"]), `resources[1]: "loose" (OS::Cinder::Volume) is no server`],
    ["a group", pipe(["s1", "near"]), `resources[1]: "near" (ATT::Valet::GroupAssignment) is no server`],
    ["an attachment of no server", pipe(["astray", "s2"]), `resources[0]: "astray" (OS::Cinder::VolumeAttachment)`],
    ["no bandwidth", pipe(["s1", "s2"], null), "bandwidth: is missing"],
    ["no minimum", pipe(["s1", "s2"], { max: 5 }), "bandwidth.min: is missing"],
    ["a negative bandwidth", pipe(["s1", "s2"], { min: -1 }), "bandwidth.min: -1 is not a bandwidth"],
    ["a negative number", pipe(["s1", "s2"], -0.5), "bandwidth: -0.5 is not a bandwidth"],
    ["no number", pipe(["s1", "s2"], { min: "fast" }), `bandwidth.min: "fast" is not a bandwidth`],
    ["NaN", pipe(["s1", "s2"], { min: Number.NaN }), "bandwidth.min: null is not a bandwidth"],
    ["a list", pipe(["s1", "s2"], [5]), "bandwidth: [5] is not a bandwidth"],
    [
      "more than a link may have",
      pipe(["s1", "s2"], { min: 1e300, units: "Gbps" }),
      "bandwidth.min: 1e+300 Gbps is more than any link has (2147483646 kbit/s)",
    ],
    [
      "an unknown unit",
      pipe(["s1", "s2"], { min: 1, units: "MBps" }),
      `bandwidth.units: unknown unit "MBps"; give one of bps, Kbps, kbps, Mbps, mbps, Gbps, gbps`,
    ],
    [
      "a unit of another kind",
      pipe(["s1", "s2"], { min: 1, units: ["Mbps"] }),
      `bandwidth.units: unknown unit ["Mbps"]`,
    ],
    ["a unit of no kind", pipe(["s1", "s2"], { min: 1, units: "toString" }), "bandwidth.units: unknown unit"],
  ];
  test.each(faults)("%s", (_, resource, message) => {
    const more = {
      loose: { ...volume, name: "loose" },
      astray: { ...attachment, name: "astray", properties: { instance_uuid: "elsewhere", volume_id: "data" } },
      near: affinity("host", "s1"),
    };
    expect(() => pipesOf(pair({ ...more, p: resource }))).toThrow(
      expect.objectContaining({
        code: "application.invalid",
        message: expect.stringContaining(`resource "p", properties.${message}`),
      }),
    );
  });

  test("a name that two resources bear", () => {
    const twins = { a: server("twin"), b: server("twin"), p: pipe(["a", "twin"]) };
    expect(() => pipesOf(twins)).toThrow(/resource "p", properties.resources\[1\]: "twin" is the name of 2 resources/);
  });
});

test("the ceph application reserves what 81 of its 97 pipes ask for; 16 join servers and their own volumes", () => {
  const body = JSON.parse(readFileSync(new URL("../../fixtures/postman/ceph.json", import.meta.url), "utf8"));
  const entries = Object.entries<Record<string, unknown>>(body.resources).map(([key, entry]) => [
    key,
    Object.fromEntries(Object.entries(entry).map(([field, value]) => [field.toLowerCase(), value])),
  ]);
  const pipes = pipesOf(Object.fromEntries(entries))!;
  expect(pipes).toHaveLength(81);
  expect(pipes.every(({ kbps }) => kbps === 24_100)).toBe(true);
});
