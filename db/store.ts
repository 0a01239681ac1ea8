import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import type * as schema from "./schema/index.ts";

/** A connection or a transaction; the queries take either. */
export type Db = PgDatabase<PgQueryResultHKT, typeof schema>;

/** Where everything is kept. All its errors are StoreErrors where a caller can do something about them. */
export interface Store {
  readonly kind: "pglite" | "postgres";
  /** Outside of a transaction. `use` must only call the `db` it is given, and may be abandoned after a time-out. */
  read<T>(use: (db: Db) => Promise<T>): Promise<T>;
  /** Commits when `use` resolves, rolls back when it throws. `snapshot`: all its reads see one state. */
  transaction<T>(use: (tx: Db) => Promise<T>, options?: { snapshot?: boolean }): Promise<T>;
  /** Calls `heard` when another process has committed. Never calls it where there can be no other process. */
  listen(heard: () => void): Promise<() => Promise<void>>;
  ping(): Promise<void>;
  close(): Promise<void>;
}
