import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import { connect } from "./connection.ts";
import { unavailable, withLimit } from "./errors.ts";
import { migrationsFolder } from "./migrate.ts";
import { Pool } from "./pool.ts";
import * as schema from "./schema/index.ts";
import type { Store } from "./store.ts";

/** Longest time a read or a transaction may take, as the caller sees it, ms. */
const LIMIT_MS = 15_000;
const CONNECTIONS = 8;
/** Any fixed number: processes that start at the same time migrate one after the other. */
const MIGRATION_LOCK = 7_236_041_582;

export async function openPostgres(url: string): Promise<Store> {
  await migrateOnce(url);
  const pool = new Pool(url, CONNECTIONS);
  return {
    kind: "postgres",
    read: (use) => pool.run(LIMIT_MS, ({ db }) => use(db)),
    transaction: (use, { snapshot = false, limitMs = LIMIT_MS } = {}) =>
      pool.run(limitMs, async (connection) => {
        await connection.send(`begin isolation level ${snapshot ? "repeatable read" : "read committed"}`);
        if (limitMs !== LIMIT_MS) await connection.send(`set local statement_timeout = ${limitMs}`);
        let result: Awaited<ReturnType<typeof use>>;
        try {
          result = await use(connection.db);
        } catch (error) {
          if (connection.alive) await connection.send("rollback").catch(() => connection.lose());
          throw error;
        }
        await connection.send("commit");
        return result;
      }),
    ping: () => pool.run(LIMIT_MS, (connection) => connection.send("select 1")),
    close: () => pool.close(),
  };
}

async function migrateOnce(url: string): Promise<void> {
  const client = connect(url);
  const work = async () => {
    await client`set lock_timeout = 0`;
    await client`set statement_timeout = 0`;
    await client`select pg_advisory_lock(${MIGRATION_LOCK})`;
    // The lock goes with the connection.
    await migrate(drizzle(client, { schema }), { migrationsFolder });
  };
  try {
    await withLimit(work(), 4 * LIMIT_MS, () => unavailable("migrating it took too long"));
  } finally {
    await client.end({ timeout: 1 });
  }
}
