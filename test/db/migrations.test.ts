import { readFileSync } from "node:fs";
import { generateDrizzleJson, generateMigration } from "drizzle-kit/api";
import { expect, test } from "vitest";
import * as schema from "../../db/schema/index.ts";

const folder = new URL("../../db/migrations/", import.meta.url);
const read = (path: string) => JSON.parse(readFileSync(new URL(path, folder), "utf8"));

test("the migrations make the tables that the schema describes (else run: npm run db:generate)", async () => {
  const { entries } = read("meta/_journal.json");
  const latest = read(`meta/${String(entries.length - 1).padStart(4, "0")}_snapshot.json`);
  expect(await generateMigration(latest, generateDrizzleJson(schema))).toEqual([]);
});
