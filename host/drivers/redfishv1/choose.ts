// Which system, and which devices with it, serve a request best: least waste, in one rack. Contract: drivers 1.2.

import { AppError } from "../../errors.ts";
import type { Choice, Cost, DeviceFacts, Requirements } from "../driver.ts";
import { lastSegment, textOf } from "../redfish/shapes.ts";
import type { Supply, SupplySystem } from "./supply.ts";

/** What there is to choose from. */
export interface Offer extends Supply {
  readonly inUse: ReadonlySet<string>;
  /** Null: devices were not asked for, or cannot be attached. */
  readonly devices: readonly DeviceFacts[] | null;
  /** A node can be had on a certain system. */
  readonly pins: boolean;
}

interface Candidate {
  readonly system: SupplySystem;
  readonly devices: readonly DeviceFacts[];
  readonly cost: Cost;
}

/**
 * The best fit. Where the pod manager picks the system itself, what is chosen is an estimate of what it will pick, and only
 * devices are claimed.
 * @throws AppError pod-manager.no-fit naming what is short
 */
export function choose(requirements: Requirements, taken: ReadonlySet<string>, offer: Offer): Choice {
  const free = offer.systems.filter(({ path, usable }) => usable && !offer.inUse.has(path) && !taken.has(path));
  const fitting = free.filter((system) => serves(requirements, system));
  if (fitting.length === 0) throw noSystem(requirements, free, offer, taken);
  const pools = devicePools(requirements, taken, offer);
  const racksInUse = new Set(offer.systems.filter(({ path }) => offer.inUse.has(path)).map(({ rack }) => rack));
  const candidates = fitting.map((system) => candidateOf(requirements, system, pools, offer));
  candidates.sort((a, b) => compare(a, b) || wholeness(a, racksInUse) - wholeness(b, racksInUse) || byPath(a, b));
  return choiceOf(requirements, candidates[0]!, free.length, offer);
}

function choiceOf(
  { processor, remoteStorage }: Requirements,
  { system, devices, cost }: Candidate,
  free: number,
  { pins, tree }: Offer,
): Choice {
  const rack = system.rack === null ? null : tree.get(system.rack);
  const cpu = system.cpus.find(({ model }) => model === null || matches(processor?.model, model));
  const pinned = pins && cpu !== undefined ? cpu.path : null;
  const place = rack ? ` in rack ${rack.id}` : "";
  const amount = `${system.cores ?? "untold"} cores and ${system.memoryMib ?? "untold"} MiB of memory`;
  return {
    resources: [...(pinned === null ? [] : [system.path]), ...devices.map(({ resourceUri }) => resourceUri)],
    cost,
    reasons: [
      `System ${lastSegment(system.path)}${place} has ${amount}: of ${free} free systems it serves the request with the least to spare.`,
      ...(pinned === null ? ["The pod manager allocates by itself and may take another one."] : []),
      ...devices.map(
        (device) =>
          `${device.type} ${device.resourceUri} is free${cost.racks === 0 && rack ? ` in the same rack ${rack.id}` : ""}.`,
      ),
      ...(remoteStorage ? [`${remoteStorage.capacityGib} GiB of remote storage are left to the pod manager.`] : []),
    ],
    plan: { system: system.path, processor: pinned, devices },
  };
}

/** Of one system, whichever devices stand nearest to it. */
function candidateOf(
  { processor = {}, memory = {} }: Requirements,
  system: SupplySystem,
  pools: readonly Pool[],
  { tree }: Offer,
): Candidate {
  const chosen = new Set<DeviceFacts>();
  const racks = new Set([system.rack]);
  for (const pool of pools) {
    const near = pool.ofRack.get(system.rack) ?? [];
    const device = near.find((one) => !chosen.has(one)) ?? pool.all.find((one) => !chosen.has(one));
    if (device === undefined) continue;
    chosen.add(device);
    racks.add(rackOf(device, tree) ?? system.rack);
  }
  return {
    system,
    devices: [...chosen],
    cost: {
      zonesBroken: 0,
      racks: racks.size - 1,
      resources: 1 + chosen.size,
      wasteBp: Math.round(
        (spareBp(processor.totalCores, system.cores) + spareBp(memory.capacityMib, system.memoryMib)) / 2,
      ),
    },
  };
}

/** The part of an amount that was not asked for; all of it where it is not told. */
function spareBp(asked = 0, has: number | null): number {
  return has === null ? 10_000 : has === 0 ? 0 : (10_000 * (has - asked)) / has;
}

function compare(a: Candidate, b: Candidate): number {
  return (
    a.cost.racks - b.cost.racks ||
    a.cost.resources - b.cost.resources ||
    a.cost.wasteBp - b.cost.wasteBp ||
    (a.system.cores ?? 0) - (b.system.cores ?? 0) ||
    (a.system.memoryMib ?? 0) - (b.system.memoryMib ?? 0)
  );
}

/** Racks that nothing was taken of yet stay whole as long as others serve. */
function wholeness({ system }: Candidate, racksInUse: ReadonlySet<string | null>): number {
  return racksInUse.has(system.rack) ? 0 : 1;
}

const NATURAL = new Intl.Collator("en", { numeric: true });

function byPath(a: Candidate, b: Candidate): number {
  return NATURAL.compare(a.system.path, b.system.path);
}

/** What is not told of a system is not held against it. */
function serves({ processor = {}, memory = {} }: Requirements, system: SupplySystem): boolean {
  const models = system.cpus.map(({ model }) => model).filter((model) => model !== null);
  return (
    (system.cores ?? Infinity) >= (processor.totalCores ?? 0) &&
    (system.memoryMib ?? Infinity) >= (memory.capacityMib ?? 0) &&
    (models.length === 0 || models.some((model) => matches(processor.model, model))) &&
    (system.memoryTypes.length === 0 || system.memoryTypes.some((type) => matches(memory.type, type)))
  );
}

function matches(wanted: string | undefined, has: string | null): boolean {
  return wanted === undefined || wanted.toLowerCase() === has?.toLowerCase();
}

function noSystem(
  { processor = {}, memory = {} }: Requirements,
  free: readonly SupplySystem[],
  { systems, inUse }: Offer,
  taken: ReadonlySet<string>,
): AppError {
  const used = systems.filter(({ path }) => inUse.has(path) || taken.has(path)).length;
  const unusable = systems.filter(({ path, usable }) => !usable && !inUse.has(path) && !taken.has(path)).length;
  const count = `${systems.length} systems: ${used} in use, ${unusable} not healthy, ${free.length} free`;
  if (free.length === 0) return new AppError("pod-manager.no-fit", `No system is free (${count}).`);
  const most = (amount: (system: SupplySystem) => number | null) =>
    free.reduce((most, system) => Math.max(most, amount(system) ?? 0), 0);
  const kinds = (of: (system: SupplySystem) => readonly (string | null)[]) =>
    [...new Set(free.flatMap(of))].filter((kind) => kind !== null).join(", ") || "not told";
  const asked = [
    ...(processor.totalCores === undefined
      ? []
      : [`${processor.totalCores} cores (the most is ${most(({ cores }) => cores)})`]),
    ...(memory.capacityMib === undefined
      ? []
      : [`${memory.capacityMib} MiB of memory (the most is ${most(({ memoryMib }) => memoryMib)})`]),
    ...(processor.model === undefined
      ? []
      : [`processor model ${processor.model} (there are: ${kinds(({ cpus }) => cpus.map(({ model }) => model))})`]),
    ...(memory.type === undefined
      ? []
      : [`memory of type ${memory.type} (there is: ${kinds(({ memoryTypes }) => memoryTypes)})`]),
  ];
  return new AppError(
    "pod-manager.no-fit",
    `No free system has ${asked.join(" and ")} (${count}).\nMaybe ask for less, or release a node.`,
  );
}

/** Free devices of one wanted type, the smallest first. */
interface Pool {
  readonly all: readonly DeviceFacts[];
  readonly ofRack: ReadonlyMap<string | null, readonly DeviceFacts[]>;
}

/** One for each device that is wanted. */
function devicePools(
  { pciDevices = [] }: Requirements,
  taken: ReadonlySet<string>,
  { devices, tree }: Offer,
): readonly Pool[] {
  if (pciDevices.length === 0) return [];
  if (devices === null)
    throw new AppError(
      "pod-manager.no-fit",
      `This pod manager cannot attach devices (${pciDevices.join(", ")} asked for).`,
    );
  const free = devices.filter(({ state, resourceUri }) => state === "free" && !taken.has(resourceUri));
  const pools = new Map<string, Pool>();
  for (const type of new Set(pciDevices)) {
    const all = free.filter((device) => isOfType(device, type)).sort((a, b) => sizeOf(a) - sizeOf(b));
    const wanted = pciDevices.filter((each) => each === type).length;
    if (all.length < wanted)
      throw new AppError(
        "pod-manager.no-fit",
        `${wanted} free devices of type ${type} are asked for, ${all.length} are free ` +
          `(free: ${[...new Set(free.map((device) => device.type ?? "unknown"))].join(", ") || "none"}).`,
      );
    const ofRack = new Map<string | null, DeviceFacts[]>();
    for (const device of all) {
      const rack = rackOf(device, tree);
      ofRack.set(rack, [...(ofRack.get(rack) ?? []), device]);
    }
    pools.set(type, { all, ofRack });
  }
  return pciDevices.map((type) => pools.get(type)!);
}

/** By its type, or by its protocol: an SSD may be asked for as NVMe. */
function isOfType({ type, properties }: DeviceFacts, wanted: string): boolean {
  return matches(wanted, type) || matches(wanted, textOf(properties.protocol));
}

function sizeOf({ properties }: DeviceFacts): number {
  return typeof properties.capacity === "number" ? properties.capacity : 0;
}

function rackOf({ extra }: DeviceFacts, tree: Supply["tree"]): string | null {
  const chassis = typeof extra.chassis === "string" ? tree.get(extra.chassis) : undefined;
  return tree.rackOf(chassis ?? null)?.path ?? null;
}
