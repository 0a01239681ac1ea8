// Traits against lists of candidates that say the same, for which there is a complete search that shares no code.
import fc from "fast-check";
import { expect, it } from "vitest";
import { checkCertificate } from "../../host/core/check-certificate.ts";
import { Inventory } from "../../host/core/inventory.ts";
import { parseProblem } from "../../host/core/problem.ts";
import { LocalSolver } from "../../host/core/solver.ts";
import { toProblem } from "../../host/core/to-problem.ts";
import { verify } from "../../host/core/verify.ts";
import { bruteForce } from "../oracle/brute-force.ts";
import { propertySeed } from "../support/property-seed.ts";
import { Random } from "../support/random.ts";
import { randomProblem } from "../support/random-problem.ts";

const solver = new LocalSolver();
const TRAITS = ["TPM", "AVX", "CUSTOM_A"];

it("every tiny problem with traits is solved to the optimum, or refused with a proof that the check accepts", () => {
  const counts = { placed: 0, impossible: 0, byTraits: 0, withoutTheRule: 0 };
  const property = fc.property(fc.nat(), (seed) => {
    const random = new Random(seed);
    const { problem } = randomProblem(seed, { hosts: 7, vms: 6 });
    problem.app.pipes = [];
    for (const host of problem.hosts) if (random.chance(0.9)) host.traits = random.some(TRAITS, 0.6);
    const plain = structuredClone(problem);
    problem.app.vms.forEach((vm, i) => {
      if (random.chance(0.5)) return;
      const [trait, demand] = [random.pick(TRAITS), random.pick(["required", "required", "forbidden"])];
      vm.extra_specs = { ...vm.extra_specs, [`trait:${trait}`]: demand };
      const may = (traits?: readonly string[] | null) =>
        traits == null || (demand === "required" ? traits.includes(trait) : !traits.includes(trait));
      const { candidates } = plain.app.vms[i]!;
      plain.app.vms[i]!.candidates = problem.hosts
        .filter(({ name, traits }) => may(traits) && (candidates?.includes(name) ?? true))
        .map(({ name }) => name);
    });
    const best = bruteForce(plain);
    if (best.feasible === null) return;
    const { dataCenter, application } = parseProblem(JSON.stringify(problem), `problem ${seed}`);
    expect(parseProblem(JSON.stringify(toProblem(dataCenter, application, "again")), "again").dataCenter.hosts).toEqual(
      dataCenter.hosts,
    );
    const inventory = new Inventory(dataCenter);
    const answer = solver.solveNow(inventory, application!, { budget: 20_000 });
    expect({ seed, ok: answer.ok }).toEqual({ seed, ok: best.feasible });
    if (!answer.ok) {
      counts.impossible++;
      if (answer.rule === "traits") counts.byTraits++;
      expect(`${seed} ${checkCertificate(dataCenter, application!, answer.certificate!)}`).toBe(`${seed} null`);
    } else if (best.feasible) {
      counts.placed++;
      const { left_bp: _found, ...found } = answer.objective;
      const { left_bp: _best, ...optimum } = best.objective;
      expect({ seed, ...found }).toEqual({ seed, ...optimum });
      expect(verify(inventory, application!, answer.placements)).toEqual([]);
    }
    // What the core does without the rule is what the check must see.
    const careless = solver.solveNow(inventory, application!, { disabledRules: ["traits"] });
    if (!careless.ok) return;
    const broken = verify(inventory, application!, careless.placements);
    const reasons = broken.filter((text) => text.includes("whose traits its extra specs refuse"));
    expect({ seed, broken }).toEqual({ seed, broken: reasons });
    if (broken.length > 0) counts.withoutTheRule++;
    else expect({ seed, ok: answer.ok }).toEqual({ seed, ok: true });
  });
  fc.assert(property, { numRuns: 500, seed: propertySeed });
  console.log(`traits, seed ${propertySeed}: ${JSON.stringify(counts)}`);
  for (const count of Object.values(counts)) expect(count).toBeGreaterThan(10);
});
