// Bin packing with the optimum known by construction; see bin-packing.ts for how the problems are made.

import { type BinPackingOptions, binPacking } from "../bin-packing.ts";
import type { BenchCase } from "../case.ts";
import { WORK_PER_MS } from "../goal.ts";
import { setCase } from "../problem-set.ts";
import { opened, type Problem } from "../quality.ts";

export interface Packing extends Problem {
  readonly optimum: number;
}

export type Family = Pick<BinPackingOptions, "kind" | "resources">;

export const FAMILIES: readonly Family[] = [
  { kind: "cut", resources: 1 },
  { kind: "cut", resources: 3 },
  { kind: "cut-few", resources: 3 },
  { kind: "triplets", resources: 1 },
  { kind: "triplets", resources: 3 },
];
/** The gate is for changes, not for the goal: a tenth of its time, and no more than this many VMs. */
const GATE_ITEMS = [60, 120, 250];
const GATE_SEEDS = [1, 2];

export function packing(options: BinPackingOptions): Packing {
  const { problem, optimum } = binPacking(options);
  return { ...opened(problem), optimum };
}

function packingCase(family: Family): BenchCase {
  return setCase<Packing>({
    name: `packing/${family.kind}/${family.resources}-resources`,
    labels: family.kind === "cut" && family.resources === 1 ? ["short", "long"] : ["long"],
    work: 100 * WORK_PER_MS,
    problems: async (small) =>
      (small ? [30] : GATE_ITEMS).flatMap((items) => GATE_SEEDS.map((seed) => packing({ ...family, items, seed }))),
    count: (answers, problems) => ({
      optimal: answers.filter((answer, i) => answer.ok && answer.objective.hosts_activated === problems[i]!.optimum)
        .length,
      hosts: answers.reduce((sum, answer) => sum + (answer.ok ? answer.objective.hosts_activated : 0), 0),
      least_hosts: problems.reduce((sum, { optimum }) => sum + optimum, 0),
    }),
  });
}

export const packingCases: readonly BenchCase[] = FAMILIES.map(packingCase);
