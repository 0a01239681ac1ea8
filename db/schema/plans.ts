import { bigint, bigserial, json, pgTable, text } from "drizzle-orm/pg-core";

export const plans = pgTable("plans", {
  id: text("id").primaryKey(),
  /** Order of creation. */
  position: bigserial("position", { mode: "number" }).notNull(),
  stackId: text("stack_id").notNull().unique(),
  name: text("name").notNull(),
  projectId: text("project_id").notNull(),
  /** Of what was asked for: an equal request gets the recorded placements. Empty: nothing equals it any more. */
  requestHash: text("request_hash").notNull(),
  /** The translated request, for planning parts of it again. As text keeps it: any string a client may send. */
  application: json("application").notNull(),
  /** Counts up with each change of the plan or its placements. */
  revision: bigint("revision", { mode: "number" }).notNull(),
  generation: bigint("generation", { mode: "number" }).notNull(),
});
