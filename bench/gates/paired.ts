// Is the core slower than the committed baseline? Absolute times differ by 1.7 from day to day on one machine, so both
// run in this process by turns and only the ratio counts: rounds of a slice each, the order alternating, the ratio of
// the medians of a round, and a bootstrap interval of the median of the rounds.

import { copyFileSync } from "node:fs";
import { corePath } from "../../host/core/load.ts";
import { readyToPlan } from "../cases/plan.ts";
import { readyToScan } from "../cases/scan.ts";
import { inRepository } from "../paths.ts";

const BASELINE = inRepository("bench/baseline/core.wasm");
const ROUNDS = 15;
const SLICE_MS = 20;
const LEAST_CALLS = 9;
/** For each core, before its times count: until the engine has compiled it for speed. */
const WARM_UP_MS = 200;
/** Slower than this in the middle, and surely slower than that: then the gate fails. */
const MOST_MEDIAN = 1.08;
const MOST_LOW = 1.02;
/** Comparisons again before the gate fails. */
const RERUNS = 2;
/** Calls below a millisecond: of longer ones a busy machine interrupts every other. */
const SHORT_BUDGET = 200;
const RESAMPLES = 1000;
const CONFIDENCE = 0.95;

interface Scenario {
  readonly name: string;
  /** Something to run with the core at a path. Throws if its answer is wrong. */
  readonly open: (path: string) => Promise<() => unknown>;
}

export interface Ratio {
  readonly name: string;
  /** Candidate / baseline. */
  readonly median: number;
  readonly low: number;
  readonly high: number;
  readonly slower: boolean;
}

const SCENARIOS: readonly Scenario[] = [
  planned(10_000, 100, 0),
  planned(10_000, 100, SHORT_BUDGET),
  planned(1000, 25, SHORT_BUDGET),
  {
    name: "scan/10000-hosts",
    open: async (path) => (await readyToScan(10_000, path)).scan,
  },
];

function planned(hosts: number, vms: number, budget: number): Scenario {
  return {
    name: `plan/${hosts}-hosts/${vms}-vms/budget-${budget}`,
    async open(path) {
      const { solve, sound } = await readyToPlan(hosts, vms, budget, path);
      sound(solve());
      return solve;
    },
  };
}

/** @throws when the baseline does not work with this host, saying what to do. */
export async function compareWithBaseline(candidate = corePath()): Promise<Ratio[]> {
  const ratios: Ratio[] = [];
  for (const scenario of SCENARIOS) {
    const baseline = await opened(scenario);
    const current = await scenario.open(candidate);
    for (const run of [baseline, current]) sliceOf(run, WARM_UP_MS);
    let ratio = compare(baseline, current);
    for (let again = 0; again < RERUNS && isSlower(ratio); again++) ratio = compare(baseline, current);
    ratios.push({ name: scenario.name, ...ratio, slower: isSlower(ratio) });
  }
  return ratios;
}

export function acceptBaseline(): void {
  copyFileSync(corePath(), BASELINE);
}

async function opened(scenario: Scenario): Promise<() => unknown> {
  try {
    return await scenario.open(BASELINE);
  } catch (cause) {
    throw new Error(
      `the baseline cannot be compared: ${(cause as Error).message}\n` +
        "If the core was meant to change so, make the present one the baseline: npm run bench -- --accept-baseline",
      { cause },
    );
  }
}

function isSlower({ median, low }: { median: number; low: number }): boolean {
  return median > MOST_MEDIAN && low > MOST_LOW;
}

/** How much longer the candidate takes, over all rounds. */
export function compare(
  baseline: () => unknown,
  candidate: () => unknown,
): { median: number; low: number; high: number } {
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    let before: number;
    let after: number;
    if (round % 2 === 0) {
      before = sliceOf(baseline);
      after = sliceOf(candidate);
    } else {
      after = sliceOf(candidate);
      before = sliceOf(baseline);
    }
    ratios.push(after / before);
  }
  return { median: medianOf(ratios), ...interval(ratios) };
}

/** Median time of the calls that fit in a slice, ms. */
function sliceOf(run: () => unknown, sliceMs = SLICE_MS): number {
  const times: number[] = [];
  const end = performance.now() + sliceMs;
  for (let now = performance.now(); now < end || times.length < LEAST_CALLS; ) {
    run();
    const after = performance.now();
    times.push(after - now);
    now = after;
  }
  return medianOf(times);
}

/** Of the median, by drawing as many rounds again with repetition. Seeded: the same rounds give the same interval. */
export function interval(ratios: readonly number[]): { low: number; high: number } {
  let state = 1;
  const below = (n: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
  const medians = Array.from({ length: RESAMPLES }, () =>
    medianOf(ratios.map(() => ratios[below(ratios.length)]!)),
  ).sort((a, b) => a - b);
  const tail = (1 - CONFIDENCE) / 2;
  return { low: medians[Math.floor(tail * RESAMPLES)]!, high: medians[Math.ceil((1 - tail) * RESAMPLES) - 1]! };
}

export function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
