// The driver redfishv1 with pod managers that each have something of their own. Contract: drivers, sections 1 and 6.1.
import { describe, expect, it, onTestFinished } from "vitest";
import type { ComposeFacts, DeviceFacts, Facts, PodManager, Step } from "../../../host/drivers/driver.ts";
import { redfishv1 } from "../../../host/drivers/redfishv1.ts";
import { listenSim } from "../../../host/sim/base/listen.ts";
import { createPodmSim, type PodmOptions } from "../../../host/sim/podm.ts";
import { json, PASSWORD, type Reply, raw, type Service, service } from "./redfish/service.ts";

const SIGNAL = new AbortController().signal;
const NODE = "/redfish/v1/Nodes/7";

function connect(url: string, username = "admin", password = PASSWORD): PodManager {
  const manager = redfishv1.connect({
    url,
    username,
    password,
    log: () => undefined,
    limits: { pollMs: 1, assembleMs: 2_000 },
  });
  onTestFinished(() => manager.close());
  return manager;
}

/** A simulated pod manager, small unless told otherwise. */
async function simulated(options: PodmOptions) {
  const sim = createPodmSim({ systems: 2, devices: 4, composed: 0, assembleMs: 0, resetMs: 0, ...options });
  const { url, close } = await listenSim(sim.app);
  onTestFinished(async () => {
    sim.close();
    await close();
  });
  return { sim, manager: connect(url, "admin", "Passw0rd") };
}

const link = (path: string) => ({ "@odata.id": path });
const collection = (...paths: string[]) => ({ Members: paths.map(link) });
const rootOf = (apiVersion: string | null, more: object = {}) => ({
  Systems: link("/redfish/v1/Systems"),
  Chassis: link("/redfish/v1/Chassis"),
  Nodes: link("/redfish/v1/Nodes"),
  ...(apiVersion === null ? {} : { Oem: { Intel_RackScale: { ApiVersion: apiVersion } } }),
  ...more,
});
const empty = { "GET /redfish/v1/Systems": collection(), "GET /redfish/v1/Chassis": collection() };
const nodes = {
  ...collection(NODE),
  Actions: { "#ComposedNodeCollection.Allocate": { target: "/redfish/v1/Nodes/Actions/Allocate" } },
};

/** A pod manager with one node, of which a test says what matters to it. */
async function withNode(node: object, routes: Record<string, Reply | object> = {}, apiVersion = "2.1.0") {
  const podm = await service({
    "GET /redfish/v1/": rootOf(apiVersion),
    ...empty,
    "GET /redfish/v1/Nodes": nodes,
    [`GET ${NODE}`]: { Id: 7, Name: "web", ...node },
    ...routes,
  });
  return { podm, manager: connect(podm.url) };
}

const taken: Reply = (_, response) => void response.writeHead(204).end();

function sentTo(podm: Service, route: string): unknown[] {
  const sent = podm.received.filter(({ method, path }) => `${method} ${path}` === route);
  return sent.map(({ body }) => JSON.parse(body) as unknown);
}

async function perform(steps: readonly Step[], begun: Facts): Promise<Facts> {
  let facts = begun;
  for (const step of steps) facts = { ...facts, ...(await step.run(facts, SIGNAL)) };
  return facts;
}

async function composeFacts(manager: PodManager, requirements: ComposeFacts["requirements"]): Promise<ComposeFacts> {
  const choice = await manager.choose(requirements, new Set(), SIGNAL);
  return { id: "0b7a9d3e-0000-4000-8000-000000000001", name: "web", description: "of a test", requirements, choice };
}

describe("allocating", () => {
  const requirements = {
    processor: { totalCores: 4, model: "Xeon" },
    memory: { capacityMib: 8192, type: "DDR4" },
    remoteStorage: { capacityGib: 20 },
  };
  const facts: ComposeFacts = {
    id: "0b7a9d3e-0000-4000-8000-000000000001",
    name: "web",
    description: "of a test",
    requirements,
    choice: {
      resources: [],
      cost: { zonesBroken: 0, racks: 0, resources: 1, wasteBp: 0 },
      reasons: [],
      plan: { system: "/redfish/v1/Systems/1", processor: "/redfish/v1/Systems/1/Processors/1", devices: [] },
    },
  };
  const common = { Name: "web-0b7a9d3e0000", Description: "of a test", RemoteDrives: [{ CapacityGiB: 20 }] };

  it.each([
    [
      "1.2.0",
      {
        ...common,
        Memory: [{ CapacityMiB: 8192, DimmDeviceType: "DDR4" }],
        Processors: [{ Model: "Xeon", TotalCores: 4 }],
      },
    ],
    [
      "2.4.1",
      {
        ...common,
        TotalSystemMemoryMiB: 8192,
        TotalSystemCoreCount: 4,
        Memory: [{ MemoryDeviceType: "DDR4" }],
        Processors: [{ Model: "Xeon", Resource: link("/redfish/v1/Systems/1/Processors/1") }],
      },
    ],
  ])("is asked for in the words of API %s, in numbers", async (apiVersion, body) => {
    const { podm, manager } = await withNode(
      {},
      { "POST /redfish/v1/Nodes/Actions/Allocate": (_, response) => json(response, 201, {}, { location: NODE }) },
      apiVersion,
    );
    expect(await manager.operations.compose[0]!.run(facts, SIGNAL)).toEqual({ index: "7", resourceUri: NODE });
    expect(sentTo(podm, "POST /redfish/v1/Nodes/Actions/Allocate")).toEqual([body]);
  });

  it.each([
    ["an absolute Location", (url: string): Record<string, string> => ({ location: `${url}${NODE}` })],
    ["one without a slash", () => ({ location: NODE.slice(1) })],
    ["none: the node is found by its name", () => ({})],
  ])("finds the node by %s", async (_, headers) => {
    const { podm, manager } = await withNode({ Name: common.Name });
    podm.on("POST /redfish/v1/Nodes/Actions/Allocate", (_, response) =>
      json(response, 201, {}, headers(podm.url) as Record<string, string>),
    );
    expect(await manager.operations.compose[0]!.run(facts, SIGNAL)).toEqual({ index: "7", resourceUri: NODE });
  });

  it("passes on with its own status what the pod manager says of it", async () => {
    const { manager } = await withNode(
      {},
      {
        "POST /redfish/v1/Nodes/Actions/Allocate": (_, response) =>
          json(response, 409, {
            error: {
              code: "Base.1.0.ResourcesStateMismatch",
              message: "Conflict during allocation",
              "@Message.ExtendedInfo": [{ Message: "There are no computer systems available." }, { Severity: "OK" }],
            },
          }),
      },
    );
    await expect(manager.operations.compose[0]!.run(facts, SIGNAL)).rejects.toMatchObject({
      upstreamStatus: 409,
      upstreamCode: "Base.1.0.ResourcesStateMismatch",
      upstreamTitle: "Conflict during allocation",
      message: "There are no computer systems available.",
    });
  });
});

describe("assembly", () => {
  const facts = { index: "7", resourceUri: NODE, choice: { plan: {} } };

  it("that failed is told as such", async () => {
    const { manager } = await withNode({ ComposedNodeState: "Failed" });
    const assembled = manager.operations.compose[2]!;
    await expect(assembled.run(facts, SIGNAL)).rejects.toThrow(/could not assemble \/redfish\/v1\/Nodes\/7/);
    expect(await assembled.look(facts, SIGNAL)).toBeNull();
  });

  it("is waited for as long as it goes on", async () => {
    const states = ["Allocated", "Assembling", "Assembling", "Assembled"];
    const { manager } = await withNode({}, { [`GET ${NODE}`]: () => ({ ComposedNodeState: states.shift() }) });
    expect(await manager.operations.compose[2]!.run(facts, SIGNAL)).toEqual({});
    expect(states).toEqual([]);
  });

  it("is not ordered twice", async () => {
    const { podm, manager } = await withNode({ ComposedNodeState: "Assembling" });
    expect(await manager.operations.compose[1]!.run(facts, SIGNAL)).toEqual({});
    expect(podm.received.map(({ method }) => method)).not.toContain("POST");
  });
});

describe("a node whose release was cut short", () => {
  const nodeNamed = (Name: string) => ({ Id: 7, Name, Links: {} });

  it("is gone when another one has its path by now, which is left alone", async () => {
    const { podm, manager } = await withNode(nodeNamed("web-1"));
    const [inventory, last] = manager.operations.release;
    const facts = { index: "7", resourceUri: NODE };
    const noted = { ...facts, ...(await inventory!.run(facts, SIGNAL)) };
    expect(await last!.look(noted, SIGNAL)).toBeNull();
    podm.on(`GET ${NODE}`, nodeNamed("db-2"));
    expect(await last!.look(noted, SIGNAL)).toEqual({ devices: [] });
    podm.on(`GET ${NODE}`, { Id: 7 });
    expect(await last!.look(noted, SIGNAL)).toBeNull();
  });
});

describe("a node that cannot be deleted", () => {
  const stuck: Reply = (_, response) => json(response, 409, { error: { message: "Node could not be disassembled" } });
  const target = `${NODE}/Actions/ComposedNode.ForceDelete`;

  it("is forgotten by force when it is taken back", async () => {
    const { podm, manager } = await withNode(
      { Actions: { "#ComposedNode.ForceDelete": { target } } },
      { [`DELETE ${NODE}`]: stuck, [`POST ${target}`]: taken },
    );
    await manager.operations.compose[0]!.undo({ resourceUri: NODE }, SIGNAL);
    expect(podm.count(`POST ${target}`)).toBe(1);
  });

  it("stays, and says why, when it is to be released", async () => {
    const { podm, manager } = await withNode(
      { Actions: { "#ComposedNode.ForceDelete": { target } } },
      { [`DELETE ${NODE}`]: stuck },
    );
    const release = manager.operations.release.at(-1)!;
    const facts = { index: "7", resourceUri: NODE, held: [] };
    await expect(release.run(facts, SIGNAL)).rejects.toMatchObject({
      upstreamStatus: 409,
      message: "Node could not be disassembled",
    });
    expect(podm.count(`POST ${target}`)).toBe(0);
    expect(await release.look(facts, SIGNAL)).toBeNull();
  });
});

describe("resetting", () => {
  const target = "/redfish/v1/Systems/3/Actions/ComputerSystem.Reset";
  const types = ["On", "ForceOff", "SoftShutdown"];
  const info = "/redfish/v1/Nodes/7/ResetActionInfo";
  const spellings: Record<string, object> = {
    "the DMTF's": { "ResetType@DMTF.AllowableValues": types },
    "the Redfish": { "ResetType@Redfish.AllowableValues": types },
    "an ActionInfo's": { "@Redfish.ActionInfo": info },
  };

  it.each(Object.entries(spellings))("knows the types by %s spelling", async (_, allowed) => {
    const { podm, manager } = await withNode(
      { Actions: { "#ComposedNode.Reset": { target, ...allowed } } },
      {
        [`POST ${target}`]: taken,
        [`GET ${info}`]: { Parameters: [{ Name: "ResetType", Required: "true", AllowableValues: types }] },
      },
    );
    await expect(manager.reset!("7", "Nmi", SIGNAL)).rejects.toMatchObject({
      code: "request.invalid",
      message: expect.stringContaining("it takes On, ForceOff, SoftShutdown"),
    });
    await manager.reset!("7", "ForceOff", SIGNAL);
    await manager.reset!("7", "GracefulShutdown", SIGNAL);
    expect(sentTo(podm, `POST ${target}`)).toEqual([{ ResetType: "ForceOff" }, { ResetType: "SoftShutdown" }]);
  });

  it("leaves it to the service when it names no types", async () => {
    const { podm, manager } = await withNode(
      { Actions: { "#ComposedNode.Reset": { target } } },
      { [`POST ${target}`]: taken },
    );
    await manager.reset!("7", "Nmi", SIGNAL);
    expect(sentTo(podm, `POST ${target}`)).toEqual([{ ResetType: "Nmi" }]);
  });

  it("is not done to another node, whatever is advertised", async () => {
    const { podm, manager } = await withNode(
      { Actions: { "#ComposedNode.Reset": { target: "/redfish/v1/Nodes/1/Actions/ComposedNode.Reset" } } },
      { [`POST ${NODE}/Actions/ComposedNode.Reset`]: taken },
    );
    await manager.reset!("7", "On", SIGNAL);
    expect(podm.count(`POST ${NODE}/Actions/ComposedNode.Reset`)).toBe(1);
  });
});

describe("booting", () => {
  const boot = { enabled: "Once", target: "Pxe" };
  const body = { Boot: { BootSourceOverrideEnabled: "Once", BootSourceOverrideTarget: "Pxe" } };
  const allowed = { "BootSourceOverrideTarget@Redfish.AllowableValues": ["None", "Pxe", "Hdd"] };

  it.each([
    ["204", taken],
    ["200 with the node", (_: unknown, response: Parameters<Reply>[1]) => json(response, 200, { Id: "7" })],
  ])("is set when the answer is %s", async (_, reply) => {
    const { podm, manager } = await withNode({ Boot: allowed }, { [`PATCH ${NODE}`]: reply as Reply });
    await manager.boot!("7", boot, SIGNAL);
    expect(sentTo(podm, `PATCH ${NODE}`)).toEqual([body]);
    await expect(manager.boot!("7", { ...boot, target: "Usb" }, SIGNAL)).rejects.toMatchObject({
      code: "request.invalid",
      message: "Boot.Target Usb is not taken by /redfish/v1/Nodes/7; it takes None, Pxe, Hdd",
    });
  });

  it("is set in what the node has become meanwhile", async () => {
    let etag = 1;
    const { podm, manager } = await withNode(
      {},
      {
        [`GET ${NODE}`]: (_, response) => json(response, 200, { Boot: allowed }, { etag: `"${etag}"` }),
        [`PATCH ${NODE}`]: ({ headers }, response) => {
          if (etag === 1) etag = 2;
          if (headers["if-match"] !== '"2"') return json(response, 412, {});
          response.writeHead(204).end();
        },
      },
    );
    await manager.boot!("7", boot, SIGNAL);
    expect(podm.count(`PATCH ${NODE}`)).toBe(2);
  });

  it("is set at the system of a node that does not change", async () => {
    const { podm, manager } = await withNode(
      { Links: { ComputerSystem: link("/redfish/v1/Systems/3") } },
      {
        [`PATCH ${NODE}`]: raw(405, "{}"),
        "GET /redfish/v1/Systems/3": { Boot: allowed },
        "PATCH /redfish/v1/Systems/3": taken,
      },
    );
    await manager.boot!("7", boot, SIGNAL);
    expect(sentTo(podm, "PATCH /redfish/v1/Systems/3")).toEqual([body]);
  });
});

describe("attaching", () => {
  const drive = "/redfish/v1/Chassis/PCIe1/Drives/1";
  const endpoint = "/redfish/v1/Fabrics/1/Endpoints/1";
  const device: DeviceFacts = {
    resourceUri: drive,
    state: "free",
    nodeIndex: null,
    pooledGroupId: "1",
    type: "SSD",
    properties: { protocol: "NVMe" },
    extra: { endpoints: [endpoint] },
  };
  const facts = { index: "7", resourceUri: NODE, device };
  const action = (name: string, fields: object = {}) => ({
    [`#ComposedNode.${name}`]: { target: `${NODE}/Actions/ComposedNode.${name}`, ...fields },
  });
  const offered = (...paths: string[]) => ({ "Resource@Redfish.AllowableValues": paths.map(link) });
  const info = `${NODE}/Actions/AttachResourceActionInfo`;

  it.each([
    ["2.1.3", "AttachEndpoint", {}, { Resource: link(drive) }],
    ["2.2.0", "AttachEndpoint", offered(endpoint), { Resource: link(endpoint) }],
    ["2.3.0", "AttachEndpoint", offered(endpoint, drive), { Resource: link(drive), Protocol: "NVMe" }],
    ["2.4.0", "AttachResource", { "@Redfish.ActionInfo": info }, { Resource: link(drive) }],
  ])("at API %s orders %s", async (apiVersion, name, fields, body) => {
    const { podm, manager } = await withNode(
      { Actions: action(name, fields) },
      {
        [`POST ${NODE}/Actions/ComposedNode.${name}`]: taken,
        [`GET ${info}`]: { Parameters: [{ Name: "Resource", AllowableValues: [link(drive)] }, { Name: "Protocol" }] },
      },
      apiVersion,
    );
    expect(await manager.operations.attach![0]!.run(facts, SIGNAL)).toEqual({
      devices: [{ resourceUri: drive, state: "allocated", nodeIndex: "7", pooledGroupId: "1" }],
    });
    expect(sentTo(podm, `POST ${NODE}/Actions/ComposedNode.${name}`)).toEqual([body]);
  });

  it("is refused where the node does not reach it", async () => {
    const { manager } = await withNode({
      Actions: action("AttachEndpoint", offered("/redfish/v1/Fabrics/2/Endpoints/9")),
    });
    await expect(manager.operations.attach![0]!.run(facts, SIGNAL)).rejects.toMatchObject({
      upstreamStatus: 409,
      message: expect.stringContaining(`${drive} is not among what ComposedNode.AttachEndpoint of ${NODE} takes`),
    });
  });

  it("is unsupported where no version of it is advertised", async () => {
    const { manager } = await withNode({ Actions: {} });
    await expect(manager.operations.attach![0]!.run(facts, SIGNAL)).rejects.toMatchObject({
      code: "pod-manager.unsupported",
      message: expect.stringContaining("does not support attach"),
    });
  });

  it("is not undone at another node: there it cannot be detached", async () => {
    const other = "/redfish/v1/Nodes/8";
    const { podm, manager } = await withNode(
      { Actions: action("DetachEndpoint") },
      {
        "GET /redfish/v1/Nodes": collection(NODE, other),
        [`GET ${other}`]: { Links: { LocalDrives: [link(drive)] } },
      },
    );
    await expect(manager.operations.detach![0]!.run(facts, SIGNAL)).rejects.toMatchObject({
      upstreamStatus: 409,
      message: `${drive} is at node 8, it can only be detached there.`,
    });
    expect(podm.received.map(({ method }) => method)).not.toContain("POST");
  });
});

describe("what Ironic is told", () => {
  const node = {
    Links: {
      ComputerSystem: link("/redfish/v1/Systems/3"),
      EthernetInterfaces: [link("/redfish/v1/Systems/3/EthernetInterfaces/1"), link("/redfish/v1/gone")],
    },
  };
  const routes = { "GET /redfish/v1/Systems/3/EthernetInterfaces/1": { MACAddress: "E9:47:D3:60:64:66" } };

  it("is the path of the system, the address without a path, and each MAC", async () => {
    const { podm } = await withNode(node, routes);
    const manager = connect(`${podm.url}/redfish/v1/`);
    expect(await manager.provisioning("7", {}, SIGNAL)).toEqual({
      driver: "redfish",
      driverInfo: {
        redfish_address: podm.url,
        redfish_username: "admin",
        redfish_password: PASSWORD,
        redfish_verify_ca: true,
        redfish_system_id: "/redfish/v1/Systems/3",
      },
      macs: ["E9:47:D3:60:64:66"],
    });
  });

  it("is what the caller says where the caller says it", async () => {
    const { manager } = await withNode({ Links: { ComputerSystem: {} } });
    const params = { driver: "fake", mac: "02:00:00:00:00:01", driver_info: { redfish_system_id: "/x" } };
    expect(await manager.provisioning("7", params, SIGNAL)).toMatchObject({
      driver: "fake",
      driverInfo: { redfish_system_id: "/x" },
      macs: ["02:00:00:00:00:01"],
    });
    await expect(manager.provisioning("7", {}, SIGNAL)).rejects.toMatchObject({ code: "pod-manager.unsupported" });
  });
});

describe("a pod manager", () => {
  it("is not online because its root may be read", async () => {
    const podm = await service({ "GET /redfish/v1/": rootOf("2.1.0"), "*": raw(401, "") });
    expect(await connect(podm.url).status(SIGNAL)).toBe("Offline");
  });

  it("shows a node of which hardly anything is told", async () => {
    const { manager } = await withNode({ Name: null, Links: { Processors: [link("/redfish/v1/broken"), null, {}] } });
    expect(await manager.node("7", SIGNAL)).toMatchObject({
      index: "7",
      resourceUri: NODE,
      name: null,
      state: null,
      health: null,
      computerSystem: null,
      processors: [],
    });
  });

  it.each(["..", "7/../8", "%2e%2e", ""])("has no node %j, and is not asked elsewhere for one", async (index) => {
    const { podm, manager } = await withNode({});
    await expect(manager.node(index, SIGNAL)).rejects.toMatchObject({ upstreamStatus: 404 });
    for (const { path } of podm.received) expect(path).toMatch(/^\/redfish\/v1\/(Nodes(\/[^/]*)?)?$/);
  });

  it("composes on the system that was chosen, with the devices that were", async () => {
    const { sim, manager } = await simulated({ dialect: "2.4" });
    const facts = await composeFacts(manager, { memory: { capacityMib: 1024 }, pciDevices: ["NVMe", "GPU"] });
    expect(facts.choice.resources).toHaveLength(3);
    const composed = await perform(manager.operations.compose, facts);
    const [node] = sim.snapshot().nodes;
    expect(facts.choice.resources[0]).toBe(`/redfish/v1/Systems/${node!.system}`);
    expect(node!.devices).toHaveLength(2);
    const { drives, accelerators } = await manager.node(String(composed.index), SIGNAL);
    expect(drives.filter(({ pooled }) => pooled)).toMatchObject([{ protocol: "NVMe" }]);
    expect(accelerators).toMatchObject([{ type: "gpu", model: "Tesla V100" }]);
    const released = await perform(manager.operations.release, { ...composed, resources: [] });
    expect(released.devices).toHaveLength(2);
  });

  it("that picks systems itself has no claims on them", async () => {
    const { manager } = await simulated({ dialect: "1.2" });
    const { choice } = await composeFacts(manager, { memory: { capacityMib: 1024 } });
    expect(choice.resources).toEqual([]);
    expect(choice.reasons).toContain("The pod manager allocates by itself and may take another one.");
    await expect(composeFacts(manager, { pciDevices: ["GPU"] })).rejects.toMatchObject({
      code: "pod-manager.no-fit",
      message: "This pod manager cannot attach devices (GPU asked for).",
    });
  });
});
