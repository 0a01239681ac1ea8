import { done, Refusal } from "../base/answer.ts";
import { RESET_TYPES } from "../base/power.ts";
import { type Asked, collection, link, type Resources } from "../base/resources.ts";
import { okUnless } from "./chassis.ts";
import type { Interface, System } from "./hardware.ts";
import { BOOT_MODES, BOOT_STATES, BOOT_TARGETS, type Machine } from "./machine.ts";
import { chassisPath, managerPath, PATHS, systemPath } from "./paths.ts";

const OK = { State: "Enabled", Health: "OK", HealthRollup: "OK" };
const GIB = 2 ** 30;

/** Computer systems and what is in them. */
export function addSystems(resources: Resources, machine: Machine): void {
  const { hardware } = machine;
  const at = `${PATHS.systems}/:id`;
  const all = collection(
    PATHS.systems,
    "ComputerSystemCollection",
    "Computer System Collection",
    hardware.systems.map(({ id }) => systemPath(id)),
  );
  resources.add(PATHS.systems, { get: () => all });
  resources.add(at, {
    get: ({ id }) => {
      const system = machine.system(id!);
      return system === null ? null : systemFacts(system, machine);
    },
    patch: ({ params, body }) => {
      for (const [name, value] of Object.entries(body)) {
        if (name === "Boot") machine.setBoot(params.id!, value);
        else if (name === "AssetTag" && typeof value === "string") machine.setAssetTag(params.id!, value);
        else throw new Refusal(400, `${name} cannot be set`, { code: "Base.1.0.PropertyNotWritable" });
      }
      return done();
    },
  });
  resources.add(`${at}/Actions/ComputerSystem.Reset`, { post: (asked) => reset(machine, asked) });

  const members = (name: string, type: string, list: (system: System) => readonly { id: string; path: string }[]) =>
    resources.add(`${at}/${name}`, {
      get: ({ id }) => {
        const system = machine.system(id!);
        if (system === null) return null;
        const paths = list(system).map(({ path }) => path);
        return collection(`${systemPath(id!)}/${name}`, `${type}Collection`, `${type} Collection`, paths);
      },
    });
  const part = <T extends { id: string }>(
    name: string,
    list: (system: System) => readonly T[],
    show: (one: T, system: System) => object,
  ) =>
    resources.add(`${at}/${name}/:part`, {
      get: ({ id, part }) => {
        const system = machine.system(id!);
        const one = system === null ? undefined : list(system).find((each) => each.id === part);
        return one === undefined ? null : { ...show(one, system!) };
      },
    });

  members("Processors", "Processor", ({ cpus }) => cpus);
  part("Processors", ({ cpus }) => cpus, cpuFacts);
  members("Memory", "Memory", ({ modules }) => modules);
  part(
    "Memory",
    ({ modules }) => modules,
    (module) => moduleFacts(module, machine.dialect.memoryType),
  );
  const interfaces = (system: System) => [...system.interfaces, ...machine.attachedInterfaces(system)];
  members("EthernetInterfaces", "EthernetInterface", interfaces);
  part("EthernetInterfaces", interfaces, interfaceFacts);
  addVlans(resources, machine);
  addStorage(resources, machine);
}

function reset(machine: Machine, { params, body }: Asked) {
  const system = machine.system(params.id!);
  if (system === null) throw new Refusal(404, `There is no system ${params.id}`);
  machine.resetSystem(system.id, body.ResetType);
  return done();
}

function systemFacts(system: System, machine: Machine) {
  const { id, uuid, cpus, modules } = system;
  const path = systemPath(id);
  const { dialect } = machine;
  return {
    "@odata.id": path,
    "@odata.type": "#ComputerSystem.v1_3_0.ComputerSystem",
    "@odata.context": "/redfish/v1/$metadata#ComputerSystem.ComputerSystem",
    Id: id,
    Name: system.name,
    SystemType: system.type,
    AssetTag: machine.assetTag(id),
    Manufacturer: "Dual socket Xeon Server",
    Model: system.model,
    SKU: uuid.slice(0, 13),
    SerialNumber: uuid.slice(-12),
    PartNumber: uuid.slice(9, 18),
    Description: system.description,
    UUID: uuid,
    HostName: system.hostName,
    Status: okUnless(machine.isDown(path)),
    IndicatorLED: "Off",
    PowerState: machine.power(id),
    Boot: bootFacts(system, machine),
    BiosVersion: "P79 v1.00",
    ProcessorSummary: { Count: cpus.length, Model: cpus[0]!.model, Status: OK },
    MemorySummary: {
      TotalSystemMemoryGiB: modules.reduce((sum, { mib }) => sum + mib, 0) / 1024,
      Status: OK,
    },
    Processors: link(`${path}/Processors`),
    Memory: link(`${path}/Memory`),
    EthernetInterfaces: link(`${path}/EthernetInterfaces`),
    SimpleStorage: link(`${path}/SimpleStorage`),
    ...(dialect.name === "1.2" ? {} : { Storage: link(`${path}/Storage`) }),
    Links: {
      Chassis: [link(chassisPath(system.chassis))],
      ManagedBy: [link(managerPath(`BMC-${system.chassis}`))],
      ...(dialect.attach === "none" ? {} : { Endpoints: [link(initiatorPath(system, machine))] }),
    },
    Actions: {
      "#ComputerSystem.Reset": {
        target: `${path}/Actions/ComputerSystem.Reset`,
        "ResetType@Redfish.AllowableValues": RESET_TYPES,
      },
    },
    Oem: { [dialect.oem]: { DiscoveryState: "Deep", ProcessorSockets: cpus.length, MemorySockets: modules.length } },
  };
}

/** Where a system shows in the fabric of its rack. */
function initiatorPath({ id, rack }: System, machine: Machine): string {
  const n = /\d+$/.exec(rack)![0];
  const fabric = machine.hardware.devices.some((device) => device.rack === rack) ? `PCIe${n}` : "PCIe1";
  return `${PATHS.fabrics}/${fabric}/Endpoints/${id}`;
}

/** What a system boots from, as it and its node show it. */
export function bootFacts(system: System, machine: Machine) {
  return {
    ...machine.boot(system.id),
    "BootSourceOverrideEnabled@Redfish.AllowableValues": BOOT_STATES,
    "BootSourceOverrideTarget@Redfish.AllowableValues": BOOT_TARGETS,
    "BootSourceOverrideMode@Redfish.AllowableValues": BOOT_MODES,
  };
}

function cpuFacts({ id, path, model, cores, mhz }: System["cpus"][number]) {
  return {
    "@odata.id": path,
    "@odata.type": "#Processor.v1_0_0.Processor",
    Id: id,
    Name: `Processor ${id}`,
    Socket: id.replace("CPU", "CPU "),
    ProcessorType: "CPU",
    ProcessorArchitecture: "x86",
    InstructionSet: "x86-64",
    Manufacturer: "Intel(R) Corporation",
    Model: model,
    MaxSpeedMHz: mhz,
    TotalCores: cores,
    TotalThreads: cores * 2,
    Status: OK,
  };
}

function moduleFacts({ id, path, mib, type, mhz }: System["modules"][number], typed: string) {
  return {
    "@odata.id": path,
    "@odata.type": "#Memory.v1_1_0.Memory",
    Id: id,
    Name: `Memory ${id}`,
    MemoryType: "DRAM",
    [typed]: type,
    BaseModuleType: "RDIMM",
    CapacityMiB: mib,
    DataWidthBits: 64,
    BusWidthBits: 72,
    Manufacturer: "Samsung",
    OperatingSpeedMhz: mhz,
    Status: OK,
  };
}

function interfaceFacts({ id, path, mac, mbps }: Interface) {
  return {
    "@odata.id": path,
    "@odata.type": "#EthernetInterface.v1_1_0.EthernetInterface",
    Id: id,
    Name: `Ethernet Interface ${id}`,
    MACAddress: mac,
    PermanentMACAddress: mac,
    SpeedMbps: mbps,
    FullDuplex: true,
    LinkStatus: "LinkUp",
    InterfaceEnabled: true,
    IPv4Addresses: [],
    VLANs: link(`${path}/VLANs`),
    Status: OK,
  };
}

function addVlans(resources: Resources, machine: Machine): void {
  const pattern = `${PATHS.systems}/:id/EthernetInterfaces/:lan/VLANs`;
  const vlansOf = (id: string, lan: string) => {
    const system = machine.system(id);
    if (system === null) return null;
    const known = [...system.interfaces, ...machine.attachedInterfaces(system)].some((each) => each.id === lan);
    return known ? (machine.nodeOfSystem(id)?.vlans[lan] ?? []) : null;
  };
  const path = (id: string, lan: string) => `${systemPath(id)}/EthernetInterfaces/${lan}/VLANs`;
  resources.add(pattern, {
    get: ({ id, lan }) => {
      const vlans = vlansOf(id!, lan!);
      if (vlans === null) return null;
      const paths = vlans.map((vlan) => `${path(id!, lan!)}/VLAN${vlan.id}`);
      return collection(path(id!, lan!), "VLanNetworkInterfaceCollection", "VLANs", paths);
    },
  });
  resources.add(`${pattern}/:vlan`, {
    get: ({ id, lan, vlan: name }) => {
      const vlan = vlansOf(id!, lan!)?.find((each) => `VLAN${each.id}` === name);
      if (vlan === undefined) return null;
      return {
        "@odata.id": `${path(id!, lan!)}/${name}`,
        "@odata.type": "#VLanNetworkInterface.v1_0_0.VLanNetworkInterface",
        Id: name,
        Name: `VLAN ${vlan.id}`,
        VLANEnable: true,
        VLANId: vlan.id,
        Status: OK,
        Oem: { [machine.dialect.oem]: { Tagged: vlan.tagged } },
      };
    },
  });
}

function addStorage(resources: Resources, machine: Machine): void {
  const at = `${PATHS.systems}/:id`;
  const drivesOf = ({ id, drives }: System) => {
    const pooled = (machine.nodeOfSystem(id)?.devices ?? [])
      .map((device) => machine.device(device)!)
      .filter(({ kind }) => kind === "NVMe");
    return { own: drives, pooled };
  };
  for (const name of ["SimpleStorage", "Storage"]) {
    if (name === "Storage" && machine.dialect.name === "1.2") continue;
    resources.add(`${at}/${name}`, {
      get: ({ id }) => {
        if (machine.system(id!) === null) return null;
        const path = `${systemPath(id!)}/${name}`;
        return collection(path, `${name}Collection`, `${name} Collection`, [`${path}/1`]);
      },
    });
  }
  resources.add(`${at}/SimpleStorage/1`, {
    get: ({ id }) => {
      const system = machine.system(id!);
      if (system === null) return null;
      const { own, pooled } = drivesOf(system);
      return {
        "@odata.id": `${systemPath(id!)}/SimpleStorage/1`,
        "@odata.type": "#SimpleStorage.v1_1_0.SimpleStorage",
        Id: "1",
        Name: "Simple Storage Controller",
        Devices: [
          ...own.map((drive) => ({ Name: drive.id, CapacityBytes: drive.gib * GIB, Status: OK })),
          ...pooled.map((device) => ({ Name: device.id, CapacityBytes: device.size * GIB, Status: OK })),
        ],
        Status: OK,
      };
    },
  });
  resources.add(`${at}/Storage/1/Drives/:drive`, {
    get: ({ id, drive: name }) => {
      const drive = machine.system(id!)?.drives.find((each) => each.id === name);
      if (drive === undefined) return null;
      return {
        "@odata.id": drive.path,
        "@odata.type": "#Drive.v1_1_1.Drive",
        Id: drive.id,
        Name: `${drive.media} ${drive.id}`,
        MediaType: drive.media,
        Protocol: drive.protocol,
        CapacityBytes: drive.gib * GIB,
        RotationSpeedRPM: drive.media === "HDD" ? 7_200 : 0,
        Status: OK,
        Links: { Volumes: [] },
      };
    },
  });
  if (machine.dialect.name === "1.2") return;
  resources.add(`${at}/Storage/1`, {
    get: ({ id }) => {
      const system = machine.system(id!);
      if (system === null) return null;
      const { own, pooled } = drivesOf(system);
      const drives = [...own, ...pooled].map(({ path }) => link(path));
      return {
        "@odata.id": `${systemPath(id!)}/Storage/1`,
        "@odata.type": "#Storage.v1_1_0.Storage",
        Id: "1",
        Name: "Storage Controller",
        StorageControllers: [{ MemberId: "0", Name: "SATA Controller", SpeedGbps: 6, Status: OK }],
        Drives: drives,
        "Drives@odata.count": drives.length,
        Status: OK,
      };
    },
  });
}
