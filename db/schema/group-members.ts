import { bigserial, index, pgTable, primaryKey, text } from "drizzle-orm/pg-core";
import { groups } from "./groups.ts";

/** Projects that may use a group. */
export const groupMembers = pgTable(
  "group_members",
  {
    groupId: text("group_id")
      .notNull()
      .references(() => groups.id),
    projectId: text("project_id").notNull(),
    position: bigserial("position", { mode: "number" }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.groupId, table.projectId] }),
    index("group_members_project").on(table.projectId),
  ],
);
