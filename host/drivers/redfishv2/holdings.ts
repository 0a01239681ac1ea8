// What the parts of a block hold, added up. Contract: drivers, 3.3.

import { at, type Fields, listOf, numberOf, textOf } from "../redfish/shapes.ts";
import type { Holdings } from "./block.ts";

/** The records of the parts of a block, by the property that links them. */
export interface PartRecords {
  readonly processors: readonly Fields[];
  readonly memory: readonly Fields[];
  readonly drives: readonly Fields[];
  readonly simpleStorage: readonly Fields[];
  /** Of EthernetInterfaces and NetworkInterfaces. */
  readonly interfaces: readonly Fields[];
}

export function holdingsOf({ processors, memory, drives, interfaces, ...parts }: PartRecords): Holdings {
  const cpus = processors.filter((processor) => isCpu(processor));
  const offload = processors.filter((processor) => !isCpu(processor));
  // Where both are told, they tell of the same disks.
  const simpleStorage = drives.length > 0 ? [] : parts.simpleStorage;
  const disks = simpleStorage.flatMap((storage) => listOf(storage.Devices));
  const devices = [
    ...offload.map((processor) => OFFLOAD[textOf(processor.ProcessorType) ?? ""] ?? "ACS"),
    ...drives.flatMap((drive) => driveTypes(drive)),
    // SimpleStorage does not say what kind of disks it has.
    ...simpleStorage.map(() => "SSD"),
    ...interfaces.map(() => "NIC"),
  ];
  const telling = offload[0] ?? drives[0] ?? simpleStorage[0] ?? interfaces[0] ?? cpus[0] ?? memory[0];
  return {
    cores: sum(cpus.map(({ TotalCores }) => numberOf(TotalCores))),
    cpus: cpus.length,
    models: texts(cpus.map(({ Model }) => Model)),
    memoryMib: sum(memory.map(({ CapacityMiB }) => numberOf(CapacityMiB))),
    modules: memory.length,
    memoryTypes: texts(memory.flatMap(({ MemoryDeviceType, MemoryType }) => [MemoryDeviceType, MemoryType])),
    storageGib: Math.floor(sum([...drives, ...disks].map((disk) => numberOf(at(disk, "CapacityBytes")))) / 1024 ** 3),
    drives: drives.length + disks.length,
    devices: [...new Set(devices)].sort(),
    interfaces: interfaces.length,
    model: textOf(telling?.Model),
    protocol: textOf(drives[0]?.Protocol),
  };
}

const OFFLOAD: Readonly<Record<string, string>> = { GPU: "GPU", FPGA: "FPGA" };

/** Those that do not say are. */
function isCpu({ ProcessorType }: Fields): boolean {
  return (textOf(ProcessorType) ?? "CPU") === "CPU";
}

function driveTypes({ MediaType, Protocol }: Fields): string[] {
  if (textOf(Protocol) === "NVMe") return ["NVMe", "SSD"];
  return [textOf(MediaType) === "HDD" ? "HDD" : "SSD"];
}

function sum(numbers: readonly (number | null)[]): number {
  return numbers.reduce<number>((total, number) => total + Math.max(0, number ?? 0), 0);
}

function texts(values: readonly unknown[]): string[] {
  return [...new Set(values.map(textOf).filter((text) => text !== null))].sort();
}
