import { drizzle } from "drizzle-orm/postgres-js";
import postgres from "postgres";
import { unavailable } from "./errors.ts";
import * as schema from "./schema/index.ts";
import type { Db } from "./store.ts";

/** A client of postgres.js with a single connection, opened by its first statement. */
export function connect(url: string, onclose: () => void = () => {}): postgres.Sql {
  return postgres(url, {
    max: 1,
    connect_timeout: 5,
    backoff: () => 0.2,
    // It closes connections after half an hour or so, also in the middle of a transaction of ours.
    max_lifetime: null,
    // Its query for array types is rejected behind our back when the connection breaks, which ends the process; Drizzle
    // reads arrays by itself.
    fetch_types: false,
    ...(url.includes(",") ? { target_session_attrs: "read-write" as const } : {}),
    onnotice: () => {},
    onclose,
    connection: {
      application_name: "ostro",
      // A process that is stopped in the middle of a commit must not keep the others out.
      statement_timeout: 10_000,
      lock_timeout: 8_000,
      idle_in_transaction_session_timeout: 10_000,
    },
  });
}

/**
 * One connection, used by one caller at a time. Once it is lost it sends nothing any more. The pool and the
 * transactions of postgres.js (3.4.9) do not serve: a transaction whose connection broke goes on with its ROLLBACK on
 * whatever the connection has become, which ends the process (porsager/postgres#1208) or someone else's transaction.
 */
export class Connection {
  readonly db: Db;
  readonly #client: postgres.Sql;
  #alive = true;

  constructor(url: string) {
    this.#client = connect(url, () => this.lose());
    const { unsafe } = this.#client;
    this.#client.unsafe = (...args: Parameters<typeof unsafe>) => {
      if (!this.#alive) throw unavailable("the connection was lost");
      return unsafe(...args);
    };
    this.db = drizzle(this.#client, { schema }) as unknown as Db;
  }

  get alive(): boolean {
    return this.#alive;
  }

  async send(statement: string): Promise<void> {
    await this.#client.unsafe(statement);
  }

  /** For ever. What is on its way is rejected. */
  lose(): void {
    if (!this.#alive) return;
    this.#alive = false;
    this.#client.end({ timeout: 0 }).catch(() => {});
  }

  async close(): Promise<void> {
    this.#alive = false;
    await this.#client.end({ timeout: 5 });
  }
}
