import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { drivers } from "../../../../host/drivers/index.ts";
import { Secrets } from "../../../../host/services/hardware/secrets.ts";
import { type HardwareServices, hardwareServices } from "../../../../host/services/hardware/services.ts";
import { type ListeningSim, listenSim } from "../../../../host/sim/base/listen.ts";
import { createEemSim } from "../../../../host/sim/eem.ts";
import { createPodmSim } from "../../../../host/sim/podm.ts";
import { freshDatabase, type TestDatabase } from "../../../support/postgres.ts";

const signal = new AbortController().signal;

describe("over an RSD pod manager, an ExpEther manager and one that is gone", () => {
  let database: TestDatabase;
  let services: HardwareServices;
  const listening: ListeningSim[] = [];
  const ids: Record<string, string> = {};

  beforeAll(async () => {
    database = await freshDatabase("pglite");
    const store = await database.open();
    await store.read((db) => db.execute(sql`truncate pod_managers cascade`));
    services = hardwareServices({
      store,
      secrets: new Secrets("k".repeat(32)),
      drivers: [...drivers.values()],
      log: () => {},
    });
    const podm = await listenSim(createPodmSim({ systems: 6, devices: 4 }).app);
    const eem = await listenSim(createEemSim({ servers: 2, devices: 5 }).app);
    listening.push(podm, eem);
    const authentication = [{ type: "basic", auth_items: { username: "admin", password: "Passw0rd" } }];
    for (const [name, url, driver] of [
      ["podm", podm.url, "redfishv1"],
      ["eem", `${eem.url}/eem`, "expether"],
      // Nobody listens at this port.
      ["gone", "http://127.0.0.1:1", "redfishv1"],
    ] as const) {
      ids[name] = (await services.podManagers.create({ name, url, driver, authentication }, signal)).id;
    }
    await services.sync.now(null, signal);
  });
  afterAll(async () => {
    await services.close();
    await Promise.all(listening.map((one) => one.close()));
    await database.remove();
  });

  test("the one that cannot be reached is registered as Offline, and the devices of the others are known", async () => {
    const managers = await services.podManagers.list();
    expect(managers.map(({ name, status }) => `${name} ${status}`)).toEqual([
      "podm Online",
      "eem Online",
      "gone Offline",
    ]);
    const devices = await services.devices.list();
    expect(new Set(devices.map(({ podManagerId }) => podManagerId))).toEqual(new Set([ids.podm, ids.eem]));
    expect(await services.devices.find(devices[0]!.id)).toEqual(devices[0]);
    await expect(services.devices.find("sync")).rejects.toMatchObject({ code: "device.not-found" });
  });

  test("systems of all are listed, and the one that failed is told of; asked for by name it is an error", async () => {
    const { found, failed } = await services.systems.list(null, signal);
    expect(found.map(({ podManagerId }) => podManagerId === ids.podm)).toEqual([...Array(6).fill(true), false, false]);
    expect(failed).toMatchObject([{ podManagerId: ids.gone, reason: { code: "pod-manager.unreachable" } }]);
    await expect(services.systems.list(ids.gone!, signal)).rejects.toMatchObject({ code: "pod-manager.unreachable" });
    await expect(services.systems.list("nobody", signal)).rejects.toMatchObject({ code: "pod-manager.not-found" });
  });

  test("a system is found by id, by UUID in any case and by name, with what is in it", async () => {
    const [first] = (await services.systems.list(ids.podm!, signal)).found;
    for (const ident of [first!.id, first!.uuid!.toUpperCase(), first!.name!])
      expect((await services.systems.find(ident, ids.podm!, signal)).id).toBe(first!.id);
    const { assets } = await services.systems.assets(first!.id, ids.podm!, signal);
    expect(assets.processors.length).toBeGreaterThan(0);
  });

  test("what nobody has is a 404, but not while one of those that could have it does not answer", async () => {
    await expect(services.systems.find("../Chassis/Rack1", ids.podm!, signal)).rejects.toMatchObject({
      code: "system.not-found",
    });
    await expect(services.systems.find("none", null, signal)).rejects.toMatchObject({
      code: "pod-manager.unreachable",
    });
  });

  test("racks are those of drivers that know some", async () => {
    const { found } = await services.racks.list(null, signal);
    expect(found.length).toBeGreaterThan(0);
    expect(await services.racks.find(found[0]!.id, ids.podm!, signal)).toEqual(found[0]);
    await expect(services.racks.find("none", ids.podm!, signal)).rejects.toMatchObject({ code: "rack.not-found" });
    await expect(services.racks.list(ids.eem!, signal)).rejects.toMatchObject({ code: "pod-manager.unsupported" });
  });

  test("storages are the devices that hold data", async () => {
    const storages = await services.storages.list(null);
    expect(new Set(storages.map(({ type }) => type))).toEqual(new Set(["SSD", "storage"]));
    expect(await services.storages.find(storages[0]!.id)).toEqual(storages[0]);
    const nic = (await services.devices.list({ type: "NIC" }))[0]!;
    await expect(services.storages.find(nic.id)).rejects.toMatchObject({ code: "storage.not-found" });
  });

  test("the passthrough goes where it is told, and asks when that is not clear", async () => {
    const request = { method: "GET", path: "Systems" } as const;
    const answer = await services.passthrough.forward(ids.podm!, request, signal);
    expect([answer.status, new TextDecoder().decode(answer.body)]).toEqual([200, expect.stringContaining('"Members')]);
    await expect(services.passthrough.forward(ids.eem!, request, signal)).rejects.toMatchObject({
      code: "pod-manager.unsupported",
    });
    await expect(services.passthrough.forward(null, request, signal)).rejects.toMatchObject({
      code: "request.invalid",
      message: expect.stringMatching(/podm .*gone /),
    });
  });

  test("flavors are kept, changed as a whole and forgotten", async () => {
    const made = await services.flavors.create({ name: "big", properties: { memory: { capacity_mib: "1" } } });
    const changed = await services.flavors.update(made.id, { description: "x", properties: {} });
    expect(changed).toMatchObject({ name: "big", description: "x", properties: {}, createdAt: made.createdAt });
    expect(await services.flavors.list({ name: "big" })).toEqual([changed]);
    await services.flavors.remove(made.id);
    for (const gone of [
      services.flavors.find(made.id),
      services.flavors.remove(made.id),
      services.flavors.update(made.id, {}),
    ])
      await expect(gone).rejects.toMatchObject({ code: "flavor.not-found" });
  });
});
