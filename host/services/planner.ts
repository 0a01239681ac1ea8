import type { Db, Store } from "../../db/store.ts";
import type { Touched } from "../core/inventory.ts";
import { type Application, groupKey, LEVELS, type Plan, type Refusal, type SolveOptions } from "../core/model.ts";
import { verify } from "../core/verify.ts";
import { AppError } from "../errors.ts";
import { type Below, vmsBelow } from "./below.ts";
import type { Decision, InventoryService } from "./inventory.ts";
import { saveForReplay } from "./replay.ts";
import { Turns } from "./turns.ts";

/** Plans that turned out to be made on old news, before the next one is made with everybody else kept out. */
const OPTIMISTIC_ATTEMPTS = 3;
const LOCKED_SOLVE_MS = 8_000;

/** What to place, thinking away the VMs `without` (ids of allocations) that it replaces. */
export interface Problem {
  readonly application: Application;
  readonly without: readonly string[];
}

/** What a job found in the store: already done, or to be planned. */
export type Prepared<T> =
  | { readonly done: T }
  | {
      /** At least one; the next is tried when there is no place for the one before. */
      readonly problems: readonly Problem[];
      /**
       * Writes the plan and says how the allocations change. Returns null when what `prepare` read is not so any more.
       * Must read and write through `tx` only.
       */
      write(tx: Db, version: number, solved: Solved): Promise<Decision<T> | null>;
    };

export interface Solved extends Problem {
  readonly placements: Plan["placements"];
}

/** Something to be planned; `prepare` may be called several times. */
export type Job<T> = (db: Db) => Promise<Prepared<T>>;

/** As of core/solver.ts; stated here as what the planner needs of it. */
interface Solves {
  solve(
    inventory: InventoryService["inventory"],
    application: Application,
    options?: SolveOptions,
  ): Promise<Plan | Refusal>;
}

export interface PlannerOptions {
  readonly store: Store;
  readonly inventory: InventoryService;
  readonly solver: Solves;
  /** Solves at a time; as many as the solver has workers. More would plan on older news. */
  readonly parallel: number;
  /** How long each plan may be improved; see SolveOptions. */
  readonly limits?: Pick<SolveOptions, "budget" | "deadlineMs">;
  /** Longest time to keep everybody else out for one solve, ms; default 8,000. */
  readonly lockedSolveMs?: number;
  /** Where requests are saved whose plan the independent check refuses. */
  readonly replayDirectory: string;
  /** Told when a plan has to be made again, because others changed what it was planned on. */
  readonly conflicted?: () => void;
}

/** Plans, checks and commits; what it returns is in the store. */
export class Planner {
  readonly #options: PlannerOptions;
  readonly #turns: Turns;

  constructor(options: PlannerOptions) {
    this.#options = options;
    this.#turns = new Turns(options.parallel);
  }

  /** @throws AppError placement.infeasible, placement.conflict, plan.unsound, store.unavailable */
  async run<T>(job: Job<T>): Promise<T> {
    return await this.#turns.take(async () => {
      try {
        for (let attempt = 0; attempt < OPTIMISTIC_ATTEMPTS; attempt++) {
          const outcome = await this.#attempt(job);
          if (outcome !== null) return outcome.result;
          this.#options.conflicted?.();
        }
        return await this.#alone(job);
      } catch (error) {
        if (error instanceof AppError && error.code === "store.unavailable") this.#turns.refuseWaiting(error);
        throw error;
      }
    });
  }

  /** Null: others changed what it was planned on. */
  async #attempt<T>(job: Job<T>): Promise<{ result: T } | null> {
    const { inventory, store } = this.#options;
    // A refusal must not be for want of what another process has released meanwhile.
    await inventory.catchUp();
    const prepared = await store.transaction(job, { snapshot: true });
    if ("done" in prepared) return { result: prepared.done };
    const solved = await this.#solve(prepared.problems);
    if (solved === null) return null;
    return await inventory.commit(async (tx, version) => {
      const decision = this.#holds(solved) ? await prepared.write(tx, version, solved) : null;
      return decision === null ? { result: null } : { ...decision, result: { result: decision.result } };
    });
  }

  /** Plans inside the transaction, so that nothing changes before it is committed. */
  async #alone<T>(job: Job<T>): Promise<T> {
    return await this.#options.inventory.commit(async (tx, version) => {
      const prepared = await job(tx);
      if ("done" in prepared) return { result: prepared.done };
      const solved = await inTime(this.#solve(prepared.problems), this.#options.lockedSolveMs ?? LOCKED_SOLVE_MS);
      const decision = solved !== null && this.#holds(solved) ? await prepared.write(tx, version, solved) : null;
      if (decision === null) throw conflict();
      return decision;
    });
  }

  /**
   * Null: refused, but the inventory changed meanwhile. The request is encoded before the worker reads its columns, so
   * the two may not belong together; a plan is checked again before its commit, a refusal has only this.
   * @throws AppError placement.infeasible
   */
  async #solve(problems: readonly Problem[]): Promise<(Solved & { plan: Plan; base: number }) | null> {
    const { inventory } = this.#options.inventory;
    const first = inventory.version;
    let refusal: Refusal | undefined;
    for (const { application, without } of problems) {
      const base = inventory.version;
      const outcome = await this.#options.solver.solve(inventory, application, { ...this.#options.limits, without });
      if (outcome.ok) return { application, without, placements: outcome.placements, plan: outcome, base };
      refusal = outcome;
    }
    if (inventory.version !== first) return null;
    throw new AppError("placement.infeasible", refusal!.reason);
  }

  /**
   * Is what was planned on still so, in memory as it is now? The touched hosts and groups must not have changed; what
   * else changed, such as a rack that became another group's own, shows in the check of all rules.
   */
  #holds({ application, without, placements, plan, base }: Solved & { plan: Plan; base: number }): boolean {
    const { inventory } = this.#options.inventory;
    if (inventory.changedSince(base, touched(this.#options.inventory, application, placements))) return false;
    const problems = verify(inventory, application, placements, { without });
    if (problems.length === 0) return true;
    if (inventory.version !== base) return false;
    const saved = saveForReplay(
      this.#options.replayDirectory,
      inventory,
      application,
      { ...this.#options.limits, without, seed: 1 },
      plan,
      problems,
    );
    throw new AppError(
      "plan.unsound",
      `the plan breaks ${problems.length} rules: ${problems.slice(0, 3).join("; ")}` +
        (saved === null ? "" : `.\nThe request is saved in (${saved})`),
    );
  }
}

/** Hosts and named groups of a plan, and the racks and clusters that it wants to itself. */
function touched(
  { inventory }: InventoryService,
  { vms, groups }: Application,
  placements: Plan["placements"],
): Touched & { hosts: Set<string> } {
  const below: Below = vmsBelow({ vms, groups });
  const containers = { host: new Set<string>(), rack: new Set<string>(), cluster: new Set<string>() };
  for (const vm of vms) containers.host.add(placements[vm.name]!);
  for (const group of groups) {
    if (group.type !== "exclusivity") continue;
    for (const vm of below(group.name)) {
      const host = inventory.hostState(placements[vm]!)?.host;
      for (const level of LEVELS)
        if (level === group.level && level !== "host" && host && host[level] !== null)
          containers[level].add(host[level]);
    }
  }
  const named = groups.filter((group) => group.named !== false);
  return { hosts: containers.host, racks: containers.rack, clusters: containers.cluster, groups: named.map(groupKey) };
}

async function inTime<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(conflict()), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

function conflict(): AppError {
  return new AppError("placement.conflict", "the inventory changed meanwhile, try again");
}
