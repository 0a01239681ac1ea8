// What a solve is asked, in the words that cross to a worker, and what the caller may ask for.

import { NONE } from "../../assembly/abi.ts";
import { AppError } from "../errors.ts";
import type { Rule } from "./catalogue.ts";
import { clockMs, ReturnTime } from "./deadline.ts";
import { encode } from "./encode.ts";
import type { Inventory } from "./inventory.ts";
import type { Application, Explanation, Plan, Refusal, SolveOptions } from "./model.ts";
import type { SolveTask } from "./session.ts";

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

/** About a quarter of an hour of one core; the core counts work in an i32. */
export const MOST_BUDGET = 1_000_000_000;
/** A day. */
export const LONGEST_DEADLINE_MS = 86_400_000;
export const MOST_SEED = 2 ** 32 - 1;

export interface Solver {
  /** The rules of the core, in the order in which refusals count them. */
  readonly rules: readonly Rule[];
  /** Exact count of bytes that workers copied out of snapshots. */
  readonly bytesCopied: number;
  solve(inventory: Inventory, application: Application, options?: SolveOptions): Promise<Plan | Refusal>;
  /** Accounts for a plan of this application; null if it does not keep every rule in the inventory as it is now. */
  explain(
    inventory: Inventory,
    application: Application,
    placements: Plan["placements"],
    without?: readonly string[],
  ): Promise<Explanation | null>;
  close(): Promise<void>;
}

/**
 * What `SolveOptions.budget` is when it is left out: until the deadline if there is one, else enough to come close to
 * what more work would find.
 */
export function defaultBudget(application: Application, deadlineMs?: number): number {
  if (deadlineMs !== undefined) return MOST_BUDGET;
  return Math.min(MOST_DEFAULT_BUDGET, BUDGET_PER_VM * application.vms.length);
}

/** Host row per VM of a plan; NONE where there is no such host. */
export function rowsOf(inventory: Inventory, { vms }: Application, placements: Plan["placements"]): Int32Array {
  return Int32Array.from(vms, ({ name }) => inventory.rowOf(placements[name] ?? "") ?? NONE);
}

/**
 * `returning`: what answers to this caller took to come back.
 * @throws AppError request.invalid if an option makes no sense
 */
export function taskOf(
  inventory: Inventory,
  application: Application,
  rules: readonly Rule[],
  options: SolveOptions,
  returning = new ReturnTime(),
): SolveTask {
  const called = clockMs();
  const { seed = 1, deadlineMs, budget = defaultBudget(application, deadlineMs) } = options;
  whole("seed", seed, MOST_SEED);
  whole("budget", budget, MOST_BUDGET);
  if (deadlineMs !== undefined && !(deadlineMs <= LONGEST_DEADLINE_MS)) {
    throw new AppError("request.invalid", `deadlineMs (${deadlineMs}) must be a number up to ${LONGEST_DEADLINE_MS}`);
  }
  const dueAt = deadlineMs === undefined ? undefined : returning.before(called + deadlineMs, deadlineMs);
  let disabledRules = 0;
  for (const name of options.disabledRules ?? []) disabledRules |= 1 << rules.findIndex((rule) => rule.name === name);
  return {
    request: encode(inventory, application, options.without),
    vms: application.vms.length,
    seed,
    budget,
    repairBudget: Math.max(LEAST_REPAIR, budget),
    dueAt,
    disabledRules,
  };
}

function whole(name: string, value: number, most: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= most) return;
  throw new AppError("request.invalid", `${name} (${value}) must be a whole number from 0 to ${most}`);
}
