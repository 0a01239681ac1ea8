import { bigserial, jsonb, pgTable, text, timestamp } from "drizzle-orm/pg-core";

/** Flavors of composed nodes; those of servers are in `flavors`. */
export const hardwareFlavors = pgTable("hardware_flavors", {
  id: text("id").primaryKey(),
  /** Order of creation. */
  position: bigserial("position", { mode: "number" }).notNull(),
  name: text("name").notNull(),
  description: text("description"),
  /** By the names of the API. */
  properties: jsonb("properties").$type<Record<string, unknown>>().notNull(),
  createdAt: timestamp("created_at", { withTimezone: true }).notNull(),
  updatedAt: timestamp("updated_at", { withTimezone: true }).notNull(),
});
