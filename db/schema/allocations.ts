import { bigint, index, json, pgTable, text } from "drizzle-orm/pg-core";
import { hosts } from "./hosts.ts";

const count = (name: string) => bigint(name, { mode: "number" }).notNull();

/** What VMs hold: the only truth about it. What a host has given away is its own `used` plus the sum over these. */
export const allocations = pgTable(
  "allocations",
  {
    /** The placement's id; for a VM that we did not plan, that VM's id. */
    id: text("id").primaryKey(),
    /**
     * `plan`: of a placement. `orphan`: built, and its plan or placement is gone. `existing`: not planned by us.
     * `held`: what a server holds elsewhere while it moves or waits for its resize to be confirmed.
     */
    source: text("source", { enum: ["plan", "orphan", "existing", "held"] }).notNull(),
    host: text("host")
      .notNull()
      .references(() => hosts.name),
    vcpus: count("vcpus"),
    ramMiB: count("ram_mib"),
    diskGiB: count("disk_gib"),
    /** Keys of the named groups it lives in, such as `rack:DIV:db`. */
    groups: text("groups").array().notNull(),
    /** Bandwidth reserved between it and others, by their ids; a pair counts once, whichever of the two has it written. */
    pipes: json("pipes").$type<{ peer: string; kbps: number }[]>().notNull().default([]),
    planId: text("plan_id"),
    projectId: text("project_id"),
    /** Id of the server. Null: not known yet, or the VM is one of a data-center file. */
    resourceId: text("resource_id"),
    /** When it was planned, ms since 1970. Null: the server runs like that, or we did not plan it. */
    plannedAt: bigint("planned_at", { mode: "number" }),
    generation: count("generation"),
  },
  (table) => [
    index("allocations_host").on(table.host),
    index("allocations_plan").on(table.planId),
    index("allocations_resource").on(table.resourceId),
    index("allocations_planned").on(table.plannedAt),
    index("allocations_groups").using("gin", table.groups),
  ],
);
