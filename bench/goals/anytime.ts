// Is a plan after 10 ms as good as after 1 s?

import type { Objective } from "../../host/core/model.ts";
import { matrixProblems } from "../cases/matrix.ts";
import { type Goal, WORK_PER_MS } from "../goal.ts";
import { type Problem, solve } from "../quality.ts";
import { ORIGINAL } from "../reference.ts";

const [SOON_MS, LATE_MS] = [10, 1000];
const WITHIN = 0.01;
const SHARE = 95;

export const anytime: Goal = {
  name: "anytime",
  async measure({ progress }) {
    let [levels, all] = [0, 0];
    const problems = await matrixProblems();
    for (const [i, problem] of problems.entries()) {
      progress(`10 ms and 1 s of work, ${i + 1} of ${problems.length}`);
      const [soon, late] = [objective(problem, SOON_MS), objective(problem, LATE_MS)];
      if (isWithin(soon.slice(0, -1), late.slice(0, -1))) levels++;
      if (isWithin(soon, late)) all++;
    }
    const percent = (count: number) => (100 * count) / ORIGINAL.length;
    return [
      {
        what: "plans after 10 ms of work within 1 % of those after 1 s",
        value: percent(levels),
        unit: "%",
        basis: "counted",
        goal: { atLeast: SHARE },
        remark: "hosts activated, bandwidth, hosts and racks touched; at the first level that differs",
      },
      { what: "… best fit counted, too", value: percent(all), unit: "%", basis: "counted", goal: null },
    ];
  },
};

function objective(problem: Problem, ms: number): number[] {
  const answer = solve(problem, { budget: ms * WORK_PER_MS });
  if (!answer.ok) throw new Error(`${problem.file.name}: ${answer.reason}`);
  return levelsOf(answer.objective);
}

function levelsOf(of: Objective): number[] {
  return [of.hosts_activated, of.reserved_bw_mbps, of.hosts_touched, of.racks_touched, of.left_bp];
}

/** The first level that differs decides. */
export function isWithin(soon: readonly number[], late: readonly number[]): boolean {
  const at = soon.findIndex((value, i) => value !== late[i]);
  return at < 0 || soon[at]! <= late[at]! * (1 + WITHIN);
}
