// Properties of the solver on random problems. The judge is the format's checker, which knows nothing of the core.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Inventory } from "../../host/core/inventory.ts";
import type { Application } from "../../host/core/model.ts";
import { parseProblem } from "../../host/core/problem.ts";
import { corePath, LocalSolver, PoolSolver } from "../../host/core/solver.ts";
import { verify } from "../../host/core/verify.ts";
import { bruteForce } from "../oracle/brute-force.ts";
import { claims, score } from "../oracle/validate.mjs";
import { propertySeed } from "../support/property-seed.ts";
import { type RandomProblem, randomProblem } from "../support/random-problem.ts";

const solver = new LocalSolver();

function opened(problem: RandomProblem["problem"]): { inventory: Inventory; application: Application } {
  const { dataCenter, application } = parseProblem(JSON.stringify(problem), problem.name!);
  return { inventory: new Inventory(dataCenter), application: application! };
}

/** Counts by name, for a table that is printed and asserted. */
class Tally {
  readonly #counts = new Map<string, number>();

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  of(name: string): number {
    return this.#counts.get(name) ?? 0;
  }

  toString(): string {
    return [...this.#counts]
      .sort()
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
  }
}

/** What of the problem a violation is about, finer than the rule: the level, the operator, whether the group lives there. */
function aspects({ app, existing }: RandomProblem["problem"], violation: string): string[] {
  const [, vm] = /^aggregate of (.*)$/.exec(violation) ?? [];
  if (vm !== undefined) {
    const specs = app.vms.find((each) => each.name === vm)!.extra_specs!;
    const words = Object.entries(specs).flatMap(([key, value]) => (key.includes("hw:") ? [] : [value.split(" ")[0]!]));
    return words.map((word) => `operator ${/^[a-z]?[=!<>]|^<(in|all-in|or)>$/.test(word) ? word : "none"}`);
  }
  const [, entered] = / enters (\w+) exclusive to /.exec(violation) ?? [];
  if (entered !== undefined) return [`exclusivity ${entered} of others`];
  const name = /^(?:\w+ )?(g\d+)\b/.exec(violation)?.[1];
  const group = app.groups.find((each) => each.name === name);
  if (group === undefined) return [];
  const short = { affinity: "AFF", diversity: "DIV", exclusivity: "EX" }[group.type];
  const key = `${group.level}:${short}:${group.name}`;
  const lives = existing.some((each) => each.groups.includes(key));
  return [`${group.type} ${group.level}`, ...(lives ? [`${group.type} ${group.level} joining`] : [])];
}

/** Rules that every problem has; which of them are tried without takes turns. */
const ALWAYS = ["machine-size", "vcpu-capacity", "ram-capacity", "disk-capacity"];

/** The other rules that this problem uses. */
function rulesNamedBy({ app, existing, hosts }: RandomProblem["problem"]): string[] {
  const rules = app.groups.map((group) => group.type as string);
  if (hosts.some((host) => host.status === "down")) rules.push("availability");
  if (existing.some((vm) => vm.groups.some((key) => key.includes(":EX:")))) rules.push("exclusivity");
  if (app.pipes.length > 0) rules.push("nic-capacity", "uplink-capacity");
  for (const vm of app.vms) {
    if (vm.az) rules.push("zone");
    if (vm.extra_specs) rules.push("aggregates");
    for (const rule of ["candidates", "excluded", "fixed"] as const) if (vm[rule]) rules.push(rule);
  }
  return [...new Set(rules)];
}

describe("on 10000 random problems", () => {
  it("no plan breaks a rule, and each rule was needed for that", () => {
    const outcomes = new Tally();
    const binding = new Tally();
    const names = solver.rules.map((rule) => rule.name);
    let run = 0;
    const property = fc.property(fc.nat(), (seed) => {
      const { problem, disturbed } = randomProblem(seed);
      const { inventory, application } = opened(problem);
      const answer = solver.solveNow(inventory, application, { budget: 200 });
      if (!answer.ok) {
        outcomes.add(disturbed ? "refused" : "refused though feasible");
        return;
      }
      outcomes.add("placed");
      const seen = score(problem, answer.placements);
      expect({ seed, violations: seen.violations, wrong: claims(answer, seen) }).toEqual({
        seed,
        violations: [],
        wrong: [],
      });
      expect(verify(inventory, application, answer.placements)).toEqual([]);

      // With one rule switched off, does the solver break it? Then the rule was binding here. Half of them show enough.
      if (run >= 5_000) return;
      for (const rule of [...rulesNamedBy(problem), ALWAYS[run % ALWAYS.length]!, ALWAYS[(run + 2) % ALWAYS.length]!]) {
        const without = solver.solveNow(inventory, application, { budget: 20, disabledRules: [rule] });
        if (!without.ok) continue;
        const { violations } = score(problem, without.placements);
        if (violations.length === 0) continue;
        expect(verify(inventory, application, without.placements), `problem ${seed} without ${rule}`).not.toEqual([]);
        binding.add(rule);
        for (const aspect of new Set(violations.flatMap((each) => aspects(problem, each)))) binding.add(aspect);
      }
      run++;
    });
    fc.assert(property, { numRuns: 10_000, seed: propertySeed });
    console.log(`solver, seed ${propertySeed}: ${outcomes}. Binding: ${binding}.`);

    // These problems have no traits: traits.test.ts tries them.
    for (const rule of names.filter((name) => name !== "traits"))
      expect(`${rule} ${binding.of(rule) >= 20}`).toBe(`${rule} true`);
    const operators = "none = >= <= == != s== s!= s< s<= s> s>= <in> <all-in> <or>".split(" ");
    for (const operator of operators)
      expect(`${operator} ${binding.of(`operator ${operator}`) >= 3}`).toBe(`${operator} true`);
    for (const type of ["affinity", "diversity", "exclusivity"])
      for (const level of ["host", "rack", "cluster"])
        for (const aspect of [`${type} ${level}`, `${type} ${level} joining`])
          expect(`${aspect} ${binding.of(aspect) >= 3}`).toBe(`${aspect} true`);
    for (const level of ["host", "rack", "cluster"])
      expect(binding.of(`exclusivity ${level} of others`)).toBeGreaterThan(3);
    // Nearly perfect packings, for which the budget may not suffice: none with the default seed.
    expect(outcomes.of("refused though feasible")).toBeLessThan(5);
    expect(outcomes.of("placed")).toBeGreaterThan(9_000);
  }, 300_000);
});

it("of tiny problems exactly the feasible ones are placed, no objective beats the optimum, no bound exceeds it", () => {
  const outcomes = new Tally();
  const property = fc.property(fc.nat(), (seed) => {
    const { problem } = randomProblem(seed, { hosts: 7, vms: 6 });
    const best = bruteForce(problem);
    if (best.feasible === null) return;
    const { inventory, application } = opened(problem);
    const answer = solver.solveNow(inventory, application);
    expect({ seed, placed: answer.ok }).toEqual({ seed, placed: best.feasible });
    if (!answer.ok || !best.feasible) {
      outcomes.add("infeasible");
      return;
    }
    const [found, optimum] = [answer.objective, best.objective];
    expect(answer.bound.hosts_activated).toBeLessThanOrEqual(optimum.hosts_activated);
    expect(answer.bound.reserved_bw_mbps).toBeLessThanOrEqual(optimum.reserved_bw_mbps);
    expect(answer.bound.hosts_touched).toBeLessThanOrEqual(optimum.hosts_touched);
    expect(found.hosts_activated).toBeGreaterThanOrEqual(optimum.hosts_activated);
    outcomes.add("placed");
    if (found.hosts_activated > optimum.hosts_activated) outcomes.add("more activated than needed");
    else if (found.reserved_bw_mbps > optimum.reserved_bw_mbps) outcomes.add("more bandwidth than needed");
    else if (found.hosts_touched > optimum.hosts_touched) outcomes.add("more touched than needed");
  });
  fc.assert(property, { numRuns: 3_000, seed: propertySeed });
  console.log(`tiny problems, seed ${propertySeed}: ${outcomes}`);
  expect(outcomes.of("infeasible")).toBeGreaterThan(50);
  expect(outcomes.of("more activated than needed") + outcomes.of("more touched than needed")).toBeLessThan(30);
});

it("the check build, which computes all state anew after each move, agrees and finds no drift", () => {
  const checked = new LocalSolver(corePath("check"));
  for (let seed = 0; seed < 200; seed++) {
    const { inventory, application } = opened(randomProblem(propertySeed + seed).problem);
    const answer = checked.solveNow(inventory, application, { budget: 50 });
    expect({ ...answer, searchMs: 0 }).toEqual({
      ...solver.solveNow(inventory, application, { budget: 50 }),
      searchMs: 0,
    });
  }
});

describe("equal problem, seed and budget give equal answers to the byte", () => {
  const bytes = (answer: object) => JSON.stringify({ ...answer, searchMs: 0 });
  const options = { seed: 42, budget: 300 };

  it("on one core that solved other problems before, and on a new one", () => {
    const other = new LocalSolver();
    for (let seed = 0; seed < 300; seed++) {
      const { inventory, application } = opened(randomProblem(seed).problem);
      const first = bytes(solver.solveNow(inventory, application, options));
      expect(bytes(solver.solveNow(inventory, application, options))).toBe(first);
      expect(bytes(other.solveNow(inventory, application, options))).toBe(first);
    }
  });

  it("on any worker of a pool", async () => {
    const pool = new PoolSolver({ workers: 2 });
    try {
      const seeds = Array.from({ length: 40 }, (_, i) => i);
      const answers = seeds.flatMap((seed) => {
        const { inventory, application } = opened(randomProblem(seed).problem);
        const expected = bytes(solver.solveNow(inventory, application, options));
        const again = async () => expect(bytes(await pool.solve(inventory, application, options))).toBe(expected);
        return [again(), again(), again()];
      });
      await Promise.all(answers);
    } finally {
      await pool.close();
    }
  });
});
