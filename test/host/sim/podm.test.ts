import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { TurnedClock } from "../../../host/sim/base/clock.ts";
import type { DialectName } from "../../../host/sim/podm/dialect.ts";
import type { Hardware } from "../../../host/sim/podm/hardware.ts";
import { createPodmSim, type PodmOptions } from "../../../host/sim/podm.ts";
import { openSimulatedPod } from "../../../host/sim/simulated-pod.ts";
import { scratchFolders } from "../../support/scratch-folder.ts";

type Json = Record<string, unknown>;
type Link = { "@odata.id": string };

/** The members that are looked at, of all sorts of resources. */
interface Shown {
  readonly error: { readonly message: string; readonly "@Message.ExtendedInfo": { Message: string }[] };
  readonly Members: Link[];
  readonly "Members@odata.count": number;
  readonly Links: Record<"Storage" | "LocalDrives" | "EthernetInterfaces" | "Endpoints", Link[]> & {
    ComputerSystem: Link;
  };
  readonly Actions: Record<string, { "Resource@Redfish.AllowableValues"?: Link[]; "@Redfish.ActionInfo": string }>;
  readonly Parameters: [{ AllowableValues: Link[] }];
  readonly Status: { State: string };
  readonly Boot: Json;
  readonly Oem: Record<string, { ApiVersion: string }>;
  readonly ComposedNodeState: string;
  readonly PowerState: string;
  readonly CapacityBytes: number;
  readonly VLANId: number;
}

interface Answered {
  readonly status: number;
  readonly location: string;
  readonly body: Shown;
}

const folder = scratchFolders();
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

function pod(options: PodmOptions = {}) {
  const clock = new TurnedClock();
  const sim = createPodmSim({ username: "", clock, assembleMs: 2_000, resetMs: 1_000, ...options });
  closing.push(() => sim.close());
  const ask = async (method: string, path: string, body?: Json, headers: Record<string, string> = {}) => {
    const answer = await sim.app.request(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const location = answer.headers.get("location") ?? "";
    return { status: answer.status, location, body: text === "" ? null : JSON.parse(text) } as Answered;
  };
  const get = async (path: string) => (await ask("GET", path)).body;
  const allocate = (body: Json = {}) => ask("POST", "/redfish/v1/Nodes/Actions/Allocate", body);
  const act = (node: string, action: string, body: Json = {}) =>
    ask("POST", `${node}/Actions/ComposedNode.${action}`, body);
  /** Path of a node that is assembled. */
  const compose = async (body: Json = {}): Promise<string> => {
    const { location } = await allocate(body);
    await act(location, "Assemble");
    clock.turn(2_000);
    return location;
  };
  return { sim, clock, ask, get, allocate, act, compose };
}

const ALL: DialectName[] = ["1.2", "2.1", "2.3", "2.4"];

/** Every path that is linked from the root, each read once. */
async function crawl(get: (path: string) => Promise<Shown>): Promise<Map<string, Json>> {
  const found = new Map<string, Json>();
  const left = ["/redfish/v1/"];
  const follow = (value: unknown, key: string): void => {
    if (Array.isArray(value)) for (const each of value) follow(each, key);
    else if (typeof value === "object" && value !== null) {
      for (const [name, each] of Object.entries(value)) {
        if (name === "@odata.id" && typeof each === "string") left.push(each);
        else if (name === "@Redfish.ActionInfo") left.push(each as string);
        else follow(each, name);
      }
    }
  };
  for (let path = left.pop(); path !== undefined; path = left.pop()) {
    if (found.has(path)) continue;
    const body = { ...(await get(path)) };
    found.set(path, body);
    follow(body, "");
  }
  return found;
}

describe("the pod", () => {
  test.each(ALL)("every link of dialect %s leads to a resource that names itself", async (dialect) => {
    const { get } = pod({ dialect, systems: 6, devices: 12, composed: 2 });
    const found = await crawl(get);
    const wrong = [...found].filter(([path, body]) => "error" in body || body["@odata.id"] !== path);
    expect(wrong.map(([path]) => path)).toEqual([]);
    expect(found.size).toBeGreaterThan(6 * 10);
  });

  test("has the topology of the original simulator", async () => {
    const { get } = pod({ dialect: "1.2" });
    const chassis = await get("/redfish/v1/Chassis");
    expect(chassis["Members@odata.count"]).toBe(12);
    expect((await get("/redfish/v1/Systems"))["Members@odata.count"]).toBe(48);
    expect((await get("/redfish/v1/Nodes"))["Members@odata.count"]).toBe(6);
    const system = await get("/redfish/v1/Systems/System43");
    expect(system).toMatchObject({
      Name: "ServerNode1",
      UUID: "c2e5c3b8-e8fb-3d0c-8ced-15268f089a0b",
      MemorySummary: { TotalSystemMemoryGiB: 64 },
      PowerState: "On",
      Links: { Chassis: [{ "@odata.id": "/redfish/v1/Chassis/Drawer1" }] },
    });
    expect((await get("/redfish/v1/")).Oem["Intel:RackScale"]!.ApiVersion).toBe("1.2.0");
  });

  test("is as large as wanted, and the same each time", async () => {
    const { sim } = pod({ systems: 1_000, devices: 10_000 });
    expect([sim.hardware.systems.length, sim.hardware.devices.length]).toEqual([1_000, 10_000]);
    expect(sim.hardware.chassis.filter(({ type }) => type === "Rack")).toHaveLength(24);
    expect(new Set(sim.hardware.devices.map(({ path }) => path)).size).toBe(10_000);
    const hash = (of: Hardware) => createHash("sha1").update(JSON.stringify(of)).digest("hex");
    const [one, same, other] = [1, 1, 2].map((seed) => hash(pod({ systems: 50, devices: 100, seed }).sim.hardware));
    expect(same).toBe(one);
    expect(other).not.toBe(one);
  });
});

describe("allocating", () => {
  test("takes a free system, and each one once", async () => {
    const { allocate, get } = pod();
    const systems = new Set<string>();
    for (let n = 0; n < 42; n++) {
      const { status, location } = await allocate({ Name: `n${n}` });
      expect(status).toBe(201);
      systems.add((await get(location)).Links.ComputerSystem["@odata.id"]);
    }
    expect(systems.size).toBe(42);
    const refused = await allocate();
    expect(refused.status).toBe(409);
    expect(refused.body.error.message).toBe("Conflict during allocation");
    expect(refused.body.error["@Message.ExtendedInfo"][1]!.Message).toContain("[available: 0 -> online systems: 0");
  });

  test("says how many systems passed each filter", async () => {
    const { allocate } = pod();
    const { status, body } = await allocate({ Processors: [{ TotalCores: 16 }], Memory: [{ CapacityMiB: 999_999 }] });
    expect(status).toBe(409);
    expect(body.error["@Message.ExtendedInfo"].map(({ Message }) => Message)).toEqual([
      "There are no computer systems available for this allocation request.",
      "Available assets count after applying filters: [available: 42 -> online systems: 42 -> status: 42 -> " +
        "resource: 42 -> chassis: 42 -> processors: 42 -> memory: 0 -> local drives: 0 -> ethernet interfaces: 0 -> " +
        "computer system attributes: 0 -> security: 0]",
    ]);
  });

  const requests: [name: string, dialect: DialectName, body: Json, status: number][] = [
    ["cores of one processor", "2.4", { Processors: [{ TotalCores: 17 }] }, 409],
    ["cores of both, as the first version adds them up", "1.2", { Processors: [{ TotalCores: "17" }] }, 201],
    ["cores of all", "2.4", { TotalSystemCoreCount: 32 }, 201],
    ["more memory than a module has", "2.4", { Memory: [{ CapacityMiB: 32_768 }] }, 409],
    ["the same from all modules", "1.2", { Memory: [{ CapacityMiB: "32768", DimmDeviceType: "DDR4" }] }, 201],
    ["another type of memory", "1.2", { Memory: [{ DimmDeviceType: "DDR3" }] }, 409],
    ["memory of all", "2.4", { TotalSystemMemoryMiB: 65_536 }, 201],
    ["a number as text", "2.4", { TotalSystemCoreCount: "4" }, 400],
    ["an unknown member", "2.4", { Memory: [{ DimmDeviceType: "DDR4" }] }, 400],
    ["an unknown member, passed over", "2.3", { Extra: 1 }, 201],
    ["a pooled drive", "2.4", { LocalDrives: [{ Interface: "NVMe", CapacityGiB: 1_000 }] }, 201],
    ["a disk by its speed", "2.4", { LocalDrives: [{ Type: "HDD", MinRPM: 7_200 }] }, 201],
    ["an accelerator", "2.4", { Processors: [{ ProcessorType: "FPGA" }] }, 201],
    ["three interfaces", "2.4", { EthernetInterfaces: [{}, {}, {}] }, 409],
    [
      "one system by its processor",
      "2.4",
      { Processors: [{ Resource: { "@odata.id": "/redfish/v1/Systems/System7/Processors/CPU1" } }] },
      201,
    ],
    [
      "a master that is none",
      "2.4",
      { RemoteDrives: [{ CapacityGiB: 80, Master: { Resource: { "@odata.id": "/x" } } }] },
      400,
    ],
  ];
  test.each(requests)("%s (%s)", async (_name, dialect, body, status) => {
    const { allocate, sim } = pod({ dialect });
    const before = sim.snapshot();
    const answer = await allocate(body);
    expect(answer.status).toBe(status);
    if (status >= 400) expect(sim.snapshot()).toEqual(before);
  });

  test("names each violation of a request", async () => {
    const { body } = await pod().allocate({ Colour: "red", Memory: [{ CapacityMiB: "1" }] });
    const messages = body.error["@Message.ExtendedInfo"].map(({ Message }) => Message);
    expect(messages).toHaveLength(2);
    expect(messages.join()).toContain("Memory/0/CapacityMiB");
    expect(messages.join()).toContain("Colour");
  });

  test("makes a volume for a node, which goes with it, and VLANs", async () => {
    const { compose, get, ask } = pod();
    const request = {
      RemoteDrives: [{ CapacityGiB: 80 }],
      EthernetInterfaces: [{ VLANs: [{ VLANId: 7, Tagged: true }] }],
    };
    const node = await compose(request);
    const links = (await get(node)).Links;
    const volume = links.Storage.at(-1)!["@odata.id"];
    expect((await get(volume)).CapacityBytes).toBe(80 * 2 ** 30);
    const vlans = await get(`${links.EthernetInterfaces[0]!["@odata.id"]}/VLANs`);
    expect((await get(vlans.Members[0]!["@odata.id"])).VLANId).toBe(7);
    await ask("DELETE", node);
    expect((await ask("GET", volume)).status).toBe(404);
  });
});

describe("a node", () => {
  test("is assembled after a while, once", async () => {
    const { allocate, act, get, clock } = pod();
    const { location } = await allocate();
    expect((await get(location)).ComposedNodeState).toBe("Allocated");
    expect((await act(location, "Assemble")).status).toBe(204);
    expect((await get(location)).ComposedNodeState).toBe("Assembling");
    expect((await act(location, "Assemble")).status).toBe(409);
    clock.turn(2_000);
    expect((await get(location)).ComposedNodeState).toBe("Assembled");
  });

  test("fails to assemble when that is ordered", async () => {
    const { compose, get, sim } = pod();
    sim.machine.failAssembly();
    expect((await get(await compose())).ComposedNodeState).toBe("Failed");
    expect((await get(await compose())).ComposedNodeState).toBe("Assembled");
  });

  test("is reset, which takes a while, but not before it is assembled", async () => {
    const { allocate, compose, act, get, clock } = pod();
    const { location } = await allocate();
    expect((await act(location, "Reset", { ResetType: "ForceOff" })).status).toBe(409);
    const node = await compose();
    expect((await act(node, "Reset", {})).status).toBe(400);
    expect((await act(node, "Reset", { ResetType: "Explode" })).status).toBe(400);
    expect((await act(node, "Reset", { ResetType: "ForceOff" })).status).toBe(204);
    expect((await get(node)).PowerState).toBe("PoweringOff");
    clock.turn(1_000);
    const { PowerState, Links } = await get(node);
    expect(PowerState).toBe("Off");
    expect((await get(Links.ComputerSystem["@odata.id"])).PowerState).toBe("Off");
  });

  test.each(ALL)("boots otherwise (%s)", async (dialect) => {
    const { ask, get } = pod({ dialect });
    const boot = { BootSourceOverrideEnabled: "Continuous", BootSourceOverrideTarget: "Hdd" };
    const answer = await ask("PATCH", "/redfish/v1/Nodes/Node1", { Boot: boot });
    expect(answer.status).toBe(dialect === "2.4" ? 200 : 204);
    expect((await get("/redfish/v1/Systems/System43")).Boot).toMatchObject(boot);
    const wrong = await ask("PATCH", "/redfish/v1/Nodes/Node1", { Boot: { BootSourceOverrideTarget: "Tape" } });
    expect([wrong.status, wrong.body.error.message]).toEqual([
      400,
      "Boot/BootSourceOverrideTarget: Tape is not one of None, Pxe, Hdd, RemoteDrive",
    ]);
  });

  test("gives its hardware back", async () => {
    const { compose, ask, act, sim, get } = pod();
    const before = { ...sim.snapshot(), nextNode: 0 };
    const node = await compose({ LocalDrives: [{ FabricSwitch: true }], Processors: [{ ProcessorType: "GPU" }] });
    expect(sim.snapshot().nodes.at(-1)!.devices).toHaveLength(2);
    expect((await ask("DELETE", node)).status).toBe(204);
    expect((await ask("GET", node)).status).toBe(404);
    expect((await ask("DELETE", node)).status).toBe(404);
    const other = await compose();
    expect((await act(other, "ForceDelete")).status).toBe(204);
    expect({ ...sim.snapshot(), nextNode: 0 }).toEqual(before);
    expect((await get("/redfish/v1/Fabrics/PCIe1/Zones")).Members).toEqual([]);
  });
});

describe("pooled devices", () => {
  const ACTIONS = { "2.1": "AttachEndpoint", "2.3": "AttachEndpoint", "2.4": "AttachResource" } as const;
  test.each(["2.1", "2.3", "2.4"] as const)("are attached and detached (%s)", async (dialect) => {
    const { compose, act, get, sim } = pod({ dialect });
    const node = await compose();
    const before = sim.snapshot();
    const attach = ACTIONS[dialect];
    const action = (await get(node)).Actions[`#ComposedNode.${attach}`]!;
    const values =
      action["Resource@Redfish.AllowableValues"] ??
      (await get(action["@Redfish.ActionInfo"])).Parameters[0].AllowableValues;
    const drive = values.find((value) => value["@odata.id"].includes("/Drives/"));
    expect((await act(node, attach, { Resource: drive })).status).toBe(204);
    const { Links } = await get(node);
    expect(dialect === "2.1" ? Links.LocalDrives : Links.Storage).toContainEqual(drive);
    const zone = await get("/redfish/v1/Fabrics/PCIe1/Zones/System1");
    expect(zone.Links.Endpoints).toHaveLength(2);
    expect((await act(node, attach, { Resource: drive })).status).toBe(409);
    expect((await act(node, attach.replace("At", "De"), { Resource: drive })).status).toBe(204);
    expect((await act(node, attach.replace("At", "De"), { Resource: drive })).status).toBe(409);
    expect(sim.snapshot()).toEqual(before);
  });

  const refusals: [name: string, body: Json, status: number][] = [
    ["nothing", {}, 400],
    ["what is not there", { Resource: { "@odata.id": "/redfish/v1/Chassis/PCIe1/Drives/X" } }, 400],
    ["a system", { Resource: { "@odata.id": "/redfish/v1/Systems/System2" } }, 400],
    ["another rack's device", { Resource: { "@odata.id": "/redfish/v1/Chassis/PCIe2/Drives/NVMe7" } }, 409],
    [
      "another protocol",
      { Resource: { "@odata.id": "/redfish/v1/Fabrics/PCIe1/Endpoints/NVMe1" }, Protocol: "iSCSI" },
      400,
    ],
    ["a master", { Resource: { "@odata.id": "/redfish/v1/StorageServices/RSS1/Volumes/1" } }, 409],
  ];
  test.each(refusals)("%s cannot be attached", async (_name, body, status) => {
    const { compose, act } = pod();
    expect((await act(await compose(), "AttachResource", body)).status).toBe(status);
  });

  test("a NIC becomes an interface of the system", async () => {
    const { compose, act, get } = pod();
    const node = await compose();
    const Resource = { "@odata.id": "/redfish/v1/Fabrics/PCIe1/Endpoints/NIC2" };
    expect((await act(node, "AttachResource", { Resource })).status).toBe(204);
    const interfaces = (await get(node)).Links.EthernetInterfaces;
    expect(interfaces).toHaveLength(3);
    expect(await get(interfaces[2]!["@odata.id"])).toMatchObject({
      SpeedMbps: 25_000,
      MACAddress: expect.stringMatching(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/),
    });
  });

  test("that are down say so and cannot be attached", async () => {
    const { compose, act, get, sim } = pod();
    const node = await compose();
    sim.machine.setDown("/redfish/v1/Chassis/PCIe1/Drives/NVMe1", true);
    expect((await get("/redfish/v1/Fabrics/PCIe1/Endpoints/NVMe1")).Status.State).toBe("Absent");
    const Resource = { "@odata.id": "/redfish/v1/Chassis/PCIe1/Drives/NVMe1" };
    expect((await act(node, "AttachResource", { Resource })).status).toBe(409);
    sim.machine.setDown("/redfish/v1/Chassis/PCIe1/Drives/NVMe1", false);
    expect((await act(node, "AttachResource", { Resource })).status).toBe(204);
  });
});

describe("what people order over HTTP", () => {
  const order = async ({ sim }: ReturnType<typeof pod>, body: Json) =>
    (await sim.app.request("/sim/hardware", { method: "PUT", body: JSON.stringify(body) })).status;

  test("an assembly fails, a device goes away and comes back", async () => {
    const it = pod();
    const drive = "/redfish/v1/Chassis/PCIe1/Drives/NVMe1";
    expect(await order(it, { failAssembly: 1, down: drive })).toBe(204);
    expect((await it.get(await it.compose())).ComposedNodeState).toBe("Failed");
    expect((await it.get(drive)).Status.State).toBe("Absent");
    expect(await order(it, { up: drive })).toBe(204);
    expect((await it.get(drive)).Status.State).toBe("Enabled");
  });

  test("what is not there, or no order, is refused", async () => {
    const it = pod();
    const before = it.sim.snapshot();
    expect(await order(it, { down: "/redfish/v1/Systems/System99" })).toBe(404);
    expect(await order(it, { fire: true })).toBe(400);
    expect(it.sim.snapshot()).toEqual(before);
  });
});

test("who listens to events hears of what happens by itself", async () => {
  const { sim, compose, act, clock } = pod();
  const reader = sim.events.stream(undefined).body!.pipeThrough(new TextDecoderStream()).getReader();
  await act(await compose(), "Reset", { ResetType: "ForceOff" });
  clock.turn(1_000);
  let heard = "";
  while (!heard.includes("System1 is Off")) heard += (await reader.read()).value;
  expect(heard).toMatch(/Node7 was allocated.*Node7 is Assembled.*System1 is Off/s);
  await reader.cancel();
});

describe("what was done survives", () => {
  test("a simulator that is started again knows its nodes, and goes on assembling", async () => {
    const stateFile = join(folder(), "pod.json");
    const clock = new TurnedClock();
    const first = pod({ stateFile, clock });
    const { location } = await first.allocate({ Name: "mine" });
    await first.act(location, "Assemble");
    first.sim.machine.stop();

    clock.turn(1_000);
    const second = pod({ stateFile, clock });
    expect(await second.get(location)).toMatchObject({ Name: "mine", ComposedNodeState: "Assembling" });
    clock.turn(1_000);
    expect((await second.get(location)).ComposedNodeState).toBe("Assembled");
    expect(() => pod({ stateFile, systems: 10 })).toThrow("is of other hardware");
  });

  test("the pod of a service begins anew when its file is damaged, and keeps the file", async () => {
    const stateFile = join(folder(), "simulated-pod.json");
    writeFileSync(stateFile, "not JSON");
    const said: string[] = [];
    const { url, username, password, close } = await openSimulatedPod({ stateFile, log: (text) => said.push(text) });
    closing.push(close);
    expect(said).toEqual(["the simulated pod begins anew"]);
    const headers = { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
    expect((await fetch(`${url}/redfish/v1/Systems`, { headers })).status).toBe(200);
    expect((await fetch(`${url}/redfish/v1/Systems`)).status).toBe(401);
  });
});
