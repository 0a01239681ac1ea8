import type { SimClock } from "./clock.ts";

/** Something that will happen to simulated hardware; JSON, so that a state file can hold it. */
export interface Due {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly kind: string;
  /** Whom it concerns, as `kind` understands it. */
  readonly subject: string;
}

/** What is still to happen, by kind; survives in a state file, where functions cannot. */
export class Agenda {
  readonly #clock: SimClock;
  readonly #kinds: Readonly<Record<string, (subject: string) => void>>;
  readonly #happened: () => void;
  readonly #due = new Map<Due, () => void>();

  /** `happened` is called after each thing that fell due. */
  constructor(clock: SimClock, kinds: Readonly<Record<string, (subject: string) => void>>, happened: () => void) {
    this.#clock = clock;
    this.#kinds = kinds;
    this.#happened = happened;
  }

  /** In `ms`; what was to happen of the same kind to the same subject is called off. */
  add(kind: string, subject: string, ms: number): void {
    this.cancel(kind, subject);
    this.#enter({ at: this.#clock.now() + ms, kind, subject });
  }

  cancel(kind: string, subject: string): void {
    for (const [due, stop] of this.#due) {
      if (due.kind !== kind || due.subject !== subject) continue;
      stop();
      this.#due.delete(due);
    }
  }

  list(): Due[] {
    return [...this.#due.keys()];
  }

  /** Takes over what another process left; what was due meanwhile happens at once. */
  load(list: readonly Due[]): void {
    for (const due of list) if (due.kind in this.#kinds) this.#enter(due);
  }

  /** Nothing happens any more. */
  stop(): void {
    for (const stop of this.#due.values()) stop();
    this.#due.clear();
  }

  #enter(due: Due): void {
    const stop = this.#clock.after(Math.max(0, due.at - this.#clock.now()), () => {
      this.#due.delete(due);
      this.#kinds[due.kind]!(due.subject);
      this.#happened();
    });
    this.#due.set(due, stop);
  }
}
