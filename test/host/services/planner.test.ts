import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Inventory } from "../../../host/core/inventory.ts";
import type { Application, Plan, Refusal, SolveOptions } from "../../../host/core/model.ts";
import { LocalSolver } from "../../../host/core/solver.ts";
import { verify } from "../../../host/core/verify.ts";
import { audit } from "../../support/audit.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../../support/postgres.ts";
import { CALLER, dataCenter, type Services, services, stack } from "../../support/services.ts";

/** The real solver, with something that happens before an answer reaches the planner. */
class Delayed {
  readonly #solver = new LocalSolver();
  solves = 0;
  meanwhile: (solves: number, plan: Plan | Refusal) => Promise<Plan | Refusal | undefined> = async () => undefined;

  async solve(inventory: Inventory, application: Application, options: SolveOptions = {}): Promise<Plan | Refusal> {
    const plan = await this.#solver.solve(inventory, application, options);
    this.solves++;
    return (await this.meanwhile(this.solves, plan)) ?? plan;
  }
}

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let on: Services;
  /** Another server on the same database; on the embedded store, where there is none, other requests of the same one. */
  let other: Services;
  let solver: Delayed;
  beforeEach(async () => {
    database = await freshDatabase(kind);
    solver = new Delayed();
    on = await services(await database.open(), dataCenter(2, 2), { solver, parallel: 8, lockedSolveMs: 300 });
    const { inventory } = on;
    other = await services(await database.open(), dataCenter(2, 2), kind === "postgres" ? {} : { inventory });
  });
  afterEach(async () => {
    await on.close();
    await other.close();
    await database.remove();
  });

  const once = (happens: () => Promise<unknown>) => {
    solver.meanwhile = async (solves) => {
      if (solves === 1) await happens();
      return undefined;
    };
  };
  const at = (name: string, host: string, flavor = "c1") => ({ ...stack(name, { [name]: flavor }), locations: [host] });
  const ownRack = (name: string, host: string) => {
    const request = stack("vip", { [name]: "c1" });
    request.resources[name]!.locations = [host];
    request.resources.own = {
      type: "ATT::Valet::GroupAssignment",
      properties: { group_type: "exclusivity", group_name: "vip", level: "rack", resources: [name] },
    };
    return request;
  };

  test("a plan for a host that was filled meanwhile is made again", async () => {
    once(() => other.plans.create(CALLER, at("big", "r0h0", "c4")));
    const plan = await on.plans.create(CALLER, stack("s", { a: "c1" }));
    expect(plan!.placements[0]!.location).not.toBe("r0h0");
    expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
  });

  test("a plan whose only host was filled meanwhile is refused", async () => {
    once(() => other.plans.create(CALLER, at("big", "r0h0", "c4")));
    await expect(on.plans.create(CALLER, at("s", "r0h0"))).rejects.toMatchObject({ code: "placement.infeasible" });
    await expect(on.plans.find("s")).rejects.toMatchObject({ code: "plan.not-found" });
  });

  test("a plan for another host of a rack that became someone's own meanwhile is refused", async () => {
    await on.groups.create({ name: "vip", type: "exclusivity", level: null, description: "" });
    await on.groups.addMembers("vip", [CALLER.projectId]);
    once(() => other.plans.create(CALLER, ownRack("v", "r0h0")));
    await expect(on.plans.create(CALLER, at("s", "r0h1"))).rejects.toMatchObject({ code: "placement.infeasible" });
    expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
  });

  test("a plan that wants a rack for itself is refused when someone entered it meanwhile", async () => {
    await on.groups.create({ name: "vip", type: "exclusivity", level: null, description: "" });
    await on.groups.addMembers("vip", [CALLER.projectId]);
    once(() => other.plans.create(CALLER, at("s", "r0h1")));
    await expect(on.plans.create(CALLER, ownRack("v", "r0h0"))).rejects.toMatchObject({ code: "placement.infeasible" });
    expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
  });

  test("what others released meanwhile is there for a request that would be refused without", async () => {
    for (const host of ["r0h0", "r0h1", "r1h0", "r1h1"]) await on.plans.create(CALLER, at(host, host, "c4"));
    await other.inventory.catchUp();
    await other.plans.remove("r1h0");
    const plan = await on.plans.create(CALLER, stack("s", { a: "c4" }));
    expect(plan!.placements[0]!.location).toBe("r1h0");
  });

  test("when others are always faster, the fourth attempt keeps them out", async () => {
    const others: Promise<unknown>[] = [];
    solver.meanwhile = async (solves) => {
      const entering = other.plans.create(CALLER, at(`other${solves}`, "r0h0"));
      others.push(entering);
      // In the fourth this one has to wait for us.
      if (solves <= 3) await entering;
      else if (solves === 4) await new Promise((resolve) => setTimeout(resolve, 100));
      return undefined;
    };
    const plan = await on.plans.create(CALLER, at("s", "r0h0"));
    expect(plan!.placements[0]!.location).toBe("r0h0");
    expect((await Promise.allSettled(others)).map(({ status }) => status)).toEqual([
      ...Array(3).fill("fulfilled"),
      "rejected",
    ]);
    expect(await audit(on.store)).toEqual([]);
  });

  test("who keeps the others out for too long gives up, and they go on", async () => {
    solver.meanwhile = async (solves) => {
      if (solves <= 3) await other.plans.create(CALLER, at(`other${solves}`, "r0h0"));
      else await new Promise((resolve) => setTimeout(resolve, 1_000));
      return undefined;
    };
    await expect(on.plans.create(CALLER, at("s", "r0h0"))).rejects.toMatchObject({
      code: "placement.conflict",
      message: "the inventory changed meanwhile, try again",
    });
    await other.plans.create(CALLER, at("s", "r0h0"));
    expect(await audit(on.store)).toEqual([]);
  });

  test("a plan that breaks a rule is not committed, and its request is saved", async () => {
    solver.meanwhile = async (_, plan) => ({ ...plan, placements: { a: "r0h0", b: "r0h0" } }) as Plan;
    const apart = { apart: { group_type: "diversity", level: "host", resources: ["a", "b"] } };
    await expect(on.plans.create(CALLER, stack("s", { a: "c1", b: "c1" }, apart))).rejects.toMatchObject({
      code: "plan.unsound",
      message: expect.stringMatching(/share host \(r0h0\)/),
    });
    expect(await on.plans.list()).toEqual([]);
    expect(on.inventory.inventory.vmCount).toBe(0);

    const [file] = readdirSync(on.replayDirectory);
    const saved = JSON.parse(readFileSync(join(on.replayDirectory, file!), "utf8"));
    const again = verify(new Inventory(saved.dataCenter), saved.application, saved.plan.placements, saved.options);
    expect(again).toEqual(saved.problems);
    rmSync(on.replayDirectory, { recursive: true });
  });

  test("requests that wait are refused with the one that finds the store away", async () => {
    await database.remove();
    const outcomes = await Promise.allSettled([1, 2, 3].map((i) => on.plans.create(CALLER, at(`s${i}`, "r0h0"))));
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: "store.unavailable" } });
    database = await freshDatabase(kind);
  });
});
