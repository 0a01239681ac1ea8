import { collection, link, type Resources } from "../base/resources.ts";
import type { Volume } from "./hardware.ts";
import type { Machine } from "./machine.ts";
import { managerPath, PATHS, STORAGE_SERVICE } from "./paths.ts";

const OK = { State: "Enabled", Health: "OK", HealthRollup: "OK" };
const GIB = 2 ** 30;

/** Where a volume is: a Volume, or as the older versions have it, a LogicalDrive. */
export function volumePath(id: string, machine: Machine): string {
  const { volumes } = machine.dialect;
  return volumes
    ? `${PATHS.storageServices}/${STORAGE_SERVICE}/Volumes/${id}`
    : `${PATHS.services}/${STORAGE_SERVICE}/LogicalDrives/${id}`;
}

/** Where the older versions let a node reach it. */
export function targetPath(id: string): string {
  return `${PATHS.services}/${STORAGE_SERVICE}/Targets/${id}`;
}

/** The storage service and its volumes. */
export function addStorageService(resources: Resources, machine: Machine): void {
  const { volumes: modern } = machine.dialect;
  const services = modern ? PATHS.storageServices : PATHS.services;
  const path = `${services}/${STORAGE_SERVICE}`;
  const volumes = modern ? "Volumes" : "LogicalDrives";
  const find = (id: string) => machine.volumes().find((volume) => volume.id === id);

  resources.add(services, {
    get: () => collection(services, "StorageServiceCollection", "Storage Services", [path]),
  });
  resources.add(path, {
    get: () => ({
      "@odata.id": path,
      "@odata.type": "#StorageService.v1_0_0.StorageService",
      Id: STORAGE_SERVICE,
      Name: "Storage Service",
      Description: "Storage Service",
      Status: OK,
      [volumes]: link(`${path}/${volumes}`),
      ...(modern ? {} : { RemoteTargets: link(`${path}/Targets`) }),
      Links: { ManagedBy: [link(managerPath("PODM"))] },
    }),
  });
  resources.add(`${path}/${volumes}`, {
    get: () => {
      const paths = machine.volumes().map(({ id }) => volumePath(id, machine));
      return collection(`${path}/${volumes}`, `${volumes.replace(/s$/, "")}Collection`, volumes, paths);
    },
  });
  resources.add(`${path}/${volumes}/:id`, {
    get: ({ id }) => {
      const volume = find(id!);
      if (volume === undefined) return null;
      return modern ? volumeFacts(volume, machine) : logicalDriveFacts(volume, machine);
    },
  });
  if (modern) return;
  const given = () => machine.volumes().filter(({ id }) => machine.nodeOfVolume(id) !== null);
  resources.add(`${path}/Targets`, {
    get: () =>
      collection(
        `${path}/Targets`,
        "RemoteTargetCollection",
        "Remote Targets",
        given().map(({ id }) => targetPath(id)),
      ),
  });
  resources.add(`${path}/Targets/:id`, {
    get: ({ id }) => {
      const volume = given().find((each) => each.id === id);
      if (volume === undefined) return null;
      return {
        "@odata.id": targetPath(volume.id),
        "@odata.type": "#RemoteTarget.v1_1_0.RemoteTarget",
        Id: volume.id,
        Name: `Target ${volume.id}`,
        Status: OK,
        Addresses: [{ iSCSI: { TargetIQN: `iqn.2017-01.com.example:${volume.id}`, TargetLUN: [{ LUN: 1 }] } }],
        Links: { LogicalDrives: [link(volumePath(volume.id, machine))] },
      };
    },
  });
}

function volumeFacts({ id, gib, master }: Volume, machine: Machine) {
  const node = machine.nodeOfVolume(id);
  return {
    "@odata.id": volumePath(id, machine),
    "@odata.type": "#Volume.v1_0_3.Volume",
    Id: id,
    Name: `Volume ${id}`,
    CapacityBytes: gib * GIB,
    AccessCapabilities: master ? ["Read"] : ["Read", "Write"],
    Status: OK,
    Oem: { [machine.dialect.oem]: { Bootable: master, Assigned: node !== null, Protocol: "NVMeOverFabrics" } },
  };
}

function logicalDriveFacts({ id, gib, master }: Volume, machine: Machine) {
  const assigned = machine.nodeOfVolume(id) !== null;
  return {
    "@odata.id": volumePath(id, machine),
    "@odata.type": "#LogicalDrive.v1_1_0.LogicalDrive",
    Id: id,
    Name: `Logical drive ${id}`,
    Description: master ? "Master" : "Data",
    Type: "LVM",
    Mode: "LV",
    CapacityGiB: gib,
    Bootable: master,
    Protected: master,
    Snapshot: false,
    Status: OK,
    Links: { LogicalDrives: [], PhysicalDrives: [], Targets: assigned ? [link(targetPath(id))] : [] },
  };
}
