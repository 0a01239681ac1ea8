import { bigint, json, pgTable, text } from "drizzle-orm/pg-core";

export const aggregates = pgTable("aggregates", {
  name: text("name").primaryKey(),
  metadata: json("metadata").$type<Record<string, string>>().notNull(),
  generation: bigint("generation", { mode: "number" }).notNull(),
});
