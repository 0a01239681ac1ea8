// Paths of a simulator are finite, but for those that clients invent.
const MOST_PATHS = 50_000;

/** How often a simulator was asked what. */
export class RequestCounts {
  readonly #counts = new Map<string, number>();
  #total = 0;
  #running = 0;
  #mostRunning = 0;

  /** Returns what is called when it was answered. */
  begin(method: string, path: string): () => void {
    const key = `${method} ${path}`;
    const before = this.#counts.get(key);
    if (before !== undefined || this.#counts.size < MOST_PATHS) this.#counts.set(key, (before ?? 0) + 1);
    this.#total++;
    this.#running++;
    this.#mostRunning = Math.max(this.#mostRunning, this.#running);
    return () => {
      this.#running--;
    };
  }

  get total(): number {
    return this.#total;
  }

  /** The most that were under way at one time. */
  get mostRunning(): number {
    return this.#mostRunning;
  }

  /** Of this method (all without one) whose path, without the query, matches. */
  count(method: string | null, path: RegExp): number {
    let sum = 0;
    for (const [key, count] of this.#counts) {
      const [asked = "", at = ""] = key.split(" ");
      if ((method === null || method === asked) && path.test(at)) sum += count;
    }
    return sum;
  }

  /** By method and path. */
  list(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }

  clear(): void {
    this.#counts.clear();
    this.#total = 0;
    this.#mostRunning = this.#running;
  }
}
