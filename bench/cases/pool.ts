// A plan through a worker of the pool: the way there and back beside the plan itself.

import type { Plan } from "../../host/core/model.ts";
import { LocalSolver, PoolSolver } from "../../host/core/solver.ts";
import { type BenchCase, defineCase, ensure } from "../case.ts";
import { applicationOf, hashOf, sharedInventory } from "../problems.ts";

const VMS = 5;

export const pool: readonly BenchCase[] = (["this-thread", "a-worker"] as const).map((where) =>
  defineCase({
    name: `solve/1000-hosts/${VMS}-vms/on-${where}`,
    labels: where === "a-worker" ? ["short"] : [],
    setup: async (scale) => {
      const inventory = await sharedInventory(scale === "small" ? 200 : 1000);
      const application = await applicationOf(VMS);
      const expected = new LocalSolver().solveNow(inventory, application, { budget: 0 });
      const solver = where === "a-worker" ? new PoolSolver({ workers: 1 }) : new LocalSolver();
      return { inventory, application, expected, solver };
    },
    run: ({ solver, inventory, application }) => solver.solve(inventory, application, { budget: 0 }),
    check: ({ expected }, answer) => {
      ensure(answer.ok && expected.ok, "no plan");
      const answers: Plan[] = [answer, expected];
      const [one, other] = answers.map(({ placements }) => hashOf(placements));
      ensure(one === other, "a worker plans differently from this thread");
    },
    close: ({ solver }) => solver.close(),
  }),
);
