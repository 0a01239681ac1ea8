import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { PoolSolver, type Solver } from "../../host/core/solver.ts";
import { AppError } from "../../host/errors.ts";
import { audit } from "../support/audit.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../support/postgres.ts";
import { CALLER, dataCenter, type Services, services, stack } from "../support/services.ts";

let solver: Solver;
beforeAll(() => {
  solver = new PoolSolver({ workers: 2 });
});
afterAll(() => solver.close());

/** How many were placed; every other one must have been refused for want of capacity, in words. */
async function placedOf(requests: Promise<unknown>[]): Promise<number> {
  const outcomes = await Promise.allSettled(requests);
  for (const outcome of outcomes)
    if (outcome.status === "rejected") {
      expect(outcome.reason).toBeInstanceOf(AppError);
      expect(outcome.reason.code).toBe("placement.infeasible");
      expect(outcome.reason.message).toMatch(/capacity/);
    }
  return outcomes.filter(({ status }) => status === "fulfilled").length;
}

// 16 hosts of 8, of which 20 are taken before: 108 remain.
const DATA_CENTER = dataCenter(4, 4, 8);
const BEFORE = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`before${i}`, "c1"]));
const one = (on: Services, i: number) => on.plans.create(CALLER, stack(`s${i}`, { [`vm${i}`]: "c1" }));

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  const running: Services[] = [];
  const start = async () => {
    const on = await services(await database.open(), DATA_CENTER, { solver });
    running.push(on);
    return on;
  };
  beforeEach(async () => {
    database = await freshDatabase(kind);
  });
  afterEach(async () => {
    for (const on of running.splice(0)) await on.close();
    await database.remove();
  });

  test("200 requests at once for 108 places: 108 are placed, 92 are told why not", async () => {
    const on = await start();
    await on.plans.create(CALLER, stack("before", BEFORE));
    expect(await placedOf(Array.from({ length: 200 }, (_, i) => one(on, i)))).toBe(108);
    expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
  });

  test("requests at once for one stack make one plan", async () => {
    const on = await start();
    const plans = await Promise.all(Array.from({ length: 20 }, () => one(on, 1)));
    expect(new Set(plans.map((plan) => JSON.stringify(plan))).size).toBe(1);
    expect(await on.plans.list()).toHaveLength(1);
    expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
  });

  if (kind === "postgres") {
    test("200 requests at once to two servers on one database: what fits is placed, nothing twice", async () => {
      const [a, b] = [await start(), await start()];
      await a.plans.create(CALLER, stack("before", BEFORE));
      expect(await placedOf(Array.from({ length: 200 }, (_, i) => one(i % 2 ? a : b, i)))).toBe(108);
      await Promise.all([a.inventory.catchUp(), b.inventory.catchUp()]);
      expect(await audit(a.store, [a.inventory.inventory, b.inventory.inventory])).toEqual([]);
    });

    test("requests at once to two servers for one stack make one plan", async () => {
      const [a, b] = [await start(), await start()];
      const plans = await Promise.all(Array.from({ length: 20 }, (_, i) => one(i % 2 ? a : b, 1)));
      expect(new Set(plans.map((plan) => plan!.id)).size).toBe(1);
      expect(await a.plans.list()).toHaveLength(1);
      expect(await audit(a.store)).toEqual([]);
    });

    test("a rack that one server gives to an exclusivity group takes nobody else through the other", async () => {
      const [a, b] = [await start(), await start()];
      for (const name of ["red", "blue"]) {
        await a.groups.create({ name, type: "exclusivity", level: "rack", description: "" });
        await a.groups.addMembers(name, [CALLER.projectId]);
      }
      const exclusive = (name: string, i: number) =>
        a.plans.create(
          CALLER,
          stack(
            `${name}${i}`,
            { [`${name}${i}`]: "c1" },
            {
              [`g${i}`]: { group_type: "exclusivity", group_name: name, level: "rack", resources: [`${name}${i}`] },
            },
          ),
        );
      for (let round = 0; round < 8; round++) {
        await placedOfAny([
          ...Array.from({ length: 4 }, (_, i) => one(b, round * 10 + i)),
          exclusive("red", round),
          exclusive("blue", round),
        ]);
        expect(await audit(a.store)).toEqual([]);
        for (const { id } of await a.plans.list()) await (round % 2 ? a : b).plans.remove(id);
      }
    });
  }
});

async function placedOfAny(requests: Promise<unknown>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(requests))
    if (outcome.status === "rejected") expect(outcome.reason.code).toBe("placement.infeasible");
}
