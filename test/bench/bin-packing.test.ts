// The generator of packings whose optimum is known.
import { describe, expect, it } from "vitest";
import { binPacking } from "../../bench/bin-packing.ts";
import { score } from "../oracle/validate.mjs";

describe.each(["cut", "cut-few", "triplets"] as const)("%s", (kind) => {
  it.each([1, 3] as const)("%i resources: the planted answer keeps every rule and leaves nothing free", (resources) => {
    for (const items of [60, 249, 1000]) {
      const { problem, optimum, planted } = binPacking({ kind, resources, items, seed: items });
      const vms = problem.app!.vms!;
      expect(vms).toHaveLength(kind === "triplets" ? 3 * Math.floor(items / 3) : items);
      const seen = score(problem, planted);
      expect(seen.violations).toEqual([]);
      expect(seen.hosts_activated).toBe(optimum);
      const { capacity } = problem.hosts[0]!;
      for (const field of ["mem_mb", "vcpus", "disk_gb"] as const)
        if (resources === 3 || field === "mem_mb")
          expect(vms.reduce((sum, vm) => sum + vm[field], 0)).toBe(optimum * capacity[field]);
    }
  });
});

it("the same seed makes the same problem, another one another", () => {
  const options = { kind: "cut", resources: 3, items: 100, seed: 1 } as const;
  expect(binPacking(options)).toEqual(binPacking(options));
  expect(binPacking({ ...options, seed: 2 }).problem).not.toEqual(binPacking(options).problem);
});
