import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../../../db/store.ts";
import { CloudSession } from "../../../host/openstack/cloud-session.ts";
import { CloudSource } from "../../../host/services/cloud-source.ts";
import { InventoryService } from "../../../host/services/inventory.ts";
import { Refresh, type RefreshOptions } from "../../../host/services/refresh.ts";
import { ServerService } from "../../../host/services/servers.ts";
import { Topology } from "../../../host/services/topology.ts";
import { freshDatabase, postgresServer, type TestDatabase } from "../../support/postgres.ts";
import { CALLER, type Services, services, stack } from "../../support/services.ts";
import { StandInCloud, uuidOf } from "../../support/stand-in-cloud.ts";

const HOSTS = ["xyz01r01c001", "xyz01r01c002", "xyz01r02c001", "xyz01r02c002"];
let cloud: StandInCloud;
let database: TestDatabase;
let store: Store;
let session: CloudSession;
let logged: string[];
const refreshes: Refresh[] = [];
const inventories: InventoryService[] = [];
beforeEach(async () => {
  cloud = await StandInCloud.start();
  for (const host of HOSTS) cloud.addHost(host);
  cloud.addFlavor("1", "m1.tiny", 1, 512, 1);
  cloud.addFlavor("2", "m1.small", 2, 2048, 20);
  database = await freshDatabase();
  store = await database.open();
  session = new CloudSession({ ...cloud.login, attempts: 1 });
  logged = [];
});
afterEach(async () => {
  for (const refresh of refreshes.splice(0)) refresh.close();
  session.close();
  for (const inventory of inventories.splice(0)) await inventory.close();
  await database.remove();
  await cloud.stop();
});

interface Living extends Services {
  readonly refresh: Refresh;
  readonly used: (host: string) => { vcpus: number; ramMiB: number; diskGiB: number };
}

async function open(
  options: Partial<RefreshOptions> & { pendingGraceSeconds?: number; serversNow?: () => number } = {},
): Promise<Living> {
  const inventory = await InventoryService.open(store, null);
  inventories.push(inventory);
  const on = await services(store, { hosts: [], aggregates: {}, existing: [], flavors: [] }, { inventory });
  const topology = new Topology({
    order: ["aggregates", "names"],
    naming: { regionChars: 3, rackCodes: "r", nodeCodes: "a,c,u,f,o,p,s" },
    rackKey: "ostro:rack",
    clusterKey: "ostro:cluster",
    mapping: null,
  });
  const log = (details: object, message: string) => void logged.push(`${message} ${JSON.stringify(details)}`);
  const { pendingGraceSeconds = 600, serversNow = Date.now, ...others } = options;
  const refresh = new Refresh({
    source: new CloudSource(session, {
      ratios: { vcpus: 16, ramMiB: 1.5, diskGiB: 1 },
      standby: { vcpus: 0, ramMiB: 0, diskGiB: 0 },
      reserved: { vcpus: 0, ramMiB: 512, diskGiB: 0 },
      topology,
    }),
    inventory,
    servers: new ServerService({
      store,
      inventory,
      pendingGraceSeconds,
      now: serversNow,
      log: (message, details) => log(details, message),
    }),
    fullSeconds: 600,
    changesSeconds: 0,
    settleMs: 10,
    log: { info: log, warn: log },
    ...others,
  });
  refreshes.push(refresh);
  const used = (host: string) => {
    const { host: facts, used } = inventory.inventory.hostState(host)!;
    return {
      vcpus: used.vcpus - facts.used.vcpus,
      ramMiB: used.ramMiB - facts.used.ramMiB,
      diskGiB: used.diskGiB - facts.used.diskGiB,
    };
  };
  return { ...on, refresh, used };
}

const TINY = { vcpus: 1, ramMiB: 512, diskGiB: 1 };
const NONE = { vcpus: 0, ramMiB: 0, diskGiB: 0 };
const readings = () => cloud.paths().filter((path) => path.endsWith("/servers/detail")).length;

describe("the first reading", () => {
  test("makes the inventory what the cloud is", async () => {
    cloud.addAggregate("fast", [HOSTS[0]!], { ssd: "true", cpu_allocation_ratio: "2" });
    const id = cloud.addServer(HOSTS[1]!);
    const { refresh, inventory, used } = await open();
    expect(refresh.notReady()).toMatch(/first time/);
    await refresh.start();
    expect(refresh.notReady()).toBeNull();
    expect([...inventory.inventory.hosts.values()].map(({ name, rack, up }) => [name, rack, up])).toEqual(
      HOSTS.map((name) => [name, name.slice(0, 8), true]),
    );
    expect(inventory.inventory.hosts.get(HOSTS[0]!)).toMatchObject({ capacity: { vcpus: 20 }, aggregates: ["fast"] });
    expect(inventory.flavor("m1.small")).toMatchObject({ id: "2", vcpus: 2 });
    expect(used(HOSTS[1]!)).toEqual(TINY);
    expect(refresh.state.last).toMatchObject({ fault: null, changedHosts: 4, servers: { servers: 1, added: 1 } });
    expect(inventory.inventory.hostState(HOSTS[1]!)!.vmCount).toBe(1);
    expect(id).toBe(uuidOf(3, 0));
  });

  test("fails with the reason when nothing is known and the cloud cannot be read", async () => {
    cloud.tweak = ({ path }) => (path.endsWith("/os-hypervisors/detail") ? { status: 500, body: "<html>" } : undefined);
    const { refresh } = await open();
    await expect(refresh.start()).rejects.toMatchObject({
      code: "cloud.unavailable",
      message: expect.stringContaining("/os-hypervisors/detail"),
    });
  });

  test("may fail when the store knows the data center: plans are made, and it is tried again", async () => {
    await (await open()).refresh.start();
    cloud.tweak = ({ path }) => (path.endsWith("/os-services") ? { status: 503, body: {} } : undefined);
    const again = await open();
    await again.refresh.start();
    expect(again.refresh.notReady()).toBeNull();
    expect((await again.plans.create(CALLER, stack("s", { a: "m1.tiny" })))!.placements).toHaveLength(1);
    await expect.poll(() => logged.join("\n")).toContain("could not be read; what was known stays");
    cloud.tweak = () => undefined;
    await expect.poll(() => again.refresh.state.last?.fault, { timeout: 5_000 }).toBeNull();
  });
});

describe("between two readings of everything", () => {
  test("hosts and servers that came, moved, grew and went are right afterwards", async () => {
    const [a, b, c] = [cloud.addServer(HOSTS[0]!), cloud.addServer(HOSTS[0]!), cloud.addServer(HOSTS[1]!)];
    const { refresh, inventory, used } = await open();
    await refresh.start();
    const change = (id: string, fields: object) =>
      Object.assign(
        cloud.servers.find((server) => server.id === id),
        fields,
      );
    change(a!, { "OS-EXT-SRV-ATTR:host": HOSTS[2] });
    change(b!, { flavor: { vcpus: 4, ram: 4096, disk: 10, ephemeral: 0, swap: 0 } });
    cloud.servers = cloud.servers.filter(({ id }) => id !== c);
    cloud.addHost("xyz01r03c001");
    cloud.addServer("xyz01r03c001", { id: "late" });
    cloud.services[1].status = "disabled";
    const report = await refresh.now();
    expect(report).toMatchObject({
      fault: null,
      changedHosts: 2,
      servers: { servers: 3, added: 1, moved: 1, resized: 1, removed: 1 },
    });
    expect(HOSTS.map(used)).toEqual([{ vcpus: 4, ramMiB: 4096, diskGiB: 10 }, NONE, TINY, NONE]);
    expect(used("xyz01r03c001")).toEqual(TINY);
    expect(inventory.inventory.hosts.get(HOSTS[1]!)!.up).toBe(false);
  });

  test("a host that vanishes stays while servers are on it, and they end right when they moved away", async () => {
    cloud.addServer(HOSTS[3]!);
    const { refresh, inventory, used } = await open();
    await refresh.start();
    cloud.services.pop();
    await refresh.now();
    expect(inventory.inventory.hosts.get(HOSTS[3]!)!.up).toBe(false);
    expect(used(HOSTS[3]!)).toEqual(TINY);
    cloud.servers[0]["OS-EXT-SRV-ATTR:host"] = HOSTS[0];
    await refresh.now();
    await refresh.now();
    expect(inventory.inventory.hosts.has(HOSTS[3]!)).toBe(false);
    expect(used(HOSTS[0]!)).toEqual(TINY);
  });

  test.each([
    ["a page is broken in the middle", { status: 200, body: '{"servers": [' }],
    ["a page has a hole", { body: { servers: [null] } }],
    ["the service fails in the middle", { status: 500, body: {} }],
    ["a proxy answers", { status: 200, headers: { "Content-Type": "text/html" }, body: "<html>" }],
  ])("when %s, what was known stays", async (_, answer) => {
    for (let i = 0; i < 4; i++) cloud.addServer(HOSTS[i]!);
    const { refresh, used } = await open();
    await refresh.start();
    cloud.mostAPage = 2;
    cloud.servers.splice(0, 1);
    cloud.tweak = ({ path, query }) => (path.endsWith("/servers/detail") && query.has("marker") ? answer : undefined);
    expect((await refresh.now()).fault).toMatch(/servers\/detail/);
    expect(HOSTS.map(used)).toEqual([TINY, TINY, TINY, TINY]);
    cloud.tweak = () => undefined;
    expect((await refresh.now()).fault).toBeNull();
    expect(HOSTS.map(used)).toEqual([NONE, TINY, TINY, TINY]);
  });

  test("a token that expires in the middle is renewed, and nothing is lost", async () => {
    for (let i = 0; i < 6; i++) cloud.addServer(HOSTS[i % 4]!);
    const { refresh } = await open();
    await refresh.start();
    cloud.mostAPage = 2;
    cloud.tweak = ({ query }) => {
      if (query.get("marker") === uuidOf(3, 1)) cloud.token = "the-next-one";
      return undefined;
    };
    expect(await refresh.now()).toMatchObject({ fault: null, servers: { servers: 6, removed: 0 } });
  });

  test("a plan that is not built yet keeps its reservation until the grace period is over", async () => {
    const on = await open({ pendingGraceSeconds: 1 });
    await on.refresh.start();
    const plan = await on.plans.create(CALLER, stack("s", { a: "m1.small" }));
    const { location } = plan!.placements[0]!;
    await on.refresh.now();
    expect(on.used(location).vcpus).toBe(2);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect(await on.refresh.now()).toMatchObject({ servers: { lapsed: 1 } });
    expect(on.used(location).vcpus).toBe(0);
  });
});

describe("a server that moves", () => {
  const moving = async (fields: object, migration: object, allocations: Record<string, unknown> = {}) => {
    cloud.addServer(HOSTS[1]!, { id: "s", ...fields });
    cloud.migrations = [
      {
        id: 1,
        uuid: "m",
        instance_uuid: "s",
        source_compute: HOSTS[0],
        dest_compute: HOSTS[1],
        migration_type: "resize",
        ...migration,
      },
    ];
    cloud.allocations = Object.fromEntries(
      Object.entries(allocations).map(([consumer, vcpus]) => [
        consumer,
        {
          [cloud.hypervisors[consumer === "m" ? 0 : 1].id]: { resources: { VCPU: vcpus, MEMORY_MB: 100, DISK_GB: 1 } },
        },
      ]),
    );
    const on = await open();
    await on.refresh.start();
    return HOSTS.slice(0, 2).map((host) => on.used(host).vcpus);
  };
  const resized = { "OS-EXT-STS:vm_state": "resized", status: "VERIFY_RESIZE" };

  test("and waits for confirmation holds what its migration holds where it was, by Placement", async () => {
    expect(await moving(resized, { status: "finished" }, { m: 4 })).toEqual([4, 1]);
  });

  test("holds as much as it has where it was when Placement does not tell", async () => {
    expect(await moving(resized, { status: "finished" })).toEqual([1, 1]);
  });

  test("is still where it was, and holds what it will have where it goes", async () => {
    const onSource = { "OS-EXT-SRV-ATTR:host": HOSTS[0], "OS-EXT-STS:task_state": "resize_prep" };
    expect(await moving(onSource, { status: "migrating" }, { s: 8 })).toEqual([1, 8]);
  });

  test("and was confirmed holds nothing else, whatever row was left behind", async () => {
    expect(await moving({}, { status: "finished" }, { m: 4 })).toEqual([0, 1]);
    expect(await moving({ "OS-EXT-STS:task_state": "rebooting" }, { status: "finished" })).toEqual([0, 1]);
  });
});

describe("a reservation of which nothing is heard", () => {
  test("is given up soon when Nova does not have the server, and stays when it has", async () => {
    let late = 0;
    const on = await open({ changesSeconds: 0.02, fullSeconds: 3_600, serversNow: () => Date.now() + late });
    await on.refresh.start();
    const building = cloud.addServer(HOSTS[0]!, { updated: "2000-01-01T00:00:00Z" });
    const server = (id: string) => ({ ...stack(id, { [id]: "m1.tiny" }), stackId: id });
    for (const id of [building, "deleted-before-it-had-a-host"]) {
      await on.plans.create(CALLER, server(id));
      await on.placements.reserve(id, { action: "reserve", resourceId: id, locations: HOSTS });
    }
    late = 30_000;
    await expect
      .poll(async () => (await on.plans.list()).map(({ stackId }) => stackId), { timeout: 10_000 })
      .toEqual([building]);
    expect(HOSTS.map(on.used).filter(({ vcpus }) => vcpus > 0)).toEqual([TINY]);
  });
});

describe("what was heard", () => {
  test("is read soon, once for all that was heard together", async () => {
    const { refresh, inventory } = await open();
    await refresh.start();
    const before = cloud.paths().length;
    cloud.addFlavor("3", "m1.large", 4, 8192, 80);
    cloud.addAggregate("late", [HOSTS[0]!], { x: "1" });
    for (const heard of ["flavors", "hosts", "aggregates", "hosts"] as const) refresh.soon(heard);
    await expect.poll(() => inventory.flavor("m1.large")?.vcpus).toBe(4);
    expect(inventory.inventory.aggregates).toEqual({ late: { x: "1" } });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const after = cloud.paths().slice(before);
    expect(after.filter((path) => path.endsWith("/flavors/detail")).length).toBe(2); // a page and the empty one after it
    expect(after.some((path) => path.endsWith("/servers/detail"))).toBe(false);
  });

  test("of services reads which are up and which servers changed", async () => {
    const id = cloud.addServer(HOSTS[0]!, { updated: "2020-01-01T00:00:00Z" });
    cloud.addServer(HOSTS[1]!, { updated: "2020-01-01T00:00:00Z" });
    const { refresh, inventory, used } = await open();
    await refresh.start();
    cloud.services[2].state = "down";
    Object.assign(cloud.servers[0], { "OS-EXT-SRV-ATTR:host": HOSTS[3], updated: new Date().toISOString() });
    cloud.servers.push({ id: "gone", status: "DELETED", updated: new Date().toISOString() });
    refresh.soon("services");
    await expect.poll(() => used(HOSTS[3]!)).toEqual(TINY);
    expect(inventory.inventory.hosts.get(HOSTS[2]!)!.up).toBe(false);
    expect(used(HOSTS[0]!)).toEqual(NONE);
    expect(used(HOSTS[1]!)).toEqual(TINY);
    expect(id).toBeDefined();
    expect(cloud.asked.at(-1)!.query.has("changes-since")).toBe(true);
  });

  test("of services makes no host take servers whose machine is not seen", async () => {
    const { refresh, inventory } = await open();
    await refresh.start();
    cloud.hypervisors.pop();
    await refresh.now();
    expect(inventory.inventory.hosts.get(HOSTS[3]!)).toMatchObject({ up: false, capacity: { vcpus: 160 } });
    const before = cloud.paths().length;
    refresh.soon("services");
    await expect.poll(() => cloud.paths().length).toBeGreaterThan(before);
    await expect.poll(() => refresh.state.reading).toBeNull();
    expect(inventory.inventory.hosts.get(HOSTS[3]!)!.up).toBe(false);
  });

  test("of services makes no host take servers that Placement disables, until Placement is read again", async () => {
    const machine = cloud.hypervisors[0]!.id;
    cloud.traits[machine] = ["COMPUTE_STATUS_DISABLED"];
    const { refresh, inventory } = await open();
    await refresh.start();
    const isUp = () => inventory.inventory.hosts.get(HOSTS[0]!)!.up;
    expect(isUp()).toBe(false);
    const before = cloud.paths().length;
    refresh.soon("services");
    await expect.poll(() => cloud.paths().length).toBeGreaterThan(before);
    await expect.poll(() => refresh.state.reading).toBeNull();
    expect(isUp()).toBe(false);
    cloud.traits = {};
    cloud.generation++;
    await refresh.now();
    expect(isUp()).toBe(true);
  });

  test("that cannot be read has everything read later", async () => {
    const { refresh } = await open();
    await refresh.start();
    cloud.tweak = ({ path }) => (path.endsWith("/os-aggregates") ? { status: 503, body: {} } : undefined);
    refresh.soon("aggregates");
    await expect.poll(() => logged.join("\n")).toContain("could not be read");
    cloud.tweak = () => undefined;
    const before = readings();
    await expect.poll(readings, { timeout: 5_000 }).toBeGreaterThan(before);
  });

  test("a flavor that nobody knows is read once for all who name it", async () => {
    const on = await open();
    await on.refresh.start();
    cloud.addFlavor("3", "m1.large", 4, 1024, 80);
    const asked = () => cloud.paths().filter((path) => path.endsWith("/flavors/detail")).length;
    const before = asked();
    const plans = await Promise.all(
      Array.from({ length: 5 }, (_, i) => on.plans.create(CALLER, stack(`s${i}`, { a: "m1.large" }))),
    );
    expect(plans).toHaveLength(5);
    expect(asked() - before).toBe(2);
    await expect(on.plans.create(CALLER, stack("t", { a: "never" }))).rejects.toThrow("no flavor has the name");
  });

  test("names that nobody knows, one after the other, do not keep a slow cloud busy", async () => {
    const on = await open();
    await on.refresh.start();
    cloud.tweak = async ({ path }) => {
      if (path.endsWith("/flavors/detail")) await sleep(1_000);
      return undefined;
    };
    const asked = () => cloud.paths().filter((path) => path.endsWith("/flavors/detail")).length;
    await expect(on.plans.create(CALLER, stack("s", { a: "never" }))).rejects.toThrow("no flavor has the name");
    const once = asked();
    // Two answers of one second each: it is left alone for twenty.
    await sleep(1_100);
    await expect(on.plans.create(CALLER, stack("t", { a: "ever" }))).rejects.toThrow("no flavor has the name");
    expect(asked()).toBe(once);
  });
});

describe("readings", () => {
  test("asked for at the same time are one, and one that runs is not taken for the next", async () => {
    const { refresh } = await open();
    await refresh.start();
    let open_ = () => {};
    const gate = new Promise<void>((resolve) => {
      open_ = resolve;
    });
    cloud.tweak = async ({ path }) => {
      if (path.endsWith("/os-aggregates")) await gate;
      return undefined;
    };
    const before = readings();
    const first = refresh.now();
    await expect.poll(() => refresh.state.reading).toBe("all");
    const [second, third] = [refresh.now(), refresh.now()];
    expect(refresh.state.waiting).toBe(true);
    expect(second).toBe(third);
    expect(second).not.toBe(first);
    open_();
    expect((await second).fault).toBeNull();
    expect(refresh.state).toMatchObject({ reading: null, waiting: false });
    expect(readings() - before).toBe(2);
    expect((await refresh.now()).at.getTime()).toBeGreaterThanOrEqual((await second).at.getTime());
  });

  test("come by schedule, what changed more often than everything", async () => {
    const { refresh } = await open({ changesSeconds: 0.02, fullSeconds: 3_600 });
    await refresh.start();
    const changes = () => cloud.asked.filter(({ query }) => query.has("changes-since")).length;
    await expect.poll(changes).toBeGreaterThan(3);
    refresh.close();
  });

  test("end when it is closed", async () => {
    const { refresh } = await open({ changesSeconds: 0.01, fullSeconds: 0.01 });
    await refresh.start();
    refresh.close();
    await refresh.now();
    const before = cloud.asked.length;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(cloud.asked.length).toBe(before);
    refresh.soon("everything");
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(cloud.asked.length).toBe(before);
  });
});

test("hosts and servers by the thousand come in pages and are all there", async () => {
  for (let i = 0; i < 996; i++) cloud.addHost(`xyz01r${String(10 + (i >> 4)).padStart(3, "0")}c${i}`);
  for (let i = 0; i < 3000; i++) cloud.addServer(cloud.services[i % 1000].host);
  const { refresh, inventory } = await open();
  await refresh.start();
  expect(inventory.inventory.hosts.size).toBe(1000);
  expect(inventory.inventory.vmCount).toBe(3000);
});

test.skipIf(postgresServer === null)("two services that read one cloud into one store agree", async () => {
  for (let i = 0; i < 40; i++) cloud.addServer(HOSTS[i % 4]!);
  const [one, other] = [await open(), await open()];
  await Promise.all([one.refresh.start(), other.refresh.start()]);
  for (const { refresh, inventory } of [one, other]) {
    expect(refresh.state.last).toMatchObject({ fault: null, servers: { servers: 40 } });
    await inventory.catchUp();
    expect(inventory.inventory.vmCount).toBe(40);
  }
  expect(HOSTS.map(one.used)).toEqual(HOSTS.map(other.used));
  cloud.services[0].state = "down";
  cloud.servers.splice(0, 4);
  await Promise.all([one.refresh.now(), other.refresh.now(), one.refresh.now()]);
  for (const { inventory } of [one, other]) {
    await inventory.catchUp();
    expect(inventory.inventory.hosts.get(HOSTS[0]!)!.up).toBe(false);
    expect(inventory.inventory.vmCount).toBe(36);
  }
});
