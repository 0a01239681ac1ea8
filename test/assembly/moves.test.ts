// What improvement finds, and that it leaves the state of the core as it should be.
import { describe, expect, it } from "vitest";
import { type BinPackingOptions, binPacking } from "../../bench/bin-packing.ts";
import { Inventory } from "../../host/core/inventory.ts";
import { parseProblem } from "../../host/core/problem.ts";
import type { ProblemFile } from "../../host/core/problem-schema.ts";
import { corePath, LocalSolver } from "../../host/core/solver.ts";
import { generate } from "../oracle/gen.mjs";
import { score } from "../oracle/validate.mjs";
import { randomProblem } from "../support/random-problem.ts";

const solver = new LocalSolver();

function solved(problem: ProblemFile, budget: number, by: LocalSolver = solver) {
  const { dataCenter, application } = parseProblem(JSON.stringify(problem), problem.name!);
  const answer = by.solveNow(new Inventory(dataCenter), application!, { budget });
  if (answer.ok) expect(score(problem, answer.placements).violations).toEqual([]);
  return answer;
}

/** Levels of the objective in their order. */
function levelsOf(problem: ProblemFile, budget: number): number[] {
  const answer = solved(problem, budget);
  if (!answer.ok) return [Number.POSITIVE_INFINITY];
  const { hosts_activated, reserved_bw_mbps, hosts_touched, racks_touched, left_bp } = answer.objective;
  return [hosts_activated, reserved_bw_mbps, hosts_touched, racks_touched, left_bp];
}

const PACKINGS: readonly BinPackingOptions[] = [
  { kind: "cut", resources: 1, items: 24, seed: 1 },
  { kind: "cut", resources: 3, items: 24, seed: 1 },
  { kind: "triplets", resources: 1, items: 24, seed: 1 },
  { kind: "triplets", resources: 3, items: 24, seed: 1 },
];

describe("the check build, which computes all state anew after each move, finds no drift and the same plan", () => {
  const check = new LocalSolver(corePath("check"));

  it("on random problems", () => {
    for (let seed = 1; seed <= 25; seed++) {
      const { problem } = randomProblem(seed, { hosts: 12, vms: 12 });
      const [plain, checked] = [solved(problem, 2500), solved(problem, 2500, check)];
      expect(checked.ok && checked.placements, `seed ${seed}`).toEqual(plain.ok && plain.placements);
    }
  });

  it.each(PACKINGS)("on a packing: $kind, $resources resources", (options) => {
    const { problem } = binPacking(options);
    const [plain, checked] = [solved(problem, 4000), solved(problem, 4000, check)];
    expect(plain.ok && checked.ok && checked.placements).toEqual(plain.ok && plain.placements);
  });
});

it("more budget never makes a plan worse", () => {
  for (let seed = 1; seed <= 12; seed++) {
    const problem = generate(40, 40, seed, { load: 0.85, rack: "4-8" });
    let before = [Number.POSITIVE_INFINITY];
    for (const budget of [0, 300, 900, 2700, 8100]) {
      const now = levelsOf(problem, budget);
      const first = now.findIndex((level, i) => level !== before[i]);
      expect(first === -1 || now[first]! < before[first]!, `seed ${seed}: ${before} then ${now}`).toBe(true);
      before = now;
    }
  }
});

it("a plateau is left on which every single host emptied leads nowhere: seven hosts instead of nine", () => {
  const problem = generate(30, 30, 2, { load: 0.75, rack: "4-8" });
  expect(levelsOf(problem, 50_000).slice(0, 4)).toEqual([1, 0, 7, 3]);
});

describe("packings that leave nothing free are found", () => {
  it.each<BinPackingOptions>([
    { kind: "cut", resources: 1, items: 120, seed: 1 },
    { kind: "cut", resources: 1, items: 1000, seed: 101 },
    { kind: "cut-few", resources: 3, items: 120, seed: 1 },
    { kind: "cut-few", resources: 3, items: 1000, seed: 1001 },
    { kind: "triplets", resources: 1, items: 60, seed: 1 },
    { kind: "triplets", resources: 1, items: 120, seed: 2 },
    { kind: "triplets", resources: 1, items: 1000, seed: 101 },
    { kind: "triplets", resources: 3, items: 501, seed: 1 },
    { kind: "triplets", resources: 3, items: 1000, seed: 1001 },
  ])("$kind, $resources resources, $items VMs", (options) => {
    const { problem, optimum } = binPacking(options);
    expect(solved(problem, 200_000)).toMatchObject({ ok: true, objective: { hosts_activated: optimum } });
  });

  it("of three resources where hosts take two to six VMs each, and mostly only those that they were made for", () => {
    const { problem, optimum } = binPacking({ kind: "cut", resources: 3, items: 250, seed: 1001 });
    expect(solved(problem, 1_000_000)).toMatchObject({ ok: true, objective: { hosts_activated: optimum } });
  });
});
