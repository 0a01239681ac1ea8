import { pgTable, text, timestamp } from "drizzle-orm/pg-core";
import { podManagers } from "./pod-managers.ts";

/** The last sync of each pod manager's devices, and who is at it. Times are of the database's clock. */
export const syncs = pgTable("syncs", {
  podManagerId: text("pod_manager_id")
    .primaryKey()
    .references(() => podManagers.id, { onDelete: "cascade" }),
  /** The process that is at it; null: nobody is. */
  owner: text("owner"),
  /** Until when the owner may be at it without having said so again. */
  ownedUntil: timestamp("owned_until", { withTimezone: true }),
  /** When the last one began that went well. */
  begunAt: timestamp("begun_at", { withTimezone: true }),
});
