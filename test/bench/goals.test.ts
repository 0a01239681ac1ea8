import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type Figure, isMet, ratioOf } from "../../bench/goal.ts";
import { cellsOf, markdownOf, number } from "../../bench/goal-table.ts";
import { isWithin } from "../../bench/goals/anytime.ts";
import { GOALS } from "../../bench/goals/index.ts";
import { inRepository } from "../../bench/paths.ts";
import { faultsOf, opened, solve } from "../../bench/quality.ts";
import { NOVA, ORIGINAL, ORIGINAL_TIGHT, recorded } from "../../bench/reference.ts";
import { plotOf, readResults, withTable } from "../../bench/results.ts";
import { byTurns, exponentOf } from "../../bench/turns.ts";
import { generate } from "../oracle/gen.mjs";

const figure: Figure = { what: "plans", value: 0.125, unit: "ms", basis: "measured", goal: { atMost: 0.5 } };

describe("a goal", () => {
  it("is met up to its bound and not beyond", () => {
    expect(isMet({ ...figure, value: 0.5 })).toBe(true);
    expect(isMet({ ...figure, value: 0.501 })).toBe(false);
    expect(isMet({ ...figure, value: 14, goal: { atLeast: 14 } })).toBe(true);
    expect(isMet({ ...figure, value: 13, goal: { atLeast: 14 } })).toBe(false);
    expect(isMet({ ...figure, goal: null })).toBe(null);
  });

  it("shows figure, goal, ratio and whether it was recorded elsewhere", () => {
    expect(cellsOf(figure)).toEqual(["plans", "≤ 0.5 ms", "0.125 ms", "0.25", "met", "measured"]);
    const times: Figure = { what: "Nova", value: 8000, unit: "x", basis: "recorded", goal: { atLeast: 100_000 } };
    expect(cellsOf(times)).toEqual(["Nova", "≥ 100,000 ×", "8,000 ×", "0.08", "missed", "ratio to recorded"]);
  });

  it("has no ratio to nothing", () => {
    expect(ratioOf({ ...figure, goal: { atMost: 0 } })).toBe(null);
    expect(cellsOf({ ...figure, value: 0, unit: "", goal: { atMost: 0 } }).slice(1, 5)).toEqual([
      "≤ 0",
      "0",
      "",
      "met",
    ]);
  });

  it.each([
    [0.001234, "0.0012"],
    [12.345, "12.3"],
    [51_270.4, "51,270"],
    [117, "117"],
  ])("writes %d as %s", (value, text) => expect(number(value)).toBe(text));

  it("puts its remark beside what it is, in Markdown", () => {
    const [, , row] = markdownOf([{ ...figure, remark: "a | b" }]).split("\n");
    expect(row).toBe("| plans (a \\| b) | ≤ 0.5 ms | 0.125 ms | 0.25 | met | measured |");
  });
});

describe("goals", () => {
  it("have names of their own", () => {
    expect(new Set(GOALS.map(({ name }) => name)).size).toBe(GOALS.length);
  });

  it("find growth as the exponent, whatever the factor", () => {
    const sizes = [10, 100, 1000];
    expect(exponentOf(sizes.map((size) => [size, 7 * size ** 0.5]))).toBeCloseTo(0.5);
    expect(exponentOf(sizes.map((size) => [size, 3 * size]))).toBeCloseTo(1);
  });

  it("take medians of runs by turns, without the first of each", () => {
    const times = { a: [100, 1, 2, 3], b: [0, 9, 8, 7] };
    expect(byTurns({ a: () => times.a.shift()!, b: () => times.b.shift()! }, 3)).toEqual({ a: 2, b: 8 });
  });

  it("call a plan within one percent by the first level that differs", () => {
    expect(isWithin([2, 0, 30], [2, 0, 30])).toBe(true);
    expect(isWithin([2, 0, 101], [2, 0, 100])).toBe(true);
    expect(isWithin([2, 0, 102], [2, 0, 100])).toBe(false);
    expect(isWithin([3, 0, 1], [2, 9, 9])).toBe(false);
  });

  it("refuse a plan that breaks a rule", () => {
    const file = generate(40, 10, 1, { rack: "4-8" });
    const answer = solve(opened(file), { budget: 0 });
    if (!answer.ok) throw new Error(answer.reason);
    const down = { ...file, hosts: file.hosts.map((host) => ({ ...host, status: "down" as const })) };
    expect(faultsOf(file, answer)).toEqual([]);
    expect(faultsOf(down, answer)).not.toEqual([]);
  });
});

describe("recorded figures", () => {
  it("say where they come from and on what they were taken", () => {
    const tables: Record<string, { source: string; machine: string }> = JSON.parse(
      readFileSync(inRepository("bench/reference.json"), "utf8"),
    );
    for (const { source, machine } of Object.values(tables)) {
      expect(source.length).toBeGreaterThan(20);
      expect(machine.length).toBeGreaterThan(10);
    }
  });

  it("are found by size, and missed aloud", () => {
    expect(recorded(ORIGINAL, 10_000, 100).ms).toBe(5127);
    expect(recorded(NOVA, 1000).msPerVm).toBe(53);
    expect(() => recorded(NOVA, 17)).toThrow("17 hosts");
    expect(ORIGINAL_TIGHT.filter(({ touched }) => touched !== null)).toHaveLength(102);
  });
});

describe("what was measured last", () => {
  it("is what the plot shows", async () => {
    expect(readFileSync(inRepository("bench/plot.svg"), "utf8")).toBe(await plotOf(readResults()));
  });

  it("has a place in the README that a new measurement fills", () => {
    const readme = readFileSync(inRepository("README.md"), "utf8");
    const goals = { one: [{ ...figure, what: "a figure of now" }] };
    expect(withTable(readme, { machine: "this one", goals, plot: [] })).toContain("| a figure of now |");
  });
});
