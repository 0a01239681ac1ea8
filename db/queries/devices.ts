import { and, asc, eq, inArray, sql } from "drizzle-orm";
import { devices } from "../schema/index.ts";
import type { Db } from "../store.ts";

export type DeviceRow = Omit<typeof devices.$inferSelect, "position">;

/** Exact values; null: not set. */
export interface DeviceFilter {
  readonly id?: string;
  readonly podManagerId?: string;
  readonly nodeIndex?: string | null;
  readonly state?: string;
  readonly type?: string | null;
  readonly pooledGroupId?: string | null;
  readonly resourceUri?: string;
}

/** In order of discovery. */
export async function listDevices(db: Db, filter: DeviceFilter = {}): Promise<DeviceRow[]> {
  const conditions = Object.entries(filter).map(([name, value]) => {
    const column = devices[name as keyof DeviceFilter];
    return value === null ? sql`${column} is null` : eq(column, value);
  });
  return await db
    .select()
    .from(devices)
    .where(and(...conditions))
    .orderBy(asc(devices.position));
}

export async function findDevice(db: Db, id: string): Promise<DeviceRow | undefined> {
  const [row] = await db.select().from(devices).where(eq(devices.id, id));
  return row;
}

/** Rows of these paths at a pod manager. */
export async function devicesAt(db: Db, podManagerId: string, resourceUris: readonly string[]): Promise<DeviceRow[]> {
  if (resourceUris.length === 0) return [];
  return await db
    .select()
    .from(devices)
    .where(and(eq(devices.podManagerId, podManagerId), inArray(devices.resourceUri, [...resourceUris])))
    .orderBy(asc(devices.position));
}

/** How devices stand after an operation; a sync that listed them before overwrites none of it. Unknown ones are left to the next sync. */
export async function changeDevices(
  tx: Db,
  podManagerId: string,
  changes: readonly Pick<DeviceRow, "resourceUri" | "state" | "nodeIndex" | "pooledGroupId">[],
): Promise<void> {
  for (const { resourceUri, state, nodeIndex, pooledGroupId } of changes) {
    await tx
      .update(devices)
      .set({ state, nodeIndex, pooledGroupId, revision: sql`${devices.revision} + 1`, updatedAt: new Date() })
      .where(and(eq(devices.podManagerId, podManagerId), eq(devices.resourceUri, resourceUri)));
  }
}
