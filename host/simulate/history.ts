// How the data center fared over time: exact means and peaks, and enough samples for a plot however long the trace.

/** The state after an event, until the next one. Shares are of what the hosts that are up can give, from 0 to 1. */
export interface Sample {
  /** Seconds. */
  readonly time: number;
  readonly vcpus: number;
  readonly ram: number;
  readonly disk: number;
  readonly hosts: number;
  /** Lower bound of `hosts`. */
  readonly leastHosts: number;
  /** VMs refused so far. */
  readonly refused: number;
}

export const MEASURES = ["vcpus", "ram", "disk", "hosts", "leastHosts"] as const;
export type Measure = (typeof MEASURES)[number];

export interface Level {
  /** Over time. */
  readonly mean: number;
  readonly peak: number;
  /** When the trace ended. */
  readonly end: number;
}

const MOST_SAMPLES = 2_000;

export class History {
  #samples: Sample[] = [];
  #seen = 0;
  /** One sample in so many is kept; doubles when there are too many. */
  #stride = 1;
  #first: Sample | null = null;
  #last: Sample | null = null;
  readonly #area = zeros();
  readonly #peak = zeros();

  add(sample: Sample): void {
    const last = this.#last;
    this.#first ??= sample;
    for (const measure of MEASURES) {
      if (last) this.#area[measure] += last[measure] * (sample.time - last.time);
      this.#peak[measure] = Math.max(this.#peak[measure], sample[measure]);
    }
    this.#last = sample;
    if (this.#seen++ % this.#stride !== 0) return;
    this.#samples.push(sample);
    if (this.#samples.length <= MOST_SAMPLES) return;
    this.#stride *= 2;
    this.#samples = this.#samples.filter((_, i) => i % 2 === 0);
  }

  /** From the first arrival to the last, seconds. */
  get seconds(): number {
    return this.#first && this.#last ? this.#last.time - this.#first.time : 0;
  }

  /** In order of time; the last one is always there. */
  get samples(): readonly Sample[] {
    const last = this.#last;
    return last === null || this.#samples.at(-1) === last ? this.#samples : [...this.#samples, last];
  }

  level(measure: Measure): Level {
    const end = this.#last?.[measure] ?? 0;
    return { mean: this.seconds > 0 ? this.#area[measure] / this.seconds : end, peak: this.#peak[measure], end };
  }
}

function zeros(): Record<Measure, number> {
  return { vcpus: 0, ram: 0, disk: 0, hosts: 0, leastHosts: 0 };
}
