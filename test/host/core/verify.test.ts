import { describe, expect, it } from "vitest";
import type { DataCenter, ExistingVm, Group, Host, Pipe, Rack, Vm } from "../../../host/core/model.ts";
import { verify } from "../../../host/core/verify.ts";
import { NaiveInventory } from "../../oracle/naive-inventory.ts";

const NOTHING = { vcpus: 0, ramMiB: 0, diskGiB: 0 };

function host(name: string, rack: string | null, more: Partial<Host> = {}): Host {
  return {
    name,
    rack,
    cluster: rack === null ? null : "c0",
    zone: "z0",
    aggregates: [],
    up: true,
    capacity: { vcpus: 8, ramMiB: 8192, diskGiB: 100 },
    physical: { vcpus: 4, ramMiB: 4096 },
    used: { vcpus: 2, ramMiB: 2048, diskGiB: 20 },
    ...more,
  };
}

// a1 and a2 in rack a, b1 and b2 in rack b, both in cluster c0; d1 alone in rack d of cluster c1; n1 has no rack.
const hosts = [
  host("a1", "a", { aggregates: ["fast"], traits: ["TPM"], nicKbps: 1000, nicUsedKbps: 100 }),
  host("a2", "a", { nicKbps: null }),
  host("b1", "b", { zone: "z1" }),
  host("b2", "b", { up: false }),
  host("d1", "d", { cluster: "c1" }),
  host("n1", null),
];

// Rack d has no uplink that anything is known of.
const racks: Rack[] = [
  { name: "a", uplinkKbps: 600, uplinkUsedKbps: 100 },
  { name: "b", uplinkKbps: null, uplinkUsedKbps: 0 },
];

function vm(name: string, more: Partial<Vm> = {}): Vm {
  return { name, vcpus: 2, ramMiB: 1024, diskGiB: 10, zone: null, extraSpecs: {}, ...more };
}

function lives(id: string, on: string, ...groups: string[]): ExistingVm {
  return { id, host: on, groups, need: NOTHING };
}

function talks(id: string, on: string, peer: string, kbps: number): ExistingVm {
  return { ...lives(id, on), pipes: [{ peer, kbps }] };
}

const pipe = (a: string, b: string, kbps: number): Pipe => ({ a, b, kbps });
const toLiving = (a: string, b: string, kbps: number): Pipe => ({ a, b, kbps, living: true });

interface Case {
  vms?: Vm[];
  groups?: Group[];
  pipes?: Pipe[];
  existing?: ExistingVm[];
  without?: string[];
  on: Record<string, string>;
}

function broken({ vms, groups = [], pipes = [], existing = [], without, on }: Case): string[] {
  const dataCenter: DataCenter = { hosts, racks, aggregates: { fast: { ssd: "true" } }, existing, flavors: [] };
  const application = { name: "app", vms: vms ?? Object.keys(on).map((name) => vm(name)), groups, pipes };
  return verify(new NaiveInventory(dataCenter), application, on, without && { without });
}

const affinity = (level: Group["level"], ...members: string[]): Group => ({
  name: "g",
  type: "affinity",
  level,
  members,
});
const diversity = (level: Group["level"], ...members: string[]): Group => ({
  name: "g",
  type: "diversity",
  level,
  members,
});
const exclusivity = (level: Group["level"], ...members: string[]): Group => ({
  name: "g",
  type: "exclusivity",
  level,
  members,
});

describe("a sound plan has nothing to report", () => {
  const sound: [string, Case][] = [
    ["VMs that fill a host exactly", { on: { v: "a1", w: "a1", x: "a1" } }],
    ["an affinity in one rack", { groups: [affinity("rack", "v", "w")], on: { v: "a1", w: "a2" } }],
    [
      "an affinity where it lives",
      { groups: [affinity("rack", "v")], existing: [lives("e", "a2", "rack:AFF:g")], on: { v: "a1" } },
    ],
    [
      "an affinity that lives on a host that is down",
      { groups: [affinity("host", "v")], existing: [lives("e", "b2", "host:AFF:g")], on: { v: "a1" } },
    ],
    ["a diversity over racks", { groups: [diversity("rack", "v", "w")], on: { v: "a1", w: "b1" } }],
    [
      "a diversity that lives in a rack, on a host that is down",
      { groups: [diversity("rack", "v")], existing: [lives("e", "b2", "rack:DIV:g")], on: { v: "b1" } },
    ],
    [
      "an exclusivity that joins its own",
      { groups: [exclusivity("host", "v")], existing: [lives("e", "a1", "host:EX:g")], on: { v: "a1", w: "a2" } },
    ],
    ["a neighbour of a host-level exclusivity", { existing: [lives("e", "a1", "host:EX:x")], on: { v: "a2" } }],
    [
      "two VMs of a host-level affinity below one member of a diversity",
      {
        groups: [affinity("host", "v", "w"), { ...diversity("host", "g", "x"), name: "apart" }],
        on: { v: "a1", w: "a1", x: "a2" },
      },
    ],
    ["pipes that fill a NIC exactly", { pipes: [pipe("v", "w", 900)], on: { v: "a1", w: "a2" } }],
    ["pipes that fill an uplink exactly", { pipes: [pipe("v", "w", 500)], on: { v: "a1", w: "d1" } }],
    ["a pipe of any size on one host", { pipes: [pipe("v", "w", 2_000_000_000)], on: { v: "a1", w: "a1" } }],
    [
      "a pipe that takes the place of one that is thought away",
      {
        pipes: [pipe("v", "w", 900)],
        existing: [talks("e", "a1", "f", 400), talks("f", "a2", "e", 400)],
        without: ["e", "f"],
        on: { v: "a1", w: "a2" },
      },
    ],
    [
      "a pipe to a living VM on the same host, and one to a VM that is not there",
      {
        pipes: [toLiving("v", "e", 5000), toLiving("v", "gone", 5000)],
        existing: [lives("e", "a1")],
        on: { v: "a1" },
      },
    ],
    [
      "an overbooked link that the plan does not use",
      { existing: [talks("e", "a1", "f", 5000), lives("f", "d1")], on: { v: "a1" } },
    ],
  ];
  it.each(sound)("%s", (_, example) => {
    expect(broken(example)).toEqual([]);
  });
});

describe("each broken rule is reported", () => {
  const cases: [string, Case, string][] = [
    [
      "more than a NIC carries",
      { pipes: [pipe("v", "w", 500), pipe("w", "v", 401)], on: { v: "a1", w: "a2" } },
      "NIC of host (a1) would carry 1001 kbit/s of 1000",
    ],
    [
      "more than an uplink carries",
      { pipes: [pipe("v", "w", 501)], on: { v: "a2", w: "n1" } },
      "uplink of rack (a) would carry 601 kbit/s of 600",
    ],
    [
      "a pipe to a living VM on a full link",
      { pipes: [toLiving("v", "e", 501)], existing: [lives("e", "a2")], on: { v: "b1" } },
      "uplink of rack (a) would carry 601 kbit/s of 600",
    ],
    [
      "a link that living VMs share",
      {
        pipes: [pipe("v", "w", 500)],
        existing: [talks("e", "a1", "f", 401), talks("f", "a2", "e", 401)],
        on: { v: "a1", w: "a2" },
      },
      "NIC of host (a1) would carry 1001 kbit/s of 1000",
    ],
    [
      "a pipe thought away at one end that counts once",
      {
        pipes: [pipe("v", "w", 901)],
        existing: [talks("e", "a1", "f", 400), talks("f", "a2", "e", 400)],
        without: ["e", "f"],
        on: { v: "a1", w: "a2" },
      },
      "NIC of host (a1) would carry 1001 kbit/s of 1000",
    ],
    [
      "a pipe to a VM nobody asked for",
      { pipes: [pipe("v", "w", 1)], on: { v: "a1" } },
      "a pipe ends at VM (w), which was not asked for",
    ],
    ["a VM without a host", { vms: [vm("v"), vm("w")], on: { v: "a1" } }, "VM (w) has no host"],
    ["a VM nobody asked for", { vms: [vm("v")], on: { v: "a1", w: "a1" } }, "VM (w) was not asked for"],
    ["a VM twice", { vms: [vm("v"), vm("v")], on: { v: "a1" } }, "two VMs have the same name"],
    ["an unknown host", { on: { v: "a9" } }, "VM (v) is on unknown host (a9)"],
    ["a host that is down", { on: { v: "b2" } }, "VM (v) is on host (b2), which is down"],
    [
      "too many vCPUs",
      { vms: [vm("v", { vcpus: 4 }), vm("w", { vcpus: 3 })], on: { v: "a1", w: "a1" } },
      "9 vCPU of 8",
    ],
    [
      "too much RAM",
      { vms: [vm("v", { ramMiB: 4096 }), vm("w", { ramMiB: 2049 })], on: { v: "a1", w: "a1" } },
      "8193 MiB RAM of 8192",
    ],
    ["too much disk", { vms: [vm("v", { diskGiB: 81 })], on: { v: "a1" } }, "101 GiB disk of 100"],
    ["more vCPUs than the machine has", { vms: [vm("v", { vcpus: 5 })], on: { v: "a1" } }, "larger than it (5 vCPU"],
    [
      "more RAM than the machine has",
      { vms: [vm("v", { ramMiB: 4097 })], on: { v: "a1" } },
      "and 4097 MiB on a machine",
    ],
    ["the wrong zone", { vms: [vm("v", { zone: "z1" })], on: { v: "a1" } }, "in zone (z0), not in (z1)"],
    ["no aggregate that fits", { vms: [vm("v", { extraSpecs: { ssd: "true" } })], on: { v: "a2" } }, "extra specs"],
    [
      "a trait that is forbidden, and none that is required",
      { vms: [vm("v", { extraSpecs: { "trait:TPM": "forbidden", "trait:AVX": "required" } })], on: { v: "a1" } },
      "whose traits its extra specs refuse (forbidden TPM, required AVX)",
    ],
    ["another host than the fixed one", { vms: [vm("v", { fixed: "a1" })], on: { v: "a2" } }, "fixed to (a1)"],
    ["no candidate", { vms: [vm("v", { candidates: ["a1"] })], on: { v: "a2" } }, "on host (a2), no candidate"],
    ["an empty list of candidates", { vms: [vm("v", { candidates: [] })], on: { v: "a2" } }, "no candidate"],
    ["an excluded host", { vms: [vm("v", { excluded: ["a2"] })], on: { v: "a2" } }, "which is excluded"],
    ["a host without a rack", { groups: [affinity("rack", "v")], on: { v: "n1" } }, "(n1), which has no rack"],
    [
      "a host without a cluster",
      { groups: [diversity("cluster", "v")], on: { v: "n1" } },
      "(n1), which has no cluster",
    ],
    [
      "exclusivity on a host without a rack",
      { groups: [exclusivity("rack", "v")], on: { v: "n1" } },
      "(n1), which has no rack",
    ],
    ["an affinity over two hosts", { groups: [affinity("host", "v", "w")], on: { v: "a1", w: "a2" } }, "(a1, a2)"],
    ["an affinity over two racks", { groups: [affinity("rack", "v", "w")], on: { v: "a1", w: "b1" } }, "(a, b)"],
    [
      "an affinity over two clusters",
      { groups: [affinity("cluster", "v", "w")], on: { v: "a1", w: "d1" } },
      "(c0, c1)",
    ],
    [
      "an affinity away from where it lives",
      { groups: [affinity("rack", "v")], existing: [lives("e", "b1", "rack:AFF:g")], on: { v: "a1" } },
      "it lives in (b)",
    ],
    [
      "an affinity that lives in two places",
      {
        groups: [affinity("host", "v")],
        existing: [lives("e", "a1", "host:AFF:g"), lives("f", "a2", "host:AFF:g")],
        on: { v: "a1" },
      },
      "it lives in (a1, a2)",
    ],
    ["a diversity on one host", { groups: [diversity("host", "v", "w")], on: { v: "a1", w: "a1" } }, "share host (a1)"],
    ["a diversity in one rack", { groups: [diversity("rack", "v", "w")], on: { v: "a1", w: "a2" } }, "share rack (a)"],
    [
      "a diversity in one cluster",
      { groups: [diversity("cluster", "v", "w")], on: { v: "a1", w: "b1" } },
      "cluster (c0)",
    ],
    [
      "a diversity where it lives",
      { groups: [diversity("rack", "v")], existing: [lives("e", "a2", "rack:DIV:g")], on: { v: "a1" } },
      "in rack (a), where it lives",
    ],
    [
      "two nested members of a diversity together",
      {
        groups: [
          { ...affinity("host", "v", "w"), name: "one" },
          { ...affinity("host", "x"), name: "two" },
          diversity("rack", "one", "two"),
        ],
        on: { v: "a1", w: "a1", x: "a2" },
      },
      "(one) and (two) share rack (a)",
    ],
    [
      "a stranger on an exclusive host of the plan",
      { groups: [exclusivity("host", "v")], on: { v: "a1", w: "a1" } },
      "VM (v) of (host:EX:g) and VM (w) of no exclusivity group share host (a1)",
    ],
    [
      "a stranger in an exclusive rack",
      { groups: [exclusivity("rack", "v")], on: { v: "a1", w: "a2" } },
      "share rack (a)",
    ],
    ["a stranger in an exclusive cluster", { groups: [exclusivity("cluster", "v")], on: { v: "a1", w: "b1" } }, "(c0)"],
    [
      "an exclusivity beside a VM that lives there",
      { groups: [exclusivity("rack", "v")], existing: [lives("e", "a2")], on: { v: "a1" } },
      "VM (e) of no exclusivity group share rack (a)",
    ],
    [
      "an exclusivity beside a VM on a host that is down",
      { groups: [exclusivity("rack", "v")], existing: [lives("e", "b2")], on: { v: "b1" } },
      "share rack (b)",
    ],
    [
      "a host that is exclusive to others",
      { existing: [lives("e", "a1", "host:EX:x")], on: { v: "a1" } },
      "VM (e) of (host:EX:x) share host (a1)",
    ],
    ["a rack that is exclusive to others", { existing: [lives("e", "a2", "rack:EX:x")], on: { v: "a1" } }, "rack (a)"],
    [
      "a cluster that is exclusive to others",
      { existing: [lives("e", "b1", "cluster:EX:x")], on: { v: "a1" } },
      "share cluster (c0)",
    ],
    [
      "an anonymous exclusivity among VMs of a group of its name",
      {
        groups: [{ ...exclusivity("host", "v"), named: false }],
        existing: [lives("e", "a1", "host:EX:g")],
        on: { v: "a1" },
      },
      "VM (v) of (anonymous:g) and VM (e) of (host:EX:g)",
    ],
  ];
  it.each(cases)("%s", (_, example, message) => {
    const list = broken(example);
    expect(list.join("\n")).toContain(message);
    expect(list).toHaveLength(1);
  });
});

describe("VMs that are thought away", () => {
  const need = { vcpus: 6, ramMiB: 1024, diskGiB: 10 };

  it("give their room back, and no more than that", () => {
    const existing = [{ id: "e", host: "a1", groups: [], need }];
    expect(broken({ existing, on: { v: "a1" } })).toEqual(["host (a1) would hold 10 vCPU of 8"]);
    expect(broken({ existing, without: ["e"], on: { v: "a1" } })).toEqual([]);
    expect(broken({ existing, without: ["e", "unknown"], on: { v: "a1", w: "a1", x: "a1", y: "a1" } })).toEqual([
      "host (a1) would hold 10 vCPU of 8",
    ]);
  });

  it("no longer hold an affinity, a diversity or an exclusivity", () => {
    const away = { existing: [lives("e", "b1", "rack:AFF:g")], groups: [affinity("rack", "v")], on: { v: "a1" } };
    expect(broken({ ...away, without: ["e"] })).toEqual([]);
    expect(
      broken({ ...away, existing: [...away.existing, lives("f", "b1", "rack:AFF:g")], without: ["e"] }),
    ).toHaveLength(1);
    const beside = { existing: [lives("e", "a2", "rack:DIV:g")], groups: [diversity("rack", "v")], on: { v: "a1" } };
    expect(broken({ ...beside, without: ["e"] })).toEqual([]);
    expect(broken({ existing: [lives("e", "a1", "host:EX:x")], without: ["e"], on: { v: "a1" } })).toEqual([]);
  });
});

it("an anonymous group neither joins nor avoids VMs of its name", () => {
  const existing = [lives("e", "a1", "host:AFF:g", "host:DIV:g")];
  expect(broken({ groups: [{ ...affinity("host", "v"), named: false }], existing, on: { v: "a2" } })).toEqual([]);
  expect(broken({ groups: [{ ...diversity("host", "v"), named: false }], existing, on: { v: "a1" } })).toEqual([]);
});
