import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { allFacts } from "../../../db/queries/facts.ts";
import { allAllocations, currentVersion } from "../../../db/queries/inventory.ts";
import type { Store } from "../../../db/store.ts";
import type { DataCenter, Host } from "../../../host/core/model.ts";
import { simulatedDataCenter } from "../../../host/core/simulated.ts";
import { InventoryService } from "../../../host/services/inventory.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../../support/postgres.ts";
import { dataCenter } from "../../support/services.ts";

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let store: Store;
  const opened: InventoryService[] = [];
  const open = async (source: DataCenter, on = store) => {
    const service = await InventoryService.open(on, source);
    opened.push(service);
    return service;
  };
  beforeEach(async () => {
    database = await freshDatabase(kind);
    store = await database.open();
  });
  afterEach(async () => {
    for (const service of opened.splice(0)) await service.close();
    await database.remove();
  });

  const row = (id: string, host: string, vcpus = 1) => ({
    id,
    source: "plan" as const,
    host,
    vcpus,
    ramMiB: 0,
    diskGiB: 0,
    groups: ["host:DIV:g"],
    pipes: [{ peer: "a", kbps: 100 }],
    planId: null,
    projectId: null,
    resourceId: null,
    plannedAt: null,
  });
  const put = (service: InventoryService, ...rows: ReturnType<typeof row>[]) =>
    service.commit(async () => ({ result: undefined, change: { put: rows, remove: [] } }));
  const generations = async () =>
    Object.fromEntries((await store.read(allFacts)).hosts.map(({ name, generation }) => [name, generation]));

  test("the simulated data center is in memory as it was told, in its order, and again after a restart", async () => {
    const source = simulatedDataCenter("sim:5x3");
    const first = await open(source);
    expect([...first.inventory.hosts.values()]).toEqual(source.hosts);
    const again = await open(source);
    expect([...again.inventory.hosts.values()]).toEqual(source.hosts);
    expect(again.inventory.aggregates).toEqual(source.aggregates);
    expect(source.flavors.map(({ name }) => again.flavor(name))).toEqual(source.flavors);
    expect(again.flavor("3")).toEqual(source.flavors[2]);
    expect(again.zones).toEqual(new Set(["nova"]));
  });

  test("racks and clusters are stored with what belongs together", async () => {
    await open(simulatedDataCenter("sim:5x1"));
    const { racks, clusters } = await store.read(allFacts);
    expect(clusters.map(({ name }) => name)).toEqual(["sim01cluster01", "sim01cluster02"]);
    expect(racks.map(({ name, cluster }) => `${name} ${cluster}`)).toEqual([
      "sim01r01 sim01cluster01",
      "sim01r02 sim01cluster01",
      "sim01r03 sim01cluster01",
      "sim01r04 sim01cluster01",
      "sim01r05 sim01cluster02",
    ]);
  });

  test("what is as it was keeps its generation; what changed does not", async () => {
    const source = dataCenter(1, 3);
    await open(source);
    const before = await generations();
    const [first, ...rest] = source.hosts as [Host, ...Host[]];
    const changed = { ...source, hosts: [{ ...first, up: false }, ...rest], flavors: source.flavors.slice(1) };
    const service = await open(changed);
    const after = await generations();
    expect(after.r0h0).toBeGreaterThan(before.r0h0!);
    expect({ ...after, r0h0: 0 }).toEqual({ ...before, r0h0: 0 });
    expect(service.inventory.hosts.get("r0h0")!.up).toBe(false);
    expect(service.flavor("c1")).toBeUndefined();
    expect(service.flavor("c2")).toBeDefined();
  });

  test("a host that vanished stays, down, while something is on it", async () => {
    await put(await open(dataCenter(2, 2)), row("a", "r1h1", 3));
    const smaller = { ...dataCenter(1, 2) };
    const service = await open(smaller);
    expect([...service.inventory.hosts.keys()]).toEqual(["r0h0", "r0h1", "r1h1"]);
    expect(service.inventory.hostState("r1h1")).toMatchObject({ host: { up: false }, used: { vcpus: 3 } });
    const back = await open(dataCenter(2, 2));
    expect(back.inventory.hostState("r1h1")).toMatchObject({ host: { up: true }, used: { vcpus: 3 } });
  });

  test("VMs that the source tells of come, move and go with it", async () => {
    const source = dataCenter(1, 2);
    const vm = { id: "e0", host: "r0h0", groups: ["host:EX:t"], need: { vcpus: 0, ramMiB: 0, diskGiB: 0 } };
    const first = await open({ ...source, existing: [vm, { ...vm, id: "e1" }] });
    await put(first, row("ours", "r0h0"));
    expect(first.inventory.vm("e0")).toEqual(vm);
    const moved = { ...vm, host: "r0h1", groups: [] };
    const second = await open({ ...source, existing: [moved] });
    expect(second.inventory.vm("e0")).toEqual(moved);
    expect(second.inventory.vm("e1")).toBeUndefined();
    expect(second.inventory.vm("ours")).toBeDefined();
    expect((await store.read(allAllocations)).map(({ id, source }) => [id, source])).toEqual([
      ["e0", "existing"],
      ["ours", "plan"],
    ]);
  });

  test("a commit that fails changes neither memory nor store", async () => {
    const service = await open(dataCenter(1, 2));
    await put(service, row("a", "r0h0", 2));
    const { version } = service.inventory;
    const stored = await store.read(currentVersion);
    const failing = service.commit(async () => ({
      result: undefined,
      change: { put: [row("b", "r0h1"), row("c", "nowhere")], remove: ["a"] },
    }));
    await expect(failing).rejects.toThrow(/allocations/);
    await expect(service.commit(() => Promise.reject(new Error("mine")))).rejects.toThrow("mine");
    expect(await service.commit(async () => ({ result: "nothing to do" }))).toBe("nothing to do");
    expect(service.inventory.version).toBe(version);
    expect(await store.read(currentVersion)).toBe(stored);
    expect((await store.read(allAllocations)).map(({ id }) => id)).toEqual(["a"]);
  });

  test("commits at once happen one after the other, each seeing the ones before", async () => {
    const service = await open(dataCenter(1, 1, 10));
    const used = () => service.inventory.hostState("r0h0")!.used.vcpus;
    const seen = await Promise.all(
      Array.from({ length: 10 }, (_, i) =>
        service.commit(async () => ({ result: used(), change: { put: [row(`vm${i}`, "r0h0")], remove: [] } })),
      ),
    );
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(used()).toBe(10);
  });

  if (kind === "postgres") {
    test("what another server commits, moves and removes is read, and nothing else is touched", async () => {
      const [a, b] = [await open(dataCenter(2, 2)), await open(dataCenter(2, 2), await database.open())];
      await put(a, row("x", "r0h0"), row("y", "r0h1"), row("z", "r1h1"));
      await b.catchUp();
      expect(b.inventory.vm("x")).toEqual(a.inventory.vm("x"));
      const since = b.inventory.version;

      await a.commit(async () => ({ result: 0, change: { put: [row("x", "r1h0")], remove: ["y"] } }));
      await b.catchUp();
      expect(b.inventory.vm("x")!.host).toBe("r1h0");
      expect(b.inventory.vm("y")).toBeUndefined();
      expect(
        ["r0h0", "r0h1", "r1h0", "r1h1"].filter((host) => b.inventory.changedSince(since, { hosts: [host] })),
      ).toEqual(["r0h0", "r0h1", "r1h0"]);
      const { version } = b.inventory;
      await b.catchUp();
      expect(b.inventory.version).toBe(version);
    });

    test("a server sees the commits of another before it decides on its own", async () => {
      const [a, b] = [await open(dataCenter(1, 1, 10)), await open(dataCenter(1, 1, 10), await database.open())];
      const seen = await Promise.all(
        Array.from({ length: 20 }, (_, i) => {
          const service = i % 2 ? a : b;
          return service.commit(async () => ({
            result: service.inventory.hostState("r0h0")!.used.vcpus,
            change: { put: [row(`vm${i}`, "r0h0")], remove: [] },
          }));
        }),
      );
      expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, i) => i));
    });

    test("hosts that another server hears of are known here too, and stay known when their source forgets them", async () => {
      const a = await open(dataCenter(1, 2));
      const b = await open(dataCenter(2, 2), await database.open());
      await put(b, row("x", "r1h0"));
      await a.catchUp();
      expect(a.inventory.vm("x")!.host).toBe("r1h0");
      await open(dataCenter(1, 2), await database.open());
      await a.catchUp();
      expect(a.inventory.hosts.get("r1h0")!.up).toBe(false);
      expect(a.inventory.vm("x")!.host).toBe("r1h0");
    });

    test("the commits of others are read within seconds without being asked for", async () => {
      const [a, b] = [await open(dataCenter(1, 1)), await open(dataCenter(1, 1), await database.open())];
      await put(a, row("x", "r0h0"));
      await expect.poll(() => b.inventory.vm("x")?.host, { timeout: 5_000 }).toBe("r0h0");
    });

    test("servers that start at once on an empty database all come up", async () => {
      const fresh = await freshDatabase("postgres");
      const stores = await Promise.all(Array.from({ length: 4 }, () => fresh.open()));
      const services = await Promise.all(stores.map((store) => open(dataCenter(2, 2), store)));
      for (const { inventory } of services) expect(inventory.hosts.size).toBe(4);
      for (const service of opened.splice(0)) await service.close();
      await fresh.remove();
    });
  }
});
