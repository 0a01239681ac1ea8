// A budget shared between searches, on one worker and on two: the same counters, whatever the number.

import { PoolSolver } from "../../host/core/solver.ts";
import { defineCase, ensure } from "../case.ts";
import { generated, hashOf } from "../problems.ts";
import { opened } from "../quality.ts";

const BUDGET = 12_000;

export const parallel = [1, 2].map((workers) =>
  defineCase({
    name: `shared-budget/40-hosts/60-vms/${workers}-workers`,
    labels: workers === 2 ? ["short"] : [],
    setup: async () => {
      const problem = opened(await generated(40, 60, 1, { load: 0.8, rack: "4-8" }));
      return { ...problem, pool: new PoolSolver({ workers }) };
    },
    run: ({ pool, inventory, application }) =>
      pool.solve(inventory, application, { budget: BUDGET, budgetIs: "shared" }),
    check: (_, answer) => ensure(answer.ok, answer.ok ? "" : answer.reason),
    gate: (_, answer) => {
      ensure(answer.ok, "no plan");
      return { ...answer.stats, ...answer.objective, placements: hashOf(answer.placements) };
    },
    close: ({ pool }) => pool.close(),
  }),
);
