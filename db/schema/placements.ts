import { bigint, boolean, index, integer, json, pgTable, text, unique } from "drizzle-orm/pg-core";
import { plans } from "./plans.ts";

export const placements = pgTable(
  "placements",
  {
    id: text("id").primaryKey(),
    planId: text("plan_id")
      .notNull()
      .references(() => plans.id, { onDelete: "cascade" }),
    /** Order in the request. */
    position: integer("position").notNull(),
    orchestrationId: text("orchestration_id").notNull(),
    name: text("name").notNull(),
    /** Id of the server once it is known. */
    resourceId: text("resource_id"),
    location: text("location").notNull(),
    reserved: boolean("reserved").notNull(),
    /** Hosts on which its server could not be built: another is taken while there is one. */
    avoid: text("avoid").array().notNull().default([]),
    metadata: json("metadata").$type<Record<string, unknown>>().notNull(),
    generation: bigint("generation", { mode: "number" }).notNull(),
  },
  (table) => [
    unique("placements_plan_orchestration").on(table.planId, table.orchestrationId),
    index("placements_orchestration").on(table.orchestrationId),
    index("placements_resource").on(table.resourceId),
    index("placements_location").on(table.location),
  ],
);
