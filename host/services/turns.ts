import type { AppError } from "../errors.ts";

/** Lets at most `places` callers in at a time, in the order they came. */
export class Turns {
  #free: number;
  readonly #waiting: { enter: () => void; refuse: (error: AppError) => void }[] = [];

  constructor(places: number) {
    this.#free = places;
  }

  async take<T>(work: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((enter, refuse) => this.#waiting.push({ enter, refuse }));
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free++;
      else next.enter();
    }
  }

  /** Sends away all who wait: what they would find is the same error, each after a time-out. */
  refuseWaiting(error: AppError): void {
    for (const { refuse } of this.#waiting.splice(0)) refuse(error);
  }
}
