/** Names remembered at least: a plan that is under way goes back a few changes, not this many. */
const MOST_NAMES = 100_000;

/** At which version things changed last. Forgets the oldest, so that a service may run for years. */
export class ChangeLog {
  /** In the order of their last change. */
  readonly #versions = new Map<string, number>();
  readonly #most: number;
  #forgotten = 0;

  constructor(most = MOST_NAMES) {
    this.#most = most;
  }

  get size(): number {
    return this.#versions.size;
  }

  note(name: string, version: number): void {
    this.#versions.delete(name);
    this.#versions.set(name, version);
    if (this.#versions.size <= 2 * this.#most) return;
    for (const [oldest, at] of this.#versions) {
      if (this.#versions.size <= this.#most) break;
      this.#versions.delete(oldest);
      this.#forgotten = at;
    }
  }

  /** Did any of them change after `version`? True as well if that is longer ago than is remembered. */
  changedSince(version: number, names: Iterable<string>): boolean {
    if (version < this.#forgotten) return true;
    for (const name of names) if ((this.#versions.get(name) ?? 0) > version) return true;
    return false;
  }
}
