// Keeping a time limit: how long a search may go on, judged by what steps, and answers on their way back, took before.

/** The time of day with fractions of a millisecond, equal on all threads. */
export function clockMs(): number {
  return performance.timeOrigin + performance.now();
}

/** Part of a time seen before that is still allowed for one call later. */
const FADING = 0.97;

/** Work between two looks at the clock: well below a millisecond. */
const SLICE = 64;
/** And when only so many of the longest steps are left until the end. */
const LAST_SLICE = 16;
const LAST_STEPS = 3;
/** A step takes as long as the longest one of late, but what only one in thousands takes is not waited for, ms. */
const LONGEST_STEP_MS = 0.7;

/** Says when no further step may begin, having seen how long they take; one for all solves of a session. */
export class Deadline {
  #end = Number.POSITIVE_INFINITY;
  #last = 0;
  #longest = 0;

  /** A search begins. `dueAt`: ms since the epoch, of `clockMs`. */
  start(dueAt: number | undefined): void {
    this.#end = dueAt === undefined ? Number.POSITIVE_INFINITY : dueAt - performance.timeOrigin;
    this.#last = performance.now();
    this.#longest *= FADING;
  }

  /** The next step is a phase's first: what came before it was none. */
  skip(): void {
    this.#last = performance.now();
  }

  /** Asked before each step. */
  get isNear(): boolean {
    const now = performance.now();
    this.#longest = Math.min(LONGEST_STEP_MS, Math.max(this.#longest, now - this.#last));
    this.#last = now;
    return now + this.#longest >= this.#end;
  }

  /** Work for the next step, after `isNear`: steps overrun what they are asked for, so that the last ones are asked for less. */
  get slice(): number {
    return this.#last + LAST_STEPS * this.#longest >= this.#end ? LAST_SLICE : SLICE;
  }
}

/** What an answer is allowed for its way back, ms: at least, and at most, whatever it took before. */
const LEAST_RETURN_MS = 0.3;
const MOST_RETURN_MS = 1;
/** And at most this part of a deadline. */
const RETURN_SHARE = 0.25;

/**
 * How long it takes from the end of a search until its caller has the answer: the result's words, the way through a
 * pool, the caller's own thread being late, names instead of numbers. The longest of late is kept free before a deadline.
 */
export class ReturnTime {
  #ms = LEAST_RETURN_MS;

  /** When the search has to end, for an answer that is due then. */
  before(dueAt: number, deadlineMs: number): number {
    return dueAt - Math.max(0, Math.min(this.#ms, MOST_RETURN_MS, RETURN_SHARE * deadlineMs));
  }

  /** The caller has an answer whose search ended at `searchedUntil` of `clockMs`. */
  note(searchedUntil: number): void {
    this.#ms = Math.max(LEAST_RETURN_MS, this.#ms * FADING, clockMs() - searchedUntil);
    if (this.#ms > MOST_RETURN_MS) this.#ms = MOST_RETURN_MS;
  }
}
