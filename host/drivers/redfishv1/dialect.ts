// How a pod manager of Rack Scale Design wants to be spoken to. Contract: drivers 1 and 1.2.

import type { Requirements } from "../driver.ts";
import { at, type Fields, textOf } from "../redfish/shapes.ts";

export interface Dialect {
  /** As the service root tells it: `2.4.0`; null: it does not tell. */
  readonly apiVersion: string | null;
  /** Amounts are asked for as totals, and a node can be had on a certain system. Else the pod manager picks one itself. */
  readonly pins: boolean;
  /** Resources can be attached to nodes; where it is not told, an attempt will show. */
  readonly attaches: boolean;
  /** Attaching takes the protocol along. */
  readonly namesProtocol: boolean;
}

/** @param root body of the service root */
export function dialectOf(root: Fields): Dialect {
  const apiVersion =
    textOf(at(root, "Oem", "Intel_RackScale", "ApiVersion")) ??
    textOf(at(root, "Oem", "Intel:RackScale", "ApiVersion"));
  const [, major, minor] = /^(\d{1,4})\.(\d{1,4})/.exec(apiVersion ?? "") ?? [];
  const version = major === undefined ? null : Number(major) * 10_000 + Number(minor);
  return {
    apiVersion,
    pins: version !== null && version >= 20_000,
    attaches: version === null || version >= 20_001,
    namesProtocol: version === 20_003,
  };
}

/** What has to be allocated. `processor`: path of a processor of the system that was chosen. */
export interface Allocation {
  readonly name: string;
  readonly description: string;
  readonly requirements: Requirements;
  readonly processor: string | null;
}

/**
 * The body of Allocate. From 2.0 on an amount in `Memory` or `Processors` is one of a single module, so that what a node
 * shall have in all is asked for as a total; before, there are no totals.
 */
export function allocateBody({ pins }: Dialect, { name, description, requirements, processor }: Allocation): object {
  const { processor: cpu = {}, memory = {}, remoteStorage } = requirements;
  const named = {
    Name: name,
    Description: description,
    ...(remoteStorage === undefined ? {} : { RemoteDrives: [{ CapacityGiB: remoteStorage.capacityGib }] }),
  };
  const model = cpu.model === undefined ? {} : { Model: cpu.model };
  if (!pins)
    return {
      ...named,
      Memory: [
        {
          ...(memory.capacityMib === undefined ? {} : { CapacityMiB: memory.capacityMib }),
          ...(memory.type === undefined ? {} : { DimmDeviceType: memory.type }),
        },
      ],
      Processors: [{ ...model, ...(cpu.totalCores === undefined ? {} : { TotalCores: cpu.totalCores }) }],
    };
  return {
    ...named,
    ...(memory.capacityMib === undefined ? {} : { TotalSystemMemoryMiB: memory.capacityMib }),
    ...(cpu.totalCores === undefined ? {} : { TotalSystemCoreCount: cpu.totalCores }),
    Memory: [memory.type === undefined ? {} : { MemoryDeviceType: memory.type }],
    Processors: [{ ...model, ...(processor === null ? {} : { Resource: { "@odata.id": processor } }) }],
  };
}
