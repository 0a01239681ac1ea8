import { bigserial, pgTable, text } from "drizzle-orm/pg-core";

/** Named groups. Name, type and level never change. */
export const groups = pgTable("groups", {
  id: text("id").primaryKey(),
  /** Order of creation. */
  position: bigserial("position", { mode: "number" }).notNull(),
  name: text("name").notNull().unique(),
  description: text("description").notNull(),
  type: text("type", { enum: ["affinity", "diversity", "exclusivity"] }).notNull(),
  /** Null: each assignment says its own. */
  level: text("level", { enum: ["host", "rack", "cluster"] }),
});
