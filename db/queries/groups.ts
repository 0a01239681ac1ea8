import { and, asc, eq, inArray, or } from "drizzle-orm";
import { errorCode } from "../errors.ts";
import { groupMembers, groups } from "../schema/index.ts";
import type { Db } from "../store.ts";

export interface GroupRow extends Omit<typeof groups.$inferSelect, "position"> {
  /** Project ids in the order they joined. */
  readonly members: string[];
}

const COLUMNS = {
  id: groups.id,
  name: groups.name,
  description: groups.description,
  type: groups.type,
  level: groups.level,
};

/** In order of creation. */
export async function listGroups(db: Db): Promise<GroupRow[]> {
  const rows = await db.select(COLUMNS).from(groups).orderBy(asc(groups.position));
  return await withMembers(db, rows);
}

/** By id, else by name. */
export async function findGroup(db: Db, idOrName: string): Promise<GroupRow | undefined> {
  const rows = await db
    .select(COLUMNS)
    .from(groups)
    .where(or(eq(groups.id, idOrName), eq(groups.name, idOrName)));
  const found = rows.find(({ id }) => id === idOrName) ?? rows[0];
  return found === undefined ? undefined : (await withMembers(db, [found]))[0];
}

/** False: the name is taken. */
export async function insertGroup(db: Db, group: Omit<GroupRow, "members">): Promise<boolean> {
  const added = await db.insert(groups).values(group).onConflictDoNothing().returning({ id: groups.id });
  return added.length > 0;
}

export async function describeGroup(db: Db, id: string, description: string): Promise<void> {
  await db.update(groups).set({ description }).where(eq(groups.id, id));
}

/** False: it has members. */
export async function deleteGroup(db: Db, id: string): Promise<boolean> {
  try {
    await db.delete(groups).where(eq(groups.id, id));
    return true;
  } catch (error) {
    if (errorCode(error) === "23503") return false; // foreign_key_violation
    throw error;
  }
}

/** False: the group is gone. Projects that are members already stay so. */
export async function insertMembers(db: Db, groupId: string, projectIds: readonly string[]): Promise<boolean> {
  try {
    const rows = projectIds.map((projectId) => ({ groupId, projectId }));
    await db.insert(groupMembers).values(rows).onConflictDoNothing();
    return true;
  } catch (error) {
    if (errorCode(error) === "23503") return false; // foreign_key_violation
    throw error;
  }
}

export async function deleteMembers(db: Db, groupId: string, projectIds: readonly string[]): Promise<void> {
  await db
    .delete(groupMembers)
    .where(and(eq(groupMembers.groupId, groupId), inArray(groupMembers.projectId, [...projectIds])));
}

async function withMembers<T extends { id: string }>(db: Db, rows: T[]): Promise<(T & { members: string[] })[]> {
  const members = new Map<string, string[]>(rows.map(({ id }) => [id, []]));
  if (rows.length > 0)
    for (const { groupId, projectId } of await db
      .select()
      .from(groupMembers)
      .where(rows.length === 1 ? eq(groupMembers.groupId, rows[0]!.id) : undefined)
      .orderBy(asc(groupMembers.position)))
      members.get(groupId)?.push(projectId);
  return rows.map((row) => ({ ...row, members: members.get(row.id)! }));
}
