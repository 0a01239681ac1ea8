// Problems that are solved for what the plan is worth, each answer checked by the format's own checker.

import { pathToFileURL } from "node:url";
import { Inventory } from "../host/core/inventory.ts";
import type { Application, Plan, Refusal, SolveOptions } from "../host/core/model.ts";
import { parseProblem } from "../host/core/problem.ts";
import type { ProblemFile } from "../host/core/problem-schema.ts";
import { LocalSolver } from "../host/core/solver.ts";
import { inRepository } from "./paths.ts";
import { generated } from "./problems.ts";
import type { TightProblem } from "./reference.ts";

export interface Problem {
  readonly file: ProblemFile;
  readonly inventory: Inventory;
  readonly application: Application;
}

export interface Solved {
  readonly answer: Plan | Refusal;
  /** Whole call: reading the application, search, writing the plan. */
  readonly ms: number;
}

export const solver = new LocalSolver();

/** The checker is plain JavaScript that no build copies, so it is found by its path. */
const { claims, score }: typeof import("../test/oracle/validate.mjs") = await import(
  pathToFileURL(inRepository("test/oracle/validate.mjs")).href
);

export function opened(file: ProblemFile): Problem {
  const { dataCenter, application } = parseProblem(JSON.stringify(file), file.name ?? "generated");
  if (application === null) throw new Error(`${file.name} has no application`);
  return { file, inventory: new Inventory(dataCenter), application };
}

export async function tightProblem({ hosts, vms, load, seed }: TightProblem): Promise<Problem> {
  return opened(await generated(hosts, vms, seed, { load, rack: "4-8" }));
}

/** For times: what is solved again and again is checked once, by `solve`. */
export function timed({ inventory, application }: Problem, options: SolveOptions): Solved {
  const start = performance.now();
  const answer = solver.solveNow(inventory, application, options);
  return { answer, ms: performance.now() - start };
}

/** @throws when the plan breaks a rule or claims what is not so. */
export function solve(problem: Problem, options: SolveOptions): Plan | Refusal {
  const { answer } = timed(problem, options);
  const wrong = faultsOf(problem.file, answer);
  if (wrong.length > 0) throw new Error(`${problem.file.name}: ${wrong.join("; ")}`);
  return answer;
}

/** What is wrong with a plan, in words; of a refusal nothing can be said here. */
export function faultsOf(file: ProblemFile, answer: Plan | Refusal): string[] {
  if (!answer.ok) return [];
  const seen = score(file, answer.placements);
  return [...seen.violations, ...claims(answer, seen)];
}

/** A plan that is proven optimal, or a refusal that is proven right. */
export function isProven(answer: Plan | Refusal): boolean {
  return answer.ok ? answer.optimal : answer.proven;
}

/** What the checker says of placements, whoever made them. */
export function placementsScore(file: ProblemFile, placements: Readonly<Record<string, string>>) {
  return score(file, placements);
}
