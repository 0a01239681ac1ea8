// Which system of an RSD pod manager serves a request best, and why.
import { describe, expect, it } from "vitest";
import type { DeviceFacts, Requirements } from "../../../../host/drivers/driver.ts";
import { RedfishClient } from "../../../../host/drivers/redfish/client.ts";
import { ChassisTree } from "../../../../host/drivers/redfish/views/chassis.ts";
import { choose, type Offer } from "../../../../host/drivers/redfishv1/choose.ts";
import type { SupplySystem } from "../../../../host/drivers/redfishv1/supply.ts";

const rack = (n: number) => `/redfish/v1/Chassis/r${n}`;
const client = new RedfishClient({ url: "http://127.0.0.1:9", username: "", password: "", log: () => undefined });
const tree = new ChassisTree(
  client,
  [1, 2].map((n) => ({ path: rack(n), etag: null, body: { Id: `r${n}`, ChassisType: "Rack" } })),
);

function system(n: number, facts: Partial<SupplySystem> = {}): SupplySystem {
  const path = `/redfish/v1/Systems/${n}`;
  return {
    path,
    name: null,
    cores: 16,
    cpus: [{ path: `${path}/Processors/1`, model: "Xeon" }],
    memoryMib: 65_536,
    memoryTypes: ["DDR4"],
    rack: rack(1),
    usable: true,
    ...facts,
  };
}

function device(n: number, type: string, inRack: number, facts: Partial<DeviceFacts> = {}): DeviceFacts {
  return {
    resourceUri: `/redfish/v1/Chassis/r${inRack}/Drives/${n}`,
    state: "free",
    nodeIndex: null,
    pooledGroupId: "1",
    type,
    properties: { capacity: 100 * n, protocol: "NVMe" },
    extra: { chassis: rack(inRack) },
    ...facts,
  };
}

function chosen(requirements: Requirements, offer: Partial<Offer>, taken: string[] = []) {
  const whole = { systems: [], tree, inUse: new Set<string>(), devices: null, pins: true, ...offer };
  return choose(requirements, new Set(taken), whole);
}

const ask = { processor: { totalCores: 8 }, memory: { capacityMib: 32_768 } };

describe("the choice", () => {
  const big = system(1, { cores: 64 });
  const [two, ten] = [system(2), system(10)];

  it("is the system with the least to spare, the first of equal ones", () => {
    const { resources, cost, reasons } = chosen(ask, { systems: [big, ten, two] });
    expect(resources).toEqual([two.path]);
    expect(cost).toEqual({ zonesBroken: 0, racks: 0, resources: 1, wasteBp: 5000 });
    expect(reasons).toEqual([
      "System 2 in rack r1 has 16 cores and 65536 MiB of memory: of 3 free systems it serves the request with the least to spare.",
    ]);
  });

  it("is none that is taken, in use, or not healthy", () => {
    const systems = [two, ten, system(3, { usable: false }), system(4)];
    expect(chosen(ask, { systems, inUse: new Set([two.path]) }, [ten.path]).resources).toEqual([system(4).path]);
  });

  it("leaves a rack whole of which nothing was taken yet", () => {
    const systems = [system(2), system(3, { rack: rack(2) }), system(4, { rack: rack(2) })];
    const { resources } = chosen(ask, { systems, inUse: new Set([systems[2]!.path]) });
    expect(resources).toEqual([systems[1]!.path]);
  });

  it("does not hold against a system what nobody tells of it, but prefers what is told", () => {
    const untold = system(1, { cores: null, memoryMib: null, cpus: [], memoryTypes: [] });
    const request = { processor: { totalCores: 8, model: "xeon" }, memory: { type: "DDR4" } };
    expect(chosen(request, { systems: [untold, two] }).resources).toEqual([two.path]);
    // No processor is known that could be asked for by its path.
    expect(chosen(request, { systems: [untold] }).resources).toEqual([]);
  });

  it("has its devices in its rack rather than the least to spare", () => {
    const far = system(1, { rack: rack(2) });
    const devices = [device(1, "SSD", 1), device(2, "SSD", 2), device(3, "GPU", 1), device(4, "SSD", 1)];
    const { resources, cost } = chosen({ ...ask, pciDevices: ["SSD", "GPU"] }, { systems: [far, big], devices });
    expect(resources).toEqual([big.path, devices[0]!.resourceUri, devices[2]!.resourceUri]);
    expect(cost).toMatchObject({ racks: 0, resources: 3 });
    const apart = chosen({ ...ask, pciDevices: ["GPU"] }, { systems: [far], devices });
    expect(apart.cost.racks).toBe(1);
    expect(chosen({ pciDevices: ["nvme", "SSD"] }, { systems: [two], devices }).resources).toHaveLength(3);
  });

  it.each<[string, Requirements, RegExp]>([
    [
      "cores",
      { processor: { totalCores: 65 } },
      /65 cores \(the most is 64\) \(3 systems: 1 in use, 0 not healthy, 2 free\)/,
    ],
    ["memory", { memory: { capacityMib: 65_537 } }, /65537 MiB of memory \(the most is 65536\)/],
    ["the model", { processor: { model: "Epyc" } }, /processor model Epyc \(there are: Xeon\)/],
    ["the type of memory", { memory: { type: "DDR5" } }, /memory of type DDR5 \(there is: DDR4\)/],
    [
      "devices",
      { pciDevices: ["GPU", "GPU"] },
      /2 free devices of type GPU are asked for, 1 are free \(free: SSD, GPU\)/,
    ],
  ])("is refused for want of %s, naming what there is", (_, requirements, message) => {
    const devices = [device(1, "SSD", 1), device(2, "GPU", 1), device(3, "GPU", 1, { state: "allocated" })];
    const refused = () => chosen(requirements, { systems: [big, two, ten], inUse: new Set([ten.path]), devices });
    expect(refused).toThrow(expect.objectContaining({ code: "pod-manager.no-fit" }));
    expect(refused).toThrow(message);
  });

  it("is refused when no system is free", () => {
    expect(() => chosen({}, { systems: [two] }, [two.path])).toThrow(
      "No system is free (1 systems: 1 in use, 0 not healthy, 0 free).",
    );
  });
});
