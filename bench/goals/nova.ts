// A decision for one VM, as its share of a plan, beside recorded times of OpenStack's schedulers.

import type { Figure, Goal } from "../goal.ts";
import { generated } from "../problems.ts";
import { opened } from "../quality.ts";
import { NOVA, PLACEMENT, recorded } from "../reference.ts";
import { medianOfCalls, warmUp } from "../turns.ts";
import { firstPlan } from "./plan-time.ts";

const VMS = 100;
/** A round takes milliseconds: together they are to outlast what disturbs the machine for a moment. */
const ROUNDS = 49;

async function perVm(hosts: number): Promise<number> {
  const problem = opened(await generated(hosts, VMS, 1));
  warmUp(() => firstPlan(problem));
  return medianOfCalls(ROUNDS, () => firstPlan(problem).search) / VMS;
}

async function againstFilter(hosts: number, atLeast: number): Promise<Figure> {
  return {
    what: `Nova's filter and weigh takes per VM, ${hosts} hosts`,
    value: recorded(NOVA, hosts).msPerVm / (await perVm(hosts)),
    unit: "x",
    basis: "recorded",
    goal: { atLeast },
  };
}

export const nova: Goal = {
  name: "nova",
  async measure() {
    const hosts = 5000;
    const { msPerVm, refreshMs } = recorded(NOVA, hosts);
    const whole = recorded(PLACEMENT, hosts).ms + refreshMs + msPerVm;
    return [
      await againstFilter(10_000, 100_000),
      await againstFilter(1000, 25_000),
      {
        what: `Placement, refresh, filter and weigh take per VM, ${hosts} hosts`,
        value: whole / (await perVm(hosts)),
        unit: "x",
        basis: "recorded",
        goal: { atLeast: 300_000 },
      },
    ];
  },
};
