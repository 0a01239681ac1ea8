// From what Nova and Placement tell to the data center that is planned on.

import type { DataCenter, Flavor, Host, Resources } from "../core/model.ts";
import { traitSet } from "../core/traits.ts";
import type { Aggregate, ComputeService, Hypervisor } from "../openstack/nova.ts";
import type { CloudFlavor } from "../openstack/nova-flavors.ts";
import type { Provider, Stock } from "../openstack/placement-api.ts";
import type { Topology } from "./topology.ts";

/** Everything but the servers, as it was read. */
export interface CloudListing {
  readonly services: readonly ComputeService[];
  readonly hypervisors: readonly Hypervisor[];
  readonly aggregates: readonly Aggregate[];
  readonly flavors: readonly CloudFlavor[];
  /** By UUID and by name; null: the cloud has no Placement. */
  readonly providers: ReadonlyMap<string, Provider> | null;
}

type PerResource = { readonly [K in keyof Resources]: number };

export interface CapacityOptions {
  /** How often a resource is given away where neither aggregates nor Placement say. */
  readonly ratios: PerResource;
  /** Percent kept free. */
  readonly standby: PerResource;
  /** What a host keeps for itself where there is no Placement to tell. */
  readonly reserved: PerResource;
  readonly topology: Topology;
  /** What was known of a host before: it holds while a machine cannot be seen. */
  readonly known: (host: string) => Host | undefined;
}

export interface CloudFacts {
  readonly dataCenter: DataCenter;
  /** Compute services without a machine under them that was ever seen; they take no server. */
  readonly blind: readonly string[];
}

const RESOURCES = ["vcpus", "ramMiB", "diskGiB"] as const;
/** In the metadata of aggregates, as Nova's filters and Valet read them. */
const RATIO_KEYS = { vcpus: "cpu_allocation_ratio", ramMiB: "ram_allocation_ratio", diskGiB: "disk_allocation_ratio" };
const STOCK_OF = { vcpus: "vcpus", ramMiB: "ram", diskGiB: "disk" } as const;
/** The core counts in 31 bits. */
const MOST = 2 ** 31 - 2;

/** Hosts in the order of their names. `existing` is empty: servers are told of by themselves. */
export function cloudFacts(listing: CloudListing, options: CapacityOptions): CloudFacts {
  const aggregatesOf = new Map<string, Aggregate[]>();
  for (const aggregate of [...listing.aggregates].sort(byName))
    for (const host of new Set(aggregate.hosts)) push(aggregatesOf, host, aggregate);
  const machinesOf = new Map<string, Hypervisor[]>();
  for (const machine of listing.hypervisors) if (machine.host !== null) push(machinesOf, machine.host, machine);

  const blind: string[] = [];
  const hosts: Host[] = [];
  for (const service of [...listing.services].sort((a, b) => compare(a.host, b.host))) {
    const aggregates = aggregatesOf.get(service.host) ?? [];
    const machines = (machinesOf.get(service.host) ?? []).map((machine) =>
      sized(machine, listing.providers?.get(machine.id) ?? listing.providers?.get(machine.node)),
    );
    const seen = machines.filter((machine) => machine !== null);
    const known = options.known(service.host);
    if (seen.length === 0 && known === undefined) blind.push(service.host);
    const size = seen.length > 0 ? sizeOf(seen, aggregates, options) : (known ?? NO_SIZE);
    const { rack, cluster, nicKbps } = options.topology.seatOf(
      service.host,
      aggregates.map(({ metadata }) => metadata),
    );
    hosts.push({
      name: service.host,
      rack,
      cluster,
      zone: service.zone ?? known?.zone ?? null,
      aggregates: aggregates.map(({ name }) => name),
      traits: traitsOf(seen) ?? known?.traits ?? null,
      up: service.up && seen.some(({ provider }) => !provider?.disabled),
      capacity: size.capacity,
      physical: size.physical,
      used: size.used,
      nicKbps,
      nicUsedKbps: 0,
    });
  }
  const settled = oneClusterARack(hosts);
  const racks = [...new Set(settled.map(({ rack }) => rack))].filter((rack) => rack !== null);
  const dataCenter: DataCenter = {
    hosts: settled,
    racks: racks.map((name) => ({ name, uplinkKbps: options.topology.uplinkOf(name), uplinkUsedKbps: 0 })),
    aggregates: Object.fromEntries(listing.aggregates.map(({ name, metadata }) => [name, metadata])),
    existing: [],
    flavors: listing.flavors.map(
      ({ id, name, vcpus, ramMiB, diskGiB, extraSpecs }): Flavor => ({ id, name, vcpus, ramMiB, diskGiB, extraSpecs }),
    ),
  };
  return { dataCenter, blind };
}

/** A machine with all its sizes. */
interface Machine {
  readonly physical: PerResource;
  /** On the disk and no server's, GiB. */
  readonly strangeGiB: number;
  readonly provider: Provider | undefined;
}

type HostSize = Pick<Host, "capacity" | "physical" | "used">;

const NOTHING: Resources = { vcpus: 0, ramMiB: 0, diskGiB: 0 };
const NO_SIZE: HostSize = { capacity: NOTHING, physical: NOTHING, used: NOTHING };

/** Null: neither Nova nor Placement tells how large it is. */
function sized(machine: Hypervisor, provider: Provider | undefined): Machine | null {
  const vcpus = machine.vcpus ?? provider?.vcpus?.total;
  const ramMiB = machine.ramMiB ?? provider?.ram?.total;
  if (vcpus === undefined || ramMiB === undefined) return null;
  const { freeDiskGiB: free, diskAvailableLeastGiB: least } = machine;
  const diskGiB = machine.diskGiB ?? provider?.disk?.total ?? 0;
  // Images that grow, and files of others, take what Nova counts as free.
  const strangeGiB = free !== null && least !== null && least > 0 ? Math.max(0, free - least) : 0;
  return { physical: { vcpus, ramMiB, diskGiB }, strangeGiB, provider };
}

/** Of all machines of a host together; null: Placement tells of none. */
function traitsOf(machines: readonly Machine[]): readonly string[] | null {
  const lists = machines.map(({ provider }) => provider?.traits).filter((traits) => traits !== undefined);
  return lists.length > 0 ? traitSet(lists.flat()) : null;
}

/**
 * Of all machines of a host together: a service of Ironic has many, each for one server, so none may be larger than the
 * largest. `used` is what no server of ours takes, so that capacity - used is what all servers may have.
 */
function sizeOf(machines: readonly Machine[], aggregates: readonly Aggregate[], options: CapacityOptions): HostSize {
  const capacity = { ...NOTHING };
  const used = { ...NOTHING };
  for (const resource of RESOURCES) {
    const kept = 1 - options.standby[resource] / 100;
    const aggregateRatio = ratioOf(aggregates, RATIO_KEYS[resource]);
    let given = 0;
    let taken = 0;
    for (const { physical, strangeGiB, provider } of machines) {
      const stock: Stock | undefined = provider?.[STOCK_OF[resource]];
      const total = stock?.total ?? (provider && resource !== "diskGiB" ? 0 : physical[resource]);
      // Placement refuses beyond its own ratio, whatever an aggregate says.
      const ratio = Math.min(aggregateRatio ?? stock?.ratio ?? options.ratios[resource], stock?.ratio ?? Infinity);
      given += total * ratio * kept;
      taken += stock ? stock.reserved * ratio * kept : Math.min(total, options.reserved[resource]);
      if (resource === "diskGiB") taken += strangeGiB;
    }
    capacity[resource] = Math.min(MOST, Math.floor(given));
    used[resource] = Math.min(MOST, Math.ceil(taken));
  }
  const largest = (resource: "vcpus" | "ramMiB") =>
    Math.max(
      ...machines.map(({ physical, provider }) =>
        Math.min(physical[resource], provider?.[STOCK_OF[resource]]?.most ?? Infinity),
      ),
    );
  return { capacity, used, physical: { vcpus: Math.floor(largest("vcpus")), ramMiB: Math.floor(largest("ramMiB")) } };
}

/** The smallest of the aggregates'; null: none says. What is no number above zero says nothing. */
function ratioOf(aggregates: readonly Aggregate[], key: string): number | null {
  const ratios = aggregates
    .map(({ metadata }) => Number((metadata[key] ?? "").trim() || Number.NaN))
    .filter((ratio) => Number.isFinite(ratio) && ratio > 0);
  return ratios.length > 0 ? Math.min(...ratios) : null;
}

/** Hosts of one rack that name several clusters are in the first one named. */
function oneClusterARack(hosts: readonly Host[]): Host[] {
  const clusters = new Map<string, string>();
  for (const { rack, cluster } of hosts)
    if (rack !== null && cluster !== null && !clusters.has(rack)) clusters.set(rack, cluster);
  return hosts.map((host) => (host.rack === null ? host : { ...host, cluster: clusters.get(host.rack) ?? null }));
}

function push<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list) list.push(item);
  else lists.set(key, [item]);
}

function byName(a: { readonly name: string }, b: { readonly name: string }): number {
  return compare(a.name, b.name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
