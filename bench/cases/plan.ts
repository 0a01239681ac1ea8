// The core's plan time: begin, construct, improve, finish, on columns that are up to date and a request that is encoded.

import { catalogueOf } from "../../host/core/catalogue.ts";
import { decode } from "../../host/core/decode.ts";
import { encode } from "../../host/core/encode.ts";
import { CoreSession, type SolveAnswer } from "../../host/core/session.ts";
import { defaultBudget } from "../../host/core/solver.ts";
import { verify } from "../../host/core/verify.ts";
import { type BenchCase, defineCase, ensure } from "../case.ts";
import { applicationOf, hashOf, sharedInventory } from "../problems.ts";

export const HOSTS = [1000, 10_000, 100_000];
export const VMS = [5, 25, 100, 280];
const SMALL_HOSTS = 200;
/** More than any of these problems needs. */
const REPAIR_BUDGET = 100_000;
/** first: the construction alone. default: with the improvement that a caller gets who names no budget. */
export type Variant = "first" | "default";

/** A core that holds the columns, and the request of one application for it. `budget`: as number, the work itself. */
export async function readyToPlan(hosts: number, vms: number, budget: Variant | number, corePath?: string) {
  const inventory = await sharedInventory(hosts);
  const application = await applicationOf(vms);
  const session = new CoreSession(corePath);
  const task = {
    request: encode(inventory, application),
    vms: application.vms.length,
    seed: 1,
    budget: budget === "first" ? 0 : budget === "default" ? defaultBudget(application) : budget,
    repairBudget: REPAIR_BUDGET,
    disabledRules: 0,
  };
  const { buffer } = inventory.snapshot;
  session.sync(buffer);
  const solve = (): SolveAnswer => session.solve(buffer, task);
  /** Throws unless the answer is a plan that keeps every rule. */
  const sound = (answer: SolveAnswer) => {
    const plan = decode(
      answer,
      inventory.version,
      application,
      catalogueOf(session.core),
      (row) => inventory.hostAt(row)!,
    );
    ensure(plan.ok, plan.ok ? "" : plan.reason);
    const broken = verify(inventory, application, plan.placements, {});
    ensure(broken.length === 0, broken.join("; "));
    return plan;
  };
  return { hosts, session, solve, sound };
}

function planCase(hosts: number, vms: number, variant: Variant): BenchCase {
  return defineCase({
    name: `plan/${hosts}-hosts/${vms}-vms/${variant}`,
    labels: hosts > 10_000 ? ["slow"] : hosts === 1000 && vms === 25 ? ["short"] : [],
    setup: (scale) => readyToPlan(scale === "small" ? SMALL_HOSTS : hosts, vms, variant),
    run: ({ solve }) => solve(),
    check: ({ sound }, answer) => {
      sound(answer);
    },
    gate: ({ session, sound }, answer) => {
      const { stats, objective, placements } = sound(answer);
      return {
        ...stats,
        ...objective,
        placements: hashOf(placements),
        core_memory_bytes: session.core.memory.buffer.byteLength,
      };
    },
  });
}

export const plan: readonly BenchCase[] = HOSTS.flatMap((hosts) =>
  VMS.flatMap((vms) => [planCase(hosts, vms, "first"), planCase(hosts, vms, "default")]),
);
