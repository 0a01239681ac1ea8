import { isDeepStrictEqual } from "node:util";
import {
  and,
  arrayOverlaps,
  asc,
  eq,
  gt,
  inArray,
  isNotNull,
  isNull,
  lt,
  ne,
  notExists,
  notInArray,
  or,
  sql,
} from "drizzle-orm";
import { allocations, placements, plans, serverGroups, servers } from "../schema/index.ts";
import type { Db } from "../store.ts";
import type { AllocationRow } from "./inventory.ts";
import type { PlacementRow, PlanRow } from "./plans.ts";
import { inChunks, upsert } from "./upsert.ts";

export type ServerRow = typeof servers.$inferSelect;
export type ServerGroupRow = typeof serverGroups.$inferSelect;

export async function serversByIds(db: Db, ids: readonly string[]): Promise<ServerRow[]> {
  return ids.length === 0
    ? []
    : await db
        .select()
        .from(servers)
        .where(inArray(servers.id, [...ids]));
}

/** Up to `limit` servers in the order of their ids, from the first one after `after` on. */
export async function serversAfter(db: Db, after: string, limit: number): Promise<ServerRow[]> {
  return await db.select().from(servers).where(gt(servers.id, after)).orderBy(asc(servers.id)).limit(limit);
}

/** Servers that break a rule where they are, in the order of their ids. */
export async function faultyServers(db: Db): Promise<ServerRow[]> {
  return await db.select().from(servers).where(isNotNull(servers.fault)).orderBy(asc(servers.id));
}

/** Adds servers, or replaces those with the same id. */
export async function putServers(tx: Db, rows: readonly ServerRow[]): Promise<void> {
  await upsert(tx, servers, "id", rows);
}

/** Counts what there is, so that the store looks it up by its indexes; it does so itself, but only after a while. */
export async function countServers(db: Db): Promise<void> {
  await db.execute(sql`analyze ${servers}, ${allocations}, ${placements}`);
}

/** Deleted servers of which nothing was heard since `before`, ms since 1970. */
export async function forgetGone(tx: Db, before: number): Promise<void> {
  await tx.delete(servers).where(and(eq(servers.state, "gone"), lt(servers.appliedAt, before)));
}

/** All that these servers hold. */
export async function allocationsOfServers(db: Db, ids: readonly string[]): Promise<AllocationRow[]> {
  return ids.length === 0
    ? []
    : await db
        .select()
        .from(allocations)
        .where(inArray(allocations.resourceId, [...ids]));
}

export async function allocationsByIds(db: Db, ids: readonly string[]): Promise<AllocationRow[]> {
  return ids.length === 0
    ? []
    : await db
        .select()
        .from(allocations)
        .where(inArray(allocations.id, [...ids]));
}

/** What was planned before `before` or after `ahead` (ms since 1970) and does not run like that, to our knowledge. */
export async function unbuiltSince(db: Db, before: number, ahead: number): Promise<AllocationRow[]> {
  const ofUnknownAge = and(
    isNull(allocations.plannedAt),
    notExists(db.select().from(servers).where(eq(servers.id, allocations.resourceId))),
  );
  return await db
    .select()
    .from(allocations)
    .where(
      and(
        inArray(allocations.source, ["plan", "orphan"]),
        or(lt(allocations.plannedAt, before), gt(allocations.plannedAt, ahead), ofUnknownAge),
      ),
    )
    .orderBy(asc(allocations.id));
}

/**
 * What was planned before (ms since 1970) for servers that nobody has told to be on a host; the oldest first. Also for
 * one that was told to be gone: the scheduler may have asked for its place after that.
 */
export async function neverHeardOf(db: Db, before: number, most: number): Promise<{ resourceId: string | null }[]> {
  return await db
    .select({ resourceId: allocations.resourceId })
    .from(allocations)
    .where(
      and(
        eq(allocations.source, "plan"),
        isNotNull(allocations.resourceId),
        lt(allocations.plannedAt, before),
        notExists(
          db
            .select()
            .from(servers)
            .where(and(eq(servers.id, allocations.resourceId), isNotNull(servers.host), ne(servers.state, "gone"))),
        ),
      ),
    )
    .orderBy(asc(allocations.plannedAt))
    .limit(most);
}

/** Placements of these servers, and those with one of these orchestration ids. */
export async function placementsOf(
  db: Db,
  resourceIds: readonly string[],
  orchestrationIds: readonly string[],
): Promise<PlacementRow[]> {
  const linked = resourceIds.length === 0 ? [] : await placementsBy(db, "resourceId", resourceIds);
  const named = orchestrationIds.length === 0 ? [] : await placementsBy(db, "orchestrationId", orchestrationIds);
  return [...new Map([...linked, ...named].map((row) => [row.id, row])).values()];
}

export async function placementsBy(
  db: Db,
  column: "id" | "resourceId" | "orchestrationId",
  texts: readonly string[],
): Promise<PlacementRow[]> {
  if (texts.length === 0) return [];
  return await db
    .select()
    .from(placements)
    .where(inArray(placements[column], [...texts]))
    .orderBy(asc(placements.id));
}

/** Placements of the plans of these stacks that have one of these names. */
export async function placementsInStacks(
  db: Db,
  stackIds: readonly string[],
): Promise<{ placement: PlacementRow; stackId: string }[]> {
  if (stackIds.length === 0) return [];
  return await db
    .select({ placement: placements, stackId: plans.stackId })
    .from(placements)
    .innerJoin(plans, eq(plans.id, placements.planId))
    .where(inArray(plans.stackId, [...stackIds]))
    .orderBy(asc(placements.id));
}

/** A plan without what was asked for, which may be large. */
export type PlanHead = Pick<PlanRow, "id" | "stackId" | "projectId" | "requestHash" | "revision">;

/** In the order of their ids. `lock`: nobody else changes them before the transaction ends. */
export async function planHeads(db: Db, ids: readonly string[], lock: boolean): Promise<PlanHead[]> {
  if (ids.length === 0) return [];
  const { id, stackId, projectId, requestHash, revision } = plans;
  const query = db
    .select({ id, stackId, projectId, requestHash, revision })
    .from(plans)
    .where(inArray(id, [...ids]))
    .orderBy(asc(id));
  return lock ? await query.for("update") : await query;
}

export async function applicationsOf(
  db: Db,
  planIds: readonly string[],
): Promise<Pick<PlanRow, "id" | "application">[]> {
  if (planIds.length === 0) return [];
  return await db
    .select({ id: plans.id, application: plans.application })
    .from(plans)
    .where(inArray(plans.id, [...planIds]));
}

/** Of these plans, those that have no placement left. */
export async function deleteEmptyPlans(tx: Db, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const inUse = tx
    .selectDistinct({ id: placements.planId })
    .from(placements)
    .where(inArray(placements.planId, [...ids]));
  await tx.delete(plans).where(and(inArray(plans.id, [...ids]), notInArray(plans.id, inUse)));
}

/** Server groups with these ids, and those that these servers are members of. */
export async function serverGroupsOf(
  db: Db,
  ids: readonly string[],
  members: readonly string[],
): Promise<ServerGroupRow[]> {
  const named =
    ids.length === 0
      ? []
      : await db
          .select()
          .from(serverGroups)
          .where(inArray(serverGroups.id, [...ids]));
  const joined =
    members.length === 0
      ? []
      : await db
          .select()
          .from(serverGroups)
          .where(arrayOverlaps(serverGroups.members, [...members]));
  return [...new Map([...named, ...joined].map((row) => [row.id, row])).values()];
}

/** All server groups there are; those that are stored and not among them go. Returns members of what changed. */
export async function replaceServerGroups(tx: Db, rows: readonly ServerGroupRow[]): Promise<string[]> {
  const stored = new Map((await tx.select().from(serverGroups)).map((row) => [row.id, row]));
  const changed = rows.filter((row) => !isDeepStrictEqual(stored.get(row.id), row));
  const known = new Set(rows.map(({ id }) => id));
  const gone = [...stored.values()].filter(({ id }) => !known.has(id));
  await upsert(tx, serverGroups, "id", changed);
  await inChunks(gone, async (chunk) => {
    const ids = chunk.map(({ id }) => id);
    await tx.delete(serverGroups).where(inArray(serverGroups.id, ids));
  });
  return [...new Set([...changed, ...gone].flatMap(({ members }) => members))];
}
