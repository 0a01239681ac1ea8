import { index, integer, pgTable, text } from "drizzle-orm/pg-core";

/** Server groups of Nova. */
export const serverGroups = pgTable(
  "server_groups",
  {
    id: text("id").primaryKey(),
    name: text("name").notNull(),
    projectId: text("project_id"),
    policy: text("policy", { enum: ["affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"] }).notNull(),
    /** Most members on one host under anti-affinity. */
    mostPerHost: integer("most_per_host").notNull(),
    /** UUIDs of servers. */
    members: text("members").array().notNull(),
  },
  (table) => [index("server_groups_members").using("gin", table.members)],
);
