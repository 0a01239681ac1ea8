// Solves an application on an inventory: on the caller's thread here, in a pool of workers in pool.ts.

import { catalogueOf, type Rule } from "./catalogue.ts";
import { ReturnTime } from "./deadline.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { decodeExplanation } from "./explanation.ts";
import type { Inventory } from "./inventory.ts";
import { corePath } from "./load.ts";
import type { Application, Explanation, Plan, Refusal, SolveOptions } from "./model.ts";
import { PoolSolver } from "./pool.ts";
import { shareBudget } from "./portfolio.ts";
import { CoreSession, type SolveTask } from "./session.ts";
import { defaultBudget, rowsOf, type Solver, taskOf } from "./task.ts";

/** On the caller's thread: for command lines, tests and benchmarks. */
export class LocalSolver implements Solver {
  readonly rules: readonly Rule[];
  bytesCopied = 0;
  readonly #session: CoreSession;
  readonly #returning = new ReturnTime();

  /** `path`: another build of the core than the release. */
  constructor(path?: string) {
    this.#session = new CoreSession(path);
    this.rules = catalogueOf(this.#session.core);
  }

  /** In one search, whatever the budget. @throws AppError request.invalid */
  solveNow(inventory: Inventory, application: Application, options: SolveOptions = {}): Plan | Refusal {
    const task = taskOf(inventory, application, this.rules, options, this.#returning);
    const answer = this.#session.solve(inventory.snapshot.buffer, task);
    this.bytesCopied += answer.bytesCopied;
    const decoded = decode(answer, inventory.version, application, this.rules, (row) => inventory.hostAt(row)!);
    this.#returning.note(answer.searchedUntil);
    return decoded;
  }

  /** @throws AppError request.invalid */
  async solve(inventory: Inventory, application: Application, options: SolveOptions = {}): Promise<Plan | Refusal> {
    if (options.budgetIs !== "shared") return this.solveNow(inventory, application, options);
    const task = taskOf(inventory, application, this.rules, options);
    const run = async (strand: SolveTask) => this.#session.solve(inventory.snapshot.buffer, strand);
    const { version } = inventory;
    const names = inventory.hostNames();
    const answer = await shareBudget(task, run);
    this.bytesCopied += answer.bytesCopied;
    return decode(answer, version, application, this.rules, (row) => names[row]!);
  }

  async explain(
    inventory: Inventory,
    application: Application,
    placements: Plan["placements"],
    without: readonly string[] = [],
  ): Promise<Explanation | null> {
    const request = encode(inventory, application, without);
    const rows = rowsOf(inventory, application, placements);
    const accounts = this.#session.explain(inventory.snapshot.buffer, request, rows);
    return accounts && decodeExplanation(accounts, application, this.rules, (row) => inventory.hostAt(row)!);
  }

  async close(): Promise<void> {}
}

export { corePath, defaultBudget, PoolSolver, type Solver };
