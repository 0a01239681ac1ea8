import { bigint, json, pgTable, text } from "drizzle-orm/pg-core";

const count = (name: string) => bigint(name, { mode: "number" }).notNull();

export const flavors = pgTable("flavors", {
  id: text("id").primaryKey(),
  name: text("name").notNull(),
  position: count("position"),
  vcpus: count("vcpus"),
  ramMiB: count("ram_mib"),
  diskGiB: count("disk_gib"),
  extraSpecs: json("extra_specs").$type<Record<string, string>>().notNull(),
  generation: count("generation"),
});
