// Hosts activated and touched beside the original's, summed over all problems that both solve.

import type { Counters } from "../case.ts";
import { MATRIX, matrixProblems } from "../cases/matrix.ts";
import { TIGHT, tight } from "../cases/tight.ts";
import { countersOf } from "../gates/counters.ts";
import { type Figure, type Goal, WORK_PER_MS } from "../goal.ts";
import { solve } from "../quality.ts";
import { ORIGINAL_TIGHT } from "../reference.ts";

const MS = 10;
const GOALS = { activated: { atMost: 0.5 }, touched: { atMost: 0.6 } };

interface Sums {
  activated: number;
  touched: number;
  originalActivated: number;
  originalTouched: number;
  unplaced: number;
}

export const consolidation: Goal = {
  name: "consolidation",
  async measure({ progress }) {
    progress("matrix and tight problems beside the original");
    const counted = Object.values(await countersOf([MATRIX, TIGHT]));
    const sum = (key: string) => counted.reduce((total, counters: Counters) => total + Number(counters[key]), 0);
    const clock = await byClock();
    const late = clock.unplaced > 0 ? `; ${clock.unplaced} were not placed in time and are left out` : "";
    const beside = (ours: number, theirs: number) => ({ value: ours / theirs, remark: `${ours} against ${theirs}` });
    const rows = (["activated", "touched"] as const).flatMap((level) => {
      const work = beside(sum(level), sum(`original_${level}`));
      const time = beside(clock[level], level === "activated" ? clock.originalActivated : clock.originalTouched);
      const what = `hosts ${level}, of the original's, in ${MS} ms`;
      const least = `; at least ${sum(`least_${level}`)} are proven to be needed`;
      return [
        { what: `${what} of work`, value: work.value, remark: work.remark + least, goal: GOALS[level] },
        { what: `${what} by the clock`, value: time.value, remark: time.remark + late, goal: GOALS[level] },
      ];
    });
    return rows.map((row): Figure => ({ ...row, unit: "x", basis: "recorded" }));
  },
};

async function byClock(): Promise<Sums> {
  const problems = [...(await matrixProblems()), ...(await Promise.all(ORIGINAL_TIGHT.map(tight)))];
  const sums: Sums = { activated: 0, touched: 0, originalActivated: 0, originalTouched: 0, unplaced: 0 };
  for (const problem of problems) {
    const { original } = problem;
    if (original === null || original.activated === null || original.touched === null) continue;
    const answer = solve(problem, { budget: 1000 * WORK_PER_MS, deadlineMs: MS });
    if (!answer.ok) {
      sums.unplaced++;
      continue;
    }
    sums.activated += answer.objective.hosts_activated;
    sums.touched += answer.objective.hosts_touched;
    sums.originalActivated += original.activated;
    sums.originalTouched += original.touched;
  }
  return sums;
}
