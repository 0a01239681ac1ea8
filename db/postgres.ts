import { sql } from "drizzle-orm";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { translated, unavailable } from "./errors.ts";
import { migrationsFolder } from "./migrate.ts";
import * as schema from "./schema/index.ts";
import type { Db, Store, TransactionOptions } from "./store.ts";

/** Longest time a read or a transaction may take, as the caller sees it, ms. */
const LIMIT_MS = 15_000;
const CONNECTIONS = 8;
const CHANNEL = "ostro_inventory";
/** Any fixed number: processes that start at the same time migrate one after the other. */
const MIGRATION_LOCK = 7_236_041_582;

function connect(url: string, max: number): postgres.Sql {
  return postgres(url, {
    max,
    connect_timeout: 5,
    // The default waits up to 20 s between attempts; requests would hang as long after an outage.
    backoff: () => 0.2,
    ...(url.includes(",") ? { target_session_attrs: "read-write" as const } : {}),
    onnotice: () => {},
    connection: {
      application_name: "ostro",
      // All of them below LIMIT_MS. A process that is stopped in the middle must not keep the others out.
      statement_timeout: 10_000,
      lock_timeout: 8_000,
      idle_in_transaction_session_timeout: 10_000,
    },
  });
}

export async function openPostgres(url: string): Promise<Store> {
  await migrateOnce(url);
  return new PostgresStore(url);
}

async function migrateOnce(url: string): Promise<void> {
  const client = connect(url, 1);
  try {
    await withLimit(
      (async () => {
        await client`set lock_timeout = 0`;
        await client`set statement_timeout = 0`;
        await client`select pg_advisory_lock(${MIGRATION_LOCK})`;
        // The lock goes with the connection.
        await migrate(drizzle(client, { schema }), { migrationsFolder });
      })(),
      4 * LIMIT_MS,
    );
  } catch (error) {
    throw error === TOO_SLOW ? tooSlow(4 * LIMIT_MS) : translated(error);
  } finally {
    await client.end({ timeout: 1 });
  }
}

class PostgresStore implements Store {
  readonly kind = "postgres";
  readonly #url: string;
  #sql: postgres.Sql;
  #db: Db;

  constructor(url: string) {
    this.#url = url;
    this.#sql = connect(url, CONNECTIONS);
    this.#db = drizzle(this.#sql, { schema }) as unknown as Db;
  }

  read<T>(use: (db: Db) => Promise<T>): Promise<T> {
    return this.#bordered(use(this.#db));
  }

  transaction<T>(use: (tx: Db) => Promise<T>, { snapshot, limitMs }: TransactionOptions = {}): Promise<T> {
    const isolationLevel = snapshot ? "repeatable read" : "read committed";
    const work = this.#db.transaction(
      async (tx) => {
        // Only longer ones need to say so.
        if (limitMs !== undefined) await tx.execute(sql.raw(`set local statement_timeout = ${limitMs}`));
        return await use(tx as unknown as Db);
      },
      { isolationLevel },
    );
    return this.#bordered(work, limitMs);
  }

  async listen(heard: () => void): Promise<() => Promise<void>> {
    // A connection of its own; postgres.js opens it again when it breaks, and says so by the third argument.
    const client = connect(this.#url, 1);
    try {
      await withLimit(client.listen(CHANNEL, heard, heard), LIMIT_MS);
    } catch (error) {
      await client.end({ timeout: 0 });
      throw error === TOO_SLOW ? tooSlow(LIMIT_MS) : translated(error);
    }
    return () => client.end({ timeout: 1 });
  }

  async ping(): Promise<void> {
    await this.#bordered(this.#sql`select 1`);
  }

  close(): Promise<void> {
    return this.#sql.end({ timeout: 5 });
  }

  async #bordered<T>(work: PromiseLike<T>, limitMs = LIMIT_MS): Promise<T> {
    const used = this.#sql;
    try {
      return await withLimit(work, limitMs);
    } catch (error) {
      if (error === TOO_SLOW && used === this.#sql) this.#reconnect();
      throw error === TOO_SLOW ? tooSlow(limitMs) : translated(error);
    }
  }

  /** A connection whose peer vanished without a word stays busy for many minutes: leave the old ones behind. */
  #reconnect(): void {
    this.#sql.end({ timeout: 0 }).catch(() => {});
    this.#sql = connect(this.#url, CONNECTIONS);
    this.#db = drizzle(this.#sql, { schema }) as unknown as Db;
  }
}

const TOO_SLOW = Symbol("too slow");

function tooSlow(limitMs: number): Error {
  return unavailable(`no answer within ${limitMs / 1000} s`);
}

async function withLimit<T>(work: PromiseLike<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(TOO_SLOW), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
