// Where hardware stands: chassis contain chassis, the outermost ones are pods or racks. Contract: drivers 1.7 and 1.8.

import type { RedfishClient, Resource } from "../client.ts";
import { at, idOf, lastSegment, textOf } from "../shapes.ts";
import { linkOf, linksOf, rootLink } from "./links.ts";

export interface Chassis extends Resource {
  readonly id: string;
  /** Rack, Drawer, Sled, … */
  readonly type: string | null;
  /** Path of the chassis it stands in. */
  readonly parent: string | null;
  /** Paths. */
  readonly contains: readonly string[];
  /** Paths of the systems directly in it. */
  readonly systems: readonly string[];
}

/** All chassis of a pod manager. Services get the links wrong: some name only parents, some only children, some themselves. */
export class ChassisTree {
  readonly all: readonly Chassis[];
  readonly #client: RedfishClient;
  readonly #byPath: ReadonlyMap<string, Chassis>;
  /** By the path of their parent, as they tell it. */
  readonly #childrenOf = new Map<string, Chassis[]>();
  readonly #ofSystem = new Map<string, Chassis>();

  constructor(client: RedfishClient, resources: readonly Resource[]) {
    this.#client = client;
    const containers = new Map<string, string>();
    for (const { path, body } of resources)
      for (const child of linksOf(client, at(body, "Links", "Contains")))
        if (!containers.has(child)) containers.set(child, path);
    this.all = resources.map((resource) => chassisOf(client, resource, containers));
    this.#byPath = new Map(this.all.map((chassis) => [chassis.path, chassis]));
    for (const chassis of this.all) {
      if (chassis.parent === null) continue;
      const siblings = this.#childrenOf.get(chassis.parent);
      if (siblings) siblings.push(chassis);
      else this.#childrenOf.set(chassis.parent, [chassis]);
    }
    for (const chassis of this.all)
      for (const system of chassis.systems) if (!this.#ofSystem.has(system)) this.#ofSystem.set(system, chassis);
  }

  /** Empty when the service has no chassis. @throws AppError as PodManager */
  static async read(client: RedfishClient, signal: AbortSignal): Promise<ChassisTree> {
    const collection = await rootLink(client, "Chassis", signal);
    return new ChassisTree(client, collection === null ? [] : await client.members(collection, signal));
  }

  get(path: string): Chassis | undefined {
    return this.#byPath.get(path);
  }

  /** The chassis a system names, else the one that names the system. */
  ofSystem({ path, body }: Resource): Chassis | null {
    for (const named of linksOf(this.#client, at(body, "Links", "Chassis"))) {
      const chassis = this.#byPath.get(named);
      if (chassis) return chassis;
    }
    return this.#ofSystem.get(path) ?? null;
  }

  /** From a chassis outwards, itself first. */
  chain(from: Chassis | null): Chassis[] {
    const found = new Set<Chassis>();
    for (let at = from ?? undefined; at && !found.has(at); ) {
      found.add(at);
      at = at.parent === null ? undefined : this.#byPath.get(at.parent);
    }
    return [...found];
  }

  /** The rack a system or other thing stands in; null: it stands in none. */
  rackOf(chassis: Chassis | null): Chassis | null {
    return this.chain(chassis).find(({ type }) => type === "Rack") ?? null;
  }

  /** `Systems:1_Drawer:2_Rack:3_Pod:4_`; null: it stands nowhere. */
  locationOf(system: Resource): string | null {
    const chain = this.chain(this.ofSystem(system));
    if (chain.length === 0) return null;
    const levels = chain.map(({ type, id }) => `${type ?? "Chassis"}:${id}_`);
    return `Systems:${lastSegment(system.path)}_${levels.join("")}`;
  }

  /** Paths of the systems in a chassis and all that it contains, each once, the inner ones first. */
  systemsBelow(chassis: Chassis): string[] {
    const outerFirst = new Set<Chassis>();
    for (const left = [chassis]; left.length > 0; ) {
      const at = left.pop()!;
      if (outerFirst.has(at)) continue;
      outerFirst.add(at);
      left.push(...this.#children(at));
    }
    const systems = new Set([...outerFirst].reverse().flatMap((at) => at.systems));
    return [...systems];
  }

  #children({ path, contains }: Chassis): Chassis[] {
    const named = contains.map((child) => this.#byPath.get(child)).filter((found) => found !== undefined);
    return [...named, ...(this.#childrenOf.get(path) ?? [])];
  }
}

function chassisOf(client: RedfishClient, resource: Resource, containers: ReadonlyMap<string, string>): Chassis {
  const { path, body } = resource;
  return {
    ...resource,
    id: idOf(resource),
    type: textOf(body.ChassisType),
    parent: linkOf(client, at(body, "Links", "ContainedBy")) ?? containers.get(path) ?? null,
    contains: linksOf(client, at(body, "Links", "Contains")),
    systems: linksOf(client, at(body, "Links", "ComputerSystems")),
  };
}
