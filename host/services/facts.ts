// Between the data center of the core and the rows of the store.

import type { FactRows, FlavorRow } from "../../db/queries/facts.ts";
import type { AllocationRow, HostRow, RackRow } from "../../db/queries/inventory.ts";
import type { DataCenter, ExistingVm, Flavor, Host, Rack } from "../core/model.ts";
import { traitSet } from "../core/traits.ts";

export function toHost(row: HostRow): Host {
  return {
    name: row.name,
    rack: row.rack,
    cluster: row.cluster,
    zone: row.zone,
    aggregates: row.aggregates,
    ...(row.traits && { traits: traitSet(row.traits) }),
    up: row.up && row.present,
    capacity: { vcpus: row.vcpus, ramMiB: row.ramMiB, diskGiB: row.diskGiB },
    physical: { vcpus: row.physicalVcpus, ramMiB: row.physicalRamMiB },
    used: { vcpus: row.usedVcpus, ramMiB: row.usedRamMiB, diskGiB: row.usedDiskGiB },
    nicKbps: row.nicKbps,
    nicUsedKbps: row.nicUsedKbps,
  };
}

export function toRack({ name, uplinkKbps, uplinkUsedKbps }: RackRow): Rack {
  return { name, uplinkKbps, uplinkUsedKbps };
}

export function toVm(row: AllocationRow): ExistingVm {
  const need = { vcpus: row.vcpus, ramMiB: row.ramMiB, diskGiB: row.diskGiB };
  const vm = { id: row.id, host: row.host, groups: row.groups, need };
  return row.pipes.length > 0 ? { ...vm, pipes: row.pipes } : vm;
}

export function toDataCenter(facts: FactRows, allocations: readonly AllocationRow[]): DataCenter {
  const held = new Set(allocations.map(({ host }) => host));
  return {
    hosts: facts.hosts.filter(({ name, present }) => present || held.has(name)).map(toHost),
    racks: facts.racks.map(toRack),
    aggregates: Object.fromEntries(facts.aggregates.map(({ name, metadata }) => [name, metadata])),
    existing: allocations.map(toVm),
    flavors: facts.flavors.map(toFlavor),
  };
}

export function toFlavor({ id, name, vcpus, ramMiB, diskGiB, extraSpecs }: FlavorRow): Flavor {
  return { id, name, vcpus, ramMiB, diskGiB, extraSpecs };
}

/** The rows a data center makes, as of `generation`. */
export function toRows(dataCenter: DataCenter, generation: number): FactRows {
  const clusters = new Set<string>();
  const uplinks = new Map((dataCenter.racks ?? []).map((rack) => [rack.name, rack]));
  const racks = new Map<string, string | null>();
  for (const { rack, cluster } of dataCenter.hosts) {
    if (cluster !== null) clusters.add(cluster);
    // A rack whose hosts are in several clusters is in none.
    if (rack !== null) racks.set(rack, (racks.get(rack) ?? cluster) === cluster ? cluster : null);
  }
  return {
    clusters: [...clusters].map((name) => ({ name, generation })),
    racks: [...racks].map(([name, cluster]) => ({
      name,
      cluster,
      uplinkKbps: uplinks.get(name)?.uplinkKbps ?? null,
      uplinkUsedKbps: uplinks.get(name)?.uplinkUsedKbps ?? 0,
      generation,
    })),
    aggregates: Object.entries(dataCenter.aggregates).map(([name, metadata]) => ({ name, metadata, generation })),
    flavors: dataCenter.flavors.map((flavor, position) => ({ ...flavor, position, generation })),
    hosts: dataCenter.hosts.map((host, position) => toHostRow(host, position, generation)),
  };
}

/** `position`: its place in the order of the data center. */
export function toHostRow(host: Host, position: number, generation: number): HostRow {
  return {
    name: host.name,
    position,
    rack: host.rack,
    cluster: host.cluster,
    zone: host.zone,
    aggregates: [...host.aggregates],
    traits: host.traits ? [...host.traits] : null,
    up: host.up,
    present: true,
    vcpus: host.capacity.vcpus,
    ramMiB: host.capacity.ramMiB,
    diskGiB: host.capacity.diskGiB,
    physicalVcpus: host.physical.vcpus,
    physicalRamMiB: host.physical.ramMiB,
    usedVcpus: host.used.vcpus,
    usedRamMiB: host.used.ramMiB,
    usedDiskGiB: host.used.diskGiB,
    nicKbps: host.nicKbps ?? null,
    nicUsedKbps: host.nicUsedKbps ?? 0,
    generation,
  };
}

export function existingRows(dataCenter: DataCenter, generation: number): AllocationRow[] {
  return dataCenter.existing.map(({ id, host, groups, need, pipes }) => ({
    id,
    source: "existing",
    host,
    ...need,
    groups: [...groups],
    pipes: [...(pipes ?? [])],
    planId: null,
    projectId: null,
    resourceId: null,
    plannedAt: null,
    generation,
  }));
}
