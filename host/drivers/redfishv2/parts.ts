import type { RedfishClient } from "../redfish/client.ts";
import { at, type Fields } from "../redfish/shapes.ts";
import { partPaths, readParts } from "../redfish/views/assets.ts";
import { linksOf } from "../redfish/views/links.ts";
import { type Holdings, PARTS } from "./block.ts";
import { holdingsOf } from "./holdings.ts";

/** How long what a block holds is believed, ms. Drives are swapped seldom; whether a block is free is never remembered. */
const BELIEVED_MS = 10 * 60_000;

/** Reads what blocks hold, and remembers it as long as a block names the same parts. */
export class HoldingsReader {
  readonly #client: RedfishClient;
  readonly #now: () => number;
  readonly #known = new Map<string, { parts: string; until: number; holdings: Holdings }>();

  constructor(client: RedfishClient, now: () => number = () => performance.now()) {
    this.#client = client;
    this.#now = now;
  }

  /** Of the block with this record. Parts that the service refuses count for nothing. */
  async of(path: string, block: Fields, signal: AbortSignal): Promise<Holdings> {
    const parts = JSON.stringify(PARTS.map((part) => block[part]));
    const known = this.#known.get(path);
    if (known && known.parts === parts && this.#now() < known.until) return known.holdings;
    const holdings = await this.#read(block, signal);
    this.#known.set(path, { parts, until: this.#now() + BELIEVED_MS, holdings });
    return holdings;
  }

  /** Forgets blocks that are not there any more. */
  keep(paths: readonly string[]): void {
    const there = new Set(paths);
    for (const path of this.#known.keys()) if (!there.has(path)) this.#known.delete(path);
  }

  async #read(block: Fields, signal: AbortSignal): Promise<Holdings> {
    const client = this.#client;
    const bodies = async (paths: readonly string[]) => (await readParts(client, paths, signal)).map(({ body }) => body);
    const own = (property: string) => linksOf(client, block[property]);
    const systems = await bodies(own("ComputerSystems"));
    const within = async (property: string) =>
      (await Promise.all(systems.map((system) => partPaths(client, system[property], signal)))).flat();
    const [processors, memory, storage, simple, ethernet] = await Promise.all([
      within("Processors"),
      within("Memory"),
      within("Storage"),
      within("SimpleStorage"),
      within("EthernetInterfaces"),
    ]);
    const controllers = await bodies([...own("Storage"), ...storage]);
    const drives = [
      ...own("Drives"),
      ...controllers.flatMap((controller) => linksOf(client, at(controller, "Drives"))),
    ];
    const [cpus, modules, disks, simpleStorage, interfaces] = await Promise.all([
      bodies([...own("Processors"), ...processors]),
      bodies([...own("Memory"), ...memory]),
      bodies([...new Set(drives)]),
      bodies([...own("SimpleStorage"), ...simple]),
      bodies([...own("EthernetInterfaces"), ...own("NetworkInterfaces"), ...ethernet]),
    ]);
    return holdingsOf({ processors: cpus, memory: modules, drives: disks, simpleStorage, interfaces });
  }
}
