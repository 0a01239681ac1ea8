import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { afterAll, afterEach, describe, expect, test, vi } from "vitest";
import { planStack } from "../../../host/cli/plan-stack.ts";
import { stackOptions } from "../../../host/cli/stack-options.ts";

const fixture = (name: string) => fileURLToPath(new URL(`../../fixtures/heat/${name}`, import.meta.url));
const pair = fixture("valet-tempest/affinity_basic_2_instances.yml");
const nested = fixture("valet-tempest/exclusivity_nested_affinity_2_instances.yml");

const folder = mkdtempSync(join(tmpdir(), "ostro-stack-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

function file(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

/** Plans as the command line would: the options are parsed, the output is caught. */
async function plan(path: string, ...args: string[]): Promise<{ ok: boolean; out: string; err: string }> {
  const command = new Command().exitOverride().option("--json").option("--explain").option("--seed <n>", "", Number);
  for (const option of stackOptions()) command.addOption(option);
  command.parse(args, { from: "user" });
  const printed = { out: "", err: "" };
  for (const [stream, to] of [
    ["stdout", "out"],
    ["stderr", "err"],
  ] as const)
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      printed[to] += text;
      return true;
    });
  const ok = await planStack(path, command.opts());
  return { ok, ...printed };
}

describe("ostro plan stack.yaml", () => {
  test("a pipe reserves bandwidth where a local volume keeps its ends apart", async () => {
    const volume = (name: string, server: string) => `
  ${name}: { type: OS::Cinder::Volume, properties: { size: 900, volume_type: local } }
  ${name}_at_${server}:
    type: OS::Cinder::VolumeAttachment
    properties: { volume_id: { get_resource: ${name} }, instance_uuid: { get_resource: ${server} } }`;
    const path = file(
      "piped.yaml",
      `heat_template_version: 2018-08-31
parameters: { rate: { type: string, default: "24.1" } }
resources:
  web: { type: OS::Nova::Server, properties: { flavor: m1.small } }
  db: { type: OS::Nova::Server, properties: { flavor: m1.small } }
  pipe:
    type: OS::Valet::Pipe
    properties:
      resources: [{ get_resource: data }, { get_resource: db }]
      bandwidth: { min: { get_param: rate }, units: Mbps }${volume("data", "web")}${volume("more", "db")}
`,
    );
    const { ok, out } = await plan(path, "--json");
    expect(ok).toBe(true);
    // Two NICs of 24.1 Mbit/s; a simulated host has disk for one of the volumes.
    expect(JSON.parse(out).objective).toMatchObject({ hosts_touched: 2, racks_touched: 1, reserved_bw_mbps: 48.2 });
  });

  test("prints server, host and rack: both servers of an affinity group on one host", async () => {
    const { ok, out, err } = await plan(pair, "--parameter", "instance_flavor=m1.small");
    expect([ok, err]).toEqual([true, ""]);
    expect(out).toMatch(/^VM +HOST +RACK\n/);
    const hosts = [...out.matchAll(/^my-instance-\d +(sim01r\d\dc\d\d\d) +sim01r\d\d$/gm)].map(([, host]) => host);
    expect(hosts).toHaveLength(2);
    expect(new Set(hosts).size).toBe(1);
    expect(out).toMatch(/^hosts_activated +1 +\(at least 1\)$/m);
  });

  test("with --json prints the result by orchestration id, and the path of each server", async () => {
    const { out } = await plan(pair, "--parameter", "instance_flavor=m1.small", "--json", "--datacenter", "sim:1x1");
    const result = JSON.parse(out);
    expect(result).toMatchObject({ solver: "ostro", ok: true, reason: null, objective: { hosts_activated: 1 } });
    expect(Object.values(result.placements)).toEqual(["sim01r01c001", "sim01r01c001"]);
    expect(Object.keys(result.servers)).toEqual(Object.keys(result.placements));
    expect(Object.values(result.servers)).toEqual(["my-instance-1", "my-instance-2"]);
  });

  const groups = [
    "test_affinity_group6a:affinity:host",
    "test_affinity_group6b:affinity:host",
    "test_exclusivity_group6:exclusivity:host",
  ];
  test("takes named groups from the command line", async () => {
    const { ok, out } = await plan(
      nested,
      "--parameter",
      "flavor1=m1.small",
      ...groups.flatMap((group) => ["--group", group]),
    );
    expect(ok).toBe(true);
    expect(out.match(/^test-affinity-group\d\/my-instance-\d\/my-instance-1 /gm)).toHaveLength(4);
  });

  test("tells all named groups that are missing, and how to give them", async () => {
    await expect(plan(nested, "--parameter", "flavor1=m1.small", "--group", groups[0]!)).rejects.toMatchObject({
      code: "config.invalid",
      message: expect.stringMatching(
        /\(nested_inner_1_instance_2_groups\.yaml:37\).* needs named groups: "test_\w+6b?", "test_\w+6b?"\. Give each .* --group test_exclusivity_group6:exclusivity:host --group test_affinity_group6b:affinity:host/s,
      ),
    });
  });

  test("takes the groups that the template itself makes", async () => {
    const path = file(
      "made.yaml",
      `heat_template_version: 2018-08-31
resources:
  far: { type: OS::Valet::Group, properties: { name: far, type: diversity, level: rack } }
  a: { type: OS::Nova::Server, properties: { flavor: m1.tiny, metadata: { valet: { groups: [{ get_resource: far }] } } } }
  b: { type: OS::Nova::Server, properties: { flavor: m1.tiny, metadata: { valet: { groups: [far] } } } }
`,
    );
    const { out } = await plan(path);
    expect(/^a .* (\S+)$/m.exec(out)![1]).not.toBe(/^b .* (\S+)$/m.exec(out)![1]);
    expect(await plan(path, "--datacenter", "sim:1x9"), "one rack is too few").toMatchObject({ ok: false });
  });

  test("plans on a data-center file, with the usual flavors when it has none", async () => {
    const path = file(
      "one.json",
      JSON.stringify({
        format: "placement-problem/1",
        name: "one",
        seed: 1,
        hosts: [
          {
            name: "only",
            rack: "r",
            cluster: null,
            az: null,
            aggregates: [],
            status: "up",
            capacity: { vcpus: 4, mem_mb: 8000, disk_gb: 100 },
            used: {},
          },
        ],
        aggregates: {},
        existing: [],
      }),
    );
    expect((await plan(pair, "--parameter", "instance_flavor=m1.small", "--datacenter", path)).out).toMatch(
      /my-instance-1 +only +r\n/,
    );
  });

  test("tells why there is no place, by path", async () => {
    const { ok, out } = await plan(
      pair,
      "--parameter",
      "instance_flavor=bflavor2",
      "--datacenter",
      "sim:1x1",
      "--seed",
      "1",
    );
    expect([ok, out.includes("VM")]).toEqual([true, true]);
    const refused = await plan(
      pair,
      "--parameter",
      "instance_flavor=m1.xlarge",
      "--datacenter",
      "sim:1x1",
      "--explain",
    );
    expect(refused.ok).toBe(false);
    expect(refused.out).toMatch(/^No place: .*my-instance-\d/);
    expect(refused.out).not.toMatch(/[0-9a-f]{8}-[0-9a-f]{4}-4/);
  });

  test("prints what Heat would mind as a note on standard error", async () => {
    file(
      "inner.yaml",
      "heat_template_version: 2018-08-31\nresources:\n  s: { type: OS::Nova::Server, properties: { flavor: m1.tiny } }\n",
    );
    const path = file(
      "outer.yaml",
      "heat_template_version: 2018-08-31\nresources:\n  a: { type: inner.yaml, properties: { extra: 1 } }\n",
    );
    expect((await plan(path)).err).toBe(
      'note: outer.yaml:3: inner.yaml has no parameter "extra"; Heat would refuse it\n',
    );
  });

  test.each([
    [
      "a parameter without a value",
      ["--parameter", "flavor"],
      "config.invalid",
      "--parameter (flavor) must be NAME=VALUE",
    ],
    [
      "a group without a level",
      ["--group", "a:affinity"],
      "config.invalid",
      "--group (a:affinity) must be NAME:TYPE:LEVEL",
    ],
    [
      "a group of an unknown type",
      ["--group", "a:love:host"],
      "config.invalid",
      "TYPE one of affinity, diversity, exclusivity",
    ],
    ["an unknown data center", ["--datacenter", "sim:0x1"], "config.invalid", "sim:0x1"],
    [
      "a missing flavor",
      [],
      "file.invalid",
      'affinity_basic_2_instances.yml:22 (resources.my-instance-1.properties.flavor): parameter "instance_flavor" has no value',
    ],
    [
      "an unknown flavor",
      ["--parameter", "instance_flavor=m9"],
      "application.invalid",
      'resource "my-instance-1" (affinity_basic_2_instances.yml:17), properties.flavor: no flavor has the name or id "m9"',
    ],
  ])("refuses %s", async (_what, args, code, message) => {
    const given =
      args.some((text) => text.includes("instance_flavor")) || message.includes("has no value")
        ? args
        : [...args, "--parameter", "instance_flavor=m1.tiny"];
    await expect(plan(pair, ...given)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  test("refuses a stack without a server", async () => {
    await expect(plan(fixture("heat-templates/host_aggregate.yaml"))).rejects.toThrow("has no OS::Nova::Server");
  });
});
