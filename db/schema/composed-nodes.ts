import { bigserial, jsonb, pgTable, text, timestamp, unique } from "drizzle-orm/pg-core";
import { podManagers } from "./pod-managers.ts";

/** Nodes that were composed, or are managed. All else about them is asked from the hardware. */
export const composedNodes = pgTable(
  "composed_nodes",
  {
    id: text("id").primaryKey(),
    /** Order of creation. */
    position: bigserial("position", { mode: "number" }).notNull(),
    podManagerId: text("pod_manager_id")
      .notNull()
      .references(() => podManagers.id),
    name: text("name").notNull(),
    description: text("description").notNull().default(""),
    /** What the pod manager calls it. */
    index: text("index").notNull(),
    resourceUri: text("resource_uri").notNull(),
    /** `ironic` once it is registered. */
    managedBy: text("managed_by"),
    /** Its UUID in Ironic. */
    provisioningId: text("provisioning_id"),
    provisionState: text("provision_state"),
    metadata: jsonb("metadata").$type<Record<string, unknown>>().notNull().default({}),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
    updatedAt: timestamp("updated_at", { withTimezone: true }).notNull(),
  },
  (table) => [unique("composed_nodes_index").on(table.podManagerId, table.index)],
);
