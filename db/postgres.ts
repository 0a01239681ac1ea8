import { userInfo } from "node:os";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { StoreError, storeError } from "./errors.ts";
import { migrationsFolder } from "./migrate.ts";
import * as schema from "./schema/index.ts";
import type { Db, Store } from "./store.ts";

/** Longest time a read or a transaction may take, as the caller sees it, ms. */
const LIMIT_MS = 15_000;
const CHANNEL = "ostro_inventory";
/** Any fixed number: processes that start at the same time migrate one after the other. */
const MIGRATION_LOCK = 7_236_041_582;

function connect(url: string, max: number): postgres.Sql {
  return postgres(url, {
    max,
    connect_timeout: 5,
    // The default waits up to 20 s between attempts; requests would hang as long after an outage.
    backoff: () => 0.2,
    // Without a user in the URL, as libpq does.
    ...(hasUser(url) ? {} : { username: userInfo().username }),
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

function hasUser(url: string): boolean {
  return /^\w+:\/\/[^/?]*@/.test(url) || /[?&]user=/.test(url) || process.env.PGUSER !== undefined;
}

export async function openPostgres(url: string): Promise<Store> {
  await migrateOnce(url);
  return new PostgresStore(url);
}

async function migrateOnce(url: string): Promise<void> {
  const sql = connect(url, 1);
  try {
    await withLimit(
      (async () => {
        await sql`set lock_timeout = 0`;
        await sql`set statement_timeout = 0`;
        await sql`select pg_advisory_lock(${MIGRATION_LOCK})`;
        // The lock goes with the connection.
        await migrate(drizzle(sql, { schema }), { migrationsFolder });
      })(),
      4 * LIMIT_MS,
    );
  } catch (error) {
    throw storeError(error);
  } finally {
    await sql.end({ timeout: 1 });
  }
}

class PostgresStore implements Store {
  readonly kind = "postgres";
  readonly #url: string;
  #sql: postgres.Sql;
  #db: Db;

  constructor(url: string) {
    this.#url = url;
    this.#sql = connect(url, 8);
    this.#db = drizzle(this.#sql, { schema }) as unknown as Db;
  }

  read<T>(use: (db: Db) => Promise<T>): Promise<T> {
    return this.#bounded(use(this.#db));
  }

  transaction<T>(use: (tx: Db) => Promise<T>, options: { snapshot?: boolean } = {}): Promise<T> {
    const isolationLevel = options.snapshot ? "repeatable read" : "read committed";
    return this.#bounded(this.#db.transaction((tx) => use(tx as unknown as Db), { isolationLevel }));
  }

  async listen(heard: () => void): Promise<() => Promise<void>> {
    // A connection of its own; postgres.js opens it again when it breaks, and says so by the third argument.
    const sql = connect(this.#url, 1);
    try {
      await withLimit(sql.listen(CHANNEL, heard, heard), LIMIT_MS);
    } catch (error) {
      await sql.end({ timeout: 0 });
      throw storeError(error);
    }
    return () => sql.end({ timeout: 1 });
  }

  async ping(): Promise<void> {
    await this.#bounded(this.#sql`select 1`);
  }

  close(): Promise<void> {
    return this.#sql.end({ timeout: 5 });
  }

  async #bounded<T>(work: PromiseLike<T>): Promise<T> {
    const used = this.#sql;
    try {
      return await withLimit(work, LIMIT_MS);
    } catch (error) {
      const translated = storeError(error);
      if (translated === TOO_SLOW && used === this.#sql) this.#reconnect();
      throw translated;
    }
  }

  /** A connection whose peer vanished without a word stays busy for many minutes: leave the old ones behind. */
  #reconnect(): void {
    this.#sql.end({ timeout: 0 }).catch(() => {});
    this.#sql = connect(this.#url, 8);
    this.#db = drizzle(this.#sql, { schema }) as unknown as Db;
  }
}

const TOO_SLOW = new StoreError("unavailable", `the store did not answer within ${LIMIT_MS / 1000} s`);

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
