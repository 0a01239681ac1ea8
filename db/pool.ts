import { Connection } from "./connection.ts";
import { lostConnection, unavailable, withLimit } from "./errors.ts";

/** At most `size` connections to one database; a lost one is replaced when it is needed. */
export class Pool {
  readonly #url: string;
  readonly #idle: Connection[] = [];
  readonly #waiting: (() => void)[] = [];
  #free: number;
  #closed = false;

  constructor(url: string, size: number) {
    this.#url = url;
    this.#free = size;
  }

  /** Runs `use` on a connection of its own, within `limitMs`, waiting included. Throws translated errors. */
  async run<T>(limitMs: number, use: (connection: Connection) => Promise<T>): Promise<T> {
    const given: { up: boolean; connection?: Connection } = { up: false };
    const work = async () => {
      if (this.#free > 0) this.#free--;
      else await new Promise<void>((resolve) => this.#waiting.push(resolve));
      try {
        if (given.up || this.#closed) throw unavailable("it is closed");
        const connection = this.#take();
        given.connection = connection;
        try {
          return await use(connection);
        } catch (error) {
          if (lostConnection(error)) connection.lose();
          throw error;
        } finally {
          if (connection.alive) this.#idle.push(connection);
        }
      } finally {
        const next = this.#waiting.shift();
        if (next === undefined) this.#free++;
        else next();
      }
    };
    return await withLimit(work(), limitMs, () => {
      given.up = true;
      given.connection?.lose();
      return unavailable(`no answer within ${limitMs / 1000} s`);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#idle.splice(0).map((connection) => connection.close()));
  }

  /** An idle connection may have been closed by the server. */
  #take(): Connection {
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop()) if (idle.alive) return idle;
    return new Connection(this.#url);
  }
}
