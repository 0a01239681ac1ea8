import { type Command, InvalidArgumentError, Option } from "commander";
import { Inventory } from "../core/inventory.ts";
import type { DataCenter, Plan, Refusal, SolveOptions } from "../core/model.ts";
import { readProblemFile } from "../core/problem.ts";
import { LocalSolver } from "../core/solver.ts";
import { AppError } from "../errors.ts";
import { planStack, type StackOptions, stackOptions } from "./plan-stack.ts";
import { planTable, refusalText } from "./plan-table.ts";

interface Options extends StackOptions {
  readonly deadline?: number;
  readonly workers?: number;
}

const REFUSED = 3;

/** `ostro plan PROBLEM.json`: one problem, without a server. Exit codes: 0 placed, 3 no place, 2 bad file. */
export function addPlan(program: Command): void {
  const command = program
    .command("plan")
    .description("Plan one problem file (placement-problem/1) or Heat template without a server.")
    .argument("<file>", "PROBLEM.json, or a Heat template ending in .yaml or .yml")
    .option("--json", "print the result as JSON")
    .option("--explain", "for a refusal, print how many hosts each rule refused")
    .addOption(new Option("--seed <n>", "equal problem, seed and budget give equal answers").argParser(wholeFrom(0)))
    .addOption(new Option("--budget <n>", "attempts of repair and improvement").argParser(wholeFrom(0)))
    .addOption(
      new Option(
        "--deadline <ms>",
        "begin no further step of the search after this time; the first plan is always built",
      ).argParser(wholeFrom(1)),
    )
    .addOption(new Option("--workers <n>", "taken; one problem keeps one worker busy").argParser(wholeFrom(1)));
  for (const option of stackOptions()) command.addOption(option);
  command.action(async (path: string, options: Options) => {
    const ok = await (/\.ya?ml$/i.test(path) ? planStack(path, options) : planProblem(path, options));
    process.exitCode = ok ? 0 : REFUSED;
  });
}

function wholeFrom(min: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d{1,15}$/.test(text) && value >= min) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${min}.`);
  };
}

/** Prints the answer; false: there is no place. */
async function planProblem(path: string, options: Options): Promise<boolean> {
  for (const name of ["parameter", "group", "datacenter"] as const) {
    if (options[name] !== undefined) throw new AppError("config.invalid", `--${name} goes with a Heat template only`);
  }
  const started = performance.now();
  const problem = await readProblemFile(path);
  if (problem.application === null)
    throw new AppError("file.invalid", `${path}: app: is missing, so there is nothing to plan`);
  const inventory = new Inventory(problem.dataCenter);
  const loaded = performance.now();
  const solver = new LocalSolver();
  const outcome = await solver.solve(inventory, problem.application, solveOptions(options, problem.seed));
  await solver.close();
  const ms = { load: loaded - started, search: outcome.searchMs, total: performance.now() - started };
  if (options.json) printJson(outcome, ms);
  else printText(outcome, problem.dataCenter, ms, options.explain === true);
  return outcome.ok;
}

function solveOptions({ seed, budget, deadline }: Options, fileSeed: number): SolveOptions {
  return {
    seed: seed ?? fileSeed,
    ...(budget === undefined ? {} : { budget }),
    ...(deadline === undefined ? {} : { deadlineMs: deadline }),
  };
}

interface Times {
  readonly load: number;
  readonly search: number;
  readonly total: number;
}

/** In the form of problems/FORMAT "Result". */
function printJson(outcome: Plan | Refusal, { load, search, total }: Times): void {
  const rounded = (ms: number) => Number(ms.toFixed(3));
  const result = {
    solver: "ostro",
    ok: outcome.ok,
    reason: outcome.ok ? null : outcome.reason,
    ms: { load: rounded(load), search: rounded(search), total: rounded(total) },
    ...(outcome.ok
      ? { placements: outcome.placements, objective: outcome.objective, bound: outcome.bound }
      : { placements: {}, rule: outcome.rule, vm: outcome.vm, refused: outcome.refused }),
    stats: outcome.stats,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

function printText(outcome: Plan | Refusal, dataCenter: DataCenter, ms: Times, explain: boolean): void {
  const times = `load ${ms.load.toFixed(1)} ms, search ${ms.search.toFixed(1)} ms, total ${ms.total.toFixed(1)} ms`;
  const text = outcome.ok ? planTable(outcome, dataCenter) : refusalText(outcome, explain);
  process.stdout.write(`${text}\n${times}\n`);
}
