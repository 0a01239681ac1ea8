// Random problems that touch every rule, each plan checked by the format's checker.

import { randomProblem } from "../../test/support/random-problem.ts";
import type { Goal } from "../goal.ts";
import { faultsOf, opened, solver } from "../quality.ts";

const WANTED = 100_000;
const BUDGET = 200;
const PROGRESS_EVERY = 1000;

export const random: Goal = {
  name: "random",
  async measure({ random: tries, progress }) {
    let [placed, broken] = [0, 0];
    let first = "";
    for (let seed = 0; seed < tries; seed++) {
      if (seed % PROGRESS_EVERY === 0) progress(`random problems, ${seed} of ${tries}, ${broken} with a violation`);
      const { problem } = randomProblem(seed);
      const { file, inventory, application } = opened(problem);
      const answer = solver.solveNow(inventory, application, { budget: BUDGET, seed });
      if (answer.ok) placed++;
      const faults = faultsOf(file, answer);
      if (faults.length === 0) continue;
      broken++;
      first ||= `; first: seed ${seed}, ${faults[0]}`;
    }
    return [
      {
        what: "random problems without a violation",
        value: tries - broken,
        unit: "",
        basis: "counted",
        goal: { atLeast: WANTED },
        remark: `${placed} placed, ${broken} violations${first}`,
      },
    ];
  },
};
