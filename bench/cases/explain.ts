// What an explanation of a whole plan costs beside the plan.

import { LocalSolver } from "../../host/core/solver.ts";
import { defineCase, ensure } from "../case.ts";
import { applicationOf, sharedInventory } from "../problems.ts";

const VMS = 100;

export const explain = [1000, 10_000].map((hosts) =>
  defineCase({
    name: `explain/${hosts}-hosts/${VMS}-vms`,
    labels: hosts === 1000 ? ["short"] : [],
    setup: async (scale) => {
      const inventory = await sharedInventory(scale === "small" ? 200 : hosts);
      const application = await applicationOf(VMS);
      const solver = new LocalSolver();
      const plan = solver.solveNow(inventory, application);
      ensure(plan.ok, "no plan");
      return { inventory, application, solver, placements: plan.placements };
    },
    run: ({ solver, inventory, application, placements }) => solver.explain(inventory, application, placements),
    check: ({ application }, explanation) => {
      ensure(explanation !== null, "the plan was not adopted");
      ensure(Object.keys(explanation).length === application.vms.length, "not all VMs are accounted for");
    },
    gate: ({ inventory }, explanation) => {
      const accounts = Object.values(explanation!);
      for (const { refused, allowed } of accounts) {
        const sum = Object.values(refused).reduce((total, count) => total + count, allowed);
        ensure(sum === inventory.hosts.size, "not every host is counted once");
      }
      return {
        allowed: accounts.reduce((sum, { allowed }) => sum + allowed, 0),
        runners_up: accounts.filter(({ runner_up: next }) => next !== null).length,
      };
    },
    per: () => ({ count: VMS, unit: "VM" }),
  }),
);
