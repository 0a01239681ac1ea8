// The problems of the generator: the tight ones that a greedy search fails, and all sizes.
import { describe, expect, it } from "vitest";
import { checkCertificate } from "../../host/core/check-certificate.ts";
import { Inventory } from "../../host/core/inventory.ts";
import type { Plan, Refusal } from "../../host/core/model.ts";
import { parseProblem } from "../../host/core/problem.ts";
import { LocalSolver } from "../../host/core/solver.ts";
import { verify } from "../../host/core/verify.ts";
import { type GenerateOptions, generate } from "../oracle/gen.mjs";
import { claims, score } from "../oracle/validate.mjs";

const solver = new LocalSolver();

/** Solves and checks; what is placed keeps every rule and is what it claims to be. */
function solved(
  hosts: number,
  vms: number,
  seed: number,
  options: GenerateOptions = {},
  budget?: number,
): Plan | Refusal {
  const problem = generate(hosts, vms, seed, options);
  const { dataCenter, application } = parseProblem(JSON.stringify(problem), problem.name!);
  const inventory = new Inventory(dataCenter);
  const answer = solver.solveNow(inventory, application!, budget === undefined ? {} : { budget });
  if (answer.ok) {
    const seen = score(problem, answer.placements);
    expect({ name: problem.name, violations: seen.violations, wrong: claims(answer, seen) }).toEqual({
      name: problem.name,
      violations: [],
      wrong: [],
    });
    expect(verify(inventory, application!, answer.placements)).toEqual([]);
  }
  return answer;
}

it("of the 120 tight problems the 117 that have an answer are placed and the others proven to have none", () => {
  const refused: string[] = [];
  for (const [vms, load] of [
    [40, 0.85],
    [60, 0.8],
  ] as const)
    for (let seed = 1; seed <= 60; seed++) {
      const answer = solved(40, vms, seed, { load, rack: "4-8" });
      if (answer.ok) continue;
      refused.push(`40 ${vms} ${seed} --load ${load}`);
      const problem = generate(40, vms, seed, { load, rack: "4-8" });
      const { dataCenter, application } = parseProblem(JSON.stringify(problem), problem.name!);
      expect(checkCertificate(dataCenter, application!, answer.certificate!)).toBeNull();
    }
  expect(refused).toEqual([2, 26, 46].map((seed) => `40 60 ${seed} --load 0.8`));
});

it("the 280 VMs for 100 hosts on which the original failed are placed", () => {
  expect(solved(100, 280, 1)).toMatchObject({ ok: true });
});

describe("all sizes are placed and keep every rule", () => {
  const sizes = [20, 100, 500, 2000, 10_000].flatMap((hosts) => [5, 25, 100, 280].map((vms) => ({ hosts, vms })));
  // 20 hosts are too few for 100 VMs; and in one rack of the usual size they could not spread over racks.
  const fitting = sizes.filter(({ hosts, vms }) => hosts > 20 || vms <= 25);
  it.each(fitting)("$hosts hosts, $vms VMs", ({ hosts, vms }) => {
    const answer = hosts === 20 ? solved(hosts, vms, 3, { rack: "4-8" }, 500) : solved(hosts, vms, 1, {}, 500);
    expect(answer).toMatchObject({ ok: true });
  });

  it("with clusters, too", () => {
    for (let seed = 1; seed <= 10; seed++)
      expect(solved(200, 60, seed, { clusters: 3, rack: "8-16" }, 500)).toMatchObject({ ok: true });
  });
});

/** Proven optima (exact solver): hosts activated, hosts touched, racks touched. */
describe("the optimum is found and proven, in every level", () => {
  it.each([
    [20, 15, 0.6, 1, 0, 2, 2],
    [20, 15, 0.6, 2, 0, 3, 3],
    [20, 15, 0.6, 3, 0, 4, 4],
    [20, 30, 0.6, 1, 1, 6, 3],
    [20, 30, 0.6, 2, 1, 5, 2],
    [20, 30, 0.6, 3, 1, 8, 3],
    [30, 30, 0.75, 1, 1, 7, 2],
    [30, 30, 0.75, 2, 1, 7, 3],
    [30, 30, 0.75, 3, 1, 6, 3],
    [30, 30, 0, 1, 7, 7, 3],
    [30, 30, 0, 2, 7, 7, 3],
    [30, 30, 0, 3, 7, 7, 4],
    [20, 40, 0, 1, 9, 9, 3],
    [20, 40, 0, 2, 9, 9, 3],
    [20, 40, 0, 3, 7, 7, 4],
    [50, 40, 0.6, 1, 1, 7, 3],
  ])("%i hosts, %i VMs, load %d, seed %i: %i, %i, %i", (hosts, vms, load, seed, activated, touched, racks) => {
    const answer = solved(hosts, vms, seed, { load, rack: "4-8" }, 100_000);
    const optimum = { hosts_activated: activated, hosts_touched: touched, racks_touched: racks };
    expect(answer).toMatchObject({ ok: true, optimal: true, objective: optimum, bound: optimum });
  });
});
