// Data centers of 100 to 10,000 hosts with applications of 5 to 280 VMs: hosts activated and touched beside those of the
// original, where it found a plan.

import type { BenchCase } from "../case.ts";
import { WORK_PER_MS } from "../goal.ts";
import { NO_HOSTS, setCase } from "../problem-set.ts";
import { generated } from "../problems.ts";
import { opened, type Problem } from "../quality.ts";
import { ORIGINAL } from "../reference.ts";

type OriginalPlan = (typeof ORIGINAL)[number];

interface Cell extends Problem {
  readonly original: OriginalPlan;
}

let cells: Promise<readonly Cell[]> | null = null;

/** Made once: the largest take seconds. Nobody changes them. */
export function matrixProblems(): Promise<readonly Cell[]> {
  cells ??= Promise.all(ORIGINAL.map(cell));
  return cells;
}

async function cell(original: OriginalPlan): Promise<Cell> {
  return { ...opened(await generated(original.hosts, original.vms, 1)), original };
}

export const MATRIX: BenchCase = setCase<Cell>({
  name: `matrix/${ORIGINAL.length}-problems`,
  labels: ["short"],
  work: 10 * WORK_PER_MS,
  problems: (small) => (small ? Promise.all(ORIGINAL.slice(0, 2).map(cell)) : matrixProblems()),
  count: (answers, problems) => {
    const counts = { placed: 0, ...NO_HOSTS };
    for (const [i, answer] of answers.entries()) {
      if (!answer.ok) continue;
      counts.placed++;
      const { activated, touched } = problems[i]!.original;
      if (activated === null || touched === null) continue;
      counts.activated += answer.objective.hosts_activated;
      counts.touched += answer.objective.hosts_touched;
      counts.least_activated += answer.bound.hosts_activated;
      counts.least_touched += answer.bound.hosts_touched;
      counts.original_activated += activated;
      counts.original_touched += touched;
    }
    return counts;
  },
});

export const matrixCases: readonly BenchCase[] = [MATRIX];
