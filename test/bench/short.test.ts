import { describe, expect, it } from "vitest";
import { CASES } from "../../bench/cases/index.ts";

describe("benchmarks", () => {
  it("have names of their own", () => {
    const names = CASES.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
  });

  const short = CASES.filter(({ labels }) => labels.includes("short"));

  it("have a short case for every subject", () => {
    const subjects = (cases: readonly { name: string }[]) => new Set(cases.map(({ name }) => name.split("/")[0]));
    expect(subjects(short)).toEqual(subjects(CASES));
  });

  it.each(short)("$name runs, small, and its result is right", async (one) => {
    const open = await one.open("small");
    try {
      const counters = await open.verify();
      expect(counters !== null).toBe(one.gated);
      // Counters that another run on the same state changes could gate nothing.
      expect(await open.verify()).toEqual(counters);
      expect(open.per.count).toBeGreaterThan(0);
    } finally {
      await open.close();
    }
  });
});
