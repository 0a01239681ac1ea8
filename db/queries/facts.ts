import { inArray, sql } from "drizzle-orm";
import { aggregates, clusters, flavors, hosts, racks } from "../schema/index.ts";
import type { Db } from "../store.ts";
import { type HostRow, inChunks } from "./inventory.ts";

export type FlavorRow = typeof flavors.$inferSelect;
export type AggregateRow = typeof aggregates.$inferSelect;
export type RackRow = typeof racks.$inferSelect;
export type ClusterRow = typeof clusters.$inferSelect;

/** What the data center's source told of, as it was last stored. */
export interface FactRows {
  readonly clusters: readonly ClusterRow[];
  readonly racks: readonly RackRow[];
  readonly aggregates: readonly AggregateRow[];
  readonly flavors: readonly FlavorRow[];
  readonly hosts: readonly HostRow[];
}

export async function allFacts(db: Db): Promise<FactRows> {
  return {
    clusters: await db.select().from(clusters).orderBy(clusters.name),
    racks: await db.select().from(racks).orderBy(racks.name),
    aggregates: await db.select().from(aggregates).orderBy(aggregates.name),
    flavors: await db.select().from(flavors).orderBy(flavors.position),
    hosts: await db.select().from(hosts).orderBy(hosts.position, hosts.name),
  };
}

/** Adds rows or replaces those with the same key. Clusters before racks before hosts, as they refer to each other. */
export async function putFacts(tx: Db, rows: FactRows): Promise<void> {
  await inChunks(rows.clusters, async (chunk) => {
    await tx
      .insert(clusters)
      .values(chunk)
      .onConflictDoUpdate({ target: clusters.name, set: { generation: sql`excluded.generation` } });
  });
  await inChunks(rows.racks, async (chunk) => {
    const set = { cluster: sql`excluded.cluster`, generation: sql`excluded.generation` };
    await tx.insert(racks).values(chunk).onConflictDoUpdate({ target: racks.name, set });
  });
  await inChunks(rows.aggregates, async (chunk) => {
    const set = { metadata: sql`excluded.metadata`, generation: sql`excluded.generation` };
    await tx.insert(aggregates).values(chunk).onConflictDoUpdate({ target: aggregates.name, set });
  });
  await inChunks(rows.flavors, async (chunk) => {
    const set = {
      name: sql`excluded.name`,
      position: sql`excluded.position`,
      vcpus: sql`excluded.vcpus`,
      ramMiB: sql`excluded.ram_mib`,
      diskGiB: sql`excluded.disk_gib`,
      extraSpecs: sql`excluded.extra_specs`,
      generation: sql`excluded.generation`,
    };
    await tx.insert(flavors).values(chunk).onConflictDoUpdate({ target: flavors.id, set });
  });
  await inChunks(rows.hosts, async (chunk) => {
    const set = {
      position: sql`excluded.position`,
      rack: sql`excluded.rack`,
      cluster: sql`excluded.cluster`,
      zone: sql`excluded.zone`,
      aggregates: sql`excluded.aggregates`,
      up: sql`excluded.up`,
      present: sql`excluded.present`,
      vcpus: sql`excluded.vcpus`,
      ramMiB: sql`excluded.ram_mib`,
      diskGiB: sql`excluded.disk_gib`,
      physicalVcpus: sql`excluded.physical_vcpus`,
      physicalRamMiB: sql`excluded.physical_ram_mib`,
      usedVcpus: sql`excluded.used_vcpus`,
      usedRamMiB: sql`excluded.used_ram_mib`,
      usedDiskGiB: sql`excluded.used_disk_gib`,
      generation: sql`excluded.generation`,
    };
    await tx.insert(hosts).values(chunk).onConflictDoUpdate({ target: hosts.name, set });
  });
}

/** Removes what nothing refers to when it is gone. */
export async function removeFlavorsAndAggregates(
  tx: Db,
  gone: { readonly flavors: readonly string[]; readonly aggregates: readonly string[] },
): Promise<void> {
  await inChunks(gone.flavors, async (ids) => {
    await tx.delete(flavors).where(inArray(flavors.id, ids));
  });
  await inChunks(gone.aggregates, async (names) => {
    await tx.delete(aggregates).where(inArray(aggregates.name, names));
  });
}
