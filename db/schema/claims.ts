import { pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { podManagers } from "./pod-managers.ts";

/** Hardware that a node has or is about to have: nobody else gets it. */
export const claims = pgTable(
  "claims",
  {
    podManagerId: text("pod_manager_id")
      .notNull()
      .references(() => podManagers.id, { onDelete: "cascade" }),
    /** Path of a system, block or device. */
    resource: text("resource").notNull(),
    /** Of the node, which need not be in `composed_nodes` yet. */
    nodeId: text("node_id").notNull(),
  },
  (table) => [primaryKey({ columns: [table.podManagerId, table.resource] })],
);
