import { bigint, pgTable, text } from "drizzle-orm/pg-core";

export const clusters = pgTable("clusters", {
  name: text("name").primaryKey(),
  generation: bigint("generation", { mode: "number" }).notNull(),
});
