// What the solver claims to have proven, against a complete search that shares no code with it.
import fc from "fast-check";
import { expect, it } from "vitest";
import { checkCertificate } from "../../host/core/check-certificate.ts";
import { Inventory } from "../../host/core/inventory.ts";
import { parseProblem } from "../../host/core/problem.ts";
import { LocalSolver } from "../../host/core/solver.ts";
import { bruteForce } from "../oracle/brute-force.ts";
import { score } from "../oracle/validate.mjs";
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

/** Tries every host for every VM and lets the checker of the format judge: slow, but it knows bandwidth. */
function everyPlan(problem: RandomProblem["problem"]): readonly number[] | null {
  const { vms } = problem.app;
  let best: number[] | null = null;
  const placements: Record<string, string> = {};
  const place = (at: number): void => {
    if (at < vms.length) {
      for (const host of problem.hosts) {
        placements[vms[at]!.name] = host.name;
        place(at + 1);
      }
      return;
    }
    const seen = score(problem, placements);
    if (!seen.valid) return;
    const value = [seen.hosts_activated, seen.reserved_bw_mbps, seen.hosts_touched, seen.racks_touched];
    const differs = value.findIndex((level, i) => level !== best?.[i]);
    if (best === null || (differs >= 0 && value[differs]! < best[differs]!)) best = value;
  };
  place(0);
  return best;
}

it("with pipes, too, what is said to be the best or to be impossible is", () => {
  let piped = 0;
  let impossible = 0;
  for (let seed = propertySeed; piped < 200; seed++) {
    const { problem } = randomProblem(seed, { hosts: 6, vms: 4 });
    if (problem.app.pipes.length === 0 || problem.hosts.length ** problem.app.vms.length > 700) continue;
    piped++;
    const best = everyPlan(problem);
    const { dataCenter, inventory, application } = opened(problem);
    const answer = solver.solveNow(inventory, application, { budget: 20_000 });
    if (best === null) {
      impossible++;
      if (answer.ok) throw new Error(`problem ${seed} has no answer, but was given one`);
      expect(`${seed} ${checkCertificate(dataCenter, application, answer.certificate!)}`).toBe(`${seed} null`);
      continue;
    }
    if (!answer.ok) throw new Error(`problem ${seed} has an answer, but: ${answer.reason}`);
    const { hosts_activated, reserved_bw_mbps, hosts_touched, racks_touched } = answer.objective;
    expect({
      seed,
      optimal: answer.optimal,
      value: [hosts_activated, reserved_bw_mbps, hosts_touched, racks_touched],
    }).toEqual({
      seed,
      optimal: true,
      value: best,
    });
  }
  console.log(`problems with pipes: ${piped}, impossible ${impossible}`);
});
