// The same question more than once, and from several sides at once.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { allAllocations } from "../../../db/queries/inventory.ts";
import { audit } from "../../support/audit.ts";
import { gone, is } from "../../support/cloud.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../../support/postgres.ts";
import { CALLER, clear, dataCenter, type Services, services, stack } from "../../support/services.ts";

const HOSTS = ["r0h0", "r0h1", "r1h0", "r1h1"];

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let on: Services;
  beforeAll(async () => {
    database = await freshDatabase(kind);
    on = await services(await database.open(), dataCenter(2, 2));
  });
  afterAll(async () => {
    await on.close();
    await database.remove();
  });
  beforeEach(() => clear(on));

  const asked = async (id: string, locations = HOSTS) =>
    (await on.plans.create(CALLER, { ...stack(id, { [id]: "c1" }), locations }))!.placements[0]!.location;
  const held = async () => (await on.store.read(allAllocations)).length;

  test("Nova asks three times for two servers, and the third answer is the second", async () => {
    const first = await asked("vm-1");
    const second = await asked("vm-2");
    expect(await asked("vm-2", HOSTS.toReversed())).toBe(second);
    expect(await asked("vm-1", [first])).toBe(first);
    expect(await held()).toBe(2);
  });

  test("the same plan from several sides at once is one plan", async () => {
    const plans = await Promise.all(
      Array.from({ length: 4 }, () => on.plans.create(CALLER, stack("s", { a: "c1", b: "c2" }))),
    );
    expect(new Set(plans.map((plan) => JSON.stringify(plan))).size).toBe(1);
    expect(await held()).toBe(2);
    const locations = [plans[0]!.placements[0]!.location];
    const reserve = () => on.placements.reserve("a", { action: "reserve", resourceId: "vm-a", locations });
    const reserved = await Promise.all([reserve(), reserve(), reserve()]);
    expect(new Set(reserved.map((row) => JSON.stringify(row))).size).toBe(1);
    expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
  });

  test("servers that start, move and end while their stacks are planned leave nothing behind", async () => {
    const life = async (n: number) => {
      const plan = (await on.plans.create(CALLER, stack(`s${n}`, { [`a${n}`]: "c1" })))!;
      const id = `vm-${n}`;
      const { location } = await on.placements.reserve(`a${n}`, {
        action: "reserve",
        resourceId: id,
        locations: [plan.placements[0]!.location],
      });
      await Promise.all([on.servers.apply([is(id, location)]), on.servers.apply([is(id, location)])]);
      await Promise.allSettled([
        on.plans.migrate(`s${n}`, { server: id, excludedHosts: [] }),
        on.servers.apply([is(id, location, { name: "renamed" })]),
      ]);
      await on.servers.apply([is(id, (await on.placements.find(`a${n}`)).location)]);
      expect(await audit(on.store)).toEqual([]);
      await Promise.allSettled([on.servers.apply([gone(id)]), on.plans.remove(`s${n}`)]);
      await on.servers.apply([gone(id)]);
    };
    await Promise.all([1, 2, 3, 4, 5].map(life));
    expect(await held()).toBe(0);
    expect(on.inventory.inventory.vmCount).toBe(0);
    expect(await on.plans.list()).toEqual([]);
  });
});
