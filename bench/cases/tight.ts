// Data centers that are nearly full, on which a plain greedy search fails every eighth time.

import type { BenchCase } from "../case.ts";
import { WORK_PER_MS } from "../goal.ts";
import { NO_HOSTS, setCase } from "../problem-set.ts";
import { generated } from "../problems.ts";
import { isProven, opened, type Problem } from "../quality.ts";
import { ORIGINAL_TIGHT, type TightProblem } from "../reference.ts";

interface Tight extends Problem {
  /** What the original made of it; null: nothing is recorded, or it failed. */
  readonly original: { readonly activated: number; readonly touched: number } | null;
}

export async function tight({ hosts, vms, load, seed }: TightProblem): Promise<Tight> {
  const file = await generated(hosts, vms, seed, { load, rack: "4-8" });
  const row = ORIGINAL_TIGHT.find((one) => one.vms === vms && one.load === load && one.seed === seed);
  const original = row && row.activated !== null && row.touched !== null ? row : null;
  return { ...opened(file), original: original as Tight["original"] };
}

/** As many VMs as hosts with seeds 1 to 60, and half as many again. */
export const TIGHT: BenchCase = setCase<Tight>({
  name: "tight/120-problems",
  labels: ["short"],
  work: 10 * WORK_PER_MS,
  problems: (small) => Promise.all((small ? ORIGINAL_TIGHT.slice(0, 3) : ORIGINAL_TIGHT).map(tight)),
  count: (answers, problems) => {
    const counts = { placed: 0, proven_infeasible: 0, undecided: 0, both: 0, ...NO_HOSTS };
    for (const [i, answer] of answers.entries()) {
      const { original } = problems[i]!;
      if (!answer.ok) counts[isProven(answer) ? "proven_infeasible" : "undecided"]++;
      else counts.placed++;
      if (!answer.ok || original === null) continue;
      counts.both++;
      counts.activated += answer.objective.hosts_activated;
      counts.touched += answer.objective.hosts_touched;
      counts.least_activated += answer.bound.hosts_activated;
      counts.least_touched += answer.bound.hosts_touched;
      counts.original_activated += original.activated;
      counts.original_touched += original.touched;
    }
    return counts;
  },
});

export const tightCases: readonly BenchCase[] = [TIGHT];
