// What the solver claims to have proven, against a complete search that shares no code with it.
import fc from "fast-check";
import { expect, it } from "vitest";
import { checkCertificate } from "../../host/core/check-certificate.ts";
import { Inventory } from "../../host/core/inventory.ts";
import { parseProblem } from "../../host/core/problem.ts";
import { LocalSolver } from "../../host/core/solver.ts";
import { bruteForce } from "../oracle/brute-force.ts";
import { propertySeed } from "../support/property-seed.ts";
import { type RandomProblem, randomProblem } from "../support/random-problem.ts";

const solver = new LocalSolver();

function opened(problem: RandomProblem["problem"]) {
  const { dataCenter, application } = parseProblem(JSON.stringify(problem), problem.name!);
  return { dataCenter, inventory: new Inventory(dataCenter), application: application! };
}

it("every tiny problem is solved to the proven optimum or proven to have no answer", () => {
  let infeasible = 0;
  const property = fc.property(fc.nat(), (seed) => {
    const { problem } = randomProblem(seed, { hosts: 7, vms: 6 });
    // The complete search knows no bandwidth.
    problem.app.pipes = [];
    const best = bruteForce(problem);
    if (best.feasible === null) return;
    const { dataCenter, inventory, application } = opened(problem);
    const answer = solver.solveNow(inventory, application, { budget: 20_000 });
    if (!best.feasible) {
      infeasible++;
      if (answer.ok) throw new Error(`problem ${seed} has no answer, but was given one`);
      expect({ seed, proven: answer.proven }).toEqual({ seed, proven: true });
      expect(`${seed} ${checkCertificate(dataCenter, application, answer.certificate!)}`).toBe(`${seed} null`);
      return;
    }
    if (!answer.ok) throw new Error(`problem ${seed} has an answer, but: ${answer.reason}`);
    const { left_bp: _found, ...found } = answer.objective;
    const { left_bp: _best, ...optimum } = best.objective;
    expect({ seed, ...found }).toEqual({ seed, ...optimum });
    expect({ seed, optimal: answer.optimal, ...answer.bound }).toEqual({ seed, optimal: true, ...optimum });
  });
  fc.assert(property, { numRuns: 2_000, seed: propertySeed });
  expect(infeasible).toBeGreaterThan(30);
});
