// Solves an application on an inventory: on the caller's thread, or in a pool of workers.

import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { catalogueOf, type Rule } from "./catalogue.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import type { Inventory } from "./inventory.ts";
import { corePath } from "./load.ts";
import type { Application, Plan, Refusal, SolveOptions } from "./model.ts";
import { CoreSession, type SolveAnswer, type SolveTask } from "./session.ts";

/**
 * Work for improvement after the first complete plan, when the caller names no budget: per VM, and at most. Of the
 * 16 problems with a known optimum 15 are solved to it within this budget.
 */
const BUDGET_PER_VM = 50;
const MOST_DEFAULT_BUDGET = 1_000;
/**
 * Work for repair while some VM has no host. The hardest of the feasible tight problems needs 827, so this is generous,
 * and yet a request that cannot be placed costs a fraction of a second on 10,000 hosts.
 */
const LEAST_REPAIR = 20_000;

/** What `SolveOptions.budget` is when it is left out. */
export function defaultBudget(application: Application): number {
  return Math.min(MOST_DEFAULT_BUDGET, BUDGET_PER_VM * application.vms.length);
}

export interface Solver {
  /** The rules of the core, in the order in which refusals count them. */
  readonly rules: readonly Rule[];
  /** Exact count of bytes that workers copied out of snapshots. */
  readonly bytesCopied: number;
  solve(inventory: Inventory, application: Application, options?: SolveOptions): Promise<Plan | Refusal>;
  close(): Promise<void>;
}

function taskOf(
  inventory: Inventory,
  application: Application,
  rules: readonly Rule[],
  options: SolveOptions,
): SolveTask {
  const budget = options.budget ?? defaultBudget(application);
  let disabledRules = 0;
  for (const name of options.disabledRules ?? []) disabledRules |= 1 << rules.findIndex((rule) => rule.name === name);
  return {
    request: encode(inventory, application, options.without),
    vms: application.vms.length,
    seed: options.seed ?? 1,
    budget,
    repairBudget: Math.max(LEAST_REPAIR, budget),
    deadlineMs: options.deadlineMs,
    disabledRules,
  };
}

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

/** A Piscina pool with one core instance a worker. */
export class PoolSolver implements Solver {
  readonly rules: readonly Rule[];
  bytesCopied = 0;
  readonly #pool: Piscina;

  constructor({ workers = availableParallelism() }: { workers?: number } = {}) {
    this.rules = catalogueOf(new CoreSession().core);
    this.#pool = new Piscina({
      filename: workerPath(),
      minThreads: workers,
      maxThreads: workers,
      // A spinning worker would hold a core of a machine that waits for requests.
      atomics: "async",
    });
  }

  /** Solves that wait for a worker. */
  get queueSize(): number {
    return this.#pool.queueSize;
  }

  async solve(inventory: Inventory, application: Application, options: SolveOptions = {}): Promise<Plan | Refusal> {
    // Rows are translated back by the columns that the task was made for, even if hosts come or go meanwhile.
    // The worker may see later columns; the plan claims no more than what the request was made from.
    const { snapshot, version } = inventory;
    const names = inventory.hostNames();
    const task = taskOf(inventory, application, this.rules, options);
    const answer: SolveAnswer = await this.#pool.run({ ...task, snapshot: snapshot.buffer });
    this.bytesCopied += answer.bytesCopied;
    return decode(answer, version, application, this.rules, (row) => names[row]!);
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** Workers run compiled JavaScript, also when the caller is a test that runs the sources. */
function workerPath(): string {
  const compiled = import.meta.url.endsWith(".ts") ? "../../dist/host/core/worker.js" : "./worker.js";
  return fileURLToPath(new URL(compiled, import.meta.url));
}

export { corePath };
