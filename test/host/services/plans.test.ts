import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { allAllocations } from "../../../db/queries/inventory.ts";
import { audit } from "../../support/audit.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../../support/postgres.ts";
import { CALLER, clear, dataCenter, type Services, services, stack } from "../../support/services.ts";

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let on: Services;
  beforeAll(async () => {
    database = await freshDatabase(kind);
    // r0h0, r0h1, r1h0, r1h1 of 4 vCPU each
    on = await services(await database.open(), dataCenter(2, 2));
  });
  afterAll(async () => {
    await on.close();
    await database.remove();
  });
  beforeEach(() => clear(on));

  const held = async () => (await on.store.read(allAllocations)).reduce((sum, { vcpus }) => sum + vcpus, 0);
  const create = (...args: Parameters<typeof stack>) => on.plans.create(CALLER, stack(...args));
  const hosts = (plan: { placements: { location: string }[] } | null) => plan!.placements.map((row) => row.location);
  const apart = (...resources: string[]) => ({ apart: { group_type: "diversity", level: "host", resources } });

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
    expect(await held()).toBe(6);
    expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
  });

  test("a stack without servers stores nothing", async () => {
    expect(await create("empty", {})).toBeNull();
    await expect(on.plans.find("empty")).rejects.toMatchObject({ code: "plan.not-found", message: "Plan not found" });
  });

  test("the same resources again get the recorded plan, in whatever order their keys stand", async () => {
    const request = stack("s1", { a: "c1", b: "c2" }, apart("a", "b"));
    const plan = await on.plans.create(CALLER, request);
    const turned = { ...request, resources: Object.fromEntries(Object.entries(request.resources).reverse()) };
    expect(await on.plans.create(CALLER, request)).toEqual(plan);
    expect(await on.plans.create(CALLER, turned)).toEqual(plan);
    expect(await held()).toBe(3);
  });

  test("other resources replace the plan, which keeps its id, and the place of the old ones can be used", async () => {
    const first = await create("s1", { a: "c4", b: "c4", c: "c4", d: "c4" });
    const second = await create("s1", { a: "c4", b: "c4", e: "c4", f: "c4" });
    expect(second!.id).toBe(first!.id);
    expect(second!.placements.map(({ name }) => name)).toEqual(["a", "b", "e", "f"]);
    expect(new Set(hosts(second)).size).toBe(4);
    expect(await held()).toBe(16);
    expect(await on.plans.find("s1")).toEqual(second);
    expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
  });

  test("resources that have no place leave the plan that is there alone", async () => {
    const first = await create("s1", { a: "c4" });
    const five = { a: "c4", b: "c4", c: "c4", d: "c4", e: "c4" };
    await expect(create("s1", five)).rejects.toMatchObject({
      code: "placement.infeasible",
      message: expect.stringMatching(/capacity/),
    });
    expect(await on.plans.find("s1")).toEqual(first);
    expect(await held()).toBe(4);
  });

  test("a removed plan frees what was never built, and its stack is planned anew", async () => {
    const first = await create("s1", { a: "c4", b: "c4" });
    await on.plans.remove("s1");
    expect(await held()).toBe(0);
    await expect(on.plans.remove("s1")).rejects.toMatchObject({ code: "plan.not-found" });
    const again = await create("s1", { a: "c4", b: "c4" });
    expect(again!.id).not.toBe(first!.id);
  });

  test("a built server keeps what it holds when its plan goes", async () => {
    const plan = await create("s1", { a: "c4", b: "c4" });
    const [a] = plan!.placements;
    await on.placements.reserve(a!.id, { action: "reserve", resourceId: "vm-1", locations: [a!.location] });
    await on.plans.remove("s1");
    const rows = await on.store.read(allAllocations);
    expect(rows).toMatchObject([{ host: a!.location, resourceId: "vm-1", source: "orphan", planId: null }]);
    expect(on.inventory.inventory.hostState(a!.location)!.used.vcpus).toBe(4);
  });

  test("built servers of a plan that is replaced hold nothing twice, and those it has no more go on holding", async () => {
    const plan = await create("s1", { a: "c4", b: "c4", c: "c1" });
    for (const { id, name, location } of plan!.placements.slice(0, 2))
      await on.placements.reserve(id, { action: "reserve", resourceId: `vm-${name}`, locations: [location] });
    const again = await create("s1", { a: "c4", d: "c2" });
    expect(again!.placements).toMatchObject([
      { name: "a", reserved: true, resourceId: "vm-a", location: plan!.placements[0]!.location },
      { name: "d", reserved: false, resourceId: null },
    ]);
    const rows = await on.store.read(allAllocations);
    expect(rows.map(({ source, vcpus, resourceId }) => `${source} ${vcpus} ${resourceId}`).sort()).toEqual([
      "orphan 4 vm-b",
      "plan 2 null",
      "plan 4 vm-a",
    ]);
    expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
    await on.plans.remove("s1");
    expect(await held()).toBe(8);
  });

  test("a built server that has grown is planned anew with the rest, and still known by its id", async () => {
    const plan = await create("s1", { a: "c1", b: "c4" });
    const [a] = plan!.placements;
    await on.placements.reserve(a!.id, { action: "reserve", resourceId: "vm-a", locations: [a!.location] });
    const again = await create("s1", { a: "c4", b: "c4" });
    expect(again!.placements).toMatchObject([{ name: "a", resourceId: "vm-a" }, { name: "b" }]);
    expect(await held()).toBe(8);
  });

  test("a server that an earlier plan left behind holds nothing twice when it is planned or reserved again", async () => {
    const adHoc = stack("vm-1", { "vm-1": "c2" });
    adHoc.resources["vm-1"]!.resourceId = "vm-1";
    for (let round = 0; round < 3; round++) {
      await on.plans.create(CALLER, adHoc);
      await on.plans.remove("vm-1");
      expect(await held()).toBe(2);
    }
    const [a] = (await create("s1", { a: "c4" }))!.placements;
    expect(await held()).toBe(6);
    await on.placements.reserve(a!.id, { action: "reserve", resourceId: "vm-1", locations: [a!.location] });
    expect(await held()).toBe(4);
    expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
  });

  test("metadata of servers is stored as it came, with any key and any text", async () => {
    const request = stack("s1", { a: "c1" });
    const metadata = {
      heat_path: [["a", null]],
      "näme\u0000\ud800": { __proto__x: 1.5 },
      constructor: "\"'; drop table plans",
    };
    request.resources.a!.metadata = metadata;
    await on.plans.create(CALLER, request);
    expect((await on.plans.find("s1")).placements[0]!.metadata).toEqual(metadata);
  });

  test("a text that the store cannot hold is refused, and nothing is stored", async () => {
    await expect(create("nul\0", { a: "c1" })).rejects.toMatchObject({ code: "request.invalid" });
    const long = randomBytes(20_000).toString("hex");
    await expect(create(long, { a: "c1" })).rejects.toMatchObject({ code: "request.invalid" });
    expect(await on.plans.list()).toEqual([]);
    expect(await held()).toBe(0);
  });

  test("a named group is met again by later stacks, also after a restart", async () => {
    await on.groups.create({ name: "db", type: "diversity", level: "host", description: "" });
    const one = (name: string) => {
      const request = stack(name, { [name]: "c1" });
      request.resources[`${name}g`] = {
        type: "OS::Valet::GroupAssignment",
        properties: { group: "db", resources: [name] },
      };
      return request;
    };
    const first = [await on.plans.create(CALLER, one("a")), await on.plans.create(CALLER, one("b"))];
    const other = await services(await database.open(), dataCenter(2, 2));
    const later = [await other.plans.create(CALLER, one("c")), await other.plans.create(CALLER, one("d"))];
    expect(new Set([...first, ...later].flatMap(hosts)).size).toBe(4);
    await expect(other.plans.create(CALLER, one("e"))).rejects.toMatchObject({ code: "placement.infeasible" });
    await other.close();
    if (kind === "pglite") {
      // Two services in one process on an embedded store do not watch each other: bring this one up to date.
      await on.close();
      on = await services(await database.open(), dataCenter(2, 2));
    }
  });
});
