// The second check of a plan, which every plan goes through before it is committed.

import type { Plan } from "../../host/core/model.ts";
import { LocalSolver } from "../../host/core/solver.ts";
import { verify } from "../../host/core/verify.ts";
import { type BenchCase, defineCase, ensure } from "../case.ts";
import { applicationOf, sharedInventory } from "../problems.ts";

export const check: readonly BenchCase[] = [
  defineCase({
    name: "verify/10000-hosts/100-vms",
    labels: ["short"],
    setup: async (scale) => {
      const inventory = await sharedInventory(scale === "small" ? 200 : 10_000);
      const application = await applicationOf(100);
      const answer = new LocalSolver().solveNow(inventory, application, { budget: 0 });
      ensure(answer.ok, "no plan");
      const { placements }: Plan = answer;
      return { inventory, application, placements };
    },
    run: ({ inventory, application, placements }) => verify(inventory, application, placements, {}),
    check: ({ inventory, application, placements }, broken) => {
      ensure(broken.length === 0, broken.join("; "));
      const [first, ...rest] = Object.entries(placements);
      const without = Object.fromEntries(rest);
      ensure(verify(inventory, application, without, {}).length > 0, `a plan without ${first![0]} passes`);
    },
  }),
];
