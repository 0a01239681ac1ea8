// Systems, racks and locations of services that each link them their own way. Contract: drivers 1.7, 1.8 and 6.1.
import { describe, expect, it } from "vitest";
import { readRacks } from "../../../../host/drivers/redfish/views/racks.ts";
import { readSystem, readSystemAssets, readSystems } from "../../../../host/drivers/redfish/views/systems.ts";
import { client, json, never, type Reply, root, service } from "./service.ts";

const SYSTEM = "/redfish/v1/Systems";
const CHASSIS = "/redfish/v1/Chassis";
const link = (path: string) => ({ "@odata.id": path });
const collection = (...paths: string[]) => ({ Members: paths.map(link) });

/** Chassis by their ids, with their Links. */
function chassis(all: Record<string, { type: string; links: object }>): Record<string, object> {
  return {
    [`GET ${CHASSIS}`]: collection(...Object.keys(all).map((id) => `${CHASSIS}/${id}`)),
    ...Object.fromEntries(
      Object.entries(all).map(([id, { type, links }]) => [
        `GET ${CHASSIS}/${id}`,
        { "@odata.id": `${CHASSIS}/${id}`, Id: id, Name: `chassis ${id}`, ChassisType: type, Links: links },
      ]),
    ),
  };
}

async function opened(routes: Record<string, Reply | object>) {
  const podm = await service({ "GET /redfish/v1/": root({ Chassis: link(CHASSIS) }), ...routes });
  return { podm, redfish: client(podm.url) };
}

describe("a system", () => {
  const cpu = { ProcessorType: "CPU", InstructionSet: "x86-64", Model: "Xeon", TotalCores: 16, MaxSpeedMHz: 3700 };
  const routes = {
    ...chassis({
      sled: { type: "Sled", links: { ContainedBy: link(`${CHASSIS}/drawer`), ComputerSystems: link(`${SYSTEM}/1`) } },
      drawer: { type: "Drawer", links: { ContainedBy: link(`${CHASSIS}/rack`) } },
      rack: { type: "Rack", links: {} },
    }),
    [`GET ${SYSTEM}`]: collection(`${SYSTEM}/1`, `${SYSTEM}/2`),
    [`GET ${SYSTEM}/1`]: {
      Id: 11,
      Name: "one",
      UUID: "u1",
      PowerState: "On",
      Status: { Health: "OK" },
      AssetTag: "t",
      MemorySummary: { TotalSystemMemoryGiB: 64 },
      Processors: link(`${SYSTEM}/1/Processors`),
      SimpleStorage: link(`${SYSTEM}/1/SimpleStorage`),
      Memory: link(`${SYSTEM}/1/Memory`),
      EthernetInterfaces: link(`${SYSTEM}/1/EthernetInterfaces`),
    },
    [`GET ${SYSTEM}/1/Processors`]: collection(...["1", "2", "F"].map((id) => `${SYSTEM}/1/Processors/${id}`)),
    [`GET ${SYSTEM}/1/Processors/1`]: cpu,
    [`GET ${SYSTEM}/1/Processors/2`]: cpu,
    [`GET ${SYSTEM}/1/Processors/F`]: { ProcessorType: "FPGA", InstructionSet: "OEM", Model: "Arria", TotalCores: 1 },
    [`GET ${SYSTEM}/1/SimpleStorage`]: collection(`${SYSTEM}/1/SimpleStorage/1`),
    [`GET ${SYSTEM}/1/SimpleStorage/1`]: {
      Devices: [{ CapacityBytes: 300 * 2 ** 30 + 2 ** 29 }, { CapacityBytes: 300 * 2 ** 30 + 2 ** 29 }, { Name: "CD" }],
    },
    [`GET ${SYSTEM}/1/Memory`]: collection(`${SYSTEM}/1/Memory/1`),
    [`GET ${SYSTEM}/1/Memory/1`]: {
      DimmDeviceType: "DDR4",
      DataWidthBits: 64,
      OperatingSpeedMhz: "2400",
      CapacityMiB: 65_536,
    },
    [`GET ${SYSTEM}/1/EthernetInterfaces`]: collection(`${SYSTEM}/1/EthernetInterfaces/1`),
    [`GET ${SYSTEM}/1/EthernetInterfaces/1`]: {
      MACAddress: "E9:47:D3:60:64:66",
      SpeedMbps: 1000,
      Status: { State: "Enabled" },
      IPv4Addresses: [{ Address: "192.168.0.10", SubnetMask: "255.255.252.0", Gateway: "192.168.0.1" }],
      VLANs: link(`${SYSTEM}/1/EthernetInterfaces/1/VLANs`),
    },
    [`GET ${SYSTEM}/1/EthernetInterfaces/1/VLANs`]: collection(`${SYSTEM}/1/EthernetInterfaces/1/VLANs/1`),
    [`GET ${SYSTEM}/1/EthernetInterfaces/1/VLANs/1`]: { VLANId: 99, Status: { State: "Enabled" } },
    // Of sushy-tools and the DMTF's mockups: hardly anything, and parts that are refused.
    [`GET ${SYSTEM}/2`]: {
      Processors: link(`${SYSTEM}/2/Processors`),
      Memory: link(`${SYSTEM}/2/Memory`),
      SimpleStorage: link(`${SYSTEM}/2/SimpleStorage`),
      Storage: link(`${SYSTEM}/2/Storage`),
    },
    [`GET ${SYSTEM}/2/Processors`]: ((_, response) => json(response, 501, {})) as Reply,
    [`GET ${SYSTEM}/2/Storage`]: ((_, response) => json(response, 500, {})) as Reply,
  };

  it("is the sum of its parts, accelerators left out, and stands where its chassis stand", async () => {
    const { redfish } = await opened(routes);
    const [one, two] = await readSystems(redfish, never);
    expect(one).toMatchObject({
      id: "1",
      resourceUri: `${SYSTEM}/1`,
      uuid: "u1",
      name: "one",
      cores: 32,
      architecture: "x86-64",
      processorModel: "Xeon",
      ramGib: 64,
      storageGib: 601,
      networks: 1,
      location: "Systems:1_Sled:sled_Drawer:drawer_Rack:rack_",
      chassisId: "sled",
      assetTag: "t",
    });
    expect(two).toMatchObject({ name: null, uuid: null, cores: 0, storageGib: 0, location: null, health: null });
  });

  it.each(["1", "11"])("is found as %s, by its path or its Id", async (id) => {
    const { redfish } = await opened(routes);
    expect(await readSystem(redfish, id, never)).toMatchObject({ id: "1", name: "one" });
  });

  it("is told from one that is not there", async () => {
    const { redfish } = await opened(routes);
    await expect(readSystem(redfish, "9", never)).rejects.toMatchObject({
      upstreamStatus: 404,
      message: expect.stringContaining("no 9 in its Systems"),
    });
  });

  it("shows what it is made of", async () => {
    const { redfish } = await opened(routes);
    const { processors, memory, interfaces, drives, accelerators } = await readSystemAssets(redfish, "1", never);
    expect(processors).toHaveLength(2);
    expect(processors[0]).toEqual({ instructionSet: "x86-64", model: "Xeon", speedMhz: 3700, totalCores: 16 });
    expect(memory).toEqual([{ type: "DDR4", dataWidthBits: 64, speedMhz: 2400, capacityMib: 65_536 }]);
    expect(interfaces).toEqual([
      {
        mac: "E9:47:D3:60:64:66",
        speedMbps: 1000,
        status: "Enabled",
        ipv4: [{ address: "192.168.0.10", subnetMask: "255.255.252.0", gateway: "192.168.0.1" }],
        vlans: [{ id: 99, status: "Enabled" }],
      },
    ]);
    expect(drives.map(({ capacityGib }) => capacityGib)).toEqual([300, 300, null]);
    expect(accelerators).toEqual([{ type: "fpga", model: "Arria" }]);
  });
});

describe("racks", () => {
  const systems = Object.fromEntries(
    [1, 2, 3].map((n) => [`GET ${SYSTEM}/${n}`, { Id: `${n}`, UUID: n === 3 ? null : `u${n}` }]),
  );

  it("have their own systems and those of all they contain, each once, the same at every time", async () => {
    const { redfish } = await opened({
      ...systems,
      ...chassis({
        r1: {
          type: "Rack",
          links: { Contains: [link(`${CHASSIS}/d1`)], ComputerSystems: [link(`${SYSTEM}/2`), link(`${SYSTEM}/1`)] },
        },
        d1: { type: "Drawer", links: { ComputerSystems: [link(`${SYSTEM}/1`), link(`${SYSTEM}/3`)] } },
        r2: { type: "Rack", links: { Contains: [] } },
      }),
    });
    const expected = [
      { id: "r1", name: "chassis r1", systems: ["u1", "u2"], manufacturer: null },
      { id: "r2", systems: [] },
    ];
    expect(await readRacks(redfish, never)).toMatchObject(expected);
    expect(await readRacks(redfish, never)).toMatchObject(expected);
  });

  it("that contain themselves, or what is not there, have an end", async () => {
    const { redfish } = await opened({
      ...systems,
      ...chassis({
        r1: {
          type: "Rack",
          links: {
            Contains: [link(`${CHASSIS}/r1`), link(`${CHASSIS}/gone`)],
            ContainedBy: link(`${CHASSIS}/d1`),
            ComputerSystems: [link(`${SYSTEM}/1`), link(`${SYSTEM}/gone`)],
          },
        },
        d1: { type: "Drawer", links: { ContainedBy: link(`${CHASSIS}/r1`) } },
      }),
      [`GET ${SYSTEM}`]: collection(`${SYSTEM}/1`),
    });
    expect(await readRacks(redfish, never)).toMatchObject([{ systems: ["u1"] }]);
    expect(await readSystems(redfish, never)).toMatchObject([{ location: "Systems:1_Rack:r1_Drawer:d1_" }]);
  });

  it("are none where there are no chassis", async () => {
    const podm = await service({ "GET /redfish/v1/": root() });
    expect(await readRacks(client(podm.url), never)).toEqual([]);
  });
});
