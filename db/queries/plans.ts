import { and, asc, eq, inArray, or, type SQL } from "drizzle-orm";
import { placements, plans } from "../schema/index.ts";
import type { Db } from "../store.ts";
import { inChunks } from "./upsert.ts";

export type PlanRow = Omit<typeof plans.$inferSelect, "position">;
export type PlacementRow = typeof placements.$inferSelect;

/** In order of creation. */
export async function listPlans(db: Db): Promise<Pick<PlanRow, "id" | "stackId" | "name">[]> {
  return await db
    .select({ id: plans.id, stackId: plans.stackId, name: plans.name })
    .from(plans)
    .orderBy(asc(plans.position));
}

/** By id, else by stack id. `lock`: nobody else changes it before the transaction ends. */
export async function findPlan(db: Db, idOrStackId: string, lock = false): Promise<PlanRow | undefined> {
  const query = db
    .select()
    .from(plans)
    .where(or(eq(plans.id, idOrStackId), eq(plans.stackId, idOrStackId)));
  const rows = lock ? await query.for("update") : await query;
  return rows.find(({ id }) => id === idOrStackId) ?? rows[0];
}

export async function findPlanOfStack(db: Db, stackId: string, lock = false): Promise<PlanRow | undefined> {
  const query = db.select().from(plans).where(eq(plans.stackId, stackId));
  const [row] = lock ? await query.for("update") : await query;
  return row;
}

export async function insertPlan(tx: Db, plan: PlanRow): Promise<void> {
  await tx.insert(plans).values(plan);
}

export async function updatePlan(tx: Db, plan: Partial<PlanRow> & Pick<PlanRow, "id">): Promise<void> {
  const { id, ...set } = plan;
  await tx.update(plans).set(set).where(eq(plans.id, id));
}

/** With its placements. */
export async function deletePlan(tx: Db, id: string): Promise<void> {
  await tx.delete(plans).where(eq(plans.id, id));
}

/** Of one plan or of all, in the order of plans and requests. */
export async function listPlacements(db: Db, planId?: string): Promise<PlacementRow[]> {
  return await selectPlacements(db, planId === undefined ? undefined : eq(placements.planId, planId));
}

/** Columns that a search can ask the store for; each has to be one of the texts. */
export type PlacementFilter = Partial<
  Record<"id" | "orchestrationId" | "planId" | "resourceId" | "location" | "name", readonly string[]>
>;

export async function searchPlacements(db: Db, filter: PlacementFilter): Promise<PlacementRow[]> {
  const conditions = Object.entries(filter).map(([column, texts]) =>
    inArray(placements[column as keyof PlacementFilter], [...texts]),
  );
  return await selectPlacements(db, and(...conditions));
}

/** By id, else the first one with this orchestration id. */
export async function findPlacement(db: Db, idOrOrchestrationId: string): Promise<PlacementRow | undefined> {
  const rows = await selectPlacements(
    db,
    or(eq(placements.id, idOrOrchestrationId), eq(placements.orchestrationId, idOrOrchestrationId)),
  );
  return rows.find(({ id }) => id === idOrOrchestrationId) ?? rows[0];
}

export async function insertPlacements(tx: Db, rows: readonly PlacementRow[]): Promise<void> {
  await inChunks(rows, async (chunk) => {
    await tx.insert(placements).values(chunk);
  });
}

export async function updatePlacement(tx: Db, placement: Partial<PlacementRow> & { id: string }): Promise<void> {
  const { id, ...set } = placement;
  await tx.update(placements).set(set).where(eq(placements.id, id));
}

export async function deletePlacements(tx: Db, ids: readonly string[]): Promise<void> {
  await inChunks(ids, async (chunk) => {
    await tx.delete(placements).where(inArray(placements.id, chunk));
  });
}

async function selectPlacements(db: Db, where: SQL | undefined): Promise<PlacementRow[]> {
  const rows = await db
    .select({ placement: placements })
    .from(placements)
    .innerJoin(plans, eq(plans.id, placements.planId))
    .where(where)
    .orderBy(asc(plans.position), asc(placements.position));
  return rows.map(({ placement }) => placement);
}
