import { and, asc, eq, sql } from "drizzle-orm";
import { claims, composedNodes, devices } from "../schema/index.ts";
import type { Db } from "../store.ts";
import { inChunks } from "./upsert.ts";

export type DeviceRow = Omit<typeof devices.$inferSelect, "position">;

/** What a listing says of a device. */
export type DeviceValues = Omit<DeviceRow, "id" | "podManagerId" | "revision" | "createdAt" | "updatedAt">;

/** Who has devices of a pod manager. */
export interface DeviceHolders {
  /** Paths of what nodes have, or are about to have. */
  readonly claimed: ReadonlySet<string>;
  /** Indexes of the nodes we know. */
  readonly nodes: ReadonlySet<string>;
}

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

export async function deviceHolders(db: Db, podManagerId: string): Promise<DeviceHolders> {
  const held = await db.select({ resource: claims.resource }).from(claims).where(eq(claims.podManagerId, podManagerId));
  const nodes = await db
    .select({ index: composedNodes.index })
    .from(composedNodes)
    .where(eq(composedNodes.podManagerId, podManagerId));
  return {
    claimed: new Set(held.map(({ resource }) => resource)),
    nodes: new Set(nodes.map(({ index }) => index)),
  };
}

/** Those whose path came to be known meanwhile are left out. Rows travel as one JSON parameter, see upsert. */
export async function insertDevices(
  tx: Db,
  podManagerId: string,
  rows: readonly (DeviceValues & { readonly id: string })[],
  now: Date,
): Promise<void> {
  await inChunks(rows, async (chunk) => {
    await tx.execute(sql`
      insert into devices (id, pod_manager_id, ${LISTED}, created_at, updated_at)
      select id, ${podManagerId}, ${LISTED}, ${now.toISOString()}::timestamptz, ${now.toISOString()}::timestamptz
      from json_populate_recordset(null::devices, ${records(chunk)}::json)
      on conflict do nothing`);
  });
}

/** Those whose revision is not the given one stay as they are. */
export async function replaceDevices(
  tx: Db,
  rows: readonly (DeviceValues & Pick<DeviceRow, "id" | "revision">)[],
  now: Date,
): Promise<void> {
  await inChunks(rows, async (chunk) => {
    await tx.execute(sql`
      update devices set (${LISTED}) = (select ${NEW}), revision = devices.revision + 1,
        updated_at = ${now.toISOString()}::timestamptz
      from json_populate_recordset(null::devices, ${records(chunk)}::json) as new
      where devices.id = new.id and devices.revision = new.revision`);
  });
}

/** Those whose revision is not the given one, or which somebody claimed meanwhile, stay. */
export async function deleteDevices(tx: Db, rows: readonly Pick<DeviceRow, "id" | "revision">[]): Promise<void> {
  await inChunks(rows, async (chunk) => {
    await tx.execute(sql`
      delete from devices using json_populate_recordset(null::devices, ${JSON.stringify(chunk)}::json) as old
      where devices.id = old.id and devices.revision = old.revision
        and not exists (select from claims
          where claims.pod_manager_id = devices.pod_manager_id and claims.resource = devices.resource_uri)`);
  });
}

const NAMES = ["resource_uri", "type", "state", "node_index", "pooled_group_id", "down", "properties", "extra"];
/** The columns that a listing fills. */
const LISTED = sql.raw(NAMES.join(", "));
const NEW = sql.raw(NAMES.map((name) => `new.${name}`).join(", "));

/** By the names of the columns. */
function records(rows: readonly (DeviceValues & { readonly id: string; readonly revision?: number })[]): string {
  return JSON.stringify(
    rows.map((row) => ({
      id: row.id,
      revision: row.revision,
      resource_uri: row.resourceUri,
      type: row.type,
      state: row.state,
      node_index: row.nodeIndex,
      pooled_group_id: row.pooledGroupId,
      down: row.down,
      properties: row.properties,
      extra: row.extra,
    })),
  );
}
