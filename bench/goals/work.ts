// How long one unit of work takes here: limits of time are given as work. CPU time, for it is a property of the code.

import { encode } from "../../host/core/encode.ts";
import { CoreSession } from "../../host/core/session.ts";
import { matrixProblems } from "../cases/matrix.ts";
import { tight } from "../cases/tight.ts";
import { type Goal, WORK_PER_MS } from "../goal.ts";
import type { Problem } from "../quality.ts";
import { ORIGINAL_TIGHT } from "../reference.ts";
import { medianOfCalls } from "../turns.ts";

const ROUNDS = 9;
const STEP = 64;

/** Microseconds per unit, while a first plan is improved. 0: its bound was met at once. */
function unitOf({ inventory, application }: Problem): number {
  const session = new CoreSession();
  const { core } = session;
  session.sync(inventory.snapshot.buffer);
  return medianOfCalls(ROUNDS, () => {
    session.write(encode(inventory, application));
    core.begin(1);
    core.construct();
    const [start, before] = [process.cpuUsage(), core.work()];
    const limit = before + 10 * WORK_PER_MS;
    for (let at = before; at < limit; ) {
      core.improve(Math.min(limit, at + STEP), 0);
      const used = core.work();
      if (used === at) break;
      at = used;
    }
    const us = process.cpuUsage(start).user;
    const work = core.work() - before;
    core.finish();
    return work === 0 ? 0 : us / work;
  });
}

export const work: Goal = {
  name: "work",
  async measure() {
    const large = (await matrixProblems()).at(-1)!;
    const small = await tight(ORIGINAL_TIGHT[0]!);
    return [
      {
        what: "one unit of work, 40 hosts x 40 VMs",
        value: unitOf(small),
        unit: "µs",
        basis: "measured",
        goal: null,
      },
      {
        what: `one unit of work, ${large.original.hosts} hosts x ${large.original.vms} VMs`,
        value: unitOf(large),
        unit: "µs",
        basis: "measured",
        goal: null,
      },
    ];
  },
};
