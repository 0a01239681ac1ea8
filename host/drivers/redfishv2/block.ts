// One resource block of a CompositionService: what it is, what it holds, and whether it can be had. Contract: drivers, 3.1-3.3.

import { at, booleanOf, type Fields, lastSegment, listOf, numberOf, textOf } from "../redfish/shapes.ts";

export const BLOCK_TYPES = [
  "Compute",
  "Processor",
  "Memory",
  "Network",
  "Storage",
  "ComputerSystem",
  "Expansion",
  "IndependentResource",
] as const;

export type BlockType = (typeof BLOCK_TYPES)[number];

/** What the parts of a block amount to. */
export interface Holdings {
  /** Of its CPUs, of which there are `cpus`. */
  readonly cores: number;
  readonly cpus: number;
  readonly models: readonly string[];
  readonly memoryMib: number;
  readonly modules: number;
  /** DDR4, DRAM, …: all that its modules call themselves. */
  readonly memoryTypes: readonly string[];
  readonly storageGib: number;
  readonly drives: number;
  /** SSD, NVMe, HDD, NIC, GPU, FPGA, ACS: what may be asked for by type; an NVMe drive is an SSD too. */
  readonly devices: readonly string[];
  readonly interfaces: number;
  /** Of the part that makes it a device. */
  readonly model: string | null;
  readonly protocol: string | null;
}

export const NOTHING: Holdings = {
  cores: 0,
  cpus: 0,
  models: [],
  memoryMib: 0,
  modules: 0,
  memoryTypes: [],
  storageGib: 0,
  drives: 0,
  devices: [],
  interfaces: 0,
  model: null,
  protocol: null,
};

export interface Block extends Holdings {
  readonly path: string;
  readonly id: string;
  readonly types: readonly BlockType[];
  /** CompositionState; Unused when it does not say. */
  readonly state: string;
  readonly reserved: boolean;
  /** Several systems may have it at a time. */
  readonly sharable: boolean;
  /** Systems that have it. */
  readonly systems: readonly string[];
  /** Systems that it is, wholly. */
  readonly contains: readonly string[];
  readonly zones: readonly string[];
  readonly chassis: readonly string[];
  /** Why it cannot be had now; null: it can. */
  readonly obstacle: string | null;
  /** Somebody has it, wholly or partly, or has reserved it. A machine that is only itself is in nobody's use. */
  readonly inUse: boolean;
}

/** Links to the parts of a block, by property. */
export const PARTS = [
  "Processors",
  "Memory",
  "Storage",
  "Drives",
  "SimpleStorage",
  "EthernetInterfaces",
  "NetworkInterfaces",
  "ComputerSystems",
] as const;

/** Paths a list of links leads to, as RedfishClient.links. */
export type Links = (value: unknown) => string[];

/** What its record says; what it holds is read from its parts. */
export function blockOf(path: string, body: Fields, holdings: Holdings, links: Links): Block {
  const status = at(body, "CompositionStatus");
  const systems = links(at(body, "Links", "ComputerSystems"));
  const state = textOf(at(status, "CompositionState")) ?? "Unused";
  const reserved = booleanOf(at(status, "Reserved")) ?? false;
  const most = numberOf(at(status, "MaxCompositions"));
  const now = numberOf(at(status, "NumberOfCompositions")) ?? systems.length;
  const sharable =
    (booleanOf(at(status, "SharingCapable")) ?? false) && (booleanOf(at(status, "SharingEnabled")) ?? true);
  const types = typesOf(body, holdings);
  const contains = links(body.ComputerSystems);
  const others = systems.filter((system) => !contains.includes(system));
  return {
    ...holdings,
    devices: holdings.devices.filter((device) => isOffered(device, types)),
    storageGib: isOffered("SSD", types) ? holdings.storageGib : 0,
    path,
    id: textOf(body.Id) ?? lastSegment(path),
    types,
    state,
    reserved,
    sharable,
    systems,
    contains,
    zones: links(at(body, "Links", "Zones")),
    chassis: links(at(body, "Links", "Chassis")),
    obstacle: obstacleOf(body, { state, reserved, sharable, systems, room: most === null || now < most }),
    inUse: reserved || others.length > 0 || (contains.length === 0 && /^Compos/.test(state)),
  };
}

/** Some services leave the types out: then what it holds says them. */
function typesOf(body: Fields, holdings: Holdings): BlockType[] {
  const said = listOf(body.ResourceBlockType).filter((type) => BLOCK_TYPES.includes(type as BlockType));
  if (said.length > 0) return [...new Set(said as BlockType[])];
  const has = (property: string): boolean => listOf(body[property]).length > 0;
  const types: BlockType[] = [];
  if (has("ComputerSystems")) types.push("ComputerSystem");
  if (holdings.cores > 0 && holdings.memoryMib > 0) types.push("Compute");
  else if (has("Processors")) types.push("Processor");
  else if (has("Memory")) types.push("Memory");
  if (has("SimpleStorage") || has("Storage") || has("Drives")) types.push("Storage");
  if (has("EthernetInterfaces") || has("NetworkInterfaces")) types.push("Network");
  return types;
}

/** What only a computer itself uses, its own disk or network, is no device that could be asked for. */
function isOffered(device: string, types: readonly BlockType[]): boolean {
  if (types.includes("Expansion") || types.includes("IndependentResource")) return true;
  if (device === "NIC") return types.includes("Network");
  if (device === "SSD" || device === "NVMe" || device === "HDD") return types.includes("Storage");
  return types.includes("Processor");
}

interface Standing {
  readonly state: string;
  readonly reserved: boolean;
  readonly sharable: boolean;
  readonly systems: readonly string[];
  readonly room: boolean;
}

function obstacleOf(body: Fields, { state, reserved, sharable, systems, room }: Standing): string | null {
  const shared = sharable && state === "ComposedAndAvailable";
  if (state !== "Unused" && state !== "ComposedAndAvailable") return STATES[state] ?? `in state ${state}`;
  if (reserved) return "reserved";
  const enabled = textOf(at(body, "Status", "State")) ?? "Enabled";
  if (enabled !== "Enabled" && enabled !== "StandbyOffline") return `not enabled (${enabled})`;
  if (textOf(at(body, "Status", "Health")) === "Critical") return "in critical health";
  if (systems.length > 0 && !shared) return "in use";
  if (shared && !room) return "shared by as many as can";
  return textOf(body.Pool) === "Active" && !shared ? "in use" : null;
}

const STATES: Readonly<Record<string, string>> = {
  Composed: "in use",
  Composing: "in use",
  Failed: "failed",
  Unavailable: "unavailable",
};

/** Can be attached to a system and taken from it; not a system, nor what makes one. */
export function isDevice({ types }: Block): boolean {
  return types.length > 0 && types.some((type) => type !== "Compute" && type !== "ComputerSystem");
}

/** Something a system can run on. */
export function isCompute({ types, cores }: Block): boolean {
  return types.includes("Compute") || types.includes("ComputerSystem") || (types.includes("Processor") && cores > 0);
}
