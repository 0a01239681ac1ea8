import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { claim } from "../../../../db/queries/claims.ts";
import { insertNode } from "../../../../db/queries/composed-nodes.ts";
import { changeDevices } from "../../../../db/queries/devices.ts";
import { findPodManager, insertPodManager } from "../../../../db/queries/pod-managers.ts";
import type { Store } from "../../../../db/store.ts";
import { AppError } from "../../../../host/errors.ts";
import { DeviceService } from "../../../../host/services/hardware/devices.ts";
import { Sync, type SyncOptions } from "../../../../host/services/hardware/sync.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../../../support/postgres.ts";
import { device, type ScriptedDriver, scriptedDriver } from "../../../support/scripted-driver.ts";

const signal = new AbortController().signal;
const SUCCESS = [{ podManagerId: "p", status: "SUCCESS" }];

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let store: Store;
  let driver: ScriptedDriver;
  let sync: Sync;
  let told: Record<string, unknown>[] = [];
  const opened: Sync[] = [];

  beforeAll(async () => {
    database = await freshDatabase(kind);
    store = await database.open();
  });
  afterAll(() => database.remove());
  beforeEach(async () => {
    await store.read((db) => db.execute(sql`truncate pod_managers cascade`));
    driver = scriptedDriver();
    told = [];
    await register("p");
    sync = open();
  });
  afterEach(() => Promise.all(opened.splice(0).map((one) => one.stop())));

  /** As another process would have it. */
  function open(options: Partial<SyncOptions> = {}): Sync {
    const log = (_: string, details: Record<string, unknown>) => told.push(details);
    const connection = driver.connect({ url: "", username: "", password: "", log });
    const one = new Sync({ store, connect: async () => connection, log, everyMs: null, settleMs: 1, ...options });
    opened.push(one);
    return one;
  }
  async function register(id: string): Promise<void> {
    const now = new Date();
    const none = { ca: null, insecure: false, status: null, description: null, location: null, secret: "" };
    const named = {
      id,
      name: id,
      url: `https://${id}`,
      address: `https://${id}`,
      driver: "scripted",
      authentication: [],
    };
    await store.read((db) => insertPodManager(db, { ...named, ...none, createdAt: now, updatedAt: now }));
  }
  async function node(index: string): Promise<string> {
    const now = new Date();
    const row = {
      managedBy: null,
      provisioningId: null,
      provisionState: null,
      metadata: {},
      createdAt: now,
      updatedAt: now,
    };
    const id = randomUUID();
    const named = { id, podManagerId: "p", name: index, description: "", index, resourceUri: `nodes/${index}` };
    await store.read((db) => insertNode(db, { ...named, ...row }));
    return id;
  }
  const devices = () => new DeviceService(store, sync).list();
  /** `<path> <state> @<node or ->`, sorted. */
  const standing = async () =>
    (await devices())
      .map(({ resourceUri, state, nodeIndex }) => `${resourceUri} ${state} @${nodeIndex ?? "-"}`)
      .toSorted();
  const lists = (...listed: ReturnType<typeof device>[]) => {
    driver.devices = async () => listed;
  };
  const status = async () => (await store.read((db) => findPodManager(db, "p")))?.status;

  test("devices that are listed come to be known, in their order, and are forgotten when they are no longer listed", async () => {
    lists(device("b"), device("a", { type: null, properties: { nested: { list: [1, "ü"] } } }));
    expect(await sync.now(null, signal)).toEqual(SUCCESS);
    expect((await devices()).map(({ resourceUri }) => resourceUri)).toEqual(["devices/b", "devices/a"]);
    expect((await devices())[1]).toMatchObject({
      type: null,
      properties: { nested: { list: [1, "ü"] } },
      state: "free",
    });
    lists(device("a"));
    await sync.now("p", signal);
    expect(await standing()).toEqual(["devices/a free @-"]);
  });

  test("each thing that changes is taken over, the device keeps its id, and what did not change is not written", async () => {
    lists(device("a"), device("b"));
    await sync.now("p", signal);
    const [a, b] = await devices();
    const changed = {
      state: "allocated",
      nodeIndex: "7",
      pooledGroupId: "12",
      type: "GPU",
      extra: { vendor: "x" },
    } as const;
    lists(device("a", changed), device("b"));
    await sync.now("p", signal);
    expect(await devices()).toEqual([{ ...a, ...changed, updatedAt: expect.any(Date) }, b]);
  });

  test.each([
    ["cannot be reached", "pod-manager.unreachable", "Offline"],
    ["refuses our credentials", "pod-manager.credentials", "Offline"],
    ["says what cannot be understood", "pod-manager.unreadable", null],
  ] as const)("of one that %s nothing is forgotten", async (_, code, expected) => {
    lists(device("a"));
    await sync.now("p", signal);
    driver.devices = async () => {
      throw new AppError(code, "it does not work");
    };
    expect(await sync.now("p", signal)).toEqual([{ podManagerId: "p", status: "FAILED", detail: "it does not work" }]);
    expect(await standing()).toEqual(["devices/a free @-"]);
    expect(await status()).toBe(expected ?? "Online");
  });

  test("the same fault is told once until it has gone well again", async () => {
    const fail = async () => {
      throw new AppError("pod-manager.unreachable", "it does not work");
    };
    for (const devices of [fail, fail, async () => [], fail]) {
      driver.devices = devices;
      await sync.now("p", signal);
    }
    expect(told).toEqual(Array(2).fill({ podManagerId: "p", fault: "it does not work" }));
  });

  test("one that is offline is marked so, and online again when it is back", async () => {
    driver.status = async () => "Offline";
    expect(await sync.now("p", signal)).toMatchObject([{ status: "FAILED", detail: "the pod manager is Offline" }]);
    expect(await status()).toBe("Offline");
    driver.status = async () => "Online";
    await sync.now("p", signal);
    expect(await status()).toBe("Online");
  });

  test("what breaks at one pod manager is told, and the others are listed", async () => {
    await register("q");
    let asked = 0;
    driver.devices = async () => {
      if (asked++ === 0) throw new TypeError("x is not a function");
      return [device("a")];
    };
    const outcomes = await sync.now(null, signal);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(["FAILED", "SUCCESS"]);
    expect(outcomes.find(({ status }) => status === "FAILED")?.detail).toBe("the driver broke down");
    expect(await sync.now("nobody", signal)).toMatchObject([{ podManagerId: "nobody", status: "FAILED" }]);
  });

  test("a device of a node of ours that is down or gone is kept and flagged, and itself again when it is back", async () => {
    await node("7");
    const at7 = { state: "allocated", nodeIndex: "7" } as const;
    lists(
      device("gone", at7),
      device("down", at7),
      device("free"),
      device("foreign", { state: "allocated", nodeIndex: "8" }),
    );
    await sync.now("p", signal);
    lists(device("down", { ...at7, down: true }), device("free", { down: true }));
    await sync.now("p", signal);
    expect(await standing()).toEqual(["devices/down error @7", "devices/gone error @7"]);
    lists(device("gone", at7), device("down", at7));
    await sync.now("p", signal);
    expect(await standing()).toEqual(["devices/down allocated @7", "devices/gone allocated @7"]);
  });

  test("a device that is claimed is not forgotten", async () => {
    lists(device("a"));
    await sync.now("p", signal);
    await store.read((db) => claim(db, { podManagerId: "p", nodeId: randomUUID(), resources: ["devices/a"] }));
    lists();
    await sync.now("p", signal);
    expect(await standing()).toEqual(["devices/a error @-"]);
  });

  test("what an operation changed while the devices were being listed stays as the operation left it", async () => {
    lists(device("a"), device("b"), device("c"));
    await sync.now("p", signal);
    driver.devices = async () => {
      const changes = ["a", "b"].map((id) => ({ ...device(id), state: "allocated" as const, nodeIndex: "7" }));
      await store.read((db) => changeDevices(db, "p", changes));
      // An old listing: it knows nothing of this, and no longer of a.
      return [device("b"), device("c", { type: "NIC" })];
    };
    expect(await sync.now("p", signal)).toEqual(SUCCESS);
    expect(await standing()).toEqual(["devices/a allocated @7", "devices/b allocated @7", "devices/c free @-"]);
  });

  test("of many who ask while it is being listed one listing begins, for all of them", async () => {
    let running = 0;
    let most = 0;
    let times = 0;
    driver.devices = async () => {
      times++;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setImmediate(resolve));
      running--;
      return [device("a")];
    };
    const first = sync.now("p", signal);
    const others = Array.from({ length: 20 }, () => sync.now("p", new AbortController().signal));
    expect(await first).toEqual(SUCCESS);
    for (const outcome of await Promise.all(others)) expect(outcome).toEqual(SUCCESS);
    expect([most, times]).toEqual([1, 2]);
  });

  test("two processes do not list one pod manager at a time", async () => {
    let running = 0;
    let most = 0;
    driver.devices = async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 20));
      running--;
      return [device("a"), device("b")];
    };
    const processes = [sync, open(), open()];
    for (const outcome of await Promise.all(processes.map((one) => one.now("p", signal))))
      expect(outcome).toEqual(SUCCESS);
    expect(most).toBe(1);
    expect(await standing()).toEqual(["devices/a free @-", "devices/b free @-"]);
  });

  test("what a process that died was at is taken over when its time is up", async () => {
    let listing = () => {};
    const begun = new Promise<void>((resolve) => {
      listing = resolve;
    });
    driver.devices = () => {
      listing();
      return new Promise(() => {});
    };
    const dead = new Sync({
      store,
      connect: async () => driver.connect({ url: "", username: "", password: "", log: () => {} }),
      log: () => {},
      everyMs: null,
      leaseMs: 100_000,
    });
    void dead.once("p");
    await begun;
    await store.read((db) => db.execute(sql`update syncs set owned_until = clock_timestamp()`));
    lists(device("a"));
    expect(await sync.now("p", signal)).toEqual(SUCCESS);
  });

  test("rounds list every pod manager again and again, once for all processes", async () => {
    let times = 0;
    let third = () => {};
    const thrice = new Promise<void>((resolve) => {
      third = resolve;
    });
    driver.devices = async () => {
      if (++times === 3) third();
      return [device(`d${times}`)];
    };
    open({ everyMs: 50 }).start();
    await thrice;
    const calm = open({ everyMs: 3_600_000 });
    times = 100;
    calm.start();
    await calm.stop();
    expect(times).toBe(100);
  });

  test("who does not wait any longer ends nothing", async () => {
    let done = () => {};
    const listed = new Promise<void>((resolve) => {
      done = resolve;
    });
    driver.devices = async () => {
      await listed;
      return [device("a")];
    };
    const leaving = new AbortController();
    const waiting = sync.now("p", leaving.signal);
    leaving.abort(new Error("client left"));
    await expect(waiting).rejects.toThrow("client left");
    const goesOn = sync.once("p");
    done();
    expect(await goesOn).toEqual(SUCCESS[0]);
    expect(await standing()).toEqual(["devices/a free @-"]);
  });

  test("more devices than a statement takes are stored, found the same and forgotten", async () => {
    const many = Array.from({ length: 5_001 }, (_, at) => device(`d${at}`));
    lists(...many);
    await sync.now("p", signal);
    const found = await devices();
    expect(found).toHaveLength(5_001);
    await sync.now("p", signal);
    expect(await devices()).toEqual(found);
    lists();
    await sync.now("p", signal);
    expect(await devices()).toEqual([]);
  });

  test("what devices say of themselves and cannot be stored fails the sync, not the process", async () => {
    lists(device("a"));
    await sync.now("p", signal);
    lists(device("b", { extra: { name: "a\0b" } }));
    expect(await sync.now("p", signal)).toMatchObject([{ status: "FAILED", detail: expect.stringContaining("NUL") }]);
    expect(await standing()).toEqual(["devices/a free @-"]);
  });
});
