import { readFileSync } from "node:fs";
import { PGlite } from "@electric-sql/pglite";
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

test("what a store held before bandwidth was planned has no pipes, and links that are never full", {
  timeout: 90_000,
}, async () => {
  const store = new PGlite();
  const migrate = (name: string) => store.exec(readFileSync(new URL(`${name}.sql`, folder), "utf8"));
  await migrate("0000_initial");
  await store.exec(`
    insert into racks (name, generation) values ('r0', 1);
    insert into hosts (name, position, rack, aggregates, up, vcpus, ram_mib, disk_gib, physical_vcpus, physical_ram_mib,
        used_vcpus, used_ram_mib, used_disk_gib, generation)
      values ('h0', 0, 'r0', '{}', true, 4, 4, 4, 4, 4, 0, 0, 0, 1);
    insert into allocations (id, source, host, vcpus, ram_mib, disk_gib, groups, generation)
      values ('a', 'plan', 'h0', 1, 1, 1, '{}', 1);`);
  await migrate("0001_bandwidth");
  const rowOf = async (columns: string, table: string) => (await store.query(`select ${columns} from ${table}`)).rows;
  expect(await rowOf("uplink_kbps, uplink_used_kbps", "racks")).toEqual([{ uplink_kbps: null, uplink_used_kbps: 0 }]);
  expect(await rowOf("nic_kbps, nic_used_kbps", "hosts")).toEqual([{ nic_kbps: null, nic_used_kbps: 0 }]);
  expect(await rowOf("vcpus, pipes", "allocations")).toEqual([{ vcpus: 1, pipes: [] }]);
  await store.close();
});
