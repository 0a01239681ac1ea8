import { collection, link, type Resources } from "../base/resources.ts";
import { type Chassis, type Device, groupsOf } from "./hardware.ts";
import type { Machine } from "./machine.ts";
import { chassisPath, managerPath, PATHS, systemPath } from "./paths.ts";

const OK = { State: "Enabled", Health: "OK", HealthRollup: "OK" };
const GONE = { State: "Absent", Health: "Critical", HealthRollup: "Critical" };
/** Status of what may be taken away. */
export const okUnless = (down: boolean) => (down ? GONE : OK);

/** The tree of chassis, the pooled devices in its switches, and the managers. */
export function addChassis(resources: Resources, machine: Machine): void {
  const { hardware, dialect } = machine;
  const byId = new Map(hardware.chassis.map((chassis) => [chassis.id, chassis]));
  const childrenOf = groupsOf(hardware.chassis, ({ parent }) => parent ?? "");
  const systemsOf = groupsOf(hardware.systems, ({ chassis }) => chassis);
  const devicesOf = groupsOf(dialect.attach === "none" ? [] : hardware.devices, ({ chassis }) => chassis);
  const shown = dialect.attach === "none" ? hardware.chassis.filter(({ id }) => !isSwitch(id)) : hardware.chassis;

  resources.add(PATHS.chassis, {
    get: () =>
      collection(
        PATHS.chassis,
        "ChassisCollection",
        "Chassis Collection",
        shown.map(({ id }) => chassisPath(id)),
      ),
  });
  resources.add(`${PATHS.chassis}/:id`, {
    get: ({ id }) => {
      const chassis = byId.get(id!);
      if (chassis === undefined || !shown.includes(chassis)) return null;
      const children = (childrenOf.get(chassis.id) ?? []).filter((child) => shown.includes(child));
      const systems = (systemsOf.get(chassis.id) ?? []).map((system) => systemPath(system.id));
      const devices = devicesOf.get(chassis.id) ?? [];
      return {
        ...chassisFacts(chassis),
        ...(devices.length === 0 ? {} : foldersOf(chassis, devices)),
        Links: {
          Contains: children.map((child) => link(chassisPath(child.id))),
          ...(chassis.parent === null ? {} : { ContainedBy: link(chassisPath(chassis.parent)) }),
          ComputerSystems: systems.map(link),
          ManagedBy: [link(managerPath(managerOf(chassis)))],
        },
      };
    },
  });
  addDevices(resources, machine, devicesOf);

  const managers = ["PODM", ...shown.filter(({ type }) => type !== "Pod").map(({ id }) => `BMC-${id}`)];
  resources.add(PATHS.managers, {
    get: () => collection(PATHS.managers, "ManagerCollection", "Manager Collection", managers.map(managerPath)),
  });
  resources.add(`${PATHS.managers}/:id`, {
    get: ({ id }) =>
      managers.includes(id!)
        ? {
            "@odata.id": managerPath(id!),
            "@odata.type": "#Manager.v1_2_0.Manager",
            Id: id,
            Name: id,
            ManagerType: id === "PODM" ? "Service" : "BMC",
            FirmwareVersion: dialect.name,
            Status: OK,
          }
        : null,
  });
}

function addDevices(resources: Resources, machine: Machine, devicesOf: ReadonlyMap<string, readonly Device[]>): void {
  for (const folder of ["Drives", "Processors", "NetworkAdapters"]) {
    const within = (id: string) => (devicesOf.get(id) ?? []).filter(({ path }) => path.includes(`/${folder}/`));
    resources.add(`${PATHS.chassis}/:id/${folder}`, {
      get: ({ id }) => {
        const devices = within(id!);
        if (devices.length === 0) return null;
        const path = `${chassisPath(id!)}/${folder}`;
        return collection(
          path,
          `${folder.replace(/s$/, "")}Collection`,
          folder,
          devices.map((device) => device.path),
        );
      },
    });
    resources.add(`${PATHS.chassis}/:id/${folder}/:device`, {
      get: ({ id, device: name }) => {
        const device = machine.device(`${chassisPath(id!)}/${folder}/${name}`);
        return device === null ? null : deviceFacts(device, machine);
      },
    });
  }
}

function deviceFacts(device: Device, machine: Machine) {
  const { id, path, kind, vendor, model, size, uuid, chassis, endpoint } = device;
  const common = {
    "@odata.id": path,
    Id: id,
    Name: `${model} ${id}`,
    Manufacturer: vendor,
    Model: model,
    SerialNumber: uuid.slice(-12),
    Status: okUnless(machine.isDown(path)),
  };
  const links = { Chassis: link(chassisPath(chassis)), Endpoints: [link(endpoint)] };
  const oem = { [machine.dialect.oem]: { Allocated: machine.nodeOfDevice(id) !== null } };
  switch (kind) {
    case "NVMe":
      return {
        ...common,
        "@odata.type": "#Drive.v1_1_1.Drive",
        MediaType: "SSD",
        Protocol: "NVMe",
        CapacityBytes: size * 2 ** 30,
        Links: { ...links, Volumes: [] },
        Oem: oem,
      };
    case "NIC":
      return {
        ...common,
        "@odata.type": "#NetworkAdapter.v1_0_0.NetworkAdapter",
        Controllers: [{ FirmwarePackageVersion: "1.0", ControllerCapabilities: { NetworkPortCount: 1 } }],
        Oem: oem,
      };
    default:
      return {
        ...common,
        "@odata.type": "#Processor.v1_4_0.Processor",
        ProcessorType: kind,
        TotalCores: size,
        Links: links,
        Oem: oem,
      };
  }
}

function foldersOf(chassis: Chassis, devices: readonly Device[]) {
  const folders = ["Drives", "Processors", "NetworkAdapters"].filter((folder) =>
    devices.some(({ path }) => path.includes(`/${folder}/`)),
  );
  return Object.fromEntries(folders.map((folder) => [folder, link(`${chassisPath(chassis.id)}/${folder}`)]));
}

function chassisFacts({ id, type, name, model, uuid }: Chassis) {
  return {
    "@odata.id": chassisPath(id),
    "@odata.type": "#Chassis.v1_3_0.Chassis",
    "@odata.context": "/redfish/v1/$metadata#Chassis.Chassis",
    Id: id,
    ChassisType: type,
    Name: name,
    Description: name,
    Manufacturer: "Intel Corporation",
    Model: model,
    SKU: uuid.slice(0, 13),
    SerialNumber: uuid.slice(-12),
    PartNumber: uuid.slice(9, 18),
    AssetTag: id,
    IndicatorLED: "Off",
    PowerState: "On",
    Status: OK,
  };
}

function managerOf({ id, type }: Chassis): string {
  return type === "Pod" ? "PODM" : `BMC-${id}`;
}

function isSwitch(id: string): boolean {
  return id.startsWith("PCIe");
}
