import { and, asc, eq, inArray, ne, notInArray, sql } from "drizzle-orm";
import { operations } from "../schema/index.ts";
import type { Db } from "../store.ts";

export type OperationRow = Omit<typeof operations.$inferSelect, "position">;
export type OperationKind = OperationRow["kind"];

/** What is recorded of the way of an operation. */
export type OperationProgress = Partial<Pick<OperationRow, "step" | "stepState" | "direction" | "facts" | "failure">>;

const COLUMNS = {
  id: operations.id,
  kind: operations.kind,
  podManagerId: operations.podManagerId,
  nodeId: operations.nodeId,
  requestId: operations.requestId,
  step: operations.step,
  stepState: operations.stepState,
  direction: operations.direction,
  facts: operations.facts,
  failure: operations.failure,
  owner: operations.owner,
  seenAt: operations.seenAt,
  createdAt: operations.createdAt,
};

/** In order of creation. */
export async function listOperations(
  db: Db,
  filter: { readonly id?: string; readonly requestId?: string; readonly nodeId?: string } = {},
): Promise<OperationRow[]> {
  const conditions = Object.entries(filter).map(([name, value]) => eq(operations[name as keyof typeof filter], value));
  return await db
    .select(COLUMNS)
    .from(operations)
    .where(and(...conditions))
    .orderBy(asc(operations.position));
}

/** False: another operation on its node goes on. Times are of the database's clock. */
export async function insertOperation(
  db: Db,
  row: Pick<OperationRow, "id" | "kind" | "podManagerId" | "nodeId" | "requestId" | "facts" | "owner">,
): Promise<boolean> {
  const added = await db
    .insert(operations)
    .values({ ...row, direction: "forward", seenAt: sql`now()`, createdAt: sql`now()` })
    .onConflictDoNothing()
    .returning({ id: operations.id });
  return added.length > 0;
}

/** False: it is somebody else's now, or gone. */
export async function recordProgress(
  db: Db,
  { id, owner }: Pick<OperationRow, "id" | "owner">,
  progress: OperationProgress,
): Promise<boolean> {
  const changed = await db
    .update(operations)
    .set({ ...progress, seenAt: sql`now()` })
    .where(and(eq(operations.id, id), eq(operations.owner, owner)))
    .returning({ id: operations.id });
  return changed.length > 0;
}

/** False: it is somebody else's now, or gone. */
export async function deleteOperation(db: Db, { id, owner }: Pick<OperationRow, "id" | "owner">): Promise<boolean> {
  const deleted = await db
    .delete(operations)
    .where(and(eq(operations.id, id), eq(operations.owner, owner)))
    .returning({ id: operations.id });
  return deleted.length > 0;
}

/** Whoever's it is. Undefined: there is none. */
export async function forgetOperation(tx: Db, id: string): Promise<OperationRow | undefined> {
  const [row] = await tx.delete(operations).where(eq(operations.id, id)).returning(COLUMNS);
  return row;
}

/** Says of operations that their owner is alive; returns those that are still its own. */
export async function keepOperations(db: Db, owner: string, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set();
  const kept = await db
    .update(operations)
    .set({ seenAt: sql`now()` })
    .where(and(eq(operations.owner, owner), inArray(operations.id, [...ids])))
    .returning({ id: operations.id });
  return new Set(kept.map(({ id }) => id));
}

/** Lets others take them over at once. */
export async function leaveOperations(db: Db, owner: string): Promise<void> {
  await db.update(operations).set({ seenAt: sql`to_timestamp(0)` }).where(eq(operations.owner, owner));
}

/**
 * Makes those operations the owner's whose owner has been silent for `leaseMs` (null: all of others), except for
 * `working`. Of several that take over at the same time one gets each.
 */
export async function takeOperations(
  db: Db,
  owner: string,
  { leaseMs, working }: { leaseMs: number | null; working: readonly string[] },
): Promise<OperationRow[]> {
  const silent =
    leaseMs === null
      ? ne(operations.owner, owner)
      : sql`${operations.seenAt} < now() - make_interval(secs => ${leaseMs / 1000})`;
  return await db
    .update(operations)
    .set({ owner, seenAt: sql`now()` })
    .where(and(silent, working.length === 0 ? undefined : notInArray(operations.id, [...working])))
    .returning(COLUMNS);
}
