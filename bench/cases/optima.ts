// Small problems whose optimum an exact solver has proven: how many are solved to it, and how many proven by us.

import type { Plan, Refusal } from "../../host/core/model.ts";
import type { BenchCase } from "../case.ts";
import { WORK_PER_MS } from "../goal.ts";
import { setCase } from "../problem-set.ts";
import { isProven, type Problem, tightProblem } from "../quality.ts";
import { OPTIMA, type Optimum } from "../reference.ts";

interface Known extends Problem {
  readonly optimum: Optimum;
}

/** 0: on every level the optimum; else the first level that is worse. */
export function missesOf(answer: Plan | Refusal, { activated, touched, racks }: Optimum): string | null {
  if (!answer.ok) return "placed";
  const { hosts_activated, hosts_touched, racks_touched } = answer.objective;
  if (hosts_activated !== activated) return "activated";
  if (hosts_touched !== touched) return "touched";
  return racks_touched === racks ? null : "racks";
}

function optimaCase(work: number): BenchCase {
  return setCase<Known>({
    name: `optima/${OPTIMA.length}-problems`,
    labels: work > 100 * WORK_PER_MS ? ["long"] : ["short"],
    work,
    problems: (small) =>
      Promise.all(
        (small ? OPTIMA.slice(0, 2) : OPTIMA).map(async (optimum) => ({ ...(await tightProblem(optimum)), optimum })),
      ),
    count: (answers, problems) => ({
      optimal: answers.filter((answer, i) => missesOf(answer, problems[i]!.optimum) === null).length,
      activated_optimal: answers.filter(
        (answer, i) => answer.ok && answer.objective.hosts_activated === problems[i]!.optimum.activated,
      ).length,
      proven: answers.filter(isProven).length,
    }),
  });
}

export const FOUND = optimaCase(50 * WORK_PER_MS);
export const PROVEN = optimaCase(1000 * WORK_PER_MS);

export const optimaCases: readonly BenchCase[] = [FOUND, PROVEN];
