// What the moves for joined units find, and that they leave the state of the core as it should be.
import { describe, expect, it } from "vitest";
import { Inventory } from "../../host/core/inventory.ts";
import { parseProblem } from "../../host/core/problem.ts";
import type { ProblemFile } from "../../host/core/problem-schema.ts";
import { corePath, LocalSolver } from "../../host/core/solver.ts";
import { generate } from "../oracle/gen.mjs";
import { score } from "../oracle/validate.mjs";
import { cliques, tightLinks } from "../support/planted-pipes.ts";

const solver = new LocalSolver();

function solved(problem: ProblemFile, budget: number, by: LocalSolver = solver) {
  const { dataCenter, application } = parseProblem(JSON.stringify(problem), problem.name!);
  const answer = by.solveNow(new Inventory(dataCenter), application!, { budget });
  if (answer.ok) expect(score(problem, answer.placements).violations).toEqual([]);
  return answer;
}

describe("the check build, which computes all state anew after each move, finds no drift and the same plan", () => {
  const check = new LocalSolver(corePath("check"));

  it.each<[string, ProblemFile]>([
    ["units that are tied and apart", generate(40, 25, 1, { pipes: 2, rack: "4-8" })],
    ["full links", tightLinks(8, 1)],
    ["cliques", cliques(4, 1).problem],
  ])("%s", (_, problem) => {
    const [plain, checked] = [solved(problem, 4_000), solved(problem, 4_000, check)];
    expect(plain.ok).toBe(true);
    expect(checked.ok && checked.placements).toEqual(plain.ok && plain.placements);
  });
});

it("cliques that each fill a host get one each, and neighbours share racks", () => {
  for (const count of [8, 12]) {
    const { problem, bestMbps } = cliques(count, 1);
    expect(solved(problem, 5_000)).toMatchObject({ ok: true, objective: { reserved_bw_mbps: bestMbps } });
  }
});

it("what a good first plan reserves is lowered by a third", () => {
  const problem = generate(100, 25, 2, { pipes: 2 });
  const reserved = [0, 20_000].map((budget) => {
    const answer = solved(problem, budget);
    return answer.ok ? answer.objective.reserved_bw_mbps : Number.NaN;
  });
  expect(reserved).toEqual([29_200, 17_800]);
});

it.each([
  [24, 1],
  [24, 2],
  [48, 3],
])("a plan is found for %i hosts whose links are used up to nine tenths or more (seed %i)", (hosts, seed) => {
  expect(solved(tightLinks(hosts, seed), 20_000)).toMatchObject({ ok: true });
});
