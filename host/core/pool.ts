// Solves in a pool of workers, and goes on when one of them breaks.

import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { Piscina } from "piscina";
import { AppError } from "../errors.ts";
import { catalogueOf, type Rule } from "./catalogue.ts";
import { ReturnTime } from "./deadline.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { decodeExplanation } from "./explanation.ts";
import type { Inventory } from "./inventory.ts";
import type { Application, Explanation, Plan, Refusal, SolveOptions } from "./model.ts";
import { race, STRANDS, shareBudget } from "./portfolio.ts";
import { CoreSession, type SolveAnswer, type SolveTask } from "./session.ts";
import { rowsOf, type Solver, taskOf } from "./task.ts";
import type { Explaining } from "./worker.ts";

/** With less time than this the others hardly begin before it is over. */
const WORTH_RACING_MS = 5;

/** A solve that broke its worker. */
export interface Breakdown {
  readonly inventory: Inventory;
  readonly application: Application;
  readonly options: SolveOptions;
  readonly error: Error;
}

export interface PoolOptions {
  /** Default: the number of cores. */
  readonly workers?: number;
  /** Told of each breakdown, before the solve is tried again. Returns where it was saved, null if nowhere. */
  readonly broken?: (breakdown: Breakdown) => string | null;
}

/** A Piscina pool with one core instance a worker. */
export class PoolSolver implements Solver {
  readonly rules: readonly Rule[];
  bytesCopied = 0;
  readonly #pool: Piscina;
  readonly #broken: NonNullable<PoolOptions["broken"]>;
  readonly #workers: number;
  readonly #returning = new ReturnTime();
  /** Tasks on their way. */
  #running = 0;
  #closed = false;

  constructor({ workers = availableParallelism(), broken = () => null }: PoolOptions = {}) {
    this.rules = catalogueOf(new CoreSession().core);
    this.#workers = workers;
    this.#broken = broken;
    this.#pool = new Piscina({
      filename: workerPath(),
      minThreads: workers,
      maxThreads: workers,
      // A spinning worker would hold a core of a machine that waits for requests.
      atomics: "async",
    });
    // A thread that ends while it has nothing to do is replaced; nobody waits for it, so nobody need be told.
    this.#pool.on("error", () => {});
  }

  /** Solves that wait for a worker. */
  get queueSize(): number {
    return this.#pool.queueSize;
  }

  /** @throws AppError request.invalid; solver.broken when the core trapped or its thread ended, twice */
  async solve(inventory: Inventory, application: Application, options: SolveOptions = {}): Promise<Plan | Refusal> {
    // Rows are translated back by the columns that the task was made for, even if hosts come or go meanwhile.
    // The worker may see later columns; the plan claims no more than what the request was made from.
    const { snapshot, version } = inventory;
    const names = inventory.hostNames();
    const task = taskOf(inventory, application, this.rules, options, this.#returning);
    const broken = (error: Error) => this.#broken({ inventory, application, options, error });
    const run = (strand: SolveTask) =>
      this.#run<SolveAnswer>(() => this.#pool.run({ ...strand, snapshot: snapshot.buffer }), broken);
    const answer = await this.#spread(task, options, run);
    this.bytesCopied += answer.bytesCopied;
    const decoded = decode(answer, version, application, this.rules, (row) => names[row]!);
    this.#returning.note(answer.searchedUntil);
    return decoded;
  }

  /** @throws AppError solver.broken as `solve` does */
  async explain(
    inventory: Inventory,
    application: Application,
    placements: Plan["placements"],
    without: readonly string[] = [],
  ): Promise<Explanation | null> {
    const names = inventory.hostNames();
    const request = encode(inventory, application, without);
    const rows = rowsOf(inventory, application, placements);
    const task: Explaining = { snapshot: inventory.snapshot.buffer, request, rows };
    const options: SolveOptions = { without };
    const accounts: Int32Array | null = await this.#run(
      () => this.#pool.run(task, { name: "explain" }),
      (error) => this.#broken({ inventory, application, options, error }),
    );
    return accounts && decodeExplanation(accounts, application, this.rules, (row) => names[row]!);
  }

  #spread(task: SolveTask, options: SolveOptions, run: (strand: SolveTask) => Promise<SolveAnswer>) {
    const { deadlineMs } = options;
    if (deadlineMs === undefined) return options.budgetIs === "shared" ? shareBudget(task, run) : run(task);
    const idle = this.#workers - this.#running;
    return race(task, deadlineMs < WORTH_RACING_MS ? 1 : Math.max(1, Math.min(STRANDS, idle)), run);
  }

  /** Once more when it breaks: what broke it may have been the instance and not the request. Others go on meanwhile. */
  async #run<T>(work: () => Promise<T>, broken: (error: Error) => string | null): Promise<T> {
    this.#running++;
    try {
      return await work();
    } catch (first) {
      if (this.#closed) throw first;
      const saved = broken(first as Error);
      try {
        return await work();
      } catch (cause) {
        const { message } = cause as Error;
        const where = saved === null ? "" : `\nThe request is saved in (${saved}).`;
        throw new AppError("solver.broken", `the search broke down twice on this request (${message}).${where}`, {
          cause,
        });
      }
    } finally {
      this.#running--;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool.destroy();
  }
}

/** Workers run compiled JavaScript, also when the caller is a test that runs the sources. */
function workerPath(): string {
  const compiled = import.meta.url.endsWith(".ts") ? "../../dist/host/core/worker.js" : "./worker.js";
  return fileURLToPath(new URL(compiled, import.meta.url));
}
