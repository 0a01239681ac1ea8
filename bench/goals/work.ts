// How long one unit of work takes here: limits of time are given as work. CPU time, for it is a property of the code.

import { encode } from "../../host/core/encode.ts";
import { CoreSession } from "../../host/core/session.ts";
import { matrixProblems } from "../cases/matrix.ts";
import { tight } from "../cases/tight.ts";
import { type Figure, type Goal, WORK_PER_MS } from "../goal.ts";
import type { Problem } from "../quality.ts";
import { ORIGINAL_TIGHT } from "../reference.ts";
import { medianOfCalls } from "../turns.ts";

const ROUNDS = 9;

/** Microseconds per unit, while a first plan is improved for 10 ms of work. */
function unitOf({ inventory, application }: Problem): number {
  const session = new CoreSession();
  const { buffer } = inventory.snapshot;
  const request = encode(inventory, application);
  const spent = (budget: number) => {
    const task = { request, vms: application.vms.length, seed: 1, budget, repairBudget: budget, disabledRules: 0 };
    const start = process.cpuUsage();
    const { work } = session.solve(buffer, task);
    return { us: process.cpuUsage(start).user, work };
  };
  return medianOfCalls(ROUNDS, () => {
    const [first, improved] = [spent(0), spent(10 * WORK_PER_MS)];
    return (improved.us - first.us) / Math.max(1, improved.work - first.work);
  });
}

export const work: Goal = {
  name: "work",
  async measure() {
    const large = (await matrixProblems()).at(-1)!;
    const row = (size: string, problem: Problem): Figure => ({
      what: `CPU time of one unit of work, ${size}`,
      value: unitOf(problem),
      unit: "µs",
      basis: "measured",
      goal: null,
    });
    return [
      row("40 hosts x 40 VMs", await tight(ORIGINAL_TIGHT[0]!)),
      row(`${large.original.hosts} hosts x ${large.original.vms} VMs`, large),
    ];
  },
};
