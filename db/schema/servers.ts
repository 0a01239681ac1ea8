import { bigint, boolean, index, integer, pgTable, text } from "drizzle-orm/pg-core";

/** Servers of the cloud as it told of them last. What they hold stands in `allocations`. */
export const servers = pgTable(
  "servers",
  {
    /** Its UUID. */
    id: text("id").primaryKey(),
    name: text("name"),
    projectId: text("project_id"),
    /** `gone`: deleted; kept for a while, so that late news of it is known to be late. */
    state: text("state", { enum: ["building", "active", "resized", "error", "shelved", "gone"] }).notNull(),
    /** It ran once: a failure from now on is not one of its first build. */
    built: boolean("built").notNull(),
    /** Name of its host, which need not be one we know. */
    host: text("host"),
    vcpus: integer("vcpus"),
    ramMiB: integer("ram_mib"),
    diskGiB: integer("disk_gib"),
    /** `valet` of its metadata: the groups it wants to be in. */
    valet: text("valet"),
    /** Server groups of Nova that its scheduler hints name. */
    groupHints: text("group_hints").array().notNull().default([]),
    /** By the clock of the cloud, ms since 1970; null: never told. */
    at: bigint("at", { mode: "number" }),
    /** By our clock, ms since 1970. */
    appliedAt: bigint("applied_at", { mode: "number" }).notNull(),
    /** Which rule it breaks where it is; null: none. */
    fault: text("fault"),
  },
  (table) => [index("servers_state").on(table.state), index("servers_fault").on(table.fault)],
);
