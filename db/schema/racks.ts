import { bigint, pgTable, text } from "drizzle-orm/pg-core";
import { clusters } from "./clusters.ts";

export const racks = pgTable("racks", {
  name: text("name").primaryKey(),
  /** Null when its hosts belong to none, or to several. */
  cluster: text("cluster").references(() => clusters.name),
  /** Null: never full. */
  uplinkKbps: bigint("uplink_kbps", { mode: "number" }),
  uplinkUsedKbps: bigint("uplink_used_kbps", { mode: "number" }).notNull().default(0),
  generation: bigint("generation", { mode: "number" }).notNull(),
});
