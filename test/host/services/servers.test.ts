import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { allAllocations } from "../../../db/queries/inventory.ts";
import type { CloudChange, ServerGroupRecord, ServerRecord } from "../../../host/openstack/records.ts";
import { audit } from "../../support/audit.ts";
import { failed, gone, is, server, size } from "../../support/cloud.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../../support/postgres.ts";
import { CALLER, clear, dataCenter, type Services, services, stack } from "../../support/services.ts";

const HOSTS = ["r0h0", "r0h1", "r1h0", "r1h1"];
const GRACE_MS = 600_000;

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let on: Services;
  let now = 0;
  beforeAll(async () => {
    database = await freshDatabase(kind);
    // r0h0, r0h1, r1h0, r1h1 of 4 vCPU each
    on = await services(await database.open(), dataCenter(2, 2), { now: () => now });
  });
  afterAll(async () => {
    await on.close();
    await database.remove();
  });
  beforeEach(async () => {
    now = Date.now();
    await clear(on);
  });

  const create = async (...args: Parameters<typeof stack>) => (await on.plans.create(CALLER, stack(...args)))!;
  const apply = (...changes: CloudChange[]) => on.servers.apply(changes);
  const list = (...servers: ServerRecord[]) => on.servers.reconcile({ servers, groups: [], startedAt: now });
  const placement = (id: string) => on.placements.find(id);
  const other = (...hosts: string[]) => HOSTS.find((host) => !hosts.includes(host))!;
  /** `<server or ?> <vCPUs> @<host> <source>`, sorted. */
  const held = async () =>
    (await on.store.read(allAllocations))
      .map(({ resourceId, vcpus, host, source }) => `${resourceId ?? "?"} ${vcpus} @${host} ${source}`)
      .sort();
  const reserve = (id: string, resourceId: string, locations = HOSTS) =>
    on.placements.reserve(id, { action: "reserve", resourceId, locations });
  const heat = (uuid: string) => ({ heat_resource_uuid: [uuid] });

  test("a server that runs as planned is confirmed", async () => {
    const [a] = (await create("s", { a: "c1" })).placements;
    await apply(is("vm-a", null, { state: "building", hints: heat("a") }));
    expect(await placement("a")).toMatchObject({ resourceId: "vm-a", reserved: false, location: a!.location });
    await apply(is("vm-a", a!.location));
    expect(await placement("a")).toMatchObject({ resourceId: "vm-a", reserved: true, location: a!.location });
    expect(await held()).toEqual([`vm-a 1 @${a!.location} plan`]);
    expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
  });

  test("a place that was asked for after its server was deleted is asked about, and free again", async () => {
    await apply(is("vm-early", null, { state: "building" }), gone("vm-early"));
    await create("vm-early", { "vm-early": "c1" });
    await reserve("vm-early", "vm-early");
    expect(await on.servers.unheard(50)).toEqual([]);
    now += 30_000;
    expect(await on.servers.unheard(50)).toEqual(["vm-early"]);
    await apply(gone("vm-early", now));
    expect(await held()).toEqual([]);
  });

  test("a server of another project takes no place by its hints", async () => {
    const [a] = (await create("s", { a: "c1" })).placements;
    await apply(is("vm-x", a!.location, { projectId: "others", hints: heat("a") }));
    expect(await placement("a")).toMatchObject({ resourceId: null, reserved: false });
    expect(await held()).toEqual([`? 1 @${a!.location} plan`, `vm-x 1 @${a!.location} existing`]);
  });

  test("one that was built elsewhere holds what it needs there, and plan and placement say so", async () => {
    const apart = { apart: { group_type: "diversity", level: "host", resources: ["a", "b"] } };
    const plan = await create("s", { a: "c1", b: "c1" }, apart);
    const host = other(...plan.placements.map(({ location }) => location));
    await reserve("a", "vm-a");
    await apply(is("vm-a", host));
    expect(await placement("a")).toMatchObject({ location: host, reserved: true });
    expect((await on.plans.find("s")).placements[0]!.location).toBe(host);
    expect(on.inventory.inventory.vm(plan.placements[0]!.id)!.host).toBe(host);
    expect(on.logged).toEqual([expect.stringMatching(/other hosts than planned.*vm-a/)]);
    expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
  });

  test("one that nobody planned counts from then on, and is forgotten when it is deleted", async () => {
    await apply(is("vm-x", "r0h0", { size: size(2) }));
    expect(await held()).toEqual(["vm-x 2 @r0h0 existing"]);
    await apply(is("vm-x", "r0h1", { size: size(4) }));
    expect(await held()).toEqual(["vm-x 4 @r0h1 existing"]);
    await apply(gone("vm-x"), gone("vm-x"));
    expect(await held()).toEqual([]);
    expect(on.inventory.inventory.vmCount).toBe(0);
  });

  test("a server that is resized holds both until that is confirmed, and one when it is reverted", async () => {
    await apply(is("vm-x", "r0h0"));
    await apply(is("vm-x", "r1h0", { state: "resized", size: size(2) }));
    expect(await held()).toEqual(["vm-x 1 @r0h0 held", "vm-x 2 @r1h0 existing"]);
    await apply(is("vm-x", "r1h0", { state: "resized", size: size(2) }));
    expect(await held()).toEqual(["vm-x 1 @r0h0 held", "vm-x 2 @r1h0 existing"]);
    await apply(is("vm-x", "r0h0"));
    expect(await held()).toEqual(["vm-x 1 @r0h0 existing"]);
    await apply(is("vm-x", "r1h0", { state: "resized", size: size(2) }), is("vm-x", "r1h0", { size: size(2) }));
    expect(await held()).toEqual(["vm-x 2 @r1h0 existing"]);
    await apply(is("vm-x", "r1h0", { size: size(2), alsoOn: { host: "r0h1", size: size(2) } }));
    expect(await held()).toEqual(["vm-x 2 @r0h1 held", "vm-x 2 @r1h0 existing"]);
    await apply(gone("vm-x"));
    expect(await held()).toEqual([]);
  });

  test("a server that is shelved holds nothing until it is back", async () => {
    await create("s", { a: "c1" });
    const { location } = await reserve("a", "vm-a");
    await apply(is("vm-a", location), is("vm-x", "r0h0"));
    await apply(is("vm-a", null, { state: "shelved" }), is("vm-x", null, { state: "shelved" }));
    expect(await held()).toEqual([]);
    await apply(is("vm-a", "r1h1"), is("vm-x", "r0h1"));
    expect(await held()).toEqual(["vm-a 1 @r1h1 plan", "vm-x 1 @r0h1 existing"]);
    expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
  });

  test("Heat's next try finds the reservation of the one that failed, and its host avoided", async () => {
    const [a] = (await create("s", { a: "c4" })).placements;
    for (const attempt of ["vm-1", "vm-2", "vm-3"]) {
      const { location } = await reserve("a", attempt);
      await apply(is(attempt, null, { state: "building", hints: heat("a") }));
      await apply(failed(attempt, location), is(attempt, null, { state: "error" }));
      expect(await held()).toEqual([`${attempt} 4 @${location} plan`]);
      await apply(gone(attempt));
      expect(await held()).toEqual([`? 4 @${location} plan`]);
      expect(await placement("a")).toMatchObject({ resourceId: null, reserved: false });
    }
    expect(a!.id).toBe((await placement("a")).id);
    await on.plans.remove("s");
    expect(await held()).toEqual([]);
  });

  test("a host on which a build failed is left for another, and taken when it is all there is", async () => {
    const [a] = (await create("s", { a: "c1" })).placements;
    await reserve("a", "vm-1");
    await apply(is("vm-1", null, { state: "building" }), failed("vm-1", a!.location), gone("vm-1"));
    expect((await reserve("a", "vm-2", [a!.location])).location).toBe(a!.location);
    await apply(is("vm-2", null, { state: "error" }), gone("vm-2"));
    const { location } = await reserve("a", "vm-3");
    expect(location).not.toBe(a!.location);
    expect(await held()).toEqual([`vm-3 1 @${location} plan`]);
  });

  describe("a server that runs and is planned elsewhere", () => {
    const running = async () => {
      await create("s", { a: "c1" });
      const { location } = await reserve("a", "vm-a");
      await apply(is("vm-a", location));
      const there = other(location);
      await reserve("a", "vm-a", [there]);
      return { location, there };
    };

    test("holds both until it has moved", async () => {
      const { location, there } = await running();
      const both = [`vm-a 1 @${location} held`, `vm-a 1 @${there} plan`];
      expect(await held()).toEqual(both.sort());
      await apply(is("vm-a", location, { name: "vm" }));
      expect(await held()).toEqual(both);
      await apply(is("vm-a", there));
      expect(await held()).toEqual([`vm-a 1 @${there} plan`]);
      expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
    });

    test("is planned with the flavor that it is to have", async () => {
      await create("s", { a: "c1" });
      const { location } = await reserve("a", "vm-a");
      await apply(is("vm-a", location));
      const there = other(location);
      await on.placements.reserve("a", { action: "replan", resourceId: "vm-a", locations: [there], flavor: "c4" });
      expect(await held()).toEqual([`vm-a 1 @${location} held`, `vm-a 4 @${there} plan`].sort());
      await on.placements.reserve("a", { action: "replan", resourceId: "vm-a", locations: HOSTS, flavor: "c2" });
      expect(await held()).toEqual([`vm-a 1 @${location} held`, `vm-a 2 @${there} plan`].sort());
    });

    test("is left where it runs when it has not moved in time", async () => {
      const { location } = await running();
      now += 2 * GRACE_MS;
      await list(server("vm-a", location));
      expect(await held()).toEqual([`vm-a 1 @${location} plan`]);
      expect(await placement("a")).toMatchObject({ location });
    });

    test("may be planned further, or back, without holding anything twice", async () => {
      const { location, there } = await running();
      const third = other(location, there);
      await reserve("a", "vm-a", [third]);
      expect(await held()).toEqual([`vm-a 1 @${location} held`, `vm-a 1 @${third} plan`].sort());
      await reserve("a", "vm-a", [location]);
      expect(await held()).toEqual([`vm-a 1 @${location} plan`]);
    });

    test("goes by its own id when nobody planned it: Nova's filter asks again for a resize", async () => {
      await apply(is("vm-1", "r0h0"));
      const asked = (locations: string[], flavor: string) =>
        on.plans.create(CALLER, { ...stack("vm-1", { "vm-1": flavor }), locations });
      expect((await asked(["r0h0", "r1h0"], "c1"))!.placements[0]!.location).toBe("r0h0");
      expect((await asked(["r0h1", "r1h0"], "c2"))!.placements[0]!.location).toMatch(/r0h1|r1h0/);
      const { location } = await placement("vm-1");
      const both = [`vm-1 1 @r0h0 held`, `vm-1 2 @${location} plan`];
      expect(await held()).toEqual(both);
      await asked(["r0h1", "r1h0", "r1h1"], "c2");
      expect(await held()).toEqual(both);
      await apply(is("vm-1", location, { state: "resized", size: size(2) }));
      expect(await held()).toEqual(both);
      await apply(is("vm-1", location, { size: size(2) }));
      expect(await held()).toEqual([`vm-1 2 @${location} plan`]);
    });
  });

  test("a deleted server goes with its placement, and the plan with the last one", async () => {
    await create("s", { a: "c1", b: "c1" });
    for (const name of ["a", "b"]) await apply(is(`vm-${name}`, (await reserve(name, `vm-${name}`)).location));
    await apply(gone("vm-a"));
    expect((await on.plans.find("s")).placements.map(({ name }) => name)).toEqual(["b"]);
    await apply(gone("vm-b"));
    await expect(on.plans.find("s")).rejects.toMatchObject({ code: "plan.not-found" });
    expect(await held()).toEqual([]);
  });

  test("what Nova's filter planned for a server alone goes with it, built or not", async () => {
    await create("vm-1", { "vm-1": "c1" });
    await apply(is("vm-1", null, { state: "building" }));
    expect(await placement("vm-1")).toMatchObject({ resourceId: "vm-1" });
    await apply(gone("vm-1"));
    expect(await held()).toEqual([]);
    expect(await on.plans.list()).toEqual([]);
  });

  test("late and repeated news change nothing", async () => {
    await apply(is("vm-x", "r0h0", { at: 100 }), is("vm-x", "r0h1", { at: 300 }), is("vm-x", "r1h0", { at: 200 }));
    expect(await held()).toEqual(["vm-x 1 @r0h1 existing"]);
    await apply(is("vm-x", "r0h1", { at: 300 }), failed("vm-x", "r0h1", 50));
    expect(await held()).toEqual(["vm-x 1 @r0h1 existing"]);
    await apply(gone("vm-x", 400), is("vm-x", "r0h1", { at: 350 }), is("vm-x", "r0h1"));
    expect(await held()).toEqual([]);
    const version = on.inventory.inventory.version;
    await apply(gone("vm-x", 400), gone("vm-never"));
    expect(on.inventory.inventory.version).toBe(version);
  });

  test("a server on an unknown host is kept in mind and told of once", async () => {
    await apply(is("vm-x", "far-away"), is("vm-y", "far-away"));
    await apply(is("vm-x", "far-away", { name: "renamed" }));
    expect(await held()).toEqual([]);
    expect(on.logged).toEqual([expect.stringMatching(/hosts that are not known.*far-away/)]);
  });

  describe("server groups of Nova", () => {
    const record = (policy: ServerGroupRecord["policy"], ...members: string[]): ServerGroupRecord => {
      return { id: "g-1", name: "g", projectId: "demo", policy, mostPerHost: 1, members };
    };
    const grouped = (id: string, group: unknown = "g-1") => {
      const request = stack(id, { [id]: "c1" });
      request.resources[id]!.properties!.scheduler_hints = { group };
      return request;
    };
    const hostOf = async (id: string) => (await on.plans.create(CALLER, grouped(id)))!.placements[0]!.location;

    test("keep servers of a group apart, also from those that nobody planned", async () => {
      await apply(is("vm-1", "r0h0"), is("vm-2", "r1h0"));
      await on.servers.replaceGroups([record("anti-affinity", "vm-1", "vm-2")]);
      const hosts = [await hostOf("vm-3"), await hostOf("vm-4")];
      expect(new Set([...hosts, "r0h0", "r1h0"]).size).toBe(4);
      await expect(hostOf("vm-5")).rejects.toMatchObject({ code: "placement.infeasible" });
      await on.servers.replaceGroups([]);
      await hostOf("vm-5");
    });

    test("keep them together where their members live", async () => {
      await on.servers.replaceGroups([record("affinity", "vm-1")]);
      await apply(is("vm-1", "r1h1"));
      expect([await hostOf("vm-2"), await hostOf("vm-3")]).toEqual(["r1h1", "r1h1"]);
      await apply(is("vm-1", "r1h1", { size: size(2) }));
      await expect(hostOf("vm-4")).rejects.toMatchObject({ code: "placement.infeasible" });
    });

    test("give way where their policy is soft", async () => {
      await on.servers.replaceGroups([record("soft-anti-affinity")]);
      const hosts: string[] = [];
      for (const id of ["vm-1", "vm-2", "vm-3", "vm-4"]) hosts.push(await hostOf(id));
      expect(new Set(hosts).size).toBe(4);
      expect(HOSTS).toContain(await hostOf("vm-5"));
      const [placed] = (await on.plans.find("vm-5")).placements;
      await reserve("vm-5", "vm-5", [other(placed!.location)]);
    });

    test("that a stack makes hold for its servers, however they are referred to", async () => {
      const request = stack("s", { a: "c1", b: "c1", c: "c1", d: "c1" });
      const group = (policies: string[], more = {}) => ({
        type: "OS::Nova::ServerGroup",
        name: "apart",
        properties: { policies, ...more },
      });
      request.resources.g = group(["anti-affinity"]);
      const hints: unknown[] = ["g", { get_resource: "g" }, "apart", ["g"]];
      ["a", "b", "c", "d"].forEach((id, at) => {
        request.resources[id]!.properties!.scheduler_hints = { group: hints[at] };
      });
      const plan = (await on.plans.create(CALLER, request))!;
      expect(new Set(plan.placements.map(({ location }) => location)).size).toBe(4);
      request.resources.g = group(["anti-affinity"], { rules: { max_server_per_host: 2 } });
      const loose = (await on.plans.create(CALLER, { ...request, stackId: "t" }))!;
      const perHost = HOSTS.map((host) => loose.placements.filter(({ location }) => location === host).length);
      expect(Math.max(...perHost)).toBe(2);
      request.resources.g = group(["closeness"]);
      await expect(on.plans.create(CALLER, { ...request, stackId: "u" })).rejects.toMatchObject({
        code: "application.invalid",
        message: expect.stringMatching(/resource "g", properties.policies: "closeness" is no policy/),
      });
    });

    test("that nobody knows demand nothing", async () => {
      expect(HOSTS).toContain(await hostOf("vm-1"));
    });
  });

  describe("servers that nobody planned", () => {
    const faults = async () => (await on.servers.faults()).map(({ id, fault }) => `${id}: ${fault}`);
    const wanting = (...groups: string[]) => ({ metadata: { valet: JSON.stringify({ groups }) } });
    const keysOf = async (id: string) => on.inventory.inventory.vm(id)?.groups;
    beforeAll(async () => {
      for (const [name, type] of [
        ["apart", "diversity"],
        ["near", "affinity"],
        ["own", "exclusivity"],
      ] as const)
        await on.groups.create({ name, type, level: "rack", description: "" });
      await on.groups.create({ name: "closed", type: "affinity", level: "host", description: "" });
      await on.groups.addMembers("closed", ["other"]);
    });

    test("join the groups of their metadata where these let them be", async () => {
      await apply(is("vm-1", "r0h0", wanting("apart", "near")));
      expect(await keysOf("vm-1")).toEqual(["rack:AFF:near", "rack:DIV:apart"]);
      await apply(is("vm-2", "r1h0", wanting("apart")), is("vm-3", "r0h1", wanting("near")));
      expect(await faults()).toEqual([]);
      await apply(is("vm-4", "r1h1", wanting("apart")), is("vm-5", "r1h1", wanting("near")));
      expect(await faults()).toEqual([
        "vm-4: incorrectly placed in diversity rack of group (apart)",
        "vm-5: placed in non-affinity rack of group (near)",
      ]);
      expect(await keysOf("vm-4")).toEqual([]);
      await apply(gone("vm-2"));
      expect(await faults()).toEqual(["vm-5: placed in non-affinity rack of group (near)"]);
      expect(await keysOf("vm-4")).toEqual(["rack:DIV:apart"]);
      await apply(is("vm-5", "r0h1", wanting("near")));
      expect(await faults()).toEqual([]);
    });

    test("are told of in exclusive racks, and when they want one that others are in", async () => {
      await apply(is("vm-1", "r0h0", wanting("own")), is("vm-2", "r1h0"));
      await apply(is("vm-3", "r0h1"), is("vm-4", "r1h1", wanting("own")));
      expect(await faults()).toEqual([
        "vm-3: incorrectly placed in exclusive rack",
        "vm-4: placed in non-exclusivity rack of group (own)",
      ]);
      expect(await keysOf("vm-1")).toEqual(["rack:EX:own"]);
    });

    test("are told of when their metadata cannot be kept", async () => {
      await apply(
        is("vm-1", "r0h0", { metadata: { valet: "[" } }),
        is("vm-2", "r0h0", wanting("nothing")),
        is("vm-3", "r0h0", wanting("closed")),
        is("vm-4", "r0h0", { metadata: { other: "x" } }),
      );
      expect(await faults()).toEqual([
        "vm-1: wrong valet metadata format",
        "vm-2: not existing group (nothing)",
        "vm-3: tenant(demo) cannot use group(closed)",
      ]);
    });

    test("and servers that were built elsewhere are told of when they break a rule there", async () => {
      await apply(is("vm-1", "r0h0", wanting("own")));
      const [a] = (await create("s", { a: "c1" })).placements;
      expect(a!.location).toMatch(/^r1/);
      await reserve("a", "vm-a");
      await apply(is("vm-a", "r0h1"));
      expect(await faults()).toEqual(["vm-a: incorrectly placed in exclusive rack"]);
      await apply(is("vm-a", "r1h1"));
      expect(await faults()).toEqual([]);
    });
  });

  describe("a full listing", () => {
    test("adds, moves and removes", async () => {
      await apply(is("vm-1", "r0h0"), is("vm-2", "r0h0"), is("vm-3", "r0h0"));
      now += 1000;
      expect(await list(server("vm-1", "r0h0"), server("vm-2", "r1h0"), server("vm-4", "r0h1"))).toEqual({
        servers: 3,
        added: 1,
        moved: 1,
        resized: 0,
        removed: 1,
        lapsed: 0,
      });
      expect(await held()).toEqual(["vm-1 1 @r0h0 existing", "vm-2 1 @r1h0 existing", "vm-4 1 @r0h1 existing"]);
      const version = on.inventory.inventory.version;
      await list(server("vm-1", "r0h0"), server("vm-2", "r1h0"), server("vm-4", "r0h1"), server("vm-4", "r0h0"));
      expect(on.inventory.inventory.version).toBe(version);
    });

    test("knows less than what was told since it began", async () => {
      await apply(is("vm-1", "r0h0"), is("vm-2", "r0h0"));
      const startedAt = now + 1000;
      now += 2000;
      await apply(is("vm-1", "r1h0"), is("vm-new", "r1h1"), gone("vm-2"));
      await on.servers.reconcile({
        servers: [server("vm-1", "r0h0"), server("vm-2", "r0h0")],
        groups: null,
        startedAt,
      });
      expect(await held()).toEqual(["vm-1 1 @r1h0 existing", "vm-new 1 @r1h1 existing"]);
    });

    test("takes the reservation of what was not built in time, and leaves the placement to be planned again", async () => {
      await create("s", { a: "c1", b: "c1" });
      await create("vm-1", { "vm-1": "c1" });
      await reserve("b", "vm-b");
      now += GRACE_MS / 2;
      expect((await list()).lapsed).toBe(0);
      now += GRACE_MS;
      const { location } = await placement("b");
      expect((await list(server("vm-b", null, { state: "building" }))).lapsed).toBe(2);
      expect(await held()).toEqual([`vm-b 1 @${location} plan`]);
      expect((await on.plans.list()).map(({ stackId }) => stackId)).toEqual(["s"]);
    });

    test("leaves a placement whose reservation lapsed to be planned again when its server comes", async () => {
      const [a] = (await create("s", { a: "c4" })).placements;
      now += 2 * GRACE_MS;
      await list();
      await apply(is("vm-x", a!.location, { size: size(4) }));
      const { location } = await reserve("a", "vm-a");
      expect(location).not.toBe(a!.location);
      expect(await held()).toEqual([`vm-a 4 @${location} plan`, `vm-x 4 @${a!.location} existing`]);
      expect(await audit(on.store, [on.inventory.inventory])).toEqual([]);
    });

    test("takes the reservation of a server that failed on every host and that nobody deletes", async () => {
      await create("vm-1", { "vm-1": "c4" });
      await reserve("vm-1", "vm-1");
      await apply(is("vm-1", null, { state: "error" }));
      now += GRACE_MS / 2;
      const failure = server("vm-1", null, { state: "error" });
      expect((await list(failure)).lapsed).toBe(0);
      now += GRACE_MS;
      expect((await list(failure)).lapsed).toBe(1);
      expect(await held()).toEqual([]);
      expect(on.inventory.inventory.vmCount).toBe(0);
    });

    describe("after a clock was ahead by a year and is set back", () => {
      const YEAR_MS = 365 * 86_400_000;

      test("is right about all servers again, and is no older than what they told with that clock", async () => {
        now += YEAR_MS;
        await apply(is("vm-1", "r0h0", { at: now }), is("vm-2", "r0h0", { at: now }));
        now -= YEAR_MS;
        expect(await list(server("vm-1", "r1h0", { at: now }))).toMatchObject({ moved: 1, removed: 1 });
        await apply(is("vm-1", "r1h1", { at: now + 1000 }));
        expect(await held()).toEqual(["vm-1 1 @r1h1 existing"]);
      });

      test("lets what was planned then wait for its server no longer than others", async () => {
        now += YEAR_MS;
        await create("s", { a: "c1" });
        await reserve("a", "vm-a");
        await apply(is("vm-a", null, { state: "building" }), gone("vm-a"));
        expect((await on.store.read(allAllocations))[0]!.plannedAt).toBe(now);
        now -= YEAR_MS;
        expect((await list()).lapsed).toBe(0);
        now += 2 * GRACE_MS;
        expect((await list()).lapsed).toBe(1);
        expect(await held()).toEqual([]);
      });
    });

    test("with a server that no store can keep leaves it as it was known, and tells of it once", async () => {
      await apply(is("vm-1", "r0h0"), is("vm-2", "r0h1"));
      now += 1000;
      const strange = server("vm-1", "r0h0", { size: { vcpus: 2 ** 40, ramMiB: 1, diskGiB: 1 } });
      expect(await list(strange, server("vm-2", "r0h1"))).toMatchObject({ servers: 2, removed: 0, resized: 0 });
      now += 1000;
      expect(await list(server("vm-2", "r0h1"), strange)).toMatchObject({ servers: 2, removed: 0 });
      expect(await held()).toEqual(["vm-1 1 @r0h0 existing", "vm-2 1 @r0h1 existing"]);
      expect(on.logged).toEqual([
        'servers with a size, a host or metadata beyond measure stay as they were known {"servers":["vm-1"],"count":1}',
      ]);
      now += 1000;
      expect(await list(server("vm-2", "r0h1"))).toMatchObject({ servers: 1, removed: 1 });
      expect(await held()).toEqual(["vm-2 1 @r0h1 existing"]);
    });

    test("that breaks off removes nothing", async () => {
      await apply(is("vm-1", "r0h0"));
      now += 1000;
      async function* broken() {
        yield server("vm-2", "r0h1");
        throw new Error("page 2 is HTML");
      }
      const listing = { servers: broken(), groups: null, startedAt: now };
      await expect(on.servers.reconcile(listing)).rejects.toThrow("page 2 is HTML");
      expect(await held()).toContain("vm-1 1 @r0h0 existing");
    });
  });
});
