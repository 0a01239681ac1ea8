import { bigint, bigserial, boolean, index, jsonb, pgTable, text, timestamp, unique } from "drizzle-orm/pg-core";
import { podManagers } from "./pod-managers.ts";

/** Devices of the pools, as the last sync or operation found them. */
export const devices = pgTable(
  "devices",
  {
    id: text("id").primaryKey(),
    /** Order of creation. */
    position: bigserial("position", { mode: "number" }).notNull(),
    podManagerId: text("pod_manager_id")
      .notNull()
      .references(() => podManagers.id, { onDelete: "cascade" }),
    resourceUri: text("resource_uri").notNull(),
    type: text("type"),
    state: text("state", { enum: ["free", "allocated", "error"] }).notNull(),
    /** Index of the node it is at, which need not be one of ours. */
    nodeIndex: text("node_index"),
    pooledGroupId: text("pooled_group_id"),
    /** It was not there when last looked for. */
    down: boolean("down").notNull().default(false),
    properties: jsonb("properties").$type<Record<string, unknown>>().notNull(),
    extra: jsonb("extra").$type<Record<string, unknown>>().notNull(),
    /** Raised by each change: a sync overwrites nothing that changed since it began. */
    revision: bigint("revision", { mode: "number" }).notNull().default(0),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
    updatedAt: timestamp("updated_at", { withTimezone: true }).notNull(),
  },
  (table) => [
    unique("devices_resource").on(table.podManagerId, table.resourceUri),
    index("devices_node").on(table.podManagerId, table.nodeIndex),
  ],
);
