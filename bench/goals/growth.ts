// How the time of the first plan grows with the data center and with the application.

import { readyToPlan } from "../cases/plan.ts";
import type { Goal } from "../goal.ts";
import { byTurns, exponentOf, warmUp } from "../turns.ts";

const HOSTS = [1000, 10_000, 100_000];
const VMS = [10, 100, 1000];
const ROUNDS = 9;
/** Calls of a round, of which the fastest counts: who takes the processor away meets long calls rather than short ones. */
const CALLS = 11;

async function exponent(sizes: readonly number[], ready: (size: number) => ReturnType<typeof readyToPlan>) {
  const runs: Record<string, () => number> = {};
  for (const size of sizes) {
    const { solve, sound } = await ready(size);
    sound(solve());
    warmUp(solve);
    runs[size] = () => Math.min(...Array.from({ length: CALLS }, () => solve().searchMs));
  }
  const medians = byTurns(runs, ROUNDS);
  return exponentOf(sizes.map((size) => [size, medians[size]!]));
}

export const growth: Goal = {
  name: "growth",
  async measure() {
    return [
      {
        what: "exponent of plan time in hosts, 1,000 to 100,000",
        value: await exponent(HOSTS, (hosts) => readyToPlan(hosts, 100, "first")),
        unit: "",
        basis: "measured",
        goal: { atMost: 0.5 },
      },
      {
        what: "exponent of plan time in VMs, 10 to 1,000",
        value: await exponent(VMS, (vms) => readyToPlan(10_000, vms, "first")),
        unit: "",
        basis: "measured",
        goal: { atMost: 1.05 },
      },
    ];
  },
};
