// Cases that solve many problems, each within the same work, and count what the plans are worth together.

import type { Plan, Refusal } from "../host/core/model.ts";
import { type BenchCase, type Counters, defineCase, ensure, type Label } from "./case.ts";
import { faultsOf, type Problem, solver } from "./quality.ts";

export interface ProblemSet<Kind extends Problem> {
  readonly name: string;
  readonly labels: readonly Label[];
  /** Work per problem, for improvement. */
  readonly work: number;
  problems(small: boolean): Promise<readonly Kind[]>;
  /** One answer a problem, in their order. */
  count(answers: readonly (Plan | Refusal)[], problems: readonly Kind[]): Counters;
}

/** Of hosts of all plans that the original found, too: ours, proven to be needed, and the original's. */
export const NO_HOSTS = {
  activated: 0,
  touched: 0,
  least_activated: 0,
  least_touched: 0,
  original_activated: 0,
  original_touched: 0,
};

export function setCase<Kind extends Problem>(set: ProblemSet<Kind>): BenchCase {
  return defineCase({
    name: `${set.name}/${set.work}-work`,
    labels: set.labels,
    setup: async (scale) => ({ problems: await set.problems(scale === "small") }),
    run: ({ problems }) =>
      problems.map(({ inventory, application }) => solver.solveNow(inventory, application, { budget: set.work })),
    check: ({ problems }, answers) => {
      for (const [i, { file }] of problems.entries()) {
        const faults = faultsOf(file, answers[i]!);
        ensure(faults.length === 0, `${file.name}: ${faults.join("; ")}`);
      }
    },
    gate: ({ problems }, answers) => set.count(answers, problems),
    per: ({ problems }) => ({ count: problems.length, unit: "problem" }),
  });
}
