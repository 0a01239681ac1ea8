import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { allAllocations } from "../../../db/queries/inventory.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../../support/postgres.ts";
import { CALLER, dataCenter, type Services, services, stack } from "../../support/services.ts";

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
  beforeEach(async () => {
    for (const { id } of await on.plans.list()) await on.plans.remove(id);
  });

  const held = async () => (await on.store.read(allAllocations)).map(({ host, vcpus }) => ({ host, vcpus }));
  const create = (...args: Parameters<typeof stack>) => on.plans.create(CALLER, stack(...args));
  const locations = (plan: { placements: { location: string }[] } | null) =>
    plan!.placements.map((row) => row.location);

  test("a stack is planned, stored and found by its id and its stack's", async () => {
    const plan = await create("s1", { web: "c2", db: "c4" });
    expect(plan).toMatchObject({ stackId: "s1", name: "s1" });
    expect(plan!.placements.map(({ name, reserved, resourceId }) => ({ name, reserved, resourceId }))).toEqual([
      { name: "web", reserved: false, resourceId: null },
      { name: "db", reserved: false, resourceId: null },
    ]);
    expect(await on.plans.find("s1")).toEqual(plan);
    expect(await on.plans.find(plan!.id)).toEqual(plan);
    expect(await on.plans.list()).toEqual([plan]);
  });
  void held;
  void locations;
});
