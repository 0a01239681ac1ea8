import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { allFacts } from "../../../db/queries/facts.ts";
import { currentVersion } from "../../../db/queries/inventory.ts";
import type { Store } from "../../../db/store.ts";
import type { DataCenter, Host } from "../../../host/core/model.ts";
import { InventoryService } from "../../../host/services/inventory.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../../support/postgres.ts";
import { CALLER, dataCenter, type Services, services, stack } from "../../support/services.ts";

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let store: Store;
  let on: Services;
  const opened: InventoryService[] = [];
  beforeEach(async () => {
    database = await freshDatabase(kind);
    store = await database.open();
    on = await services(store, dataCenter(1, 2));
    opened.push(on.inventory);
  });
  afterEach(async () => {
    for (const service of opened.splice(0)) await service.close();
    await database.remove();
  });
  const reopened = async () => {
    const service = await InventoryService.open(store, null);
    opened.push(service);
    return service;
  };
  const names = (service: InventoryService) => [...service.inventory.hosts.keys()];
  const version = () => store.read(currentVersion);

  test("without a source the store's own facts are taken, and stay", async () => {
    const before = await version();
    const again = await reopened();
    expect(names(again)).toEqual(["r0h0", "r0h1"]);
    expect(again.flavor("c2")).toEqual(on.inventory.flavor("c2"));
    expect(again.zones).toEqual(new Set(["nova"]));
    expect(await version()).toBe(before);
  });

  test("facts that are as they were are not written", async () => {
    const before = await version();
    const { racks: _, ...told } = dataCenter(1, 2);
    expect(await on.inventory.replaceFacts(told)).toBeNull();
    expect(await on.inventory.replaceFacts({})).toBeNull();
    expect(await version()).toBe(before);
  });

  test("a thousand new hosts are planned on at once, after those that were known", async () => {
    await on.plans.create(CALLER, stack("s", { a: "c1" }));
    await on.inventory.replaceFacts(dataCenter(50, 20));
    expect(on.inventory.inventory.hosts.size).toBe(1000);
    expect(on.inventory.inventory.hostState("r0h0")!.used.vcpus).toBe(1);
    const again = await reopened();
    expect(names(again).slice(0, 3)).toEqual(["r0h0", "r0h1", "r0h2"]);
    const apart = { group_type: "diversity", level: "rack", resources: ["a", "b", "c"] };
    const plan = await on.plans.create(CALLER, stack("t", { a: "c4", b: "c4", c: "c4" }, { apart }));
    expect(new Set(plan!.placements.map(({ location }) => location.split("h")[0])).size).toBe(3);
  });

  test("a host that is full now, down now or larger now is planned on as it is", async () => {
    const [first, second] = dataCenter(1, 2).hosts as [Host, Host];
    const where = async (id: string, flavor: string) =>
      (await on.plans.create(CALLER, stack(id, { a: flavor })))!.placements[0]!.location;
    await on.inventory.replaceFacts({ hosts: [{ ...first, up: false }, second] });
    expect(await where("one", "c1")).toBe("r0h1");
    await on.inventory.replaceFacts({ hosts: [first, { ...second, used: { ...second.used, vcpus: 3 } }] });
    expect(await where("two", "c1")).toBe("r0h0");
    const eight = { vcpus: 8, ramMiB: 8000, diskGiB: 1000 };
    await on.inventory.replaceFacts({ hosts: [first, { ...second, capacity: eight, physical: eight }] });
    expect(on.inventory.inventory.hostState("r0h1")).toMatchObject({ host: { capacity: eight }, used: { vcpus: 1 } });
  });

  test("a host that vanished is forgotten when it is empty, and takes nothing more while something is on it", async () => {
    await on.inventory.replaceFacts(dataCenter(1, 3));
    const plan = await on.plans.create(CALLER, stack("s", { a: "c4" }));
    const { location } = plan!.placements[0]!;
    const others = dataCenter(2, 3).hosts.filter(({ rack }) => rack === "r1");
    await on.inventory.replaceFacts({ hosts: others });
    expect(names(on.inventory).sort()).toEqual([location, ...others.map(({ name }) => name)].sort());
    expect(on.inventory.inventory.hostState(location)).toMatchObject({ host: { up: false }, used: { vcpus: 4 } });
    await expect(on.plans.create(CALLER, stack("t", { a: "c4", b: "c4", c: "c4", d: "c4" }))).rejects.toThrow();

    await on.plans.remove("s");
    await on.inventory.replaceFacts({ hosts: others.slice(1) });
    expect(names(on.inventory)).toEqual(others.slice(1).map(({ name }) => name));
    await on.inventory.replaceFacts(dataCenter(1, 3));
    expect(on.inventory.inventory.hosts.get(location)!.up).toBe(true);
    const { hosts } = await store.read(allFacts);
    expect(
      hosts
        .filter(({ present }) => present)
        .map(({ name }) => name)
        .sort(),
    ).toEqual(["r0h0", "r0h1", "r0h2"]);
  });

  test("aggregates, flavors and zones come, change and go", async () => {
    const told = dataCenter(1, 2);
    const [first, second] = told.hosts as [Host, Host];
    const special = { id: "9", name: "special", vcpus: 1, ramMiB: 1, diskGiB: 1, extraSpecs: { ssd: "true" } };
    const facts = {
      hosts: [{ ...first, aggregates: ["fast"], zone: "az2" }, second],
      aggregates: { fast: { ssd: "true" } },
      flavors: [...told.flavors.slice(1), special],
    };
    await on.inventory.replaceFacts(facts);
    expect(on.inventory.flavor("c1")).toBeUndefined();
    expect(on.inventory.flavor("9")).toEqual(special);
    expect(on.inventory.zones).toEqual(new Set(["az2", "nova"]));
    for (const id of ["one", "two"])
      expect((await on.plans.create(CALLER, stack(id, { a: "special" })))!.placements[0]!.location).toBe("r0h0");
    await on.inventory.replaceFacts({ ...facts, aggregates: { fast: { ssd: "false" } } });
    await expect(on.plans.create(CALLER, stack("three", { a: "special" }))).rejects.toThrow(/host aggregate/);
    await on.inventory.replaceFacts({ hosts: told.hosts, aggregates: {}, flavors: told.flavors });
    const { aggregates, flavors } = await store.read(allFacts);
    expect(aggregates).toEqual([]);
    expect(flavors.map(({ name }) => name)).toEqual(["c1", "c2", "c4"]);
  });

  test("a flavor's traits are asked of the hosts as they are now, and across a restart", async () => {
    const told = dataCenter(1, 2);
    const [first, second] = told.hosts as [Host, Host];
    const flavor = (name: string, extraSpecs: Record<string, string>) => {
      return { id: name, name, vcpus: 1, ramMiB: 1, diskGiB: 1, extraSpecs };
    };
    const flavors = [flavor("tpm", { "trait:TPM": "required" }), flavor("no-tpm", { "trait:TPM": "forbidden" })];
    const withTraits = (...traits: string[][]) => ({
      ...told,
      hosts: [first, second].map((host, at) => ({ ...host, traits: traits[at]! })),
      flavors,
    });
    const where = async (id: string, name: string) =>
      (await on.plans.create(CALLER, stack(id, { a: name })))!.placements[0]!.location;
    await on.inventory.replaceFacts(withTraits([], ["TPM", "AVX"]));
    expect([await where("1", "tpm"), await where("2", "no-tpm")]).toEqual(["r0h1", "r0h0"]);
    expect((await reopened()).inventory.hosts.get("r0h1")!.traits).toEqual(["AVX", "TPM"]);
    const before = await version();
    expect(await on.inventory.replaceFacts(withTraits([], ["AVX", "TPM", "AVX"]))).toBeNull();
    expect(await version()).toBe(before);

    await on.inventory.replaceFacts(withTraits(["TPM"], []));
    expect([await where("3", "tpm"), await where("4", "no-tpm")]).toEqual(["r0h0", "r0h1"]);
    await on.inventory.replaceFacts(withTraits([], []));
    await expect(on.plans.create(CALLER, stack("5", { a: "tpm" }))).rejects.toThrow(
      /violate host trait constraint .*refused by host trait 2\); proven impossible/,
    );
  });

  test("what is told of one kind only leaves the others as they are", async () => {
    await on.inventory.replaceFacts({ flavors: [] });
    expect(names(on.inventory)).toEqual(["r0h0", "r0h1"]);
    await on.inventory.replaceFacts({ hosts: dataCenter(1, 1).hosts });
    expect(on.inventory.flavor("c1")).toBeUndefined();
  });

  test("a compute service that goes down takes no server until it is up again", async () => {
    const before = await version();
    await on.inventory.setUp(
      new Map([
        ["r0h0", false],
        ["r0h1", true],
        ["nowhere", false],
      ]),
    );
    expect(on.inventory.inventory.hosts.get("r0h0")!.up).toBe(false);
    expect(await version()).toBe(before + 1);
    await on.inventory.setUp(new Map([["r0h0", false]]));
    expect(await version()).toBe(before + 1);
    expect((await reopened()).inventory.hosts.get("r0h0")!.up).toBe(false);
    await on.inventory.setUp(new Map([["r0h0", true]]));
    expect(on.inventory.inventory.hosts.get("r0h0")!.up).toBe(true);
  });

  test("plans go on while facts change under them, and no rule is broken", async () => {
    const told = dataCenter(4, 8);
    await on.inventory.replaceFacts(told);
    const changing = (async () => {
      for (let i = 0; i < 20; i++) {
        const down = (name: string) => i % 2 === 0 && name.endsWith(`h${i % 8}`);
        const hosts = told.hosts.map((host) => ({ ...host, up: !down(host.name) }));
        await on.inventory.replaceFacts({ hosts: i % 5 === 4 ? hosts.slice(0, -8) : hosts });
      }
    })();
    const apart = { group_type: "diversity", level: "rack", resources: ["a", "b", "c"] };
    const made = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        on.plans.create(CALLER, stack(`s${i}`, { a: "c1", b: "c1", c: "c1" }, { apart })),
      ),
    );
    await changing;
    for (const plan of made) expect(new Set(plan!.placements.map(({ location }) => location.slice(0, 2))).size).toBe(3);
    const all = [...on.inventory.inventory.hosts.keys()].map((name) => on.inventory.inventory.hostState(name)!);
    expect(all.reduce((sum, { used }) => sum + used.vcpus, 0)).toBe(60);
    for (const { host, used } of all) expect(used.vcpus).toBeLessThanOrEqual(host.capacity.vcpus);
  });

  test("an unknown flavor is asked for once, and the plan is made with it", async () => {
    let asked = 0;
    const late = { id: "9", name: "late", vcpus: 1, ramMiB: 1, diskGiB: 1, extraSpecs: {} };
    on.inventory.refetch = async () => {
      asked++;
      await on.inventory.replaceFacts({ flavors: [...dataCenter(1, 1).flavors, late] });
    };
    expect((await on.plans.create(CALLER, stack("s", { a: "late" })))!.placements).toHaveLength(1);
    await expect(on.plans.create(CALLER, stack("t", { a: "never" }))).rejects.toThrow(
      'no flavor has the name or id "never"',
    );
    expect(asked).toBe(2);
    await on.plans.create(CALLER, stack("u", { a: "late" }));
    expect(asked).toBe(2);
  });

  test("an unknown zone is asked for with all facts, and the plan is made in it", async () => {
    const asked: string[] = [];
    on.inventory.refetch = async (what) => {
      asked.push(what);
      await on.inventory.replaceFacts({
        hosts: (dataCenter(1, 2).hosts as Host[]).map((host) => ({
          ...host,
          zone: host.name === "r0h1" ? "new" : null,
        })),
      });
    };
    const zoned = { name: "a", type: "OS::Nova::Server", properties: { flavor: "c1", availability_zone: "new" } };
    const plan = await on.plans.create(CALLER, { planName: "z", stackId: "z", resources: { a: zoned } });
    expect(plan!.placements).toMatchObject([{ location: "r0h1" }]);
    expect(asked).toEqual(["facts"]);
  });

  if (kind === "postgres")
    test("facts that one server learns are known to the others", async () => {
      const source: DataCenter = dataCenter(1, 2);
      const other = await InventoryService.open(await database.open(), null);
      opened.push(other);
      const [first] = source.hosts as [Host];
      const late = { id: "9", name: "late", vcpus: 1, ramMiB: 1, diskGiB: 1, extraSpecs: {} };
      await on.inventory.replaceFacts({
        hosts: [{ ...first, aggregates: ["fast"], up: false }, ...dataCenter(3, 2).hosts.slice(2)],
        aggregates: { fast: { ssd: "true" } },
        racks: [{ name: "r2", uplinkKbps: 5, uplinkUsedKbps: 0 }],
        flavors: [late],
      });
      await other.catchUp();
      expect(other.inventory.hosts.get("r0h0")).toMatchObject({ up: false, aggregates: ["fast"] });
      expect(other.inventory.hosts.get("r0h1")).toMatchObject({ up: false });
      expect(other.inventory.hosts.get("r2h1")).toMatchObject({ up: true });
      expect(other.inventory.uplink("r2").kbps).toBe(5);
      expect(other.inventory.aggregates).toEqual({ fast: { ssd: "true" } });
      expect([other.flavor("late"), other.flavor("c1")]).toEqual([late, undefined]);
      // What both know is written by neither.
      expect(await other.replaceFacts({ flavors: [late], aggregates: { fast: { ssd: "true" } } })).toBeNull();
      await on.inventory.replaceFacts({ flavors: [] });
      await on.inventory.setUp(new Map([["r0h0", true]]));
      await other.catchUp();
      expect(other.flavor("late")).toBeUndefined();
      expect(other.inventory.hosts.get("r0h0")!.up).toBe(true);
    });
});
