// Looks at what a store holds, by itself: every broken promise in words.
import { allFacts, type FactRows } from "../../db/queries/facts.ts";
import { type AllocationRow, allAllocations } from "../../db/queries/inventory.ts";
import { listPlacements } from "../../db/queries/plans.ts";
import type { Store } from "../../db/store.ts";
import type { Inventory } from "../../host/core/inventory.ts";

export async function audit(store: Store, memories: readonly Inventory[] = []): Promise<string[]> {
  const { facts, allocations, placements } = await store.transaction(
    async (tx) => ({
      facts: await allFacts(tx),
      allocations: await allAllocations(tx),
      placements: await listPlacements(tx),
    }),
    { snapshot: true },
  );
  const wrong: string[] = [];
  const hosts = new Map(facts.hosts.map((host) => [host.name, host]));

  const onHost = new Map<string, AllocationRow[]>();
  for (const row of allocations) onHost.set(row.host, [...(onHost.get(row.host) ?? []), row]);
  for (const [name, rows] of onHost) {
    const { vcpus, usedVcpus, ramMiB, usedRamMiB, diskGiB, usedDiskGiB } = hosts.get(name)!;
    const sum = (of: (row: AllocationRow) => number) => rows.reduce((total, row) => total + of(row), 0);
    if (usedVcpus + sum((row) => row.vcpus) > vcpus) wrong.push(`${name}: more vCPUs than it has`);
    if (usedRamMiB + sum((row) => row.ramMiB) > ramMiB) wrong.push(`${name}: more RAM than it has`);
    if (usedDiskGiB + sum((row) => row.diskGiB) > diskGiB) wrong.push(`${name}: more disk than it has`);
  }

  const byId = new Map(allocations.map((row) => [row.id, row]));
  const { nics, uplinks } = linkLoads(facts, byId);
  for (const { name, nicKbps } of facts.hosts)
    if (nicKbps !== null && nics.get(name)! > nicKbps) wrong.push(`${name}: more bandwidth than its NIC has`);
  for (const { name, uplinkKbps } of facts.racks)
    if (uplinkKbps !== null && uplinks.get(name)! > uplinkKbps)
      wrong.push(`${name}: more bandwidth than its uplink has`);
  for (const { id, planId, location, resourceId } of placements) {
    const row = byId.get(id);
    if (row === undefined) wrong.push(`placement ${id}: holds nothing`);
    else if (row.host !== location) wrong.push(`placement ${id}: is on ${location}, holds ${row.host}`);
    else if (row.planId !== planId) wrong.push(`placement ${id}: is of another plan than what it holds`);
    else if (resourceId !== null && row.resourceId !== resourceId)
      wrong.push(`placement ${id}: another server holds it`);
  }
  const placed = new Set(placements.map(({ id }) => id));
  for (const { id, source } of allocations)
    if (source === "plan" && !placed.has(id)) wrong.push(`allocation ${id}: of no placement`);

  wrong.push(
    ...mixed(allocations, (host) => hosts.get(host)!.rack, "rack"),
    ...mixed(allocations, (host) => host, "host"),
  );

  for (const memory of memories) {
    for (const row of allocations)
      if (memory.vm(row.id)?.host !== row.host) wrong.push(`${row.id}: memory has it on ${memory.vm(row.id)?.host}`);
    for (const [name, kbps] of nics) {
      const known = memory.hostState(name)?.nicUsedKbps ?? kbps; // a host that vanished while it was empty
      if (known !== kbps) wrong.push(`${name}: memory has ${known} kbit/s on its NIC, the store ${kbps}`);
    }
    for (const [name, kbps] of uplinks)
      if (memory.uplink(name).usedKbps !== kbps)
        wrong.push(`${name}: memory has ${memory.uplink(name).usedKbps} kbit/s on its uplink, the store ${kbps}`);
    if (memory.vmCount !== allocations.length)
      wrong.push(`memory has ${memory.vmCount} VMs, the store ${allocations.length}`);
  }
  return wrong;
}

/** What NICs and uplinks carry, kbit/s. The planner writes a pipe on one of its two allocations. */
function linkLoads({ hosts, racks }: FactRows, allocations: ReadonlyMap<string, AllocationRow>) {
  const hostOf = new Map(hosts.map((host) => [host.name, host]));
  const nics = new Map(hosts.map((host) => [host.name, host.nicUsedKbps]));
  const uplinks = new Map(racks.map((rack) => [rack.name, rack.uplinkUsedKbps]));
  const load = (links: Map<string, number>, name: string | null, kbps: number) =>
    name !== null && links.set(name, links.get(name)! + kbps);
  for (const row of allocations.values())
    for (const { peer, kbps } of row.pipes) {
      const other = allocations.get(peer);
      if (other === undefined || other.host === row.host) continue;
      const ends = [hostOf.get(row.host)!, hostOf.get(other.host)!] as const;
      for (const { name } of ends) load(nics, name, kbps);
      if (ends[0].rack !== ends[1].rack) for (const { rack } of ends) load(uplinks, rack, kbps);
    }
  return { nics, uplinks };
}

/** Containers where VMs of an exclusivity group live with others. */
function mixed(rows: readonly AllocationRow[], containerOf: (host: string) => string | null, level: string): string[] {
  const owners = new Map<string, Set<string>>();
  for (const { host, groups } of rows) {
    const container = containerOf(host);
    if (container === null) continue;
    const owner = groups.filter((key) => key.startsWith(`${level}:EX:`)).join();
    owners.set(container, (owners.get(container) ?? new Set()).add(owner));
  }
  return [...owners]
    .filter(([, all]) => all.size > 1)
    .map(([name, all]) => `${name}: shared by (${[...all].join(") (")})`);
}
