// How far beyond its deadline an answer comes. A machine that does other things stops every thread at times, so a loop that
// only looks at the clock is given the same deadlines by turns: what it overruns is the machine's own. And calls that were
// not stopped (all their time was CPU time) are shown alone.

import { PoolSolver } from "../../host/core/solver.ts";
import type { Figure, Goal } from "../goal.ts";
import { generated } from "../problems.ts";
import { opened, type Problem, solver, tightProblem } from "../quality.ts";
import { ORIGINAL_TIGHT } from "../reference.ts";

/** Per problem and way of solving; of two thousand the 99.9th percentile is the second worst. */
const CALLS = 1000;
/** In turns, ms; from the shortest that the goal speaks of. */
const DEADLINES = [2, 3, 5, 8];
/** The largest budget there is. */
const ENDLESS = 1e9;
/** Ms of a call that may pass without CPU time: what starting a worker's task takes. */
const CALM_MS = 0.2;

type Call = (problem: Problem, deadlineMs: number) => Promise<void>;

interface Overruns {
  readonly all: number[];
  /** Of calls during which the machine did nothing else. */
  readonly calm: number[];
}

/** Ms beyond the deadline that all but one in a thousand stay below. */
function p999(overruns: readonly number[]): number {
  const sorted = [...overruns].sort((a, b) => a - b);
  return sorted[Math.ceil(0.999 * sorted.length) - 1]!;
}

export const deadline: Goal = {
  name: "deadline",
  async measure({ progress }) {
    const pool = new PoolSolver({ workers: 1 });
    const problems = [opened(await generated(10_000, 100, 1)), await tightProblem(ORIGINAL_TIGHT[0]!)];
    const calls: Record<string, Call> = {
      thread: async ({ inventory, application }, deadlineMs) => {
        solver.solveNow(inventory, application, { budget: ENDLESS, deadlineMs });
      },
      worker: async ({ inventory, application }, deadlineMs) => {
        await pool.solve(inventory, application, { budget: ENDLESS, deadlineMs });
      },
      clock: async (_problem, deadlineMs) => {
        for (const end = performance.now() + deadlineMs; performance.now() < end; );
      },
    };
    const names = Object.keys(calls);
    const overruns = Object.fromEntries(names.map((name): [string, Overruns] => [name, { all: [], calm: [] }]));
    try {
      for (const problem of problems) {
        for (const call of Object.values(calls)) await call(problem, DEADLINES[0]!);
        for (let i = 0; i < CALLS; i++) {
          if (i % 100 === 0) progress(`deadlines, ${i} of ${CALLS} on ${problem.file.name}`);
          const deadlineMs = DEADLINES[i % DEADLINES.length]!;
          for (const [name, call] of Object.entries(calls)) {
            const [start, before] = [performance.now(), process.cpuUsage()];
            await call(problem, deadlineMs);
            const ms = performance.now() - start;
            const { user, system } = process.cpuUsage(before);
            const { all, calm } = overruns[name]!;
            all.push(ms - deadlineMs);
            if (ms - (user + system) / 1000 < CALM_MS) calm.push(ms - deadlineMs);
          }
        }
      }
    } finally {
      await pool.close();
    }
    const most: Figure["goal"] = { atMost: 1 };
    const row = (what: string, values: readonly number[], goal: Figure["goal"]): Figure => ({
      what,
      value: p999(values),
      unit: "ms",
      basis: "measured",
      goal,
    });
    const { thread, worker, clock } = overruns as Record<"thread" | "worker" | "clock", Overruns>;
    const calmOf = ({ calm, all }: Overruns) =>
      `… of the ${calm.length} of ${all.length} that the machine did not stop`;
    return [
      row(`beyond a deadline of 2 to 8 ms, 99.9 % of ${thread.all.length} calls`, thread.all, most),
      row(calmOf(thread), thread.calm, most),
      row("… through a worker of the pool", worker.all, most),
      row(calmOf(worker), worker.calm, most),
      row("… a loop that only reads the clock", clock.all, null),
    ];
  },
};
