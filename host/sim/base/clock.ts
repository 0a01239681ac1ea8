/** The time of a simulator: the machine's, or one that a test turns. */
export interface SimClock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls `run` once, `ms` from now; the result calls it off. */
  after(ms: number, run: () => void): () => void;
}

/** The machine's time; what is still to come does not keep a process alive. */
export const machineClock: SimClock = {
  now: () => Date.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Stands still until it is turned. */
export class TurnedClock implements SimClock {
  #now: number;
  #due: { at: number; run: () => void }[] = [];

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const entry = { at: this.#now + ms, run };
    this.#due.push(entry);
    return () => {
      this.#due = this.#due.filter((other) => other !== entry);
    };
  }

  /** Lets `ms` pass; what falls due happens in order, with what it brings about in that time. */
  turn(ms: number): void {
    const until = this.#now + ms;
    for (;;) {
      const next = this.#due.reduce<{ at: number; run: () => void } | null>(
        (first, entry) => (entry.at <= until && (first === null || entry.at < first.at) ? entry : first),
        null,
      );
      if (next === null) break;
      this.#due = this.#due.filter((other) => other !== next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = until;
  }
}
