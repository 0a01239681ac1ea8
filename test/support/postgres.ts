// A fresh database for a test: on a real PostgreSQL when one is to be used, else on the embedded one.
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import postgres from "postgres";
import { openStore } from "../../db/client.ts";
import { migrationsFolder } from "../../db/migrate.ts";
import { pgliteStore } from "../../db/pglite.ts";
import type { Store } from "../../db/store.ts";

export interface TestDatabase {
  readonly kind: Store["kind"];
  /** For other processes; null when there can be none. */
  readonly url: string | null;
  open(): Promise<Store>;
  /** Closes what was opened, and forgets everything. */
  remove(): Promise<void>;
}

/** URL of a server on which databases may be made and dropped, or null. Set CI=true or OSTRO_TEST_PG=1 to use a local one. */
export const postgresServer: string | null = await findServer();

/** Every kind of store that tests can run on here. */
export const storeKinds: readonly Store["kind"][] = postgresServer === null ? ["pglite"] : ["pglite", "postgres"];

export async function freshDatabase(kind: Store["kind"] = storeKinds.at(-1)!): Promise<TestDatabase> {
  return kind === "postgres" ? await freshPostgres(postgresServer!) : await freshPglite();
}

async function findServer(): Promise<string | null> {
  const wanted = process.env.TEST_DATABASE_URL;
  if (wanted === undefined && process.env.CI !== "true" && process.env.OSTRO_TEST_PG !== "1") return null;
  const url = wanted ?? "postgres://postgres@127.0.0.1:5432/postgres";
  const sql = postgres(url, { max: 1, connect_timeout: 3 });
  try {
    await sql`select 1`;
    return url;
  } catch (error) {
    if (wanted !== undefined) throw error;
    return null;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

async function freshPostgres(server: string): Promise<TestDatabase> {
  const name = `ostro_test_${randomBytes(6).toString("hex")}`;
  const admin = async (statement: string) => {
    const sql = postgres(server, { max: 1, onnotice: () => {} });
    await sql.unsafe(statement);
    await sql.end();
  };
  await admin(`create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  const opened: Store[] = [];
  return {
    kind: "postgres",
    url: url.href,
    async open() {
      const store = await openStore(url.href);
      opened.push(store);
      return store;
    },
    async remove() {
      await Promise.all(opened.map((store) => store.close()));
      await admin(`drop database ${name} with (force)`);
    },
  };
}

async function freshPglite(): Promise<TestDatabase> {
  const engine = await PGlite.create({ loadDataDir: new Blob([new Uint8Array(await emptyCluster())]) });
  return {
    kind: "pglite",
    url: null,
    open: () => pgliteStore(engine, () => {}),
    remove: async () => {
      if (!engine.closed) await engine.close();
    },
  };
}

/** A directory for the embedded store, with empty tables: the store itself makes one file after the other safely, and slowly. */
export async function directoryWithCluster(directory: string): Promise<string> {
  mkdirSync(directory, { recursive: true });
  const loadDataDir = new Blob([new Uint8Array(await emptyCluster())]);
  await (await PGlite.create({ dataDir: join(directory, "cluster"), loadDataDir })).close();
  return `pglite:${directory}`;
}

/** Making a cluster and its tables takes seconds, loading a made one half a second. */
async function emptyCluster(): Promise<Buffer> {
  const directory = join(tmpdir(), "ostro-test");
  const path = join(directory, `pglite-${madeOf()}.tar`);
  if (!existsSync(path)) {
    const engine = await PGlite.create();
    await pgliteStore(engine, () => {});
    const dump = await engine.dumpDataDir("none");
    await engine.close();
    mkdirSync(directory, { recursive: true });
    const unfinished = `${path}.${process.pid}`;
    writeFileSync(unfinished, Buffer.from(await dump.arrayBuffer()));
    renameSync(unfinished, path);
  }
  return readFileSync(path);
}

/** A name that is another when the engine or a migration is. */
function madeOf(): string {
  const hash = createHash("sha256");
  hash.update(readFileSync(new URL("../../node_modules/@electric-sql/pglite/package.json", import.meta.url)));
  for (const name of readdirSync(migrationsFolder).sort())
    if (name.endsWith(".sql")) hash.update(readFileSync(join(migrationsFolder, name)));
  return hash.digest("hex").slice(0, 16);
}
