// What is committed between looking what news come to and committing them.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { allAllocations } from "../../../db/queries/inventory.ts";
import { listPlacements } from "../../../db/queries/plans.ts";
import { serversAfter } from "../../../db/queries/servers.ts";
import type { Store } from "../../../db/store.ts";
import type { CloudChange } from "../../../host/openstack/records.ts";
import { ServerService } from "../../../host/services/servers.ts";
import { audit } from "../../support/audit.ts";
import { gone, is, size } from "../../support/cloud.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../../support/postgres.ts";
import { CALLER, clear, dataCenter, type Services, services, stack } from "../../support/services.ts";

const HOSTS = ["r0h0", "r0h1", "r1h0", "r1h1"];

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let on: Services;
  /** Like that of `on`; `between` runs once it has looked. */
  let servers: ServerService;
  let between: () => Promise<unknown>;
  let looks = 0;
  beforeAll(async () => {
    database = await freshDatabase(kind);
    on = await services(await database.open(), dataCenter(2, 2));
    const store: Store = {
      ...on.store,
      async transaction(use, options) {
        const result = await on.store.transaction(use, options);
        if (options?.snapshot && looks++ === 0) await between();
        return result;
      },
    };
    servers = new ServerService({ store, inventory: on.inventory, pendingGraceSeconds: 600, log: () => {} });
  });
  afterAll(async () => {
    await on.close();
    await database.remove();
  });
  beforeEach(() => clear(on));

  const apply = (...changes: CloudChange[]) => on.servers.apply(changes);
  /** Everything that news may change, without times, random ids and counters. */
  const state = async () => {
    const [holdings, placements, rows] = await on.store.read(async (db) => [
      await allAllocations(db),
      await listPlacements(db),
      await serversAfter(db, "", 100),
    ]);
    const names = new Map(placements.map(({ id, orchestrationId }) => [id, orchestrationId]));
    return {
      holdings: holdings
        .map(({ id, resourceId, vcpus, host, source, plannedAt }) =>
          [names.get(id) ?? "-", resourceId, vcpus, host, source, plannedAt === null].join(" "),
        )
        .sort(),
      placements: placements
        .map(({ orchestrationId, resourceId, location, reserved, metadata }) => {
          return [orchestrationId, resourceId, location, reserved, JSON.stringify(metadata)].join(" ");
        })
        .sort(),
      servers: rows.map(({ id, state, host, vcpus, name }) => [id, state, host, vcpus, name].join(" ")),
      broken: await audit(on.store, [on.inventory.inventory]),
    };
  };

  const reserve = (id: string, resourceId: string, locations = HOSTS) =>
    on.placements.reserve(id, { action: "reserve", resourceId, locations });
  const plan = (name = "s", server = "a") => on.plans.create(CALLER, stack(name, { [server]: "c1" }));
  const running = async () => {
    await plan();
    const { location } = await reserve("a", "vm-a");
    await apply(is("vm-a", location));
  };

  /** What there was, what comes between, and the news. */
  const table: readonly (readonly [string, () => Promise<unknown>, () => Promise<unknown>, CloudChange[]])[] = [
    ["nothing", async () => {}, async () => {}, [is("vm-x", "r0h0")]],
    ["a plan of others", async () => {}, () => plan(), [is("vm-x", "r0h0")]],
    [
      "newer size of the server",
      () => apply(is("vm-x", "r0h0")),
      () => apply(is("vm-x", "r0h0", { size: size(2) })),
      [is("vm-x", "r1h0", { size: null })],
    ],
    ["its end", () => apply(is("vm-x", "r0h0")), () => apply(gone("vm-x", 5)), [is("vm-x", "r1h0", { at: 4 })]],
    ["its reservation", () => plan(), () => reserve("a", "vm-a"), [is("vm-a", "r1h1")]],
    [
      "its reservation, known by Heat's id",
      () => plan(),
      () => reserve("a", "vm-a"),
      [is("vm-a", "r1h1", { hints: { heat_resource_uuid: ["a"] } })],
    ],
    [
      "a plan for it",
      () => apply(is("vm-a", "r0h0")),
      async () => {
        await plan("vm-a", "vm-a");
        await reserve("vm-a", "vm-a", ["r1h1"]);
      },
      [is("vm-a", "r0h1")],
    ],
    ["its plan to move", running, () => reserve("a", "vm-a", ["r1h1"]), [is("vm-a", "r0h1", { name: "new" })]],
    ["another server that takes its place", running, () => reserve("a", "vm-b"), [gone("vm-a")]],
    ["the end of its plan", running, () => on.plans.remove("s"), [is("vm-a", "r1h1")]],
    [
      "a host that goes down",
      async () => {},
      () => on.inventory.setUp(new Map([["r0h0", false]])),
      [is("vm-x", "r0h0")],
    ],
  ];

  test.each(table)("%s: as if it had come before", async (_, given, meanwhile, news) => {
    await given();
    await meanwhile();
    await apply(...news);
    const expected = await state();
    await on.inventory.setUp(new Map(HOSTS.map((host) => [host, true])));
    await clear(on);
    await given();
    [looks, between] = [0, meanwhile];
    await servers.apply(news);
    expect(looks).toBeGreaterThan(0);
    expect(await state()).toEqual(expected);
    expect(expected.broken).toEqual([]);
    await on.inventory.setUp(new Map(HOSTS.map((host) => [host, true])));
  });
});
