import type { Inventory } from "../core/inventory.ts";
import type { Application, Explanation, Plan, Refusal, SolveOptions } from "../core/model.ts";
import { LocalSolver, PoolSolver, type Solver } from "../core/solver.ts";

/** Options of `ostro plan` that say how long is searched, and on what. */
export interface SearchOptions {
  readonly seed?: number;
  readonly budget?: number;
  /** Milliseconds. */
  readonly deadline?: number;
  readonly workers?: number;
}

/** One solve. Naming a number of workers shares the budget; one worker is this thread, with the same answer as any number. */
export async function solveOnce(
  inventory: Inventory,
  application: Application,
  { seed, budget, deadline, workers }: SearchOptions,
): Promise<Plan | Refusal> {
  const solver: Solver = workers === undefined || workers === 1 ? new LocalSolver() : new PoolSolver({ workers });
  const limits: SolveOptions = {
    deadlineMs: deadline,
    budgetIs: workers === undefined ? undefined : "shared",
    ...(seed === undefined ? {} : { seed }),
    ...(budget === undefined ? {} : { budget }),
  };
  try {
    // Starting a thread takes as long as a hundred plans: it is not to count against the deadline.
    const nothing = { name: "warm-up", vms: [], groups: [] };
    await Promise.all(Array.from({ length: workers ?? 0 }, () => solver.solve(inventory, nothing)));
    return await solver.solve(inventory, application, limits);
  } finally {
    await solver.close();
  }
}

/** Why each VM of the plan is where it is, if that is wanted and there is a plan. */
export async function explainOnce(
  inventory: Inventory,
  application: Application,
  outcome: Plan | Refusal,
  wanted = false,
): Promise<Explanation | null> {
  return wanted && outcome.ok ? await new LocalSolver().explain(inventory, application, outcome.placements) : null;
}
