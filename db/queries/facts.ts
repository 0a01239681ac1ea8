import { inArray, max, sql } from "drizzle-orm";
import { aggregates, clusters, flavors, hosts, inventory, racks } from "../schema/index.ts";
import type { Db } from "../store.ts";
import type { HostRow, RackRow } from "./inventory.ts";
import { inChunks, upsert } from "./upsert.ts";

export type FlavorRow = typeof flavors.$inferSelect;
export type AggregateRow = typeof aggregates.$inferSelect;
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
  return { ...(await factsBesideHosts(db)), hosts: await db.select().from(hosts).orderBy(hosts.position, hosts.name) };
}

export async function factsBesideHosts(db: Db): Promise<Omit<FactRows, "hosts">> {
  return {
    clusters: await db.select().from(clusters).orderBy(clusters.name),
    racks: await db.select().from(racks).orderBy(racks.name),
    aggregates: await db.select().from(aggregates).orderBy(aggregates.name),
    flavors: await db.select().from(flavors).orderBy(flavors.position),
  };
}

/** Text that is another whenever a flavor or an aggregate has come, gone or changed. */
export async function flavorsAndAggregatesMark(db: Db): Promise<string> {
  const mark = (table: typeof flavors | typeof aggregates) =>
    sql<string>`(select concat(count(*), ' ', max(generation)) from ${table})`;
  const [row] = await db.select({ flavors: mark(flavors), aggregates: mark(aggregates) }).from(inventory);
  return row === undefined ? "" : `${row.flavors}, ${row.aggregates}`;
}

export async function hostsNamed(db: Db, names: readonly string[]): Promise<HostRow[]> {
  const rows: HostRow[] = [];
  await inChunks(names, async (chunk) => {
    rows.push(...(await db.select().from(hosts).where(inArray(hosts.name, chunk))));
  });
  return rows;
}

/** -1: there is no host. */
export async function lastHostPosition(db: Db): Promise<number> {
  const [row] = await db.select({ last: max(hosts.position) }).from(hosts);
  return row?.last ?? -1;
}

/** Compute services that came up or went down. */
export async function setHostsUp(tx: Db, names: readonly string[], up: boolean, generation: number): Promise<void> {
  await inChunks(names, async (chunk) => {
    await tx.update(hosts).set({ up, generation }).where(inArray(hosts.name, chunk));
  });
}

/** Adds rows or replaces those with the same key. Clusters before racks before hosts, as they refer to each other. */
export async function putFacts(tx: Db, rows: FactRows): Promise<void> {
  await upsert(tx, clusters, "name", rows.clusters);
  await upsert(tx, racks, "name", rows.racks);
  await upsert(tx, aggregates, "name", rows.aggregates);
  await upsert(tx, flavors, "id", rows.flavors);
  await upsert(tx, hosts, "name", rows.hosts);
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
