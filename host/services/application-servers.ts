// From a Nova server of a stack to a VM with a size, a zone and candidate hosts.

import type { Flavor, Vm } from "../core/model.ts";
import { fault, isObject, quote, quoteSome } from "./application-fault.ts";
import type { StackResource } from "./application-resources.ts";

/** The parts of the context that servers need. */
export interface ServerContext {
  flavor(nameOrId: string): Flavor | undefined;
  readonly zones: Pick<ReadonlySet<string>, "has"> & Iterable<string>;
}

/** The core counts in 32-bit integers. */
const LARGEST = 2 ** 31 - 1;

/** Reads servers; flavors are looked up and checked once. */
export class ServerReader {
  readonly #context: ServerContext;
  readonly #flavors = new Map<string, Flavor>();

  constructor(context: ServerContext) {
    this.#context = context;
  }

  /**
   * @param candidates hosts offered for this server, undefined: all
   * @throws AppError application.invalid naming resource and field
   */
  vm(key: string, properties: Record<string, unknown>, candidates: readonly string[] | undefined): Vm {
    const flavor = this.flavor(key, properties);
    return {
      name: key,
      vcpus: flavor.vcpus,
      ramMiB: flavor.ramMiB,
      diskGiB: flavor.diskGiB,
      zone: this.#zone(key, properties.availability_zone),
      extraSpecs: flavor.extraSpecs,
      ...(candidates === undefined ? {} : { candidates: [...new Set(candidates)] }),
    };
  }

  /** The flavor of a server, by name, then by id. */
  flavor(key: string, properties: Record<string, unknown>): Flavor {
    const given = properties.flavor;
    if (given === undefined || given === null || given === "")
      throw fault(
        key,
        "properties.flavor",
        "OS::Nova::Server flavor attribute missing; give the name or id of a flavor",
      );
    if (typeof given !== "string" && typeof given !== "number")
      throw fault(key, "properties.flavor", `${quote(given)} is not the name or id of a flavor`);
    const nameOrId = String(given);
    const known = this.#flavors.get(nameOrId);
    if (known) return known;
    const flavor = this.#context.flavor(nameOrId);
    if (!flavor) throw fault(key, "properties.flavor", `no flavor has the name or id ${quote(nameOrId)}`);
    for (const field of ["vcpus", "ramMiB", "diskGiB"] as const) {
      const size = flavor[field];
      if (!Number.isInteger(size) || size < 0 || size > LARGEST)
        throw fault(
          key,
          "properties.flavor",
          `flavor ${quote(nameOrId)} has ${field} ${size}, not a whole number up to ${LARGEST}`,
        );
    }
    if (flavor.vcpus + flavor.ramMiB + flavor.diskGiB === 0)
      throw fault(key, "properties.flavor", `flavor ${quote(nameOrId)} is empty: no vCPU, no RAM and no disk`);
    this.#flavors.set(nameOrId, flavor);
    return flavor;
  }

  /** `az:host` asks for a zone and a host; as in both originals only the zone counts, Nova narrows the candidates itself. */
  #zone(key: string, given: unknown): string | null {
    if (given === undefined || given === null) return null;
    const field = "properties.availability_zone";
    if (typeof given !== "string") throw fault(key, field, `${quote(given)} is not the name of a zone`);
    const zone = given.split(":", 1)[0]!;
    if (zone === "") return null;
    if (this.#context.zones.has(zone)) return zone;
    const known = [...this.#context.zones].sort();
    const advice = known.length > 0 ? `known zones: ${quoteSome(known)}` : "no zone is known; leave it out";
    throw fault(key, field, `no zone is called ${quote(zone)}; ${advice}`);
  }
}

/**
 * Groups that a server names in `properties.metadata.valet`, or a flavor in its extra spec `valet`: ids or names.
 * `valet` is `{groups: [...]}` or the same as JSON text.
 */
export function groupsIn(valet: unknown, key: string, field: string): string[] {
  if (valet === undefined || valet === null) return [];
  const right = 'give {"groups": ["<id or name>", ...]}';
  let value = valet;
  if (typeof valet === "string") {
    try {
      value = JSON.parse(valet);
    } catch (cause) {
      throw fault(key, field, `wrong valet metadata format: ${quote(valet)} is not JSON (${String(cause)}); ${right}`);
    }
  }
  if (!isObject(value))
    throw fault(key, field, `wrong valet metadata format: ${quote(valet)} is not an object; ${right}`);
  const groups = value.groups;
  if (groups === undefined || groups === null) return [];
  if (!Array.isArray(groups))
    throw fault(key, `${field}.groups`, `wrong valet metadata format: ${quote(groups)} is not a list; ${right}`);
  return groups.map((group, at) => {
    if (typeof group === "string" && group !== "") return group;
    throw fault(
      key,
      `${field}.groups[${at}]`,
      `wrong valet metadata format: ${quote(group)} is not the id or name of a group`,
    );
  });
}

/** The `valet` value of a server's metadata. */
export function valetOf(key: string, { properties }: StackResource): unknown {
  const metadata = properties?.metadata;
  if (metadata === undefined || metadata === null) return undefined;
  if (!isObject(metadata)) throw fault(key, "properties.metadata", `${quote(metadata)} is not an object`);
  return metadata.valet;
}
