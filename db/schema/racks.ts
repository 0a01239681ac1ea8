import { bigint, pgTable, text } from "drizzle-orm/pg-core";
import { clusters } from "./clusters.ts";

export const racks = pgTable("racks", {
  name: text("name").primaryKey(),
  /** Null when its hosts belong to none, or to several. */
  cluster: text("cluster").references(() => clusters.name),
  generation: bigint("generation", { mode: "number" }).notNull(),
});
