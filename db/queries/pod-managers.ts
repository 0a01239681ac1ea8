import { and, asc, eq, ne, or } from "drizzle-orm";
import { errorCode } from "../errors.ts";
import { claims, composedNodes, operations, podManagers } from "../schema/index.ts";
import type { Db } from "../store.ts";

export type { AuthenticationEntry } from "../schema/pod-managers.ts";
export type PodManagerRow = Omit<typeof podManagers.$inferSelect, "position">;
export type PodManagerStatus = NonNullable<PodManagerRow["status"]>;

export interface PodManagerFilter {
  readonly name?: string;
  readonly url?: string;
  readonly driver?: string;
  readonly status?: string;
  readonly location?: string;
}

/** In order of creation. */
export async function listPodManagers(db: Db, filter: PodManagerFilter = {}): Promise<PodManagerRow[]> {
  const conditions = Object.entries(filter).map(([column, value]) =>
    eq(podManagers[column as keyof PodManagerFilter], value),
  );
  return await db
    .select()
    .from(podManagers)
    .where(and(...conditions))
    .orderBy(asc(podManagers.position));
}

export async function findPodManager(db: Db, id: string): Promise<PodManagerRow | undefined> {
  const [row] = await db.select().from(podManagers).where(eq(podManagers.id, id));
  return row;
}

/** Nobody else changes it before the transaction ends. */
export async function lockPodManager(tx: Db, id: string): Promise<PodManagerRow | undefined> {
  const [row] = await tx.select().from(podManagers).where(eq(podManagers.id, id)).for("update");
  return row;
}

/** Another one with this name or address. */
export async function findPodManagerLike(
  db: Db,
  { id, name, address }: Pick<PodManagerRow, "id" | "name" | "address">,
): Promise<PodManagerRow | undefined> {
  const same = or(eq(podManagers.name, name), eq(podManagers.address, address));
  const [row] = await db
    .select()
    .from(podManagers)
    .where(and(same, ne(podManagers.id, id)));
  return row;
}

/** False: its name or address is taken. */
export async function insertPodManager(db: Db, row: PodManagerRow): Promise<boolean> {
  const added = await db.insert(podManagers).values(row).onConflictDoNothing().returning({ id: podManagers.id });
  return added.length > 0;
}

/** False: the name or the address is taken. */
export async function updatePodManager(
  tx: Db,
  id: string,
  values: Partial<Omit<PodManagerRow, "id" | "createdAt">>,
): Promise<boolean> {
  try {
    await tx.update(podManagers).set(values).where(eq(podManagers.id, id));
    return true;
  } catch (error) {
    if (errorCode(error) === "23505") return false; // unique_violation
    throw error;
  }
}

/** What was seen of it; no change of the record, so that `updatedAt` stays. */
export async function setPodManagerStatus(db: Db, id: string, status: PodManagerStatus): Promise<void> {
  await db.update(podManagers).set({ status }).where(eq(podManagers.id, id));
}

/** With its devices and claims. False: nodes or operations refer to it. */
export async function deletePodManager(db: Db, id: string): Promise<boolean> {
  try {
    await db.delete(podManagers).where(eq(podManagers.id, id));
    return true;
  } catch (error) {
    if (errorCode(error) === "23503") return false; // foreign_key_violation
    throw error;
  }
}

/** With everything that is stored about it; the hardware is not asked. */
export async function forgetPodManager(tx: Db, id: string): Promise<void> {
  await tx.delete(operations).where(eq(operations.podManagerId, id));
  await tx.delete(composedNodes).where(eq(composedNodes.podManagerId, id));
  await tx.delete(claims).where(eq(claims.podManagerId, id));
  await tx.delete(podManagers).where(eq(podManagers.id, id));
}

/** Ids of its nodes, in order of creation. */
export async function nodesOfPodManager(db: Db, id: string): Promise<string[]> {
  const rows = await db
    .select({ id: composedNodes.id })
    .from(composedNodes)
    .where(eq(composedNodes.podManagerId, id))
    .orderBy(asc(composedNodes.position));
  return rows.map((row) => row.id);
}

/** Nodes of it that an operation works on. */
export async function busyNodesOfPodManager(db: Db, id: string): Promise<string[]> {
  const rows = await db
    .select({ nodeId: operations.nodeId })
    .from(operations)
    .where(eq(operations.podManagerId, id))
    .orderBy(asc(operations.position));
  return rows.map((row) => row.nodeId);
}
