// Hosts activated and touched beside the original's, summed over all problems that both solve.

import type { Counters } from "../case.ts";
import { MATRIX, matrixProblems } from "../cases/matrix.ts";
import { TIGHT, tight } from "../cases/tight.ts";
import { countersOf } from "../gates/counters.ts";
import { type Figure, type Goal, WORK_PER_MS } from "../goal.ts";
import { solve } from "../quality.ts";
import { ORIGINAL_TIGHT } from "../reference.ts";

const MS = 10;
const ACTIVATED: Figure["goal"] = { atMost: 0.5 };
const TOUCHED: Figure["goal"] = { atMost: 0.6 };

export const consolidation: Goal = {
  name: "consolidation",
  async measure({ progress }) {
    progress("matrix and tight problems beside the original");
    const counted = Object.values(await countersOf([MATRIX, TIGHT]));
    const sum = (key: string) => counted.reduce((total, counters: Counters) => total + Number(counters[key]), 0);
    const clock = await byClock();
    const row = (level: "activated" | "touched", ours: number, basis: Figure["basis"], what: string): Figure => ({
      what,
      value: ours / sum(`original_${level}`),
      unit: "x",
      basis,
      goal: level === "activated" ? ACTIVATED : TOUCHED,
      remark: `${ours} against ${sum(`original_${level}`)}; at least ${sum(`least_${level}`)} are proven to be needed`,
    });
    return [
      row("activated", sum("activated"), "recorded", `hosts activated, of the original's, in ${MS} ms of work`),
      row("activated", clock.activated, "recorded", `hosts activated, of the original's, in ${MS} ms by the clock`),
      row("touched", sum("touched"), "recorded", `hosts touched, of the original's, in ${MS} ms of work`),
      row("touched", clock.touched, "recorded", `hosts touched, of the original's, in ${MS} ms by the clock`),
    ];
  },
};

async function byClock(): Promise<{ activated: number; touched: number }> {
  const problems = [...(await matrixProblems()), ...(await Promise.all(ORIGINAL_TIGHT.map(tight)))];
  const sums = { activated: 0, touched: 0 };
  for (const problem of problems) {
    if (problem.original === null || problem.original.activated === null) continue;
    const answer = solve(problem, { budget: 1000 * WORK_PER_MS, deadlineMs: MS });
    if (!answer.ok) throw new Error(`${problem.file.name} was not placed within ${MS} ms`);
    sums.activated += answer.objective.hosts_activated;
    sums.touched += answer.objective.hosts_touched;
  }
  return sums;
}
