// What hardware consists of: processors, memory, interfaces, drives and accelerators of a system or a node.
// Contract: drivers 1.6 and 1.8.

import type { Accelerator, Assets, Drive, MemoryModule, NetworkInterface, Processor } from "../../driver.ts";
import type { RedfishClient, Resource } from "../client.ts";
import { at, listOf, numberOf, recordOf, textOf } from "../shapes.ts";
import { linkOf, linksOf } from "./links.ts";
import { ifGiven } from "./part.ts";

/** Where the parts are: paths of the single resources. */
export interface AssetPaths {
  readonly processors: readonly string[];
  readonly memory: readonly string[];
  readonly interfaces: readonly string[];
  /** Drives, volumes, or SimpleStorage controllers. */
  readonly drives: readonly string[];
  /** Those of the drives that belong to a pool, whatever else is known of them. */
  readonly pooled: ReadonlySet<string>;
}

const GIB = 2 ** 30;

/** Of a ComputerSystem: its collections, followed. Parts that it refuses are missing. */
export async function systemAssetPaths(
  client: RedfishClient,
  { body }: Resource,
  signal: AbortSignal,
): Promise<AssetPaths> {
  const [processors, memory, interfaces, drives] = await Promise.all([
    partPaths(client, body.Processors, signal),
    partPaths(client, body.Memory, signal),
    partPaths(client, body.EthernetInterfaces, signal),
    storagePaths(client, body, signal),
  ]);
  return { processors, memory, interfaces, drives, pooled: new Set() };
}

/** Members of a collection a resource names; none when it names none, or refuses. */
export async function partPaths(client: RedfishClient, collection: unknown, signal: AbortSignal): Promise<string[]> {
  const path = linkOf(client, collection);
  return path === null ? [] : await ifGiven(client.paths(path, signal), []);
}

/** SimpleStorage, which Valence counts; the drives below Storage when there is none. */
export async function storagePaths(
  client: RedfishClient,
  body: Resource["body"],
  signal: AbortSignal,
): Promise<string[]> {
  const controllers = await partPaths(client, body.SimpleStorage, signal);
  if (controllers.length > 0) return controllers;
  const storage = linkOf(client, body.Storage);
  if (storage === null) return [];
  const subsystems = await ifGiven(client.members(storage, signal), []);
  return [...new Set(subsystems.flatMap((subsystem) => linksOf(client, subsystem.body.Drives)))];
}

/** The resources behind the paths, those that are refused left out. */
export async function readParts(
  client: RedfishClient,
  paths: readonly string[],
  signal: AbortSignal,
): Promise<Resource[]> {
  const parts = await Promise.all(paths.map((path) => ifGiven(client.find(path, signal), null)));
  return parts.filter((part) => part !== null);
}

/** @throws AppError as PodManager, but not for parts that are refused: they are left out */
export async function readAssets(client: RedfishClient, paths: AssetPaths, signal: AbortSignal): Promise<Assets> {
  const [processors, memory, interfaces, drives] = await Promise.all([
    readParts(client, paths.processors, signal),
    readParts(client, paths.memory, signal),
    readParts(client, paths.interfaces, signal).then((found) =>
      Promise.all(found.map((one) => interfaceView(client, one, signal))),
    ),
    readParts(client, paths.drives, signal),
  ]);
  return {
    processors: processors.filter(isCpu).map(processorView),
    memory: memory.map(memoryView),
    interfaces,
    drives: drives.flatMap((drive) => driveViews(drive, paths.pooled.has(drive.path))),
    accelerators: processors.filter((processor) => !isCpu(processor)).map(acceleratorView),
  };
}

/** A service that tells no type has nothing but CPUs. */
export function isCpu({ body }: Resource): boolean {
  const type = textOf(body.ProcessorType);
  return type === null || type === "CPU";
}

function processorView({ body }: Resource): Processor {
  return {
    instructionSet: textOf(body.InstructionSet),
    model: textOf(body.Model),
    speedMhz: numberOf(body.MaxSpeedMHz),
    totalCores: numberOf(body.TotalCores),
  };
}

function acceleratorView({ body }: Resource): Accelerator {
  return { type: (textOf(body.ProcessorType) ?? "other").toLowerCase(), model: textOf(body.Model) };
}

function memoryView({ body }: Resource): MemoryModule {
  return {
    type: memoryType(body),
    dataWidthBits: numberOf(body.DataWidthBits),
    speedMhz: numberOf(body.OperatingSpeedMhz) ?? numberOf(listOf(body.AllowedSpeedsMHz)[0]),
    capacityMib: numberOf(body.CapacityMiB),
  };
}

/** DDR4, …; RSD 1.2 has its own name for it. */
export function memoryType(body: Resource["body"]): string | null {
  return textOf(body.MemoryDeviceType) ?? textOf(body.DimmDeviceType) ?? textOf(body.MemoryType);
}

async function interfaceView(
  client: RedfishClient,
  { body }: Resource,
  signal: AbortSignal,
): Promise<NetworkInterface> {
  const vlans = linkOf(client, body.VLANs);
  const members = vlans === null ? null : await ifGiven(client.members(vlans, signal), null);
  return {
    mac: macOf(body),
    speedMbps: numberOf(body.SpeedMbps),
    status: textOf(at(body, "Status", "State")),
    ipv4: listOf(body.IPv4Addresses).map((each) => {
      const address = recordOf(each);
      return {
        address: textOf(address.Address),
        subnetMask: textOf(address.SubnetMask),
        gateway: textOf(address.Gateway),
      };
    }),
    vlans:
      members === null
        ? null
        : members.map((vlan) => ({
            id: numberOf(vlan.body.VLANId),
            status: textOf(at(vlan.body, "Status", "State")),
          })),
  };
}

/** As the service writes it; null when it has none. */
export function macOf(body: Resource["body"]): string | null {
  return textOf(body.MACAddress) ?? textOf(body.PermanentMACAddress);
}

/** A drive or volume; or all devices of a SimpleStorage controller. */
function driveViews({ path, body }: Resource, pooled: boolean): Drive[] {
  if (body.Devices === undefined)
    return [
      {
        resourceUri: path,
        protocol: textOf(body.Protocol) ?? textOf(body.Interface),
        capacityGib: capacityGib(body),
        pooled,
      },
    ];
  return listOf(body.Devices).map((device) => ({
    resourceUri: path,
    protocol: textOf(body.Protocol),
    capacityGib: capacityGib(recordOf(device)),
    pooled,
  }));
}

/** GiB, whole ones, rounded down; null: it does not say. */
export function capacityGib(body: Resource["body"]): number | null {
  const bytes = numberOf(body.CapacityBytes);
  if (bytes !== null) return Math.floor(bytes / GIB);
  const gib = numberOf(body.CapacityGiB);
  return gib === null ? null : Math.floor(gib);
}

/** Of all drives together, rounded down once, as Valence does. */
export function sumGib(parts: readonly Resource[]): number {
  let bytes = 0;
  for (const { body } of parts)
    for (const one of body.Devices === undefined ? [body] : listOf(body.Devices)) bytes += bytesOf(recordOf(one));
  return Math.floor(bytes / GIB);
}

function bytesOf(body: Resource["body"]): number {
  return numberOf(body.CapacityBytes) ?? (numberOf(body.CapacityGiB) ?? 0) * GIB;
}
