import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { audit } from "../../support/audit.ts";
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

  const create = async (...args: Parameters<typeof stack>) => (await on.plans.create(CALLER, stack(...args)))!;
  const reserve = (id: string, locations: string[], resourceId?: string) =>
    on.placements.reserve(id, { action: "reserve", locations, ...(resourceId ? { resourceId } : {}) });
  const location = async (id: string) => (await on.placements.find(id)).location;
  const promises = () => audit(on.store, [on.inventory.inventory]);
  /** Fills all hosts but these, so that every server below has nowhere else to go. */
  const fillBut = async (free: string[]) => {
    for (const host of HOSTS.filter((host) => !free.includes(host)))
      await on.plans.create(CALLER, { ...stack(`fill-${host}`, { [`fill-${host}`]: "c4" }), locations: [host] });
  };

  test("a placement is found by its id and by its orchestration id", async () => {
    const [placement] = (await create("s", { a: "c1" })).placements;
    expect(await on.placements.find(placement!.id)).toEqual(placement);
    expect(await on.placements.find("a")).toEqual(placement);
    await expect(on.placements.find("b")).rejects.toMatchObject({
      code: "placement.not-found",
      message: "Placement not found",
    });
  });

  describe("search", () => {
    const found = async (...query: [string, string][]) =>
      (await on.placements.list(query)).map(({ orchestrationId }) => orchestrationId);
    beforeEach(async () => {
      const request = stack("s", { a: "c1", b: "c1", "123": "c1" });
      request.resources.a!.metadata = { root: "x", path: [["p", "q"]], deep: true, n: 5, text: "5" };
      request.resources.b!.metadata = { root: "x", path: [["p"]] };
      await on.plans.create(CALLER, request);
      await reserve("b", [await location("b")], "vm-b");
    });

    test("every key has to match", async () => {
      expect(await found()).toEqual(["123", "a", "b"]);
      expect(await found(["name", "a"])).toEqual(["a"]);
      expect(await found(["root", "x"])).toEqual(["a", "b"]);
      expect(await found(["root", "x"], ["name", "b"])).toEqual(["b"]);
      expect(await found(["root", "x"], ["name", "123"])).toEqual([]);
    });

    test("values count as text and as JSON", async () => {
      expect(await found(["orchestration_id", "123"])).toEqual(["123"]);
      expect(await found(["orchestration_id", '"a"'])).toEqual(["a"]);
      expect(await found(["reserved", "true"])).toEqual(["b"]);
      expect(await found(["reserved", "false"])).toEqual(["123", "a"]);
      expect(await found(["reserved", "yes"])).toEqual([]);
      expect(await found(["path", '[["p", "q"]]'])).toEqual(["a"]);
      expect(await found(["deep", "true"])).toEqual(["a"]);
      expect(await found(["n", "5"])).toEqual(["a"]);
      expect(await found(["text", "5"])).toEqual(["a"]);
      expect(await found(["resource_id", "vm-b"])).toEqual(["b"]);
      expect(await found(["resource_id", "null"])).toEqual(["123", "a"]);
    });

    test("a key that is not there, or there twice, matches nothing", async () => {
      expect(await found(["nothing", "x"])).toEqual([]);
      expect(await found(["toString", "x"])).toEqual([]);
      expect(await found(["name", "a"], ["name", "a"])).toEqual([]);
    });
  });

  test("reserving an offered host keeps it, and again changes nothing", async () => {
    const host = (await create("s", { a: "c1" })).placements[0]!.location;
    const reserved = await reserve("a", ["r9", host], "vm-1");
    expect(reserved).toMatchObject({ location: host, reserved: true, resourceId: "vm-1" });
    expect(await reserve("a", [host])).toEqual(reserved);
    expect(await on.placements.reserve("a", { action: "replan", locations: [host] })).toEqual(reserved);
    expect(await promises()).toEqual([]);
  });

  test("a host that is not offered is left for one that is, and the others stay", async () => {
    const plan = await create("s", { a: "c1", b: "c1" });
    const before = await location("b");
    const other = HOSTS.find((host) => host !== plan.placements[0]!.location)!;
    expect(await reserve("a", [other], "vm-1")).toMatchObject({ location: other, reserved: true, resourceId: "vm-1" });
    expect(await location("b")).toBe(before);
    expect(on.inventory.inventory.vm(plan.placements[0]!.id)!.host).toBe(other);
    expect(await promises()).toEqual([]);
  });

  test("others move when there is no other way, but none that is reserved", async () => {
    const apart = { apart: { group_type: "diversity", level: "host", resources: ["a", "b"] } };
    await fillBut(["r0h0", "r1h0"]);
    await create("s", { a: "c2", b: "c2" }, apart);
    const [a, b] = [await location("a"), await location("b")];
    expect(await reserve("a", [b])).toMatchObject({ location: b });
    expect(await location("b")).toBe(a);

    await expect(reserve("b", [b])).rejects.toMatchObject({ code: "placement.infeasible" });
    expect(await location("a")).toBe(b);
    expect(await promises()).toEqual([]);
  });

  test("one that finds no host stays where it is, unreserved, with the server's id", async () => {
    const [placement] = (await create("s", { a: "c4" })).placements;
    await reserve("a", [placement!.location], "vm-1");
    for (const locations of [[], ["nowhere"]])
      await expect(reserve("a", locations, "vm-2")).rejects.toMatchObject({ code: "placement.infeasible" });
    expect(await on.placements.find("a")).toEqual({ ...placement, reserved: false, resourceId: "vm-2" });
    expect(await promises()).toEqual([]);
  });

  test("a server on a host that went down does not keep the others from being planned again", async () => {
    const together = { g: { group_type: "affinity", level: "rack", resources: ["a", "b"] } };
    await create("s", { a: "c1", b: "c4" }, together);
    await reserve("b", [await location("b")], "vm-b");
    const down = on.inventory.inventory.hosts.get(await location("b"))!;
    on.inventory.inventory.setHost({ ...down, up: false });
    const other = HOSTS.find((host) => host !== down.name && !host.startsWith(down.rack!))!;
    expect(await reserve("a", [other])).toMatchObject({ location: other });
    expect(await location("b")).toBe(down.name);
    on.inventory.inventory.setHost(down);
    expect(await promises()).toEqual([]);
  });

  test("a plan can be planned again by a server that was started later", async () => {
    await create("s", { a: "c1", b: "c1" }, { g: { group_type: "affinity", level: "host", resources: ["a", "b"] } });
    const later = await services(await database.open(), dataCenter(2, 2));
    const target = HOSTS.find((host) => host !== "r0h0")!;
    await later.placements.reserve("a", { action: "reserve", locations: [target] });
    expect((await later.placements.list([])).map((row) => row.location)).toEqual([target, target]);
    expect(await audit(later.store, [later.inventory.inventory])).toEqual([]);
    await later.close();
    await on.close();
    on = await services(await database.open(), dataCenter(2, 2));
  });

  test("a placement that is removed is free again, and a repeat of the request is planned", async () => {
    const plan = await create("s", { a: "c4", b: "c4" });
    await on.placements.remove("a");
    await expect(on.placements.remove("a")).rejects.toMatchObject({ code: "placement.not-found" });
    expect((await on.plans.find("s")).placements.map(({ name }) => name)).toEqual(["b"]);
    expect(on.inventory.inventory.vm(plan.placements[0]!.id)).toBeUndefined();
    await reserve("b", HOSTS);
    expect((await create("s", { a: "c4", b: "c4" })).placements.map(({ name }) => name)).toEqual(["a", "b"]);
    expect(await promises()).toEqual([]);
  });

  test("servers of one stack that are reserved at once keep every promise", async () => {
    const names = ["a", "b", "c", "d"];
    const apart = { apart: { group_type: "diversity", level: "host", resources: names } };
    await create("s", Object.fromEntries(names.map((name) => [name, "c2"])), apart);
    const rotated = await Promise.allSettled(
      names.map(async (name) => reserve(name, [HOSTS[(HOSTS.indexOf(await location(name)) + 1) % 4]!])),
    );
    expect(rotated.some(({ status }) => status === "fulfilled")).toBe(true);
    for (const outcome of rotated)
      if (outcome.status === "rejected") expect(outcome.reason.code).toBe("placement.infeasible");
    const now = await on.placements.list([]);
    expect(new Set(now.map((row) => row.location)).size).toBe(4);
    for (const outcome of rotated) if (outcome.status === "fulfilled") expect(now).toContainEqual(outcome.value);
    expect(await promises()).toEqual([]);
  });
});
