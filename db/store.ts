import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import type * as schema from "./schema/index.ts";

/** A connection or a transaction; the queries take either. */
export type Db = PgDatabase<PgQueryResultHKT, typeof schema>;

export interface TransactionOptions {
  /** All its reads see one state. */
  readonly snapshot?: boolean;
  /** Longest time for all of it, where the store is not in this process. */
  readonly limitMs?: number;
}

/** Where everything is kept. Throws AppErrors (store.unavailable, request.invalid) where they apply. */
export interface Store {
  readonly kind: "pglite" | "postgres";
  /** Outside of a transaction. `use` must only call the `db` it is given, and may be abandoned after a time-out. */
  read<T>(use: (db: Db) => Promise<T>): Promise<T>;
  /**
   * Commits when `use` resolves, rolls back when it throws. After store.unavailable it may have been committed or not,
   * and may even be later, unless a later transaction got the same lock.
   */
  transaction<T>(use: (tx: Db) => Promise<T>, options?: TransactionOptions): Promise<T>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
