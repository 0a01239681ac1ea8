// What a user does with Intel's RSD simulators, and what comes of it: the same with them and with what was recorded of them.
import { expect, it } from "vitest";
import type { Choice, Facts, NodeView, PodManager, RackView, SystemView } from "../../host/drivers/driver.ts";
import { redfishv1 } from "../../host/drivers/redfishv1.ts";
import type { RecordedService } from "./recorded-service.ts";

interface Session {
  readonly status: string;
  readonly systems: readonly Omit<SystemView, "raw">[];
  readonly racks: readonly RackView[];
  readonly choice: Choice;
  /** Of two nodes that were composed one after the other. */
  readonly nodes: readonly NodeView[];
  readonly bootRefusal: string;
  readonly resetRefusal: string;
  readonly released: readonly Facts[];
}

const SIGNAL = new AbortController().signal;

export type Simulator = "psme" | "pnc" | "rss";

/** @param open the address of a simulator for one test, and what is exchanged with it */
export function intelRsdTests(open: (simulator: Simulator) => Promise<RecordedService>): void {
  it("have nodes composed, shown, reset and released", async () => {
    const peer = await open("psme");
    const seen = await connected(peer.url, session);
    expect(seen.status).toBe("Online");
    expect(seen.systems.map(({ location }) => location)).toEqual([
      "Systems:1_Blade:blade3_Sled:sled2_Drawer:drawer1_Rack:rack11_Pod:pod12_",
      "Systems:2_Blade:blade5_Sled:sled4_Drawer:drawer1_Rack:rack11_Pod:pod12_",
      "Systems:3_Blade:blade7_Sled:sled6_Drawer:drawer1_Rack:rack11_Pod:pod12_",
      "Systems:4_Module:module9_Drawer:drawer8_Rack:rack11_Pod:pod12_",
    ]);
    expect(seen.systems[3]).toMatchObject({ cores: 0, ramGib: 8, networks: 1, health: "OK" });
    expect(seen.racks).toMatchObject([{ id: "rack11", systems: { length: 4 } }]);
    // Its processors tell no cores: that is not held against them.
    expect(seen.choice.plan).toMatchObject({ processor: "/redfish/v1/Systems/1/Processors/1" });
    expect(seen.nodes).toMatchObject([
      { index: "1", state: "Assembled", powerState: "On", computerSystem: null, processors: [] },
      { index: "2", state: "Assembled", powerState: "On", bootTarget: "None", health: "OK" },
    ]);
    expect(seen.bootRefusal).toMatch(/changes nothing of \/redfish\/v1\/Nodes\/2/);
    expect(seen.resetRefusal).toMatch(/Reset.Type Explode .* it takes On, ForceOff, .*SoftShutdown/);
    expect(seen.released).toEqual([{ devices: [] }, { devices: [] }]);
    expect(writesOf(peer)).toEqual([
      ["POST /redfish/v1/Nodes/Actions/Allocate", expect.objectContaining({ Name: "web-111111111111" })],
      ["POST /redfish/v1/Nodes/1/Actions/ComposedNode.Assemble", {}],
      ["POST /redfish/v1/Nodes/Actions/Allocate", expect.objectContaining({ TotalSystemMemoryMiB: 4096 })],
      // It advertises the actions of node 1 at node 2.
      ["POST /redfish/v1/Nodes/2/Actions/ComposedNode.Assemble", {}],
      ["PATCH /redfish/v1/Nodes/2", expect.anything()],
      ["POST /redfish/v1/Nodes/2/Actions/ComposedNode.Reset", { ResetType: "ForceOff" }],
      ["POST /redfish/v1/Nodes/2/Actions/ComposedNode.Reset", { ResetType: "SoftShutdown" }],
      ["DELETE /redfish/v1/Nodes/1", undefined],
      ["DELETE /redfish/v1/Nodes/2", undefined],
    ]);
  });

  it("show the drives of a PCIe pool", async () => {
    const devices = await connected((await open("pnc")).url, (manager) => manager.devices(SIGNAL));
    expect(devices).toMatchObject([
      { type: "SSD", state: "free", pooledGroupId: "1", properties: { protocol: "NVMe", capacity: 837 } },
      { type: "SSD", state: "free", pooledGroupId: "enclosure1", properties: { protocol: "NVMe", capacity: 517 } },
    ]);
  });

  it("show the logical drives of a storage service", async () => {
    const devices = await connected((await open("rss")).url, (manager) => manager.devices(SIGNAL));
    // Neither the physical volume nor the volume group.
    expect(devices).toMatchObject([{ type: "storage", state: "free", pooledGroupId: "service1" }]);
  });
}

function writesOf({ exchanges }: RecordedService): (readonly [string, unknown])[] {
  return exchanges.filter(({ request }) => !request.startsWith("GET ")).map(({ request, sent }) => [request, sent]);
}

async function connected<T>(url: string, use: (manager: PodManager) => Promise<T>): Promise<T> {
  const manager = redfishv1.connect({
    url,
    username: "admin",
    password: "Passw0rd",
    log: () => {},
    limits: { pollMs: 1, assembleMs: 5_000 },
  });
  try {
    return await use(manager);
  } finally {
    await manager.close();
  }
}

async function session(manager: PodManager): Promise<Session> {
  const status = await manager.status(SIGNAL);
  const systems = (await manager.systems(SIGNAL)).map(({ raw: _, ...shown }) => shown);
  const racks = (await manager.racks?.(SIGNAL)) ?? [];
  const choice = await manager.choose({ memory: { capacityMib: 4096 } }, new Set(), SIGNAL);
  const composed: Facts[] = [];
  for (const id of ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"])
    composed.push(
      await perform(manager.operations.compose, {
        id,
        name: "web",
        description: "of a test",
        requirements: { memory: { capacityMib: 4096 } },
        choice,
      }),
    );
  const nodes: NodeView[] = [];
  for (const { index } of composed) nodes.push(await manager.node(String(index), SIGNAL));
  const boot = manager.boot!("2", { enabled: "Once", target: "Pxe" }, SIGNAL);
  const bootRefusal = await refusal(boot);
  const resetRefusal = await refusal(manager.reset!("2", "Explode", SIGNAL));
  await manager.reset!("2", "ForceOff", SIGNAL);
  await manager.reset!("2", "GracefulShutdown", SIGNAL);
  const released: Facts[] = [];
  for (const { index, resourceUri } of composed) {
    const { devices } = await perform(manager.operations.release, { index, resourceUri, resources: [] });
    released.push({ devices });
    for (const step of manager.operations.release)
      if ((await step.look({ resourceUri }, SIGNAL)) === null)
        throw new Error(`${resourceUri}: ${step.name} did nothing`);
  }
  return { status, systems, racks, choice, nodes, bootRefusal, resetRefusal, released };
}

async function perform(steps: PodManager["operations"]["compose"], begun: Facts): Promise<Facts> {
  let facts = begun;
  for (const step of steps) facts = { ...facts, ...(await step.run(facts, SIGNAL)) };
  return facts;
}

async function refusal(asked: Promise<unknown>): Promise<string> {
  return await asked.then(
    () => "none",
    (error: Error) => error.message,
  );
}
