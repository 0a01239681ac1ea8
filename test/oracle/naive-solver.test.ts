import { describe, expect, it } from "vitest";
import { randomProblem } from "../support/random-problem.ts";
import { generate } from "./gen.mjs";
import { naivePlan } from "./naive-solver.ts";
import { score } from "./validate.mjs";

describe("the naive solver", () => {
  it("keeps every rule in what it places, and places random problems by hundreds", () => {
    let placed = 0;
    for (let seed = 0; seed < 2000; seed++) {
      const { problem } = randomProblem(seed);
      const placements = naivePlan(problem);
      if (placements === null) continue;
      placed++;
      expect({ seed, violations: score(problem, placements).violations }).toEqual({ seed, violations: [] });
    }
    expect(placed).toBeGreaterThan(400);
  });

  it("loads no link above its capacity", () => {
    for (let seed = 1; seed <= 30; seed++) {
      const problem = generate(60, 40, seed, { rack: "4-8", pipes: 2 });
      const placements = naivePlan(problem);
      if (placements !== null) expect(score(problem, placements).violations).toEqual([]);
    }
  });

  it("places most of the tight problems", () => {
    const tight = Array.from({ length: 60 }, (_, i) => generate(40, 40, i + 1, { load: 0.85, rack: "4-8" }));
    expect(tight.filter((problem) => naivePlan(problem) !== null).length).toBeGreaterThan(45);
  });

  it("touches no second host while one has room", () => {
    const host = (name: string) => ({
      name,
      status: "up" as const,
      capacity: { vcpus: 8, mem_mb: 8192, disk_gb: 80 },
    });
    const vms = ["a", "b", "c"].map((name) => ({ name, vcpus: 2, mem_mb: 2048, disk_gb: 20 }));
    const problem = { format: "placement-problem/1" as const, hosts: [host("h0"), host("h1")], app: { vms } };
    expect(naivePlan(problem)).toEqual({ a: "h0", b: "h0", c: "h0" });
  });
});
