// Solves an application on an inventory: on the caller's thread here, in a pool of workers in pool.ts.

import { catalogueOf, type Rule } from "./catalogue.ts";
import { decode } from "./decode.ts";
import type { Inventory } from "./inventory.ts";
import { corePath } from "./load.ts";
import type { Application, Plan, Refusal, SolveOptions } from "./model.ts";
import { PoolSolver } from "./pool.ts";
import { CoreSession } from "./session.ts";
import { defaultBudget, type Solver, taskOf } from "./task.ts";

/** On the caller's thread: for command lines, tests and benchmarks. */
export class LocalSolver implements Solver {
  readonly rules: readonly Rule[];
  bytesCopied = 0;
  readonly #session: CoreSession;

  /** `path`: another build of the core than the release. */
  constructor(path?: string) {
    this.#session = new CoreSession(path);
    this.rules = catalogueOf(this.#session.core);
  }

  /** @throws AppError request.invalid */
  solveNow(inventory: Inventory, application: Application, options: SolveOptions = {}): Plan | Refusal {
    const names = (row: number) => inventory.hostAt(row)!;
    const answer = this.#session.solve(inventory.snapshot.buffer, taskOf(inventory, application, this.rules, options));
    this.bytesCopied += answer.bytesCopied;
    return decode(answer, inventory.version, application, this.rules, names);
  }

  async solve(inventory: Inventory, application: Application, options: SolveOptions = {}): Promise<Plan | Refusal> {
    return this.solveNow(inventory, application, options);
  }

  async close(): Promise<void> {}
}

export { corePath, defaultBudget, PoolSolver, type Solver };
