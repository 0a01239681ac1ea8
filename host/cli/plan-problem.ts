import { Inventory } from "../core/inventory.ts";
import type { DataCenter, Explanation, Plan, Refusal } from "../core/model.ts";
import { readProblemFile } from "../core/problem.ts";
import { AppError } from "../errors.ts";
import { explainOnce, solveOnce } from "./plan-solve.ts";
import { planTable, refusalText } from "./plan-table.ts";
import type { StackOptions } from "./stack-options.ts";
import { writeCertificate } from "./write-certificate.ts";

/** Plans a problem file and prints the answer; false: there is no place. @throws AppError file.invalid */
export async function planProblem(path: string, options: StackOptions): Promise<boolean> {
  for (const name of ["parameter", "group", "datacenter"] as const) {
    if (options[name] !== undefined) throw new AppError("config.invalid", `--${name} goes with a Heat template only`);
  }
  const started = performance.now();
  const problem = await readProblemFile(path);
  if (problem.application === null)
    throw new AppError("file.invalid", `${path}: app: is missing, so there is nothing to plan`);
  const inventory = new Inventory(problem.dataCenter);
  const loaded = performance.now();
  const search = { ...options, seed: options.seed ?? problem.seed };
  const outcome = await solveOnce(inventory, problem.application, search);
  const explanation = await explainOnce(inventory, problem.application, outcome, options.explain);
  const ms = { load: loaded - started, search: outcome.searchMs, total: performance.now() - started };
  if (options.json) printJson(outcome, explanation, ms);
  else printText(outcome, explanation, problem.dataCenter, ms, options.explain === true);
  await writeCertificate(options.certificate, outcome);
  return outcome.ok;
}

interface Times {
  readonly load: number;
  readonly search: number;
  readonly total: number;
}

/** In the form of problems/FORMAT "Result". */
function printJson(outcome: Plan | Refusal, explanation: Explanation | null, { load, search, total }: Times): void {
  const rounded = (ms: number) => Number(ms.toFixed(3));
  const result = {
    solver: "ostro",
    ok: outcome.ok,
    reason: outcome.ok ? null : outcome.reason,
    ms: { load: rounded(load), search: rounded(search), total: rounded(total) },
    ...(outcome.ok
      ? {
          placements: outcome.placements,
          objective: outcome.objective,
          bound: outcome.bound,
          optimal: outcome.optimal,
        }
      : { placements: {}, proven: outcome.proven, rule: outcome.rule, vm: outcome.vm, refused: outcome.refused }),
    ...(explanation === null ? {} : { explanation }),
    stats: outcome.stats,
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
}

function printText(
  outcome: Plan | Refusal,
  explanation: Explanation | null,
  dataCenter: DataCenter,
  ms: Times,
  explain: boolean,
): void {
  const times = `load ${ms.load.toFixed(1)} ms, search ${ms.search.toFixed(1)} ms, total ${ms.total.toFixed(1)} ms`;
  const text = outcome.ok ? planTable(outcome, dataCenter, explanation) : refusalText(outcome, explain);
  process.stdout.write(`${text}\n${times}\n`);
}
