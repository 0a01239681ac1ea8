// All gates: each prints what it saw; any that fails makes the run fail.

import { corePath } from "../host/core/load.ts";
import type { BenchCase } from "./case.ts";
import { readyToPlan } from "./cases/plan.ts";
import { countersOf, differences, readExpected } from "./gates/counters.ts";
import { compareWithBaseline, medianOf } from "./gates/paired.ts";
import { faultsOf, MOST_BYTES, rebuildFaults, sha256 } from "./gates/wasm.ts";
import { time } from "./table.ts";

/** At 10,000 hosts and 100 VMs, ms. Reported, not gated: absolute times depend on the machine. */
const PLAN_GOAL_MS = 0.5;

/** Of differences in counters: a changed search changes nearly all. */
const MOST_SHOWN = 12;

type Gate = () => Promise<{ readonly seen: readonly string[]; readonly faults: readonly string[] }>;

/** True if all hold. */
export async function runGates(cases: readonly BenchCase[]): Promise<boolean> {
  const gates: Record<string, Gate> = {
    "size, imports and reproducible build of the core": bytes,
    "exact counters": () => counters(cases),
    "time against the baseline": paired,
    "plan time (reported only)": planTime,
  };
  let all = true;
  for (const [name, gate] of Object.entries(gates)) {
    const start = performance.now();
    const { seen, faults } = await gate().catch((error: Error) => ({ seen: [], faults: [error.message] }));
    const verdict = faults.length === 0 ? "ok" : "FAILED";
    console.log(`${verdict.padEnd(6)}  ${name} (${time(performance.now() - start)})`);
    for (const line of seen) console.log(`        ${line}`);
    for (const line of faults) console.log(`  !!    ${line.replaceAll("\n", "\n        ")}`);
    if (faults.length > 0) all = false;
  }
  return all;
}

const bytes: Gate = async () => {
  const faults = [...faultsOf(corePath()), ...rebuildFaults()];
  return { seen: [`sha256 ${sha256(corePath())}, at most ${MOST_BYTES} bytes`], faults };
};

async function counters(cases: readonly BenchCase[]) {
  const expected = readExpected();
  const found = differences(expected, await countersOf(cases));
  const faults = found.slice(0, MOST_SHOWN);
  if (found.length > MOST_SHOWN) faults.push(`and ${found.length - MOST_SHOWN} more`);
  if (found.length > 0) faults.push("If this is wanted: npm run bench -- --accept, and review the diff.");
  return { seen: [`${Object.keys(expected).length} cases`], faults };
}

const paired: Gate = async () => {
  const ratios = await compareWithBaseline();
  const text = (ratio: (typeof ratios)[number]) =>
    `${ratio.name}: ${ratio.median.toFixed(3)} times the baseline (95 % of resamples: ${ratio.low.toFixed(3)} to ${ratio.high.toFixed(3)})`;
  return { seen: ratios.map(text), faults: ratios.filter(({ slower }) => slower).map((one) => `slower: ${text(one)}`) };
};

const planTime: Gate = async () => {
  const seen: string[] = [];
  for (const variant of ["first", "default"] as const) {
    const { solve } = await readyToPlan(10_000, 100, variant);
    const times = Array.from({ length: 100 }, () => solve().searchMs);
    const p50 = medianOf(times);
    const verdict = p50 < PLAN_GOAL_MS ? "below" : "NOT below";
    const least = time(Math.min(...times));
    seen.push(
      `10,000 hosts x 100 VMs, ${variant}: ${time(p50)} (least ${least}), ${verdict} the goal of ${time(PLAN_GOAL_MS)}`,
    );
  }
  return { seen, faults: [] };
};
