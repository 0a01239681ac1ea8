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
  /** Null: it does not tell; then it may serve any request, as the pod manager has the last word. */
  readonly cores: number | null;
  readonly cpus: readonly { readonly path: string; readonly model: string | null }[];
  /** Null as above. */
  readonly memoryMib: number | null;
  /** DDR4, … of each module that tells it, where modules were read. */
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

/** How much is read: memory modules are many, and mostly nobody asks for their type. */
export type Depth = "sizes" | "modules";

/** Sizes of systems are believed this long, ms; a pod manager that sees it otherwise refuses. */
const FRESH_MS = 30_000;

/** Reads once for all who ask at a time, so that many requests at once are no burden. */
export class SupplyReader {
  readonly #client: RedfishClient;
  readonly #known = new Map<Depth, { readonly readAt: number; readonly supply: Supply }>();
  readonly #reading = new Map<Depth, Promise<Supply>>();

  constructor(client: RedfishClient) {
    this.#client = client;
  }

  /**
   * @param depth modules: with the types of memory
   * @param maxAgeMs 0: as it is now
   * @throws AppError as PodManager
   */
  async supply(depth: Depth, signal: AbortSignal, maxAgeMs = FRESH_MS): Promise<Supply> {
    signal.throwIfAborted();
    const known = this.#known.get(depth);
    if (known !== undefined && performance.now() - known.readAt <= maxAgeMs) return known.supply;
    let reading = this.#reading.get(depth);
    if (reading === undefined) {
      reading = this.#read(depth).finally(() => this.#reading.delete(depth));
      this.#reading.set(depth, reading);
    }
    return await unlessAborted(reading, signal);
  }

  forget(): void {
    this.#known.clear();
  }

  /** Whoever began it may give up: it goes on for the others, and ends by the deadlines of the client. */
  async #read(depth: Depth): Promise<Supply> {
    const supply = await readSupply(this.#client, depth, new AbortController().signal);
    this.#known.set(depth, { readAt: performance.now(), supply });
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

async function readSupply(client: RedfishClient, depth: Depth, signal: AbortSignal): Promise<Supply> {
  const collection = await rootLink(client, "Systems", signal);
  const [members, tree] = await Promise.all([
    collection === null ? [] : client.members(collection, signal),
    ChassisTree.read(client, signal),
  ]);
  const physical = members.filter(({ body }) => body.SystemType !== "Virtual");
  const systems = await client.all(
    physical,
    (system, inner) => supplySystem(client, depth, system, tree, inner),
    signal,
  );
  return { systems, tree };
}

async function supplySystem(
  client: RedfishClient,
  depth: Depth,
  system: Resource,
  tree: ChassisTree,
  signal: AbortSignal,
): Promise<SupplySystem> {
  const { path, body } = system;
  const parts = async (collection: unknown) =>
    await readParts(client, await partPaths(client, collection, signal), signal);
  const summary = numberOf(at(body, "MemorySummary", "TotalSystemMemoryGiB"));
  const [processors, modules] = await Promise.all([
    parts(body.Processors),
    depth === "modules" || summary === null ? parts(body.Memory) : [],
  ]);
  const cpus = processors.filter(isCpu);
  const state = textOf(at(body, "Status", "State"));
  const health = textOf(at(body, "Status", "Health"));
  return {
    path,
    name: textOf(body.Name),
    cores: sumOf(cpus, "TotalCores"),
    cpus: cpus.map((cpu) => ({ path: cpu.path, model: textOf(cpu.body.Model) })),
    memoryMib: sumOf(modules, "CapacityMiB") ?? (summary === null ? null : summary * 1024),
    memoryTypes: modules.map((module) => memoryType(module.body)).filter((type) => type !== null),
    rack: tree.rackOf(tree.ofSystem(system))?.path ?? null,
    usable: (state === null || state === "Enabled") && (health === null || health === "OK"),
  };
}

/** Null: none of them tells it. */
function sumOf(parts: readonly Resource[], name: string): number | null {
  const told = parts.map(({ body }) => numberOf(body[name])).filter((amount) => amount !== null);
  return told.length === 0 ? null : told.reduce((sum, amount) => sum + amount, 0);
}

/** Paths of the systems that nodes are made of. @throws AppError as PodManager */
export async function systemsInUse(client: RedfishClient, signal: AbortSignal): Promise<Set<string>> {
  const nodes = await readNodes(client, signal);
  const systems = nodes.map((node) => computerSystemOf(client, node));
  return new Set(systems.filter((path) => path !== null));
}
