import { collection, link, type Resources } from "../base/resources.ts";
import { okUnless } from "./chassis.ts";
import { type Device, groupsOf, type System } from "./hardware.ts";
import type { Machine } from "./machine.ts";
import { fabricPath, PATHS, systemPath } from "./paths.ts";

const OK = { State: "Enabled", Health: "OK", HealthRollup: "OK" };
const ENTITY = { NVMe: "Drive", NIC: "NetworkController", GPU: "Processor", FPGA: "Processor" } as const;

/** A PCIe fabric a rack: its endpoints are the pooled devices and the systems; a zone holds what is attached to a system. */
export function addFabrics(resources: Resources, machine: Machine): void {
  const { hardware } = machine;
  const racks = new Map(hardware.devices.map(({ fabric, rack }) => [fabric, rack]));
  const devicesOf = groupsOf(hardware.devices, ({ fabric }) => fabric);
  const systemsOf = groupsOf(hardware.systems, ({ rack }) => rack);
  const systemsAt = (fabric: string) => systemsOf.get(racks.get(fabric)!) ?? [];

  resources.add(PATHS.fabrics, {
    get: () => collection(PATHS.fabrics, "FabricCollection", "Fabric Collection", [...racks.keys()].map(fabricPath)),
  });
  resources.add(`${PATHS.fabrics}/:fabric`, {
    get: ({ fabric }) =>
      racks.has(fabric!)
        ? {
            "@odata.id": fabricPath(fabric!),
            "@odata.type": "#Fabric.v1_0_0.Fabric",
            Id: fabric,
            Name: `PCIe fabric of ${racks.get(fabric!)}`,
            FabricType: "PCIe",
            Zones: link(`${fabricPath(fabric!)}/Zones`),
            Endpoints: link(`${fabricPath(fabric!)}/Endpoints`),
            Status: OK,
          }
        : null,
  });
  resources.add(`${PATHS.fabrics}/:fabric/Endpoints`, {
    get: ({ fabric }) => {
      if (!racks.has(fabric!)) return null;
      const path = `${fabricPath(fabric!)}/Endpoints`;
      const targets = (devicesOf.get(fabric!) ?? []).map(({ endpoint }) => endpoint);
      const initiators = systemsAt(fabric!).map(({ id }) => `${path}/${id}`);
      return collection(path, "EndpointCollection", "Endpoint Collection", [...targets, ...initiators]);
    },
  });
  resources.add(`${PATHS.fabrics}/:fabric/Endpoints/:id`, {
    get: ({ fabric, id }) => {
      const device = machine.device(id!);
      if (device !== null && device.fabric === fabric) return targetFacts(device, machine);
      const system = machine.system(id!);
      return system !== null && racks.get(fabric!) === system.rack ? initiatorFacts(fabric!, system, machine) : null;
    },
  });

  const zoned = (fabric: string) =>
    systemsAt(fabric).filter(({ id }) => (machine.nodeOfSystem(id)?.devices.length ?? 0) > 0);
  resources.add(`${PATHS.fabrics}/:fabric/Zones`, {
    get: ({ fabric }) => {
      if (!racks.has(fabric!)) return null;
      const path = `${fabricPath(fabric!)}/Zones`;
      const zones = zoned(fabric!).map(({ id }) => `${path}/${id}`);
      return collection(path, "ZoneCollection", "Zone Collection", zones);
    },
  });
  resources.add(`${PATHS.fabrics}/:fabric/Zones/:id`, {
    get: ({ fabric, id }) => {
      if (!zoned(fabric!).some((system) => system.id === id)) return null;
      const endpoints = machine.nodeOfSystem(id!)!.devices.map((device) => machine.device(device)!.endpoint);
      return {
        "@odata.id": `${fabricPath(fabric!)}/Zones/${id}`,
        "@odata.type": "#Zone.v1_0_0.Zone",
        Id: id,
        Name: `Zone of ${id}`,
        Status: OK,
        Links: {
          Endpoints: [`${fabricPath(fabric!)}/Endpoints/${id}`, ...endpoints].map(link),
          InvolvedSwitches: [],
        },
      };
    },
  });
}

function targetFacts(device: Device, machine: Machine) {
  const { id, path, endpoint, kind, pci, uuid, fabric } = device;
  const node = machine.nodeOfDevice(id);
  return {
    "@odata.id": endpoint,
    "@odata.type": "#Endpoint.v1_1_0.Endpoint",
    Id: id,
    Name: `Target endpoint ${id}`,
    Description: `The PCIe function of ${device.model}`,
    EndpointProtocol: "PCIe",
    ConnectedEntities: [
      {
        EntityRole: "Target",
        EntityType: ENTITY[kind],
        EntityLink: link(path),
        PciClassCode: pci.class,
        EntityPciId: { VendorId: pci.vendor, DeviceId: pci.device },
        Identifiers: [{ DurableNameFormat: "UUID", DurableName: uuid }],
      },
    ],
    Identifiers: [{ DurableNameFormat: "UUID", DurableName: uuid }],
    Status: okUnless(machine.isDown(path)),
    Links: zoneLinks(fabric, node?.system ?? null, machine),
  };
}

function initiatorFacts(fabric: string, system: System, machine: Machine) {
  const attached = (machine.nodeOfSystem(system.id)?.devices.length ?? 0) > 0;
  return {
    "@odata.id": `${fabricPath(fabric)}/Endpoints/${system.id}`,
    "@odata.type": "#Endpoint.v1_1_0.Endpoint",
    Id: system.id,
    Name: `Initiator endpoint ${system.id}`,
    EndpointProtocol: "PCIe",
    ConnectedEntities: [
      { EntityRole: "Initiator", EntityType: "RootComplex", EntityLink: link(systemPath(system.id)) },
    ],
    Identifiers: [{ DurableNameFormat: "UUID", DurableName: system.uuid }],
    Status: OK,
    Links: zoneLinks(fabric, attached ? system.id : null, machine),
  };
}

function zoneLinks(fabric: string, system: string | null, machine: Machine) {
  const zones = system === null ? [] : [link(`${fabricPath(fabric)}/Zones/${system}`)];
  return { Ports: [], Oem: { [machine.dialect.oem]: { Zones: zones, Interfaces: [] } } };
}
