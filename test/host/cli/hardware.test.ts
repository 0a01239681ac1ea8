// The commands that compose hardware, in this process, against a whole service and a simulated ExpEther manager.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { addDevice } from "../../../host/cli/device.ts";
import { addFlavor } from "../../../host/cli/flavor.ts";
import { addNode } from "../../../host/cli/node.ts";
import { addPodManager } from "../../../host/cli/pod-manager.ts";
import { readConfig } from "../../../host/config.ts";
import { type RunningServer, startServer } from "../../../host/main.ts";
import { listenSim } from "../../../host/sim/base/listen.ts";
import { createEemSim, EEM_PATH } from "../../../host/sim/eem.ts";
import { scratchFolders } from "../../support/scratch-folder.ts";

const folder = scratchFolders();
const stateDir = folder();
const sim = createEemSim();
let hardware: Awaited<ReturnType<typeof listenSim>>;
let server: RunningServer;
beforeAll(async () => {
  hardware = await listenSim(sim.app);
  const flags = {
    stateDir,
    database: "memory:",
    valetPort: "0",
    valencePort: "0",
    workers: "1",
    logLevel: "silent",
    simulatedPodManager: "false",
  };
  server = await startServer(readConfig({ flags, environment: {} }));
  const access = ["--username", "admin", "--password", "Passw0rd", "--driver", "expether"];
  await ostro("pod-manager", "create", "eem1", `${hardware.url}${EEM_PATH}`, ...access);
  await ostro("pod-manager", "sync");
});
afterAll(async () => {
  await server.stop();
  await hardware.close();
});

/** What a command prints, without the spaces that fill columns. */
async function ostro(...args: string[]): Promise<{ out: string; err: string }> {
  const printed = { out: "", err: "" };
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation((text) => {
      printed.out += text;
      return true;
    }),
    vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      printed.err += text;
      return true;
    }),
  ];
  const program = new Command("ostro");
  for (const add of [addPodManager, addFlavor, addNode, addDevice]) add(program);
  try {
    await program.parseAsync([...args, "--url", server.valenceUrl, "--state-dir", stateDir], { from: "user" });
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return { out: printed.out.replaceAll(/ {2,}/g, "  "), err: printed.err };
}

/** Of what a list shows first. */
const firstId = async (...args: string[]): Promise<string> => JSON.parse((await ostro(...args, "--json")).out)[0].uuid;
const UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}";

test("a pod manager is listed, shown without its password, changed by its name", async () => {
  const { out } = await ostro("pod-manager", "list");
  expect(out).toMatch(
    new RegExp(`^UUID  NAME  DRIVER  STATUS  URL\n${UUID}  eem1  expether  Online  ${hardware.url}/eem\n$`),
  );
  const changed = await ostro("pod-manager", "update", "eem1", "--location", "rack 7", "--insecure");
  expect(changed.out).toMatch(/^location {2}rack 7$/m);
  expect(changed.out).toMatch(/^verify_ca {2}false$/m);
  const shown = await ostro("pod-manager", "show", "eem1");
  expect(shown.out).toContain('"password":"***"');
  expect(shown.out).not.toContain("Passw0rd");
});

test("a pod manager that rejects the password is not registered", async () => {
  // Another name of the same address.
  const url = `${hardware.url.replace("127.0.0.1", "localhost")}${EEM_PATH}`;
  const access = ["--username", "admin", "--password", "hunter2", "--driver", "expether"];
  const refused = ostro("pod-manager", "create", "eem2", url, ...access);
  await expect(refused).rejects.toThrow(/\(Reason: 401\)\n.*rejected user "admin"/);
  await expect(refused).rejects.not.toThrow("hunter2");
  expect((await ostro("pod-manager", "list")).out).not.toContain("eem2");
});

test("a node is composed by a flavor, given a device, and deleted; a line tells what was done", async () => {
  await ostro("flavor", "create", "gpu", "--pci-device", "GPU", "--description", "one GPU");
  expect((await ostro("flavor", "list")).out).toMatch(/ {2}gpu {2}one GPU {2}\{"pci_device":\{"type":\["GPU"\]\}\}\n$/);
  const composed = await ostro("node", "compose", "n1", "--flavor", "gpu", "--pod-manager", "eem1", "--explain");
  expect(composed.out).toMatch(/^name {2}n1$/m);
  expect(composed.out).toMatch(/^reasons {2}Server 0x\w+ .* places for devices stay unused\.\n {2}Device 0x\w+ is/m);
  expect((await ostro("node", "show", "n1")).out).toMatch(/^node_power_state {2}On$/m);

  const ssd = await firstId("device", "list", "--type", "SSD", "--state", "free");
  expect((await ostro("node", "attach", "n1", ssd)).out).toBe(`Device ${ssd} is at node n1.\n`);
  const at = await ostro("device", "list", "--node", "n1");
  expect(at.out.split("\n").map((line) => line.split("  ").slice(1, 3))).toEqual([
    ["TYPE", "STATE"],
    ["SSD", "allocated"],
    ["GPU", "allocated"],
    [],
  ]);
  expect((await ostro("node", "detach", "n1", ssd)).out).toBe(`Device ${ssd} is no longer at node n1.\n`);
  expect((await ostro("device", "show", ssd)).out).toMatch(/^state {2}free$/m);
  expect((await ostro("node", "delete", "n1")).out).toBe("Node n1 is deleted.\n");
  expect((await ostro("node", "list")).out).toBe("UUID  NAME  INDEX  POD MANAGER  PATH\n");
});

test("a flavor's properties are replaced as a whole, and a deleted one is gone", async () => {
  await ostro("flavor", "create", "large", "--cores", "16", "--memory", "65536", "--remote-storage", "100");
  const { out } = await ostro("flavor", "update", "large", "--name", "larger", "--memory-type", "DDR4", "--json");
  expect(JSON.parse(out)).toMatchObject({ name: "larger", properties: { memory: { type: "DDR4" } } });
  expect(JSON.parse(out).properties).toEqual({ memory: { type: "DDR4" } });
  expect((await ostro("flavor", "show", "larger")).out).toMatch(/^name {2}larger$/m);
  await ostro("flavor", "delete", "larger");
  await expect(ostro("flavor", "show", "larger")).rejects.toThrow('No flavor has the name "larger"');
});

test("each step is told while a node is composed and deleted, without a terminal a line each", async () => {
  const slow = { kind: "slow", ms: 1_200 } as const;
  sim.fault({ ...slow, method: "PUT" });
  const composed = await ostro("node", "compose", "slow", "--pci-device", "NIC");
  expect(composed.err).toMatch(/^composing slow: group\n/);
  sim.fault({ ...slow, method: "DELETE" });
  const deleted = await ostro("node", "delete", "slow");
  expect(deleted.err).toMatch(/^deleting slow: devices\n/);
});

test("a node that is there already is managed by its index", async () => {
  const [board] = sim.boards.list({ status: "eesv" });
  const { out } = await ostro("node", "manage", board!.id, "--json");
  expect(JSON.parse(out)).toMatchObject({ name: board!.id, index: board!.id });
  await ostro("node", "delete", board!.id);
});

test.each([
  [
    [
      "pod-manager",
      "create",
      "eem2",
      "http://127.0.0.1:9/eem",
      "--driver",
      "expether",
      ...["--username", "u", "--password", "p"],
    ],
    /\(Reason: 503\)\nunable to reach podmanager at url: http:\/\/127.0.0.1:9\/eem/,
  ],
  [["node", "show", "nobody"], /GET .*\/v1\/nodes\/nobody \(Reason: 404\)\nNode nobody not found/],
  [["node", "compose", "n", "--pci-device", "Quantum"], /\(Reason: 404\)\n.*Quantum.*Free are/],
  [["node", "delete", "a/b ?"], /DELETE .*\/v1\/nodes\/a%2Fb%20%3F \(Reason: 404\)/],
  [["node", "manage", "0x1"], /\(Reason: 404\)\nDevice 0x1 not found/],
  [["node", "register", "nobody", "--driver-info", "ipmi_address"], /--driver-info: expected key=value/],
  [
    ["node", "register", "n", "--driver-info-file", "/nowhere"],
    /--driver-info-file \/nowhere: cannot be read \(ENOENT\)/,
  ],
  [["device", "list", "--pod-manager", "nobody"], /No pod manager has the name "nobody". ostro pod-manager list shows/],
  [["pod-manager", "update", "eem1"], /nothing to change/],
  [["pod-manager", "update", "eem1", "--username", "root"], /--username and --password are changed together/],
  [["pod-manager", "update", "eem1", "--ca", "/nowhere"], /--ca \/nowhere: cannot be read \(ENOENT\)/],
] as const)("%j is refused in words", async (args, words) => {
  await expect(ostro(...args)).rejects.toThrow(words);
});

test("what Ironic has to know may stand in a file, and options go over it", async () => {
  const file = join(folder(), "info.json");
  writeFileSync(file, JSON.stringify({ ipmi_password: "secret", ipmi_address: "10.0.0.1" }));
  await ostro("node", "compose", "n1", "--pod-manager", "eem1");
  const options = ["--driver-info-file", file, "--driver-info", "ipmi_address=10.0.0.2", "--mac", "aa:bb:cc:dd:ee:ff"];
  // No Ironic is configured here.
  await expect(ostro("node", "register", "n1", ...options)).rejects.toThrow(/\(Reason: 501\)/);
  await ostro("node", "delete", "n1");
});

test("a listing that fails is told with the reason, and the command ends with 1", async () => {
  sim.fault({ kind: "fail", path: /detail$/, status: 400, body: { code: "1", message: "no such luck" } });
  const { out } = await ostro("device", "sync", "eem1");
  expect(out).toMatch(/ {2}FAILED {2}no such luck\n$/);
  expect(process.exitCode).toBe(1);
  process.exitCode = undefined;
});
