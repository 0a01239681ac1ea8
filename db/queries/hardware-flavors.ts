import { asc, eq } from "drizzle-orm";
import { hardwareFlavors } from "../schema/index.ts";
import type { Db } from "../store.ts";

export type HardwareFlavorRow = Omit<typeof hardwareFlavors.$inferSelect, "position">;

/** In order of creation. */
export async function listHardwareFlavors(
  db: Db,
  filter: { readonly name?: string } = {},
): Promise<HardwareFlavorRow[]> {
  return await db
    .select()
    .from(hardwareFlavors)
    .where(filter.name === undefined ? undefined : eq(hardwareFlavors.name, filter.name))
    .orderBy(asc(hardwareFlavors.position));
}

export async function findHardwareFlavor(db: Db, id: string): Promise<HardwareFlavorRow | undefined> {
  const [row] = await db.select().from(hardwareFlavors).where(eq(hardwareFlavors.id, id));
  return row;
}

export async function insertHardwareFlavor(db: Db, row: HardwareFlavorRow): Promise<void> {
  await db.insert(hardwareFlavors).values(row);
}

/** Undefined: there is none. */
export async function updateHardwareFlavor(
  db: Db,
  id: string,
  values: Partial<Omit<HardwareFlavorRow, "id" | "createdAt">>,
): Promise<HardwareFlavorRow | undefined> {
  const [row] = await db.update(hardwareFlavors).set(values).where(eq(hardwareFlavors.id, id)).returning();
  return row;
}

/** False: there is none. */
export async function deleteHardwareFlavor(db: Db, id: string): Promise<boolean> {
  const gone = await db.delete(hardwareFlavors).where(eq(hardwareFlavors.id, id)).returning({ id: hardwareFlavors.id });
  return gone.length > 0;
}
