import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { parseProblem, readProblemFile } from "../../../host/core/problem.ts";
import type { ProblemFile } from "../../../host/core/problem-schema.ts";
import { toProblem } from "../../../host/core/to-problem.ts";
import { generate } from "../../oracle/gen.mjs";
import { problemFaults } from "../../oracle/validate.mjs";
import { randomProblem } from "../../support/random-problem.ts";

const fixtures = new URL("../../fixtures/problems/", import.meta.url).pathname;
const text = readFileSync(`${fixtures}every-field.json`, "utf8");

describe("a problem file", () => {
  const problem = parseProblem(text, "every-field.json");
  const { dataCenter, application } = problem;

  it("becomes a data center: MiB and GiB, none and absent racks as null, physical size from the capacity", () => {
    expect(problem).toMatchObject({ name: "every-field", seed: 7 });
    expect(dataCenter.hosts[0]).toEqual({
      name: "h0",
      rack: "r0",
      cluster: "c0",
      zone: "az0",
      aggregates: ["ssd"],
      up: true,
      capacity: { vcpus: 64, ramMiB: 262144, diskGiB: 2000 },
      physical: { vcpus: 16, ramMiB: 131072 },
      used: { vcpus: 10, ramMiB: 32768, diskGiB: 200 },
      nicKbps: 25_000_000,
      nicUsedKbps: 5_000_000,
    });
    expect(dataCenter.hosts[1]).toMatchObject({ up: false, physical: { vcpus: 64, ramMiB: 262144 } });
    expect(dataCenter.hosts[2]).toMatchObject({ rack: null, cluster: null, zone: null, aggregates: [] });
    expect(dataCenter.hosts[2]?.used).toEqual({ vcpus: 0, ramMiB: 0, diskGiB: 0 });
    expect(dataCenter.hosts[1]).not.toHaveProperty("nicKbps");
    expect(dataCenter.racks).toEqual([{ name: "r0", uplinkKbps: 100_000_000, uplinkUsedKbps: 7_000_000 }]);
    expect(dataCenter.aggregates).toEqual({ ssd: { ssd: "true" } });
    expect(dataCenter.flavors).toEqual([
      { id: "1", name: "m1.small", vcpus: 1, ramMiB: 2048, diskGiB: 20, extraSpecs: { ssd: "true" } },
    ]);
  });

  it("has existing VMs whose needs are already in the hosts' use", () => {
    expect(dataCenter.existing[0]).toEqual({
      id: "e0",
      host: "h0",
      groups: ["host:EX:tenant:a", "rack:DIV:spread"],
      need: { vcpus: 0, ramMiB: 0, diskGiB: 0 },
    });
  });

  it("becomes an application in which volumes stand for their VMs and local ones take its disk", () => {
    expect(application?.name).toBe("shop");
    expect(application?.vms).toEqual([
      {
        name: "vm0",
        vcpus: 4,
        ramMiB: 8192,
        diskGiB: 80,
        zone: "az0",
        extraSpecs: { ssd: "true" },
        candidates: ["h0", "h3"],
        excluded: ["h1"],
        fixed: "h0",
      },
      { name: "vm1", vcpus: 2, ramMiB: 4096, diskGiB: 140, zone: null, extraSpecs: {} },
      { name: "vm2", vcpus: 2, ramMiB: 4096, diskGiB: 40, zone: null, extraSpecs: {} },
    ]);
    expect(application?.groups.map((group) => group.members)).toEqual([["vm0", "vm1"], ["pair", "vm2"], ["vm2"]]);
  });

  it("has pipes in kbit/s, whose volumes stand for their VMs; one within a VM is none", () => {
    expect(application?.pipes).toEqual([
      { a: "vm0", b: "vm1", kbps: 100_000 },
      { a: "vm1", b: "vm2", kbps: 50_000 },
    ]);
  });

  it("without an app is a data center only", async () => {
    const { name, seed, application } = await readProblemFile(`${fixtures}data-center.json`);
    expect({ name, seed, application }).toEqual({ name: "two racks", seed: 1, application: null });
  });

  it("may start with a byte order mark", () => {
    expect(parseProblem(`\uFEFF${text}`, "f").name).toBe("every-field");
  });

  it("is written back so that reading it again gives the same", () => {
    const again = parseProblem(JSON.stringify(toProblem(dataCenter, application, "every-field", 7)), "f");
    expect(again).toEqual(problem);
    for (let seed = 0; seed < 200; seed++) {
      const { problem } = randomProblem(seed);
      const first = parseProblem(JSON.stringify(problem), "f");
      const file = toProblem(first.dataCenter, first.application, first.name, seed);
      expect(problemFaults(file)).toEqual([]);
      expect(parseProblem(JSON.stringify(file), "f")).toEqual(first);
    }
  });

  it("written back counts in what existing VMs need beyond the hosts' use", () => {
    const need = { vcpus: 1, ramMiB: 2, diskGiB: 3 };
    const existing = dataCenter.existing.map((vm) => ({ ...vm, need }));
    const file = toProblem({ ...dataCenter, existing }, null, "f");
    expect(file.hosts[0]?.used).toEqual({ vcpus: 11, mem_mb: 32770, disk_gb: 203 });
    expect(file).not.toHaveProperty("app");
  });

  it("written back counts in what the pipes of existing VMs take of links, and rounds against the plan", () => {
    const pipes = [{ peer: "e1", kbps: 1500 }];
    const existing = [
      { ...dataCenter.existing[0]!, pipes },
      { ...dataCenter.existing[1]!, host: "h3" },
    ];
    const file = toProblem(
      { ...dataCenter, existing },
      { ...application!, pipes: [{ a: "vm0", b: "vm1", kbps: 1 }] },
      "f",
    );
    expect(file.hosts[0]).toMatchObject({ bw_mbps: 25_000, bw_used_mbps: 5002 });
    expect(file.racks).toEqual([{ name: "r0", cluster: "c0", uplink_mbps: 100_000, uplink_used_mbps: 7002 }]);
    expect(file.app?.pipes).toEqual([{ a: "vm0", b: "vm1", mbps: 1 }]);
  });

  it("written back keeps an anonymous group apart from the living one of its name", () => {
    const groups = [
      { name: "spread", type: "diversity" as const, level: "rack" as const, members: ["vm1"], named: false },
      { name: "all", type: "affinity" as const, level: "cluster" as const, members: ["spread"] },
    ];
    const { app } = toProblem(dataCenter, { name: "a", vms: application!.vms, groups }, "f");
    expect(app?.groups?.map(({ name, members }) => [name, members])).toEqual([
      ["spread'", ["vm1"]],
      ["all", ["spread'"]],
    ]);
  });

  it("of 10000 hosts is read within seconds", () => {
    const large = JSON.stringify(generate(10_000, 280, 1));
    const start = performance.now();
    expect(parseProblem(large, "large.json").dataCenter.hosts).toHaveLength(10_000);
    expect(performance.now() - start).toBeLessThan(10_000);
  });
});

/** The message of the error that reading this text gives. */
function messageOf(damaged: string): string {
  try {
    parseProblem(damaged, "bad.json");
  } catch (error) {
    expect(error).toMatchObject({ name: "AppError", code: "file.invalid" });
    return (error as Error).message;
  }
  throw new Error("the file was read without complaint");
}

/** A copy of the file in which `before`, which must occur once, is replaced. */
function damaged(before: string, after: string): string {
  expect(text.split(before)).toHaveLength(2);
  return text.replace(before, after);
}

describe("a file that is no JSON is refused with line and column", () => {
  it.each([
    ["", "bad.json:1:1: no JSON, expected a value."],
    ["{", "bad.json:1:2: no JSON, expected a string in double quotes."],
    ['{\n  "format": ,\n}', "bad.json:2:13: no JSON, expected a value."],
    ['{\n  "a": [1, 2\n}', 'bad.json:3:1: no JSON, expected "," or "]".'],
    ['{"a": 1,}', "bad.json:1:9: no JSON, expected a string in double quotes."],
    ['{"a" 1}', 'bad.json:1:6: no JSON, expected ":".'],
    ['{"a": 01}', "bad.json:1:7: no JSON, expected a value."],
    ['{"a": NaN}', "bad.json:1:7: no JSON, expected a value."],
    ["{'a': 1}", "bad.json:1:2: no JSON, expected a string in double quotes."],
    ['{"a": "\\x"}', "bad.json:1:8: no JSON, expected a valid escape after \\."],
    ['{"a": "b\n"}', "bad.json:1:9: no JSON, expected no raw control character or line break in a string."],
    ['{"a": "b', "bad.json:1:9: no JSON, expected the closing quote of a string."],
    ["{}\n{}", "bad.json:2:1: no JSON, expected the end of the file."],
  ])("%j", (damaged, message) => {
    expect(messageOf(damaged)).toBe(message);
  });

  it("also when cut off in the middle, or nested without end", () => {
    const cut = text.slice(0, 700);
    expect(messageOf(cut)).toContain(`bad.json:${cut.split("\n").length}:`);
    expect(messageOf("[".repeat(100_000))).toContain("bad.json: no JSON");
  });
});

describe("a file of the wrong shape is refused with line, path, what is there and what would be right", () => {
  const whole = "a whole number from 0 to 2147483647";
  it.each([
    ['"seed": 7', '"seed": -1', 4, "seed", "is -1", whole],
    ['"format": "placement-problem/1"', '"format": "x/2"', 2, "format", 'is "x/2"', '"placement-problem/1"'],
    ['"vcpus": 10,', '"vcpus": -10,', 9, "hosts[0].used.vcpus", "is -10", whole],
    ['"vcpus": 10,', '"vcpus": 1.5,', 9, "hosts[0].used.vcpus", "is 1.5", whole],
    ['"vcpus": 10,', '"vcpus": 2147483648,', 9, "hosts[0].used.vcpus", "is 2147483648", whole],
    ['"vcpus": 10,', '"vcpus": "10",', 9, "hosts[0].used.vcpus", 'is "10"', whole],
    ['"vcpus": 16, ', "", 8, "hosts[0].physical.vcpus", "is missing", whole],
    ['{ "name": "h2", ', '{ "name": "", ', 13, "hosts[2].name", 'is ""', "a name"],
    ['"status": "down"', '"status": "off"', 11, "hosts[1].status", 'is "off"', '"up" or "down"'],
    [
      '"level": "host", "members": ["vm2"]',
      '"level": "row", "members": []',
      47,
      "app.groups[2].level",
      'is "row"',
      "host, rack, cluster",
    ],
    ['"members": ["vm2"]', '"members": "vm2"', 47, "app.groups[2].members", 'is "vm2"', "a list of names"],
    [
      '"mbps": 100 }',
      '"mbps": null }',
      43,
      "app.pipes[0].mbps",
      "is null",
      "a whole number of Mbit/s from 0 to 2147483",
    ],
    ['"mbps": 100 }', '"mbps": -1 }', 43, "app.pipes[0].mbps", "is -1", "a whole number of Mbit/s"],
    ['"mbps": 100 }', '"mbps": 0.5 }', 43, "app.pipes[0].mbps", "is 0.5", "a whole number of Mbit/s"],
    ['"mbps": 100 }', '"mbps": 2147484 }', 43, "app.pipes[0].mbps", "is 2147484", "a whole number of Mbit/s"],
    ['"bw_mbps": 25000', '"bw_mbps": 1e30', 10, "hosts[0].bw_mbps", "is 1e+30", "a whole number of Mbit/s"],
    [
      '"uplink_used_mbps": 7000',
      '"uplink_used_mbps": "7"',
      19,
      "racks[0].uplink_used_mbps",
      'is "7"',
      "a whole number",
    ],
    [
      '"extra_specs": { "ssd": "true" } }',
      '"extra_specs": { "ssd": true } }',
      28,
      "flavors[0].extra_specs.ssd",
      "is true",
      "a string",
    ],
    ['"rack:DIV:spread"', '"rack-spread"', 24, "existing[0].groups[1]", 'is "rack-spread"', "level:TYPE:name"],
    ['"local": true', '"local": 1', 39, "app.volumes[0].local", "is 1", "true or false"],
  ])("%s made %s", (before, after, line, path, is, right) => {
    const message = messageOf(damaged(before, after));
    expect(message).toContain(`bad.json:${line}: ${path}: it ${is}`);
    expect(message).toContain(`It must be ${right}`);
  });

  it("counts further faults", () => {
    const message = messageOf(damaged('"vcpus": 10, "mem_mb": 32768', '"vcpus": -10, "mem_mb": -1'));
    expect(message).toContain("(1 more fault in this file.)");
  });

  it.each(["null", "[]", '"x"', "3"])("%s instead of an object", (damaged) => {
    expect(messageOf(damaged)).toContain("bad.json:1: it ");
  });
});

describe("a file that contradicts itself is refused with line and path", () => {
  it.each([
    ["a host twice", '"name": "h2"', '"name": "h1"', 13, "hosts[2].name", "host (h1) is defined twice"],
    [
      "a rack twice",
      '{ "name": "r1", "cluster": null }',
      '{ "name": "r0" }',
      20,
      "racks[1].name",
      "rack (r0) is defined twice",
    ],
    ["an existing VM twice", '"id": "e1"', '"id": "e0"', 25, "existing[1].id", "existing VM (e0) is defined twice"],
    ["a VM twice", '"name": "vm2"', '"name": "vm1"', 36, "app.vms[2].name", "VM (vm1) is defined twice"],
    ["a group twice", '"name": "ours"', '"name": "pair"', 47, "app.groups[2].name", "group (pair) is defined twice"],
    ["one name for a group and a VM", '"name": "ours"', '"name": "vm1"', 47, "app.groups[2].name", "a group and a VM"],
    [
      "one name for a VM and a volume",
      '"name": "vol2"',
      '"name": "vm1"',
      41,
      "app.volumes[2].name",
      "a VM and a volume",
    ],
    ["an unknown aggregate", '["ssd"], "status"', '["sdd"], "status"', 6, "hosts[0].aggregates[0]", "aggregate (sdd)"],
    [
      "an unknown host",
      '"id": "e1", "host": "h1"',
      '"id": "e1", "host": "h9"',
      25,
      "existing[1].host",
      "unknown host (h9)",
    ],
    ["an unknown host to be fixed to", '"fixed": "h0"', '"fixed": "h9"', 34, "app.vms[0].fixed", "unknown host (h9)"],
    [
      "a volume of an unknown VM",
      '"attached_to": "vm1"',
      '"attached_to": "vm9"',
      39,
      "app.volumes[0].attached_to",
      "(vm9)",
    ],
    ["a pipe to an unknown VM", '"b": "vm1"', '"b": "vm9"', 43, "app.pipes[0].b", "unknown VM (vm9)"],
    ["a pipe from a VM to itself", '"b": "vm1"', '"b": "vm0"', 43, "app.pipes[0].b", "both ends of the pipe are (vm0)"],
    ["a pipe to a volume of no VM", '"b": "vm1"', '"b": "vol2"', 43, "app.pipes[0].b", "attached to no VM"],
    [
      "an unknown member",
      '"members": ["vm2"]',
      '"members": ["vm9"]',
      47,
      "app.groups[2].members[0]",
      "unknown member (vm9)",
    ],
    [
      "a rack in two clusters",
      '"rack": "r1", "cluster": "c0"',
      '"rack": "r0", "cluster": "c1"',
      15,
      "hosts[3].cluster",
      "in (c0)",
    ],
    [
      "a rack half in no cluster",
      '"cluster": "c0", "az": null',
      '"cluster": null, "az": null',
      11,
      "hosts[1].cluster",
      "(none)",
    ],
    [
      "a host and its rack at odds",
      '"name": "r1", "cluster": null',
      '"name": "r1", "cluster": "c5"',
      15,
      "hosts[3].cluster",
      "(c5)",
    ],
    ["a VM in a rack group on a host without a rack", '"groups": []', '"groups": ["rack:AFF:x"]', 25, "", ""],
    [
      "a group around itself",
      '"members": ["vm2"]',
      '"members": ["ours"]',
      47,
      "app.groups[2].members[0]",
      "exclusivity group (ours) is nested",
    ],
    [
      "a circle of groups",
      '"members": ["vm0", "vol0"]',
      '"members": ["pair"]',
      45,
      "app.groups[0].members[0]",
      "circular group reference",
    ],
    [
      "a nested group of a higher level",
      '"level": "host", "members": ["vm0"',
      '"level": "cluster", "members": ["vm0"',
      46,
      "app.groups[1].members[0]",
      "level cluster is nested in (spread) of level rack",
    ],
    [
      "exclusivity in diversity",
      '"vol1", "vol2"]',
      '"ours"]',
      46,
      "app.groups[1].members[1]",
      "exclusivity group (ours) is nested in diversity group (spread)",
    ],
    [
      "a VM twice below a diversity group",
      '"vol1", "vol2"]',
      '"vm0"]',
      46,
      "app.groups[1].members[1]",
      "VM (vm0) is below two members, (pair) and (vm0)",
    ],
    [
      "a VM and its volume in a diversity group",
      '["pair", "vol1", "vol2"]',
      '["vm2", "vol1"]',
      46,
      "app.groups[1].members[1]",
      "VM (vm2) is below two members",
    ],
    [
      "more local disk than can be counted",
      '"size_gb": 100, "type": null',
      '"size_gb": 2147483647, "type": null',
      39,
      "app.volumes[0].size_gb",
      "2147483687 GB",
    ],
  ])("%s", (what, before, after, line, path, says) => {
    if (what.endsWith("without a rack")) {
      const moved = damaged('"id": "e1", "host": "h1"', '"id": "e1", "host": "h2"').replace(before, after);
      expect(messageOf(moved)).toContain("bad.json:25: existing[1].groups[0]: VM (e1) is in a rack-level group");
      return;
    }
    const message = messageOf(damaged(before, after));
    expect(message).toContain(`bad.json:${line}: ${path}: `);
    expect(message).toContain(says);
  });

  it("a long circle is found, a deep nest is none", () => {
    const nest = (last: string): ProblemFile => ({
      ...(JSON.parse(text) as ProblemFile),
      app: {
        vms: [{ name: "vm", vcpus: 1, mem_mb: 1, disk_gb: 1 }],
        groups: Array.from({ length: 20_000 }, (_, i) => ({
          name: `g${i}`,
          type: "affinity" as const,
          level: "host" as const,
          members: [i === 19_999 ? last : `g${i + 1}`],
        })),
      },
    });
    expect(messageOf(JSON.stringify(nest("g0")))).toContain("circular group reference: group (g19999) contains (g0)");
    expect(parseProblem(JSON.stringify(nest("vm")), "f").application?.groups).toHaveLength(20_000);
  });
});

it("a file that is not there, or is a directory, says so", async () => {
  await expect(readProblemFile(`${fixtures}absent.json`)).rejects.toMatchObject({
    code: "file.invalid",
    message: expect.stringContaining("absent.json: cannot be read, there is no such file."),
  });
  await expect(readProblemFile(fixtures)).rejects.toMatchObject({
    code: "file.invalid",
    message: expect.stringContaining("it is a directory"),
  });
});
