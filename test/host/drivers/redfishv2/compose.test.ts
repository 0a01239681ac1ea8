// Composing on services that do it each in their own way. Contract: drivers, 3.4.
import { describe, expect, it } from "vitest";
import type { Requirements } from "../../../../host/drivers/driver.ts";
import type { RedfishSimOptions } from "../../../../host/sim/redfish.ts";
import { composed, connected, nodeOf, ordered, perform, SIGNAL } from "./stand.ts";

const GPU: Requirements = {
  processor: { totalCores: 16 },
  memory: { capacityMib: 32_768 },
  pciDevices: ["GPU", "SSD"],
};

describe("composing", () => {
  it.each<[string, RedfishSimOptions]>([
    ["says where the system is", {}],
    ["answers 201 with the system, and says nowhere where it is", { answers: "body only" }],
    ["answers 200 with the system", { answers: "200" }],
    ["answers 204 with its place", { answers: "204" }],
    ["answers 204 and nothing else", { answers: "nothing" }],
    ["wants an Id beside the Name", { answers: "wants id" }],
    ["composes in a task", { taskMs: 20 }],
    ["answers at once and composes for a while", { composeMs: 20 }],
    ["takes manifests only", { offers: ["manifest"] }],
    ["takes manifests only, in a task", { offers: ["manifest"], taskMs: 20 }],
    ["is told what is wanted instead of blocks", { offers: ["constrained"] }],
    ["tells its capabilities at each zone", { capabilitiesOn: "zones" }],
    ["takes no change without If-Match", { etags: "required" }],
    ["knows no ETags", { etags: "none" }],
    ["knows no reservations", { reserves: false }],
    ["knows no sessions", { sessions: false }],
    ["expands collections", { expand: true }],
    ["gives collections in pages of two", { pageSize: 2 }],
    ["decomposes only what is powered off", { decomposesPoweredOn: false }],
  ])("works with a service that %s, and so does releasing", async (_, options) => {
    const stand = await connected(options);
    const { sim, manager } = stand;
    const before = sim.snapshot();
    const facts = await composed(manager, GPU);
    const node = await manager.node(String(facts.index), SIGNAL);
    expect(node).toMatchObject({ name: expect.stringMatching(/^My-node-1-5f0c1c8e7f7e$/), state: "Assembled" });
    expect(node.processors.map(({ totalCores }) => totalCores)).toEqual([8, 8]);
    expect(node.accelerators).toEqual([{ type: "gpu", model: "Contoso VID2000" }]);
    expect(node.drives).toMatchObject([{ protocol: "NVMe", capacityGib: 512, pooled: true }]);
    expect(facts.devices).toMatchObject(
      options.offers?.[0] === "constrained" ? expect.anything() : [{ state: "allocated" }, { state: "allocated" }],
    );
    await manager.reset!(String(facts.index), "On", SIGNAL);
    await perform(manager.operations.release, nodeOf(facts));
    expect(sim.snapshot()).toEqual(before);
  });

  it("goes on when a service answers with a number, as the system is there all the same", async () => {
    const stand = await connected({ answers: "number" });
    const facts = await ordered(stand.manager, GPU);
    const [reserve, create, verify] = stand.manager.operations.compose;
    const reserved = { ...facts, ...(await reserve!.run(facts, SIGNAL)) };
    await expect(create!.run(reserved, SIGNAL)).rejects.toMatchObject({ code: "pod-manager.unreadable" });
    const found = await create!.look(reserved, SIGNAL);
    expect(found).toMatchObject({ resourceUri: "/redfish/v1/Systems/System-1" });
    expect(await verify!.run({ ...reserved, ...found }, SIGNAL)).toMatchObject(found!);
  });

  it.each<[string, RedfishSimOptions]>([
    ["a system", {}],
    ["a system in a task", { taskMs: 5 }],
    ["a stanza", { offers: ["manifest"] }],
  ])("does not believe a service that says it made %s and did not", async (_, options) => {
    const stand = await connected({ ...options, lies: true });
    const before = stand.sim.snapshot();
    const facts = await ordered(stand.manager, GPU);
    const steps = stand.manager.operations.compose;
    await expect(perform(steps, facts)).rejects.toMatchObject({
      code: "pod-manager.refused",
      upstreamStatus: 502,
      message: expect.stringMatching(/did not apply/),
    });
    for (const step of steps.toReversed()) await step.undo(facts, SIGNAL);
    expect(stand.sim.snapshot()).toEqual(before);
  });

  it("passes on what a manifest says against it though the answer is 200", async () => {
    const stand = await connected({ offers: ["manifest"] });
    const facts = await ordered(stand.manager, GPU);
    stand.sim.composition.block("Compute-1")!.health = "Critical";
    const [, create] = stand.manager.operations.compose;
    await expect(create!.run(facts, SIGNAL)).rejects.toMatchObject({
      upstreamStatus: 409,
      upstreamCode: "Composition.1.1.ResourceBlockInUse",
      message: "Resource block 'Compute-1' cannot be part of any new compositions.",
    });
  });

  it("reserves nothing when others reserved a block since it was chosen, and leaves theirs", async () => {
    const stand = await connected();
    const facts = await ordered(stand.manager, GPU);
    const other = stand.sim.composition.block("Offload-5")!;
    other.reserved = true;
    const before = stand.sim.snapshot();
    const [reserve] = stand.manager.operations.compose;
    await expect(reserve!.run(facts, SIGNAL)).rejects.toMatchObject({
      upstreamStatus: 409,
      message: expect.stringMatching(/Offload-5 \(reserved\)/),
    });
    await reserve!.undo(facts, SIGNAL);
    expect(stand.sim.snapshot()).toEqual(before);
  });

  it("gives back what it reserved when the next block changed in between", async () => {
    const stand = await connected();
    const before = stand.sim.snapshot();
    const facts = await ordered(stand.manager, GPU);
    stand.sim.fault({ kind: "fail", status: 412, method: "PATCH", nth: 2 });
    const [reserve] = stand.manager.operations.compose;
    await expect(reserve!.run(facts, SIGNAL)).rejects.toMatchObject({ upstreamStatus: 409 });
    expect(stand.sim.snapshot()).toEqual(before);
  });

  it("finds the task of an order whose answer was lost, and ends it when it is taken back", async () => {
    const stand = await connected({ taskMs: 60_000 });
    const before = stand.sim.snapshot();
    const facts = await ordered(stand.manager, GPU);
    const [, create] = stand.manager.operations.compose;
    stand.sim.fault({ kind: "lose", method: "POST", path: /Systems$/ });
    await expect(create!.run(facts, SIGNAL)).rejects.toMatchObject({ code: "pod-manager.unreachable" });
    const found = await create!.look(facts, SIGNAL);
    expect(found).toEqual({ monitor: "/redfish/v1/TaskService/TaskMonitors/1" });
    await create!.undo({ ...facts, ...found }, SIGNAL);
    expect(await create!.look(facts, SIGNAL)).toBeNull();
    expect(stand.sim.snapshot()).toEqual(before);
  });

  it("lets two nodes have a drive that can be shared, and claims it for none", async () => {
    const stand = await connected({ devices: 8 });
    const asked: Requirements = { pciDevices: ["HDD"] };
    const first = await composed(stand.manager, asked);
    const shared = (await stand.manager.devices(SIGNAL)).find(({ type, state }) => type === "HDD" && state !== "free");
    expect(shared).toMatchObject({ nodeIndex: first.index, extra: { sharing: true } });
    const taken = new Set((first.choice as { resources: string[] }).resources);
    expect(taken).not.toContain(shared!.resourceUri);
    const second = await stand.manager.choose(asked, taken, SIGNAL);
    expect(second.plan.blocks).toContain(shared!.resourceUri);
    expect(second.cost.zonesBroken).toBe(0);
  });

  it("leaves a physical machine alone when a node that was made of it is released", async () => {
    const stand = await connected();
    const { manager, sim } = stand;
    const before = sim.snapshot();
    const node = { index: "Server-1", resourceUri: "/redfish/v1/Systems/Server-1", resources: [] };
    const device = (await manager.devices(SIGNAL)).find(
      ({ type, pooledGroupId }) => type === "GPU" && pooledGroupId === "1",
    );
    await perform(manager.operations.attach!, { ...node, device });
    expect(await manager.node("Server-1", SIGNAL)).toMatchObject({ accelerators: [{ type: "gpu" }] });
    expect(await perform(manager.operations.release, node)).toMatchObject({
      devices: [{ resourceUri: device!.resourceUri, state: "free", nodeIndex: null }],
    });
    expect(sim.snapshot()).toEqual(before);
  });

  it("counts a zone as whole though a machine of its own stands in it", async () => {
    const stand = await connected();
    expect((await stand.manager.choose({}, new Set(), SIGNAL)).cost.zonesBroken).toBe(1);
    await composed(stand.manager, {});
    expect((await stand.manager.choose({}, new Set(), SIGNAL)).cost.zonesBroken).toBe(0);
  });

  it("is told when something changes", async () => {
    const stand = await connected();
    const { manager } = stand;
    let changed = () => {};
    const told = new Promise<void>((resolve) => {
      changed = resolve;
    });
    const subscription = await manager.follow!({ changed, destination: null, context: "c" }, SIGNAL);
    await composed(manager, {});
    await told;
    await subscription!.close();
  });

  it("does not delete a system that has taken the id of the node's", async () => {
    const stand = await connected();
    const { manager, sim } = stand;
    const facts = await composed(manager, {});
    sim.composition.decompose(sim.composition.system("System-1")!);
    sim.composition.compose("somebody else's", "", ["Compute-3"]);
    const before = sim.snapshot();
    await manager.operations.release[0]!.run(nodeOf(facts), SIGNAL);
    expect(sim.snapshot()).toEqual(before);
  });
});

describe("attaching", () => {
  it.each<[string, RedfishSimOptions]>([
    ["by actions", {}],
    ["by the list of blocks", { changesBlocks: "patch" }],
    ["by the list of blocks, with ETags", { changesBlocks: "patch", etags: "required" }],
    ["in tasks", { taskMs: 10 }],
    ["while it is composing for a while", { composeMs: 10 }],
  ])("works with a service that adds blocks %s, and so does detaching", async (_, options) => {
    const stand = await connected(options);
    const { manager, sim } = stand;
    const node = nodeOf(await composed(manager, {}));
    const before = sim.snapshot();
    const group = (await manager.node("System-1", SIGNAL)).pooledGroupId;
    const device = (await manager.devices(SIGNAL)).find((one) => one.type === "NIC" && one.pooledGroupId === group);
    expect(await perform(manager.operations.attach!, { ...node, device })).toMatchObject({
      devices: [{ state: "allocated", nodeIndex: "System-1" }],
    });
    expect((await manager.node("System-1", SIGNAL)).interfaces).toHaveLength(3);
    await perform(manager.operations.detach!, { ...node, device });
    expect(sim.snapshot()).toEqual(before);
  });

  it.each<[string, RedfishSimOptions]>([
    ["task", { taskMs: 30 }],
    ["composing", { composeMs: 30 }],
  ])("waits for the %s of an order whose answer was lost, and takes it back whole", async (_, options) => {
    const stand = await connected(options);
    const { manager, sim } = stand;
    const node = nodeOf(await composed(manager, {}));
    const before = sim.snapshot();
    const device = (await manager.devices(SIGNAL)).find((one) => one.type === "NIC" && one.pooledGroupId === "1");
    const [attach] = manager.operations.attach!;
    const [detach] = manager.operations.detach!;
    const facts = { ...node, device };
    sim.fault({ kind: "lose", path: /AddResourceBlock$/ });
    await expect(attach!.run(facts, SIGNAL)).rejects.toMatchObject({ code: "pod-manager.unreachable" });
    expect(await attach!.look(facts, SIGNAL)).toMatchObject({ devices: [{ state: "allocated" }] });
    const attached = sim.snapshot();
    sim.fault({ kind: "lose", path: /RemoveResourceBlock$/ });
    await expect(detach!.run(facts, SIGNAL)).rejects.toMatchObject({ code: "pod-manager.unreachable" });
    await detach!.undo(facts, SIGNAL);
    expect(sim.snapshot()).toEqual(attached);
    await attach!.undo(facts, SIGNAL);
    expect(sim.snapshot()).toEqual(before);
  });

  it("says that a service cannot that offers no way", async () => {
    const stand = await connected({ changesBlocks: "no" });
    const { manager } = stand;
    const node = nodeOf(await composed(manager, {}));
    const device = (await manager.devices(SIGNAL)).find(({ state }) => state === "free");
    await expect(perform(manager.operations.attach!, { ...node, device })).rejects.toMatchObject({ status: 501 });
  });

  it("says that a device is not free, or of another zone", async () => {
    const stand = await connected();
    const { manager } = stand;
    const node = nodeOf(await composed(manager, { pciDevices: ["GPU"] }));
    const devices = await manager.devices(SIGNAL);
    const attach = (device: unknown) => perform(manager.operations.attach!, { ...node, device });
    const own = devices.find(({ state }) => state === "allocated");
    await expect(attach(own)).rejects.toMatchObject({ code: "device.busy", message: expect.stringMatching(/in use/) });
    const far = devices.find(({ pooledGroupId }) => pooledGroupId !== own!.pooledGroupId);
    await expect(attach(far)).rejects.toMatchObject({
      upstreamStatus: 400,
      message: "The requested resource blocks span multiple resource zones.",
    });
    await expect(perform(manager.operations.detach!, { ...node, device: far })).rejects.toMatchObject({
      code: "device.busy",
    });
  });
});

describe("a composed node", () => {
  it("boots from what it is told, and says what it could boot from", async () => {
    const stand = await connected({ etags: "required" });
    const { manager } = stand;
    const index = String((await composed(manager, {})).index);
    await manager.boot!(index, { enabled: "Once", target: "Pxe" }, SIGNAL);
    expect(await manager.node(index, SIGNAL)).toMatchObject({ bootTarget: "Pxe" });
    await expect(manager.boot!(index, { enabled: "Once", target: "Tape" }, SIGNAL)).rejects.toMatchObject({
      code: "request.invalid",
      message: expect.stringMatching(/Tape.*None, Pxe, Hdd/),
    });
  });

  it("is reset, and refuses what it does not take", async () => {
    const stand = await connected();
    const { manager } = stand;
    const index = String((await composed(manager, {})).index);
    await manager.reset!(index, "ForceOn", SIGNAL);
    expect(await manager.node(index, SIGNAL)).toMatchObject({ powerState: "On" });
    await expect(manager.reset!(index, "Explode", SIGNAL)).rejects.toMatchObject({ code: "request.invalid" });
  });

  it("is handed to Ironic with every interface", async () => {
    const stand = await connected();
    const { manager } = stand;
    const index = String((await composed(manager, { pciDevices: ["NIC"] })).index);
    const { driver, driverInfo, macs } = await manager.provisioning(index, {}, SIGNAL);
    expect(driver).toBe("redfish");
    expect(driverInfo).toMatchObject({
      redfish_system_id: "/redfish/v1/Systems/System-1",
      redfish_address: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      redfish_verify_ca: true,
    });
    expect(new Set(macs).size).toBe(3);
  });

  it("stands in a rack with the machines there", async () => {
    const stand = await connected();
    const { manager } = stand;
    await composed(manager, {});
    const racks = await manager.racks!(SIGNAL);
    expect(racks.map(({ id, systems }) => [id, systems.length])).toEqual([
      ["Rack-1", 2],
      ["Rack-2", 1],
    ]);
    const node = await manager.system("System-1", SIGNAL);
    expect(node).toMatchObject({
      cores: 16,
      ramGib: 32,
      location: "Systems:System-1_Enclosure:Enclosure-1_Rack:Rack-1_",
    });
  });
});
