import { and, asc, eq, inArray } from "drizzle-orm";
import { claims } from "../schema/index.ts";
import type { Db } from "../store.ts";
import { inChunks } from "./upsert.ts";

/** Paths that nodes of a pod manager have, or are about to have. */
export async function takenResources(db: Db, podManagerId: string): Promise<Set<string>> {
  const rows = await db.select({ resource: claims.resource }).from(claims).where(eq(claims.podManagerId, podManagerId));
  return new Set(rows.map(({ resource }) => resource));
}

/** Paths that a node has, in the order of their names. */
export async function resourcesOfNode(db: Db, nodeId: string): Promise<string[]> {
  const rows = await db
    .select({ resource: claims.resource })
    .from(claims)
    .where(eq(claims.nodeId, nodeId))
    .orderBy(asc(claims.resource));
  return rows.map(({ resource }) => resource);
}

/** Claims what nobody has; returns those that this made claims of. Less than asked for: roll back. */
export async function claim(
  tx: Db,
  { podManagerId, nodeId, resources }: { podManagerId: string; nodeId: string; resources: readonly string[] },
): Promise<string[]> {
  // Always in the same order: two that want the same wait for each other, and not both.
  const rows = [...new Set(resources)].sort().map((resource) => ({ podManagerId, resource, nodeId }));
  const made: string[] = [];
  await inChunks(rows, async (chunk) => {
    const added = await tx.insert(claims).values(chunk).onConflictDoNothing().returning({ resource: claims.resource });
    made.push(...added.map(({ resource }) => resource));
  });
  return made;
}

/** All claims of a node, or those of some paths. */
export async function dropClaims(db: Db, nodeId: string, resources?: readonly string[]): Promise<void> {
  if (resources?.length === 0) return;
  const these = resources === undefined ? undefined : inArray(claims.resource, [...resources]);
  await db.delete(claims).where(and(eq(claims.nodeId, nodeId), these));
}
