import { bigserial, index, jsonb, pgTable, text, timestamp, unique } from "drizzle-orm/pg-core";
import { podManagers } from "./pod-managers.ts";

/** Operations on hardware that are under way; one that ended is deleted. */
export const operations = pgTable(
  "operations",
  {
    id: text("id").primaryKey(),
    /** Order of creation. */
    position: bigserial("position", { mode: "number" }).notNull(),
    kind: text("kind", { enum: ["compose", "release", "attach", "detach", "register", "deregister"] }).notNull(),
    podManagerId: text("pod_manager_id")
      .notNull()
      .references(() => podManagers.id),
    /** Of the node; one operation at a time. */
    nodeId: text("node_id").notNull(),
    /** Of the API request that began it. */
    requestId: text("request_id").notNull(),
    /** The step that was begun last, and whether it ended; null: none was begun. */
    step: text("step"),
    stepState: text("step_state", { enum: ["begun", "ended"] }),
    direction: text("direction", { enum: ["forward", "back"] }).notNull(),
    facts: jsonb("facts").$type<Record<string, unknown>>().notNull(),
    /** Why it goes back; null: it does not. */
    failure: jsonb("failure").$type<Record<string, unknown>>(),
    /** The process that works on it, and when it last said so. Another may take over when it has been silent. */
    owner: text("owner").notNull(),
    seenAt: timestamp("seen_at", { withTimezone: true }).notNull(),
    createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
  },
  (table) => [unique("operations_node").on(table.nodeId), index("operations_owner").on(table.owner)],
);
