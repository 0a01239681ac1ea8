// The first plan of a resident service beside the naive solver, by turns, and beside recorded times of the original.

import type { ProblemFile } from "../../host/core/problem-schema.ts";
import { NaiveSolver } from "../../test/oracle/naive-solver.ts";
import { matrixProblems } from "../cases/matrix.ts";
import type { Figure, Goal } from "../goal.ts";
import { generated } from "../problems.ts";
import { opened, type Problem, solve, timed } from "../quality.ts";
import { ORIGINAL, recorded } from "../reference.ts";
import { byTurns, medianOfCalls, warmUp } from "../turns.ts";

const HOSTS = 10_000;
const VMS = 100;
const ROUNDS = 9;
/** Calls of ours in a round: one alone is too short for the clock. */
const CALLS = 15;

/** Ms of the first plan: the search alone, and the whole call. */
export function firstPlan(problem: Problem): { search: number; whole: number } {
  const searches: number[] = [];
  const whole = medianOfCalls(CALLS, () => {
    const { answer, ms } = timed(problem, { budget: 0 });
    searches.push(answer.searchMs);
    return ms;
  });
  return { search: medianOfCalls(CALLS, () => searches.pop()!), whole };
}

/** Ms of the naive solver's plan, and the plan; null: it found none. */
export function naivePlanTime(file: ProblemFile): { ms: number; placements: Record<string, string> | null } {
  const naive = new NaiveSolver(file);
  const start = performance.now();
  const placements = naive.plan();
  return { ms: performance.now() - start, placements };
}

export const planTime: Goal = {
  name: "plan-time",
  async measure() {
    const file = await generated(HOSTS, VMS, 1);
    const problem = opened(file);
    const plan = solve(problem, { budget: 0 });
    if (!plan.ok) throw new Error(plan.reason);
    warmUp(() => firstPlan(problem));
    const wholes: number[] = [];
    const { search, naive } = byTurns(
      {
        search: () => {
          const { search, whole } = firstPlan(problem);
          wholes.push(whole);
          return search;
        },
        naive: () => naivePlanTime(file).ms,
      },
      ROUNDS,
    );
    const whole = medianOfCalls(ROUNDS, () => wholes.pop()!);
    const { ms, steelmanMs } = recorded(ORIGINAL, HOSTS, VMS);
    const size = `${HOSTS} hosts x ${VMS} VMs`;
    return [
      { what: `first plan, ${size}`, value: search, unit: "ms", basis: "measured", goal: { atMost: 0.5 } },
      {
        what: "… with the request read and the answer written",
        value: whole,
        unit: "ms",
        basis: "measured",
        goal: null,
      },
      {
        what: "… the naive solver in the same run takes",
        value: naive / search,
        unit: "x",
        basis: "measured",
        goal: null,
      },
      {
        what: "… Valet's search of 2017 takes",
        value: ms / search,
        unit: "x",
        basis: "recorded",
        goal: { atLeast: 10_000 },
      },
      {
        what: "… the same with constant-time look-ups takes",
        value: steelmanMs / search,
        unit: "x",
        basis: "recorded",
        goal: { atLeast: 5000 },
      },
      await geometricMean(),
    ];
  },
};

/** Over the cells of the matrix that the original solves. */
async function geometricMean(): Promise<Figure> {
  const solved = (await matrixProblems()).filter(({ original }) => original.activated !== null);
  const ratios = solved.map((problem) => {
    const { search } = firstPlan(problem);
    return problem.original.ms / search;
  });
  const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
  return {
    what: `Valet's search of 2017 takes, geometric mean of ${ratios.length} sizes`,
    value: mean,
    unit: "x",
    basis: "recorded",
    goal: { atLeast: 2000 },
  };
}
