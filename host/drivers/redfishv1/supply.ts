// The systems of a pod manager as far as choosing needs them: sizes, kinds and racks. Contract: drivers 1.2 and 1.8.

import type { RedfishClient, Resource } from "../redfish/client.ts";
import { at, numberOf, textOf } from "../redfish/shapes.ts";
import { isCpu, memoryType, partPaths, readParts } from "../redfish/views/assets.ts";
import { ChassisTree } from "../redfish/views/chassis.ts";
import { rootLink } from "../redfish/views/links.ts";
import { computerSystemOf, readNodes } from "./nodes.ts";

export interface SupplySystem {
  readonly path: string;
  readonly name: string | null;
  readonly cores: number;
  readonly cpus: readonly { readonly path: string; readonly model: string | null }[];
  readonly memoryMib: number;
  /** DDR4, … of each module. */
  readonly memoryTypes: readonly string[];
  /** Path of the rack; null: it stands in none. */
  readonly rack: string | null;
  /** Enabled and healthy: pod managers compose of nothing else. */
  readonly usable: boolean;
}

export interface Supply {
  readonly systems: readonly SupplySystem[];
  readonly tree: ChassisTree;
}

/** Sizes of systems are believed this long, ms; a pod manager that sees it otherwise refuses. */
const FRESH_MS = 30_000;

/** Reads once for all who ask at a time, so that many requests at once are no burden. */
export class SupplyReader {
  readonly #client: RedfishClient;
  #known: { readonly readAt: number; readonly supply: Supply } | null = null;
  #reading: Promise<Supply> | null = null;

  constructor(client: RedfishClient) {
    this.#client = client;
  }

  /** @param maxAgeMs 0: as it is now. @throws AppError as PodManager */
  async supply(signal: AbortSignal, maxAgeMs = FRESH_MS): Promise<Supply> {
    signal.throwIfAborted();
    const known = this.#known;
    if (known !== null && performance.now() - known.readAt <= maxAgeMs) return known.supply;
    this.#reading ??= this.#read().finally(() => {
      this.#reading = null;
    });
    return await unlessAborted(this.#reading, signal);
  }

  forget(): void {
    this.#known = null;
  }

  /** Whoever began it may give up: it goes on for the others, and ends by the deadlines of the client. */
  async #read(): Promise<Supply> {
    const supply = await readSupply(this.#client, new AbortController().signal);
    this.#known = { readAt: performance.now(), supply };
    return supply;
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const stop = () => reject(signal.reason as unknown);
    signal.addEventListener("abort", stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

async function readSupply(client: RedfishClient, signal: AbortSignal): Promise<Supply> {
  const collection = await rootLink(client, "Systems", signal);
  const [members, tree] = await Promise.all([
    collection === null ? [] : client.members(collection, signal),
    ChassisTree.read(client, signal),
  ]);
  const physical = members.filter(({ body }) => body.SystemType !== "Virtual");
  const systems = await client.all(physical, (system, inner) => supplySystem(client, system, tree, inner), signal);
  return { systems, tree };
}

async function supplySystem(
  client: RedfishClient,
  system: Resource,
  tree: ChassisTree,
  signal: AbortSignal,
): Promise<SupplySystem> {
  const { path, body } = system;
  const parts = async (collection: unknown) =>
    await readParts(client, await partPaths(client, collection, signal), signal);
  const [processors, modules] = await Promise.all([parts(body.Processors), parts(body.Memory)]);
  const cpus = processors.filter(isCpu);
  const summary = numberOf(at(body, "MemorySummary", "TotalSystemMemoryGiB"));
  const state = textOf(at(body, "Status", "State"));
  const health = textOf(at(body, "Status", "Health"));
  return {
    path,
    name: textOf(body.Name),
    cores: cpus.reduce((sum, cpu) => sum + (numberOf(cpu.body.TotalCores) ?? 0), 0),
    cpus: cpus.map((cpu) => ({ path: cpu.path, model: textOf(cpu.body.Model) })),
    memoryMib:
      modules.length > 0
        ? modules.reduce((sum, module) => sum + (numberOf(module.body.CapacityMiB) ?? 0), 0)
        : (summary ?? 0) * 1024,
    memoryTypes: modules.map((module) => memoryType(module.body)).filter((type) => type !== null),
    rack: tree.rackOf(tree.ofSystem(system))?.path ?? null,
    usable: (state === null || state === "Enabled") && (health === null || health === "OK"),
  };
}

/** Paths of the systems that nodes are made of. @throws AppError as PodManager */
export async function systemsInUse(client: RedfishClient, signal: AbortSignal): Promise<Set<string>> {
  const nodes = await readNodes(client, signal);
  const systems = nodes.map((node) => computerSystemOf(client, node));
  return new Set(systems.filter((path) => path !== null));
}
