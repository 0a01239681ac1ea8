import { sql } from "drizzle-orm";
import { bigint, check, pgTable, smallint } from "drizzle-orm/pg-core";

/**
 * One row. `version` is the clock of the store: each commit counts it up first and so holds the row's lock until it
 * ends, which puts the commits of all processes in one order. `generation` of the other tables is the version at which
 * a row last changed.
 */
export const inventory = pgTable(
  "inventory",
  {
    id: smallint("id").primaryKey().default(1),
    version: bigint("version", { mode: "number" }).notNull().default(0),
  },
  (table) => [check("inventory_one_row", sql`${table.id} = 1`)],
);
