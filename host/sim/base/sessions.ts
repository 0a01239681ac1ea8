import { createHash } from "node:crypto";

interface Session {
  readonly id: string;
  readonly token: string;
  readonly username: string;
  seenAt: number;
}

/** Sessions of a simulated service: few, and forgotten after a while or with the process. */
export class Sessions {
  readonly #byToken = new Map<string, Session>();
  readonly #now: () => number;
  readonly #seed: string;
  readonly limit: number;
  readonly timeoutSeconds: number;
  #made = 0;

  constructor(now: () => number, seed: string, limit: number, timeoutSeconds: number) {
    this.#now = now;
    this.#seed = seed;
    this.limit = limit;
    this.timeoutSeconds = timeoutSeconds;
  }

  /** Null: there are as many as may be. */
  login(username: string): Session | null {
    this.#forget();
    if (this.#byToken.size >= this.limit) return null;
    const id = String(++this.#made);
    const token = createHash("sha256").update(`${this.#seed} ${id}`).digest("hex").slice(0, 32);
    const session = { id, token, username, seenAt: this.#now() };
    this.#byToken.set(token, session);
    return session;
  }

  admits(token: string): boolean {
    this.#forget();
    const session = this.#byToken.get(token);
    if (session === undefined) return false;
    session.seenAt = this.#now();
    return true;
  }

  list(): Session[] {
    this.#forget();
    return [...this.#byToken.values()];
  }

  get(id: string): Session | null {
    return this.list().find((session) => session.id === id) ?? null;
  }

  end(id: string): void {
    for (const [token, session] of this.#byToken) if (session.id === id) this.#byToken.delete(token);
  }

  /** As a service that was started again. */
  endAll(): void {
    this.#byToken.clear();
  }

  #forget(): void {
    const oldest = this.#now() - this.timeoutSeconds * 1000;
    for (const [token, { seenAt }] of this.#byToken) if (seenAt < oldest) this.#byToken.delete(token);
  }
}
