// Nearly full data centers: what has an answer is placed, what has none is proven to have none.

import { TIGHT, tight } from "../cases/tight.ts";
import { countersOf } from "../gates/counters.ts";
import { type Figure, type Goal, WORK_PER_MS } from "../goal.ts";
import { isProven, solve } from "../quality.ts";
import { INFEASIBLE, ORIGINAL_TIGHT } from "../reference.ts";

/** Added to the seeds with recorded answers. */
const OTHER_SEEDS = 100;

export const tightProblems: Goal = {
  name: "tight",
  async measure({ progress }) {
    const counters = (await countersOf([TIGHT]))[TIGHT.name]!;
    const feasible = ORIGINAL_TIGHT.length - INFEASIBLE.length;
    progress(`${ORIGINAL_TIGHT.length} tight problems with other seeds`);
    return [
      {
        what: `tight problems placed, of ${feasible} with an answer`,
        value: Number(counters.placed),
        unit: "",
        basis: "counted",
        goal: { atLeast: feasible },
      },
      {
        what: `… proven to have none, of ${INFEASIBLE.length} without`,
        value: Number(counters.proven_infeasible),
        unit: "",
        basis: "counted",
        goal: { atLeast: INFEASIBLE.length },
      },
      await otherSeeds(),
    ];
  },
};

async function otherSeeds(): Promise<Figure> {
  let undecided = 0;
  let proven = 0;
  for (const row of ORIGINAL_TIGHT) {
    const problem = await tight({ ...row, seed: row.seed + OTHER_SEEDS });
    const answer = solve(problem, { budget: 10 * WORK_PER_MS });
    if (answer.ok) continue;
    if (isProven(answer)) proven++;
    else undecided++;
  }
  return {
    what: `… neither placed nor proven, of ${ORIGINAL_TIGHT.length} with other seeds`,
    value: undecided,
    unit: "",
    basis: "counted",
    goal: { atMost: 0 },
    remark: `${proven} are proven to have no answer`,
  };
}
