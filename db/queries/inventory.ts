import { and, eq, gt, inArray, ne, sql } from "drizzle-orm";
import { allocations, hosts, inventory, racks } from "../schema/index.ts";
import type { Db } from "../store.ts";
import { inChunks, upsert } from "./upsert.ts";

export type HostRow = typeof hosts.$inferSelect;
export type RackRow = typeof racks.$inferSelect;
export type AllocationRow = typeof allocations.$inferSelect;

/** The version of the last commit. */
export async function currentVersion(db: Db): Promise<number> {
  const [row] = await db.select().from(inventory);
  return row?.version ?? 0;
}

/**
 * The version this transaction commits as. Waits for the transaction of whoever else is committing, and keeps the
 * others waiting until this one ends; so it comes before all that the commit depends on.
 */
export async function nextVersion(tx: Db): Promise<number> {
  const [row] = await tx
    .insert(inventory)
    .values({ version: 1 })
    .onConflictDoUpdate({ target: inventory.id, set: { version: sql`${inventory.version} + 1` } })
    .returning();
  return row!.version;
}

/** Racks and hosts that changed after `version`, in their order, and all that is allocated on these hosts. */
export async function changedSince(
  db: Db,
  version: number,
): Promise<{ racks: RackRow[]; hosts: HostRow[]; allocations: AllocationRow[] }> {
  const changedRacks = await db.select().from(racks).where(gt(racks.generation, version)).orderBy(racks.name);
  const rows = await db.select().from(hosts).where(gt(hosts.generation, version)).orderBy(hosts.position, hosts.name);
  if (rows.length === 0) return { racks: changedRacks, hosts: [], allocations: [] };
  const held = await db
    .select({ row: allocations })
    .from(allocations)
    .innerJoin(hosts, eq(hosts.name, allocations.host))
    .where(gt(hosts.generation, version))
    .orderBy(allocations.id);
  return { racks: changedRacks, hosts: rows, allocations: held.map(({ row }) => row) };
}

/** Adds allocations, or replaces those with the same id. */
export async function putAllocations(tx: Db, rows: readonly AllocationRow[]): Promise<void> {
  await upsert(tx, allocations, "id", rows);
}

export async function removeAllocations(tx: Db, ids: readonly string[]): Promise<void> {
  await inChunks(ids, async (chunk) => {
    await tx.delete(allocations).where(inArray(allocations.id, chunk));
  });
}

/** Marks what is allocated on these hosts as changed at `version`, so that every process reads it again. */
export async function stampHosts(tx: Db, names: readonly string[], version: number): Promise<void> {
  await inChunks(names, async (chunk) => {
    await tx.update(hosts).set({ generation: version }).where(inArray(hosts.name, chunk));
  });
}

export async function allocationsOfPlan(db: Db, planId: string): Promise<AllocationRow[]> {
  return await db.select().from(allocations).where(eq(allocations.planId, planId)).orderBy(allocations.id);
}

export async function allAllocations(db: Db): Promise<AllocationRow[]> {
  return await db.select().from(allocations).orderBy(allocations.id);
}

export async function allocationsBySource(db: Db, source: AllocationRow["source"]): Promise<AllocationRow[]> {
  return await db.select().from(allocations).where(eq(allocations.source, source));
}

/** What servers hold but not through a placement: left by a plan that is gone, unplanned, or while they move. */
export async function heldWithoutPlan(db: Db, resourceIds: readonly string[]): Promise<AllocationRow[]> {
  if (resourceIds.length === 0) return [];
  return await db
    .select()
    .from(allocations)
    .where(and(ne(allocations.source, "plan"), inArray(allocations.resourceId, [...resourceIds])))
    .orderBy(allocations.id);
}

/** The server's id of an allocation became known; it holds what it held, so this changes no host. */
export async function setResourceId(tx: Db, id: string, resourceId: string | null): Promise<void> {
  await tx
    .update(allocations)
    .set({ resourceId })
    .where(and(eq(allocations.id, id), ne(allocations.source, "existing")));
}

/** Built servers of a project in any of the groups, as resource ids. */
export async function serversInGroups(db: Db, keys: readonly string[], projectId: string): Promise<string[]> {
  const rows = await db
    .select({ resourceId: allocations.resourceId })
    .from(allocations)
    .where(
      and(
        eq(allocations.projectId, projectId),
        sql`${allocations.resourceId} is not null`,
        sql`${allocations.groups} && ${sql.param([...keys], allocations.groups)}`,
      ),
    )
    .orderBy(allocations.resourceId);
  return [...new Set(rows.map(({ resourceId }) => resourceId!))];
}
