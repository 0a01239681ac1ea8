// Links as capacity that plans share: what one reserves, no other gets, in this process, in others and after a restart.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { audit } from "../../support/audit.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../../support/postgres.ts";
import { CALLER, clear, dataCenter, linked, piped, type Services, services, stack } from "../../support/services.ts";

// Racks r0 and r1 of three hosts of 4 vCPU; a NIC carries 1000 Mbit/s, an uplink 1500.
const DATA_CENTER = linked(dataCenter(2, 3), 1000, 1500);
const RACK0 = ["r0h0", "r0h1", "r0h2"];

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let on: Services;
  beforeAll(async () => {
    database = await freshDatabase(kind);
    on = await services(await database.open(), DATA_CENTER);
  });
  afterAll(async () => {
    await on.close();
    await database.remove();
  });
  beforeEach(() => clear(on));

  /** Servers a and b of a stack, in different hosts or racks, each on those it is offered, with a pipe between them. */
  const pair = (id: string, mbps: number, a: readonly string[], b: readonly string[], level = "host") => {
    const [one, two] = [`${id}a`, `${id}b`];
    const apart = { apart: { group_type: "diversity", level, resources: [one, two] } };
    const request = piped(stack(id, { [one]: "c1", [two]: "c1" }, level === "none" ? {} : apart), [one, two, mbps]);
    request.resources[one]!.locations = [...a];
    request.resources[two]!.locations = [...b];
    return request;
  };
  const create = (...args: Parameters<typeof pair>) => on.plans.create(CALLER, pair(...args));
  const nic = (host: string, { inventory } = on) => inventory.inventory.hostState(host)!.nicUsedKbps / 1000;
  const uplink = (rack: string, { inventory } = on) => inventory.inventory.uplink(rack).usedKbps / 1000;
  const sound = () => audit(on.store, [on.inventory.inventory]);
  const noBandwidth = (link: "nic" | "rack uplink") => ({
    code: "placement.infeasible",
    message: expect.stringContaining(`violate ${link} bandwidth constraint`),
  });

  test("two plans that together would overbook a NIC are not both made; removing the first makes room", async () => {
    await create("one", 600, ["r0h0"], ["r0h1"]);
    expect([nic("r0h0"), nic("r0h1"), uplink("r0")]).toEqual([600, 600, 0]);
    await expect(create("two", 600, ["r0h0"], ["r0h2"])).rejects.toMatchObject(noBandwidth("nic"));
    await create("three", 400, ["r0h0"], ["r0h2"]);
    await on.plans.remove("one");
    expect([nic("r0h0"), nic("r0h1"), nic("r0h2")]).toEqual([400, 0, 400]);
    await create("two", 600, ["r0h0"], ["r0h2"]);
    expect(await sound()).toEqual([]);
  });

  test("two plans that together would overbook an uplink are not both made", async () => {
    await create("one", 900, ["r0h0"], ["r1h0"]);
    expect([uplink("r0"), uplink("r1")]).toEqual([900, 900]);
    await expect(create("two", 900, ["r0h1"], ["r1h1"])).rejects.toMatchObject(noBandwidth("rack uplink"));
    await create("two", 600, ["r0h1"], ["r1h1"]);
    expect(await sound()).toEqual([]);
  });

  test("of many requests at once only as many are placed as the links carry", async () => {
    // Three of six pairs that talk across the racks with 500 Mbit/s fill both uplinks; the NICs could carry them all.
    const requests = Array.from({ length: 6 }, (_, i) => create(`s${i}`, 500, [`r0h${i % 3}`], [`r1h${i % 3}`]));
    const outcomes = await Promise.allSettled(requests);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(outcome.reason).toMatchObject(noBandwidth("rack uplink"));
    expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(3);
    expect([uplink("r0"), uplink("r1")]).toEqual([1500, 1500]);
    expect(await sound()).toEqual([]);
  });

  test("what is reserved is so after a restart, and for every other process on the store", async () => {
    await create("one", 900, ["r0h0"], ["r1h0"]);
    const other = await services(kind === "postgres" ? await database.open() : on.store, DATA_CENTER);
    expect([nic("r0h0", other), uplink("r1", other)]).toEqual([900, 900]);
    await expect(other.plans.create(CALLER, pair("two", 200, ["r0h0"], ["r0h1"]))).rejects.toMatchObject(
      noBandwidth("nic"),
    );
    if (kind === "postgres") {
      await on.plans.remove("one");
      await other.inventory.catchUp();
      expect([nic("r0h0", other), uplink("r1", other)]).toEqual([0, 0]);
    }
    await other.close();
  });

  test("links are what the source of the data center says at the last start", async () => {
    await create("one", 600, ["r0h0"], ["r1h0"]);
    const other = await services(
      kind === "postgres" ? await database.open() : on.store,
      linked(dataCenter(2, 3), 700, 800),
    );
    expect(other.inventory.inventory.hostState("r0h0")).toMatchObject({
      host: { nicKbps: 700_000 },
      nicUsedKbps: 600_000,
    });
    expect(other.inventory.inventory.uplink("r1")).toEqual({ kbps: 800_000, usedKbps: 600_000 });
    await expect(other.plans.create(CALLER, pair("two", 300, ["r0h1"], ["r1h1"]))).rejects.toMatchObject(
      noBandwidth("rack uplink"),
    );
    if (kind === "postgres") {
      await on.inventory.catchUp();
      expect(on.inventory.inventory.uplink("r1")).toEqual({ kbps: 800_000, usedKbps: 600_000 });
    }
    await other.close();
    await (await services(kind === "postgres" ? await database.open() : on.store, DATA_CENTER)).close();
  });

  test("a stack planned again reserves for what it has now, on links that its old self no longer counts on", async () => {
    await create("one", 900, RACK0, RACK0);
    await create("one", 1000, RACK0, RACK0);
    expect(RACK0.map((host) => nic(host)).sort()).toEqual([0, 1000, 1000]);
    await on.plans.create(CALLER, stack("one", { onea: "c1", oneb: "c1" }));
    expect(RACK0.map((host) => nic(host))).toEqual([0, 0, 0]);
    expect(await sound()).toEqual([]);
  });

  test("one server that is planned again goes where the links of both ends carry its pipes, and takes them along", async () => {
    await create("one", 600, ["r0h0"], ["r1h0"]);
    await create("two", 600, ["r0h1"], ["r0h2"]);
    await expect(
      on.placements.reserve("oneb", { action: "reserve", locations: ["r0h1", "r0h2"] }),
    ).rejects.toMatchObject(noBandwidth("nic"));
    expect((await on.placements.find("oneb")).location).toBe("r1h0");
    await on.placements.reserve("oneb", { action: "reserve", locations: ["r0h1", "r1h2"] });
    expect((await on.placements.find("oneb")).location).toBe("r1h2");
    expect([nic("r0h0"), nic("r1h0"), nic("r1h2"), uplink("r0"), uplink("r1")]).toEqual([600, 0, 600, 600, 600]);
    expect(await sound()).toEqual([]);
  });

  test("a peer that stays out of the replanning counts where it lives", async () => {
    // In no group, so whoever stays is left out of the problem.
    await create("one", 600, ["r0h0"], ["r1h0"], "none");
    await create("two", 900, ["r0h1"], ["r1h1"], "none");
    // Both uplinks are full: nothing between the racks can grow, so one server may only move within its rack.
    await on.placements.reserve("onea", { action: "reserve", locations: ["r0h2"] });
    expect([nic("r0h0"), nic("r0h2"), nic("r1h0"), uplink("r0")]).toEqual([0, 600, 600, 1500]);
    await expect(on.placements.reserve("onea", { action: "reserve", locations: ["r0h1"] })).rejects.toMatchObject(
      noBandwidth("nic"),
    );
    expect(await sound()).toEqual([]);
  });

  test("a placement that is removed frees its pipes, unless its server was built", async () => {
    await create("one", 600, ["r0h0"], ["r0h1"]);
    await on.placements.reserve("oneb", { action: "reserve", resourceId: "vm-b", locations: ["r0h1"] });
    await on.placements.remove("oneb");
    expect(nic("r0h0")).toBe(600);
    await on.placements.remove("onea");
    expect([nic("r0h0"), nic("r0h1")]).toEqual([0, 0]);
    expect(await sound()).toEqual([]);
  });
});
