// The best plan that searches on different threads have found so far for one problem, in shared memory.
//
//   word  0  sequence: odd while a plan is being written (a seqlock; writers take turns)
//         1  1: a search has proved that there is none better
//         2  levels of the objective, i64 each, in the core's order; the first is the number of VMs without a host
//   2 + 2 x LEVELS  host row per VM

/** As many as assembly/search/objective.ts has. */
export const LEVELS = 6;

/** More than any copy takes: a thread that ended while it wrote must not hold up the others. */
const TRIES = 100_000;

const SEQUENCE = 0;
const ENDED = 1;
const LEVEL = 2;
const ROWS = LEVEL + 2 * LEVELS;

/** Levels and rows as the core writes them down: views of its memory, or copies. */
export interface Handover {
  readonly levels: Int32Array;
  readonly rows: Int32Array;
}

/** Shared memory for an application of so many VMs; no plan is known yet. */
export function sharedIncumbent(vms: number): SharedArrayBuffer {
  const buffer = new SharedArrayBuffer((ROWS + vms) * 4);
  new Int32Array(buffer)[LEVEL] = vms + 1;
  return buffer;
}

export class Incumbent {
  readonly #words: Int32Array;
  /** Sequence at which this thread last wrote or read the plan. */
  #seen = 0;

  constructor(buffer: SharedArrayBuffer) {
    this.#words = new Int32Array(buffer);
  }

  /** Nobody needs to search any more. */
  get ended(): boolean {
    return Atomics.load(this.#words, ENDED) === 1;
  }

  end(): void {
    Atomics.store(this.#words, ENDED, 1);
  }

  /**
   * Exchanges plans: writes `mine` for the others if it is better, else reads theirs into it if that is better and new.
   * Returns true if `mine` was overwritten.
   */
  exchange(mine: Handover): boolean {
    const words = this.#words;
    for (let tries = 0; tries < TRIES; tries++) {
      const sequence = Atomics.load(words, SEQUENCE);
      if (sequence & 1) continue; // held for as long as it takes to copy a row per VM
      const theirs = words.subarray(LEVEL, ROWS);
      const order = compareLevels(mine.levels, theirs);
      // Equal or worse, and read before: nothing to do. Torn levels are caught by the sequence below.
      if (order >= 0 && (order === 0 || sequence === this.#seen)) return false;
      if (Atomics.compareExchange(words, SEQUENCE, sequence, sequence + 1) !== sequence) continue;
      if (order < 0) {
        theirs.set(mine.levels);
        words.subarray(ROWS).set(mine.rows);
        this.#seen = sequence + 2;
      } else {
        mine.levels.set(theirs);
        mine.rows.set(words.subarray(ROWS));
        this.#seen = sequence; // only read: the plan is the same as before
      }
      Atomics.store(words, SEQUENCE, order < 0 ? sequence + 2 : sequence);
      return order > 0;
    }
    return false;
  }
}

/** In order, i64 each as two words: negative when `a` is better. */
export function compareLevels(a: Int32Array, b: Int32Array): number {
  for (let level = 0; level < LEVELS; level++) {
    const high = a[2 * level + 1]! - b[2 * level + 1]!;
    const difference = high !== 0 ? high : (a[2 * level]! >>> 0) - (b[2 * level]! >>> 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
