import { writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { DeviceFacts, Facts, PodManager, PodManagerAccess, Requirements } from "../../../host/drivers/driver.ts";
import { expether } from "../../../host/drivers/expether.ts";
import { boardFrom, deviceFrom, systemFrom } from "../../../host/drivers/expether-boards.ts";
import { readPciNames } from "../../../host/drivers/pci-names.ts";
import { UpstreamError } from "../../../host/errors.ts";
import { listenSim } from "../../../host/sim/base/listen.ts";
import { createEemSim, type EemSim, type EemSimOptions } from "../../../host/sim/eem.ts";
import { type Board, madeBoards } from "../../../host/sim/eem-boards.ts";
import { scratchFolders } from "../../support/scratch-folder.ts";

const scratchFolder = scratchFolders();
const SIGNAL = new AbortController().signal;
const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).toReversed()) await end();
});

const connect = (url: string, other: Partial<PodManagerAccess> = {}): PodManager => {
  const manager = expether.connect({
    url,
    username: "admin",
    password: "Passw0rd",
    log: () => {},
    limits: { pollMs: 4 },
    ...other,
  });
  ends.push(() => manager.close());
  return manager;
};

const start = async (options: EemSimOptions = {}): Promise<{ sim: EemSim; eem: PodManager; url: string }> => {
  const sim = createEemSim(options);
  const { url, close } = await listenSim(sim.app);
  ends.push(close);
  return { sim, eem: connect(`${url}/eem`), url };
};

/** A manager of which only the answers are there. */
const answering = async (listener: RequestListener): Promise<PodManager> => {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  ends.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}/eem`);
};

const made = madeBoards({ servers: 4, devices: 20 }, 0);
const [fast, slow, fast2] = made.filter(({ status }) => status === "eesv") as [Board, Board, Board];
const devices = made.filter(({ status }) => status === "eeio");
const kindOf = (code: string) => devices.filter(({ pcie_class_code }) => pcie_class_code?.startsWith(code)) as Board[];
const [nic, nic2] = kindOf("0x02") as [Board, Board];
const [gpu] = kindOf("0x03") as [Board];
const path = ({ id }: Board) => `devices/${id}`;

const perform = async (steps: PodManager["operations"]["compose"], begun: Facts): Promise<Facts> => {
  let facts = begun;
  for (const step of steps) facts = { ...facts, ...(await step.run(facts, SIGNAL)) };
  return facts;
};
const compose = async (eem: PodManager, requirements: Requirements, taken = new Set<string>()) => {
  const choice = await eem.choose(requirements, taken, SIGNAL);
  const facts = await perform(eem.operations.compose, { choice, requirements });
  return { index: String(facts.index), resourceUri: String(facts.resourceUri), resources: choice.resources };
};
const deviceOf = async (eem: PodManager, board: Board): Promise<DeviceFacts> =>
  (await eem.devices(SIGNAL)).find(({ resourceUri }) => resourceUri === path(board))!;

describe("the choice", () => {
  const choose = async (
    requirements: Requirements,
    change: (sim: EemSim) => void = () => {},
    taken: readonly Board[] = [],
  ) => {
    const { sim, eem } = await start();
    change(sim);
    return await eem.choose(requirements, new Set(taken.map(path)), SIGNAL);
  };

  test("a node without devices gets the smallest server", async () => {
    const { resources, cost } = await choose({});
    expect(resources).toEqual([path(slow), `${path(slow)}/group_id`]);
    expect(cost).toEqual({ zonesBroken: 0, racks: 0, resources: 1, wasteBp: 10_000 });
  });

  test("a node with 40G devices gets a server that does not slow them down, whatever the case of their types", async () => {
    const { resources, cost, reasons } = await choose({ pciDevices: ["nic", "GPU", "NIC"] });
    expect(resources).toEqual([path(fast), `${path(fast)}/group_id`, path(nic), path(gpu), path(nic2)]);
    expect(cost).toMatchObject({ resources: 4, wasteBp: 8125 });
    expect(reasons).toContain(`Device ${gpu.id} is the first free GPU.`);
  });

  test("a slow server serves 40G devices when there is no other", async () => {
    const { resources, reasons } = await choose({ pciDevices: ["GPU"] }, (sim) => {
      for (const { id, type, status } of made) if (status === "eesv" && type === "40g") sim.boards.link(id, "down");
    });
    expect(resources[0]).toBe(path(slow));
    expect(reasons.join(" ")).toContain("slower than its 40G devices");
  });

  test("a server that has a group is preferred, since it need not be restarted; the group is not claimed", async () => {
    const { resources } = await choose({ pciDevices: ["GPU"] }, (sim) => sim.boards.assign(fast2.id, "7"));
    expect(resources).toEqual([path(fast2), path(gpu)]);
  });

  test("a server at which somebody put devices already comes last", async () => {
    const attach = (sim: EemSim) => {
      sim.boards.assign(fast.id, "7");
      sim.boards.assign(nic.id, "7");
    };
    expect((await choose({ pciDevices: ["GPU"] }, attach)).resources[0]).toBe(path(fast2));
    const last = await choose({ pciDevices: ["GPU"] }, attach, [fast2]);
    expect(last.resources).toEqual([path(fast), path(gpu)]);
    expect(last.reasons.join(" ")).toContain("1 devices already");
  });

  test("a server in a group of another one is not used: devices would come to the other", async () => {
    const { resources } = await choose(
      { pciDevices: ["GPU"] },
      (sim) => {
        sim.boards.assign(fast.id, "7");
        sim.boards.assign(fast2.id, "7");
      },
      [fast],
    );
    expect(resources[0]).toBe(path(slow));
  });

  test("devices that are taken, attached or down are not chosen", async () => {
    const gpus = kindOf("0x03");
    const { resources } = await choose(
      { pciDevices: ["GPU"] },
      (sim) => {
        sim.boards.link(gpus[1]!.id, "down");
        sim.boards.assign(gpus[2]!.id, "12");
      },
      [gpus[0]!],
    );
    expect(resources).toContain(path(gpus[3]!));
  });

  test("what is not told is not compared, and that is said", async () => {
    const { reasons, unknown } = await choose({ memory: { capacityMib: 1 }, pciDevices: ["GPU"] });
    expect(unknown).toEqual(["memory"]);
    expect(reasons.join(" ")).toContain("was not compared");
  });

  test.each([
    [
      "a type that is short",
      { pciDevices: ["USB", "USB", "USB"] },
      /pci_device USB \(3 asked for\).*Free are: .*2 USB/,
    ],
    ["remote storage", { remoteStorage: { capacityGib: 1 } }, /remote_storage/],
    ["more devices than a server takes", { pciDevices: Array(17).fill("NIC") }, /NIC/],
  ])("%s is refused as ExpEther's manager would", async (_, requirements, named) => {
    const refused = choose(requirements);
    await expect(refused).rejects.toThrow(named);
    await expect(refused).rejects.toMatchObject({
      code: "pod-manager.no-fit",
      upstreamStatus: 404,
      upstreamCode: "40400",
    });
  });

  test("a node with more devices than any server has places names the places", async () => {
    const { eem } = await start({ servers: 1, devices: 170 });
    const wanted = { pciDevices: Array<string>(17).fill("NIC") };
    await expect(eem.choose(wanted, new Set(), SIGNAL)).rejects.toThrow(
      "takes 17 more devices, the best has 16 places",
    );
  });

  test("without a free server it says so", async () => {
    const { eem } = await start({ servers: 0 });
    await expect(eem.choose({}, new Set(), SIGNAL)).rejects.toThrow("Node not available: none of 0 servers");
  });
});

describe("a node", () => {
  test("without devices leaves its server without a group; the first attached device gives it one", async () => {
    const { sim, eem } = await start();
    const node = await compose(eem, {});
    expect(sim.boards.find(node.index).group_id).toBe("4094");
    await perform(eem.operations.attach!, { ...node, device: await deviceOf(eem, gpu) });
    expect(sim.boards.find(node.index).group_id).toBe("1");
    expect(sim.boards.find(gpu.id).group_id).toBe("1");
    await perform(eem.operations.release, node);
    expect(sim.boards.find(node.index).group_id).toBe("4094");
    expect(sim.boards.find(gpu.id).group_id).toBe("4093");
  });

  test("that was somebody's before keeps its group when it is released", async () => {
    const { sim, eem } = await start();
    sim.boards.assign(fast.id, "7");
    const node = await compose(eem, { pciDevices: ["GPU"] });
    await perform(eem.operations.release, node);
    expect(sim.boards.find(fast.id).group_id).toBe("7");
    expect(sim.boards.find(gpu.id).group_id).toBe("4093");
  });

  test("whose server is gone is released: its devices are free, those of others stay", async () => {
    const { sim, eem } = await start({ boards: made.filter(({ id }) => id !== fast.id) });
    sim.boards.assign(gpu.id, "7");
    sim.boards.assign(fast2.id, "8");
    sim.boards.assign(nic.id, "8");
    const resources = [path(fast), path(gpu), path(nic)];
    const left = await perform(eem.operations.release, { index: fast.id, resourceUri: path(fast), resources });
    expect(left.devices).toEqual([{ resourceUri: path(gpu), state: "free", nodeIndex: null, pooledGroupId: "4093" }]);
    expect(sim.boards.find(gpu.id).group_id).toBe("4093");
    expect(sim.boards.find(nic.id).group_id).toBe("8");
  });

  test("composed while the manager has no group left fails with what it said, and nothing is changed", async () => {
    const { sim, eem } = await start({ groups: [5, 5] });
    sim.boards.assign(fast2.id, "5");
    const choice = await eem.choose({ pciDevices: ["GPU"] }, new Set([path(fast2)]), SIGNAL);
    const before = sim.snapshot();
    const composed = perform(eem.operations.compose, { choice });
    await expect(composed).rejects.toMatchObject({ upstreamStatus: 409, upstreamCode: "40900" });
    expect(sim.snapshot()).toEqual(before);
  });

  test("is shown with what its board says", async () => {
    const { sim, eem } = await start();
    sim.boards.assign(fast.id, "7");
    expect(await eem.node(fast.id, SIGNAL)).toMatchObject({
      index: fast.id,
      name: fast.id,
      description: "ExpEther Board (40G)",
      powerState: "On",
      pooledGroupId: "7",
      board: { type: "40g", mac_address: fast.mac_address, host_serial_number: "HOST00000", serial_number: "SV 00000" },
    });
  });

  test("an I/O board is none", async () => {
    const { eem } = await start();
    const managed = eem.node(gpu.id, SIGNAL);
    await expect(managed).rejects.toMatchObject({ code: "request.invalid", message: /Not a valid EESV node/ });
    for (const asked of [eem.system(gpu.id, SIGNAL), eem.assets(gpu.id, SIGNAL)])
      await expect(asked).rejects.toMatchObject({ upstreamStatus: 404, message: /Not a valid EESV node/ });
  });
});

describe("a device", () => {
  test("is not attached to a server that is full, and the message says how full", async () => {
    const { sim, eem } = await start();
    const node = await compose(eem, {}, new Set(made.filter(({ id }) => id !== slow.id).map(path)));
    sim.boards.assign(slow.id, "7");
    for (const { id } of devices.slice(10, 18)) sim.boards.assign(id, "7");
    const attached = perform(eem.operations.attach!, { ...node, device: await deviceOf(eem, gpu) });
    await expect(attached).rejects.toMatchObject({ code: "device.busy", message: /8 of at most 8 devices/ });
    expect(sim.boards.find(gpu.id).group_id).toBe("4093");
  });

  test("of another node is neither attached nor detached", async () => {
    const { sim, eem } = await start();
    const [node, other] = [
      { index: fast.id, resourceUri: path(fast) },
      { index: fast2.id, resourceUri: path(fast2) },
    ];
    sim.boards.assign(fast2.id, "9");
    const device = await deviceOf(eem, gpu);
    await perform(eem.operations.attach!, { ...node, device });
    const before = sim.snapshot();
    for (const moved of [eem.operations.attach!, eem.operations.detach!])
      await expect(perform(moved, { ...other, device })).rejects.toMatchObject({
        code: "device.busy",
        message: expect.stringContaining(gpu.id),
      });
    expect(sim.snapshot()).toEqual(before);
  });

  test("that is free is detached without a word", async () => {
    const { sim, eem } = await start();
    const before = sim.snapshot();
    await perform(eem.operations.detach!, {
      index: fast.id,
      resourceUri: path(fast),
      device: await deviceOf(eem, gpu),
    });
    expect(sim.snapshot()).toEqual(before);
    expect(sim.requests.count("DELETE", /./)).toBe(0);
  });

  test("that somebody else took after it was detached stays there when the detaching is undone", async () => {
    const { sim, eem } = await start();
    const node = { index: fast.id, resourceUri: path(fast) };
    await perform(eem.operations.attach!, { ...node, device: await deviceOf(eem, gpu) });
    const detached = await perform(eem.operations.detach!, { ...node, device: await deviceOf(eem, gpu) });
    sim.boards.assign(gpu.id, "99");
    await eem.operations.detach!.at(-1)!.undo(detached, SIGNAL);
    expect(sim.boards.find(gpu.id).group_id).toBe("99");
  });

  test("that goes down is still told of, and whose it is", async () => {
    const { sim, eem } = await start();
    await perform(eem.operations.attach!, {
      index: fast.id,
      resourceUri: path(fast),
      device: await deviceOf(eem, gpu),
    });
    sim.boards.link(gpu.id, "down");
    expect(await deviceOf(eem, gpu)).toMatchObject({ state: "error", nodeIndex: fast.id, down: true });
    sim.boards.link(gpu.id, "up");
    expect(await deviceOf(eem, gpu)).toMatchObject({ state: "allocated", nodeIndex: fast.id });
    expect(await deviceOf(eem, gpu)).not.toHaveProperty("down");
  });

  const names = { vendor: (id: string) => `vendor ${id}`, device: (vendor: string, id: string) => `${vendor}:${id}` };
  const record = { ...gpu, pcie_vendor_id: "0x10DE", pcie_device_id: 0x1db4 };
  const shown = (fields: object) => deviceFrom(boardFrom({ ...record, ...fields }, "test"), null, names);
  test.each([
    ["0x010802", "SSD"],
    ["0x020000", "NIC"],
    ["0x030200", "GPU"],
    [0x040100, "Multi"],
    ["060400", "SWITCH"],
    ["0x0C0330", "USB"],
    ["0x120000", "ACS"],
    ["0xff0000", "Unknown"],
    ["", "Unknown"],
    [null, "Unknown"],
  ])("of PCI class %s is of type %s", (code, type) => {
    expect(shown({ pcie_class_code: code }).type).toBe(type);
  });

  test("of a 40G board has the names of the PCI list, one of a 10G board has no type", () => {
    expect(shown({}).extra).toEqual({ vendor_name: "vendor 10de", device_name: "10de:1db4" });
    expect(shown({ type: "10g" })).toMatchObject({ type: null, extra: {}, properties: { model: "10g" } });
  });

  test("is the same whether its manager writes numbers or texts", () => {
    expect(shown({ group_id: 4093, notification_status0: "up" })).toEqual(shown({}));
  });
});

test("names are read from the list that is installed, and are empty without one", async () => {
  const list = join(scratchFolder(), "pci.ids");
  writeFileSync(
    list,
    "# list\n8086  Intel Corporation\n\t10fb  82599ES 10-Gigabit\n\t\t103c 17d2  Ethernet 560SFP\nC 02  Network controller\n8086  wrong\n",
  );
  const names = await readPciNames(["/no/such/file", list]);
  expect(names.vendor("8086")).toBe("Intel Corporation");
  expect(names.device("8086", "10fb")).toBe("82599ES 10-Gigabit");
  expect(names.device("8086", "17d2")).toBe("");
  expect((await readPciNames(["/no/such/file"])).vendor("8086")).toBe("");
});

test("the time of a board is shown in UTC, and nothing for what is no time", () => {
  const at = (update_time: unknown) => systemFrom(boardFrom({ ...fast, update_time }, "test")).board?.update_time;
  expect(at("1518999910510")).toBe("2018-02-19 00:25:10");
  expect([at("soon"), at(null), at("9".repeat(30))]).toEqual([null, null, null]);
});

describe("the manager itself", () => {
  test("is registered with a slash at the end or without", async () => {
    const { url } = await start();
    expect(await connect(`${url}/eem///`).status(SIGNAL)).toBe("Online");
  });

  test("that rejects the password is not registered", async () => {
    const { url } = await start();
    const eem = connect(`${url}/eem`, { password: "hunter2" });
    await expect(eem.status(SIGNAL)).rejects.toMatchObject({
      code: "pod-manager.credentials",
      message: expect.stringMatching(/unable to reach podmanager at url: .*Check its username and password/s),
    });
    await expect(eem.systems(SIGNAL)).rejects.toMatchObject({
      code: "pod-manager.credentials",
      message: expect.not.stringContaining("hunter2"),
    });
  });

  test("that is not there is not registered, and the message says where it was looked for", async () => {
    const { url } = await start();
    await expect(connect(url).status(SIGNAL)).rejects.toMatchObject({
      upstreamStatus: 404,
      upstreamCode: "40401",
      message: expect.stringContaining(`unable to reach podmanager at url: ${url}`),
    });
    await expect(connect("http://127.0.0.1:9/eem").status(SIGNAL)).rejects.toMatchObject({
      code: "pod-manager.unreachable",
    });
  });

  test("that was online and goes is offline", async () => {
    const { sim, eem } = await start();
    expect(await eem.status(SIGNAL)).toBe("Online");
    sim.fault({ kind: "drop", times: 3 });
    expect(await eem.status(SIGNAL)).toBe("Offline");
    expect(await eem.status(SIGNAL)).toBe("Online");
  });

  test("that is busy for a moment is asked again, but never to change something", async () => {
    const { sim, eem } = await start();
    const busy = { kind: "fail", status: 503, body: { code: "50300", message: "busy" } } as const;
    sim.fault({ ...busy, times: 2, headers: { "Retry-After": "0" } });
    expect(await eem.systems(SIGNAL)).toHaveLength(4);
    sim.fault({ ...busy, method: "PUT" });
    await expect(compose(eem, { pciDevices: ["GPU"] })).rejects.toMatchObject({ upstreamStatus: 503, message: "busy" });
    expect(sim.requests.count("PUT", /./)).toBe(1);
  });

  test("whose answer to a change is empty is believed when the board is there", async () => {
    let group = "4094";
    const eem = await answering((request, response) => {
      if (request.method === "PUT") group = "77";
      const board = { ...fast, group_id: group };
      response.end(request.method === "PUT" ? "" : JSON.stringify({ device: board, devices: [board] }));
    });
    const choice = { plan: { server: fast.id, devices: ["0x1"] } };
    const group77 = await eem.operations.compose[1]!.run({ choice }, SIGNAL);
    expect(group77).toEqual({ group: "77" });
  });

  test("whose ids are no words of a path is asked for just those", async () => {
    const odd = { ...gpu, id: "../a b/0x1?" };
    const asked: string[] = [];
    const eem = await answering((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.end(JSON.stringify({ device: { ...odd, group_id: "7" }, devices: [odd] }));
    });
    const [device] = await eem.devices(SIGNAL);
    await eem.operations.detach![1]!.run({ device, deviceGroup: "7" }, SIGNAL);
    expect(asked.at(-1)).toBe("DELETE /eem/devices/..%2Fa%20b%2F0x1%3F/group_id");
  });

  test("that filters nothing makes no devices of others ours", async () => {
    const all = JSON.stringify({ devices: [{ ...fast, group_id: "7" }, { ...nic, group_id: "8" }, gpu] });
    const eem = await answering((_, response) => response.end(all));
    expect(await eem.systems(SIGNAL)).toHaveLength(1);
    expect((await eem.devices(SIGNAL)).map(({ nodeIndex }) => nodeIndex)).toEqual([null, null]);
  });

  test.each([
    ["a list that is none", { devices: { a: 1 } }, /expected a list "devices"/],
    ["a board without an id", { devices: [{ status: "eesv", group_id: "1" }] }, /expected a board with id/],
    ["a board that is null", { devices: [null] }, /expected a board with id/],
    ["another kind of board", { devices: [{ ...fast, status: "switch" }] }, /status eesv or eeio/],
    ["no object", ["eesv"], /expected a JSON object/],
  ])("that answers %s is not understood", async (_, body, named) => {
    const eem = await answering((_, response) => response.end(JSON.stringify(body)));
    await expect(eem.systems(SIGNAL)).rejects.toMatchObject({ code: "pod-manager.unreadable", message: named });
  });

  test.each([
    [
      "10 MB",
      (response: Parameters<RequestListener>[1]) => response.end("x".repeat(10_000_000)),
      "pod-manager.unreadable",
      /longer than/,
    ],
    [
      "half of what it promised",
      (response: Parameters<RequestListener>[1]) => {
        response.writeHead(200, { "Content-Length": "100" });
        response.write("{");
        response.socket?.end();
      },
      "pod-manager.unreachable",
      /./,
    ],
    [
      "a redirect",
      (response: Parameters<RequestListener>[1]) => response.writeHead(302, { Location: "http://127.0.0.2/" }).end(),
      "pod-manager.unreadable",
      /redirects/,
    ],
  ] as const)("that answers %s is an error", async (_, answer, code, named) => {
    const eem = await answering((__, response) => void answer(response));
    await expect(eem.systems(SIGNAL)).rejects.toMatchObject({ code, message: named });
  });
});

describe("Ironic is told", () => {
  const driver_info = { ipmi_address: "10.0.0.1", ipmi_password: "secret" };

  test("what the caller knows of the server's management; names of drivers that are gone are those of today", async () => {
    const { eem } = await start();
    expect(await eem.provisioning(fast.id, { driver_info, mac: "aa:bb:cc:dd:ee:ff" }, SIGNAL)).toEqual({
      driver: "ipmi",
      driverInfo: driver_info,
      macs: ["aa:bb:cc:dd:ee:ff"],
    });
    const old = await eem.provisioning(fast.id, { driver_info, driver: "pxe_ipmitool" }, SIGNAL);
    expect(old).toMatchObject({ driver: "ipmi", macs: [] });
    expect(await eem.provisioning(fast.id, { driver_info, driver: "ilo" }, SIGNAL)).toMatchObject({ driver: "ilo" });
  });

  test.each([
    ["driver_info", {}],
    ["driver_info", { driver_info: "10.0.0.1" }],
    ["mac", { driver_info, mac: 7 }],
  ])("nothing without a right %s", async (field, params) => {
    const { eem } = await start();
    const told = eem.provisioning(fast.id, params, SIGNAL);
    await expect(told).rejects.toMatchObject({ code: "request.invalid", message: expect.stringContaining(field) });
    await expect(told).rejects.not.toBeInstanceOf(UpstreamError);
  });
});
