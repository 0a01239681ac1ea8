// What a second worker costs and brings. The budget is shared, so both do the same work and find the same plan; the wall
// clock is beside that of two threads that only count, for the cores of this machine are shared with others.

import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { PoolSolver } from "../../host/core/solver.ts";
import { matrixProblems } from "../cases/matrix.ts";
import { medianOf } from "../gates/paired.ts";
import type { Goal } from "../goal.ts";
import { hashOf } from "../problems.ts";

const ROUNDS = 9;
/** Work enough for several rounds of all strands. */
const BUDGET = 60_000;
const COUNT = 3e7;
/** Counts as far as it is told to. */
const COUNTER = `
  const { parentPort } = require("node:worker_threads");
  parentPort.on("message", (count) => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum = (Math.imul(sum, 31) + i) | 0;
    parentPort.postMessage(sum);
  });`;

interface Spent {
  readonly cpu: number;
  readonly wall: number;
}

async function spent(run: () => Promise<unknown>): Promise<Spent> {
  const [cpu, wall] = [process.cpuUsage(), performance.now()];
  await run();
  const { user, system } = process.cpuUsage(cpu);
  return { cpu: user + system, wall: performance.now() - wall };
}

export const parallel: Goal = {
  name: "parallel",
  async measure({ progress }) {
    // The largest: it is not solved to its bound before the budget ends.
    const { inventory, application } = (await matrixProblems()).at(-1)!;
    const pools = [1, 2].map((workers) => new PoolSolver({ workers }));
    const counters = [1, 2].map(() => new Worker(COUNTER, { eval: true }));
    const plan = async (pool: PoolSolver) => {
      const answer = await pool.solve(inventory, application, { budget: BUDGET, budgetIs: "shared" });
      return answer.ok ? hashOf([answer.placements, answer.stats]) : answer.reason;
    };
    const count = (counter: Worker, to: number) => {
      counter.postMessage(to);
      return once(counter, "message");
    };
    const [one, two] = [pools[0]!, pools[1]!];
    const [left, right] = [counters[0]!, counters[1]!];
    try {
      if ((await plan(one)) !== (await plan(two))) throw new Error("two workers plan otherwise than one");
      await Promise.all([count(left, COUNT), count(right, COUNT)]);
      const ratios = { cpu: [] as number[], wall: [] as number[], ceiling: [] as number[] };
      for (let round = 0; round < ROUNDS; round++) {
        progress(`two workers, round ${round + 1} of ${ROUNDS}`);
        const [alone, both] = [await spent(() => plan(one)), await spent(() => plan(two))];
        const kernel = await spent(() => count(left, 2 * COUNT));
        const kernels = await spent(() => Promise.all([count(left, COUNT), count(right, COUNT)]));
        ratios.cpu.push(both.cpu / alone.cpu);
        ratios.wall.push(alone.wall / both.wall);
        ratios.ceiling.push(kernel.wall / kernels.wall);
      }
      return [
        {
          what: "CPU time of a search on two workers, of that on one, for equal work",
          value: medianOf(ratios.cpu),
          unit: "x",
          basis: "measured",
          goal: { atMost: 1.05 },
          remark: "equal plans and counters",
        },
        { what: "… its speed-up by the wall", value: medianOf(ratios.wall), unit: "x", basis: "measured", goal: null },
        {
          what: "… the speed-up of two threads that only count, in the same run",
          value: medianOf(ratios.ceiling),
          unit: "x",
          basis: "measured",
          goal: null,
        },
      ];
    } finally {
      await Promise.all([...pools.map((pool) => pool.close()), ...counters.map((counter) => counter.terminate())]);
    }
  },
};
