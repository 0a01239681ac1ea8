import { and, asc, eq, sql } from "drizzle-orm";
import { composedNodes } from "../schema/index.ts";
import type { Db } from "../store.ts";

export type NodeRow = Omit<typeof composedNodes.$inferSelect, "position">;

/** Exact values; null: not set. */
export interface NodeFilter {
  readonly id?: string;
  readonly podManagerId?: string;
  readonly name?: string;
  readonly description?: string;
  readonly index?: string;
  readonly resourceUri?: string;
  readonly managedBy?: string | null;
  readonly provisionState?: string | null;
}

const COLUMNS = {
  id: composedNodes.id,
  podManagerId: composedNodes.podManagerId,
  name: composedNodes.name,
  description: composedNodes.description,
  index: composedNodes.index,
  resourceUri: composedNodes.resourceUri,
  managedBy: composedNodes.managedBy,
  provisioningId: composedNodes.provisioningId,
  provisionState: composedNodes.provisionState,
  metadata: composedNodes.metadata,
  createdAt: composedNodes.createdAt,
  updatedAt: composedNodes.updatedAt,
};

/** In order of creation. */
export async function listNodes(db: Db, filter: NodeFilter = {}): Promise<NodeRow[]> {
  const conditions = Object.entries(filter).map(([name, value]) => {
    const column = composedNodes[name as keyof NodeFilter];
    return value === null ? sql`${column} is null` : eq(column, value);
  });
  return await db
    .select(COLUMNS)
    .from(composedNodes)
    .where(and(...conditions))
    .orderBy(asc(composedNodes.position));
}

export async function findNode(db: Db, id: string): Promise<NodeRow | undefined> {
  const [row] = await db.select(COLUMNS).from(composedNodes).where(eq(composedNodes.id, id));
  return row;
}

/** Nobody else changes it before the transaction ends. */
export async function lockNode(tx: Db, id: string): Promise<NodeRow | undefined> {
  const [row] = await tx.select(COLUMNS).from(composedNodes).where(eq(composedNodes.id, id)).for("update");
  return row;
}

/** False: its pod manager has a node of this index already. */
export async function insertNode(db: Db, row: NodeRow): Promise<boolean> {
  const added = await db.insert(composedNodes).values(row).onConflictDoNothing().returning({ id: composedNodes.id });
  return added.length > 0;
}

/** Undefined: it is gone. */
export async function updateNode(
  db: Db,
  id: string,
  values: Partial<Omit<NodeRow, "id" | "podManagerId" | "createdAt">>,
): Promise<NodeRow | undefined> {
  const [row] = await db.update(composedNodes).set(values).where(eq(composedNodes.id, id)).returning(COLUMNS);
  return row;
}

export async function deleteNode(db: Db, id: string): Promise<void> {
  await db.delete(composedNodes).where(eq(composedNodes.id, id));
}
