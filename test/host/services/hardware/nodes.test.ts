import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { podManagers } from "../../../../db/schema/index.ts";
import type { Store } from "../../../../db/store.ts";
import type { Requirements } from "../../../../host/drivers/driver.ts";
import { contradictions, type Hardware, hardware, register } from "../../../support/hardware.ts";
import { MemoryHardware } from "../../../support/memory-hardware.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../../../support/postgres.ts";

const { signal } = new AbortController();

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let store: Store;
  let pods: Map<string, MemoryHardware>;
  let on: Hardware;
  beforeAll(async () => {
    database = await freshDatabase(kind);
    store = await database.open();
  });
  afterAll(() => database.remove());
  beforeEach(() => {
    pods = new Map();
    on = hardware(store, pods);
  });
  afterEach(async () => {
    await on.close();
    for (const id of pods.keys()) expect(await contradictions(store, id, pods.get(id)!)).toEqual([]);
    const all = hardware(store, pods);
    for (const { id } of await all.nodes.list()) await all.nodes.remove(id, "r", signal);
    await all.close();
    await store.read((db) => db.delete(podManagers));
  });

  const add = async (pod: MemoryHardware, status: "Online" | "Offline" = "Online") => {
    const id = await register(store, pod, status);
    pods.set(id, pod);
    return id;
  };
  const compose = (requirements: Requirements, podManagerId: string | null = null, name = "n") =>
    on.nodes.compose({ name, requirements, podManagerId, requestId: "r" }, signal);
  const cores = (totalCores: number) => ({ processor: { totalCores } });

  test("without a pod manager the one where it fits best is taken, of equal ones the first, and it is said why", async () => {
    const small = await add(new MemoryHardware({ systems: 1 }));
    const large = await add(new MemoryHardware({ systems: 2 }));
    const second = await add(new MemoryHardware({ systems: 2 }));
    expect((await compose(cores(8))).record.podManagerId).toBe(small);
    const { record, reasons } = await compose(cores(16));
    expect(record.podManagerId).toBe(large);
    expect(reasons).toEqual([
      "systems/2 is the smallest with 16 cores",
      `pod manager pod ${small}: no free system has 16 cores`,
      `pod manager pod ${large}: breaks 0 whole zones, spans 0 more racks, takes 1 resources, wastes 0 %`,
      `pod manager pod ${second}: breaks 0 whole zones, spans 0 more racks, takes 1 resources, wastes 0 %`,
    ]);
  });

  test("one that cannot tell what was asked for is taken by name only", async () => {
    const first = await add(new MemoryHardware());
    const second = await add(new MemoryHardware());
    pods.get(first)!.unknown = ["processor", "memory"];
    const { record, reasons } = await compose(cores(1));
    expect(record.podManagerId).toBe(second);
    expect(reasons).toContain(`pod manager pod ${first}: it does not tell the processor and memory of its nodes`);
    expect((await compose(cores(1), first)).record.podManagerId).toBe(first);
  });

  test("when none of several serves the request each says why not, an only one speaks for itself", async () => {
    await expect(compose({})).rejects.toMatchObject({ code: "pod-manager.none", message: /POST \/v1\/pod_managers/ });
    const first = await add(new MemoryHardware());
    await expect(compose(cores(99))).rejects.toMatchObject({
      code: "pod-manager.no-fit",
      message: "no free system has 99 cores",
    });
    const second = await add(new MemoryHardware(), "Offline");
    const silent = await add(new MemoryHardware());
    pods.get(silent)!.unreachable = true;
    await expect(compose(cores(99))).rejects.toMatchObject({
      code: "pod-manager.none",
      message: [
        "no pod manager can serve the request.",
        `pod manager pod ${first}: no free system has 99 cores`,
        `pod manager pod ${second}: it is offline`,
        `pod manager pod ${silent}: the connection was reset`,
      ].join("\n"),
    });
    pods.get(silent)!.unreachable = false;
  });

  test("a pod manager that takes too long to choose is left out", async () => {
    const slow = await add(new MemoryHardware());
    const quick = await add(new MemoryHardware());
    await on.close();
    on = hardware(store, pods, {}, { answerMs: 20 });
    pods.get(slow)!.fault(/ask/, () => new Promise(() => {}));
    expect((await compose(cores(8))).record.podManagerId).toBe(quick);
  });

  test("a flavor's texts are what is asked for", async () => {
    await add(new MemoryHardware());
    const { reasons } = await on.nodes.compose(
      { name: "n", flavorId: "f", podManagerId: null, requestId: "r" },
      signal,
    );
    expect(reasons).toEqual(["systems/2 is the smallest with 16 cores"]);
  });

  test("of 50 requests at once over two processes for 24 systems at two pod managers 24 get one each", async () => {
    const ids = [await add(new MemoryHardware({ systems: 12 })), await add(new MemoryHardware({ systems: 12 }))];
    const other = hardware(store, pods, { alone: false });
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, at) =>
        (at % 2 === 0 ? on : other).nodes.compose(
          { name: `n${at}`, podManagerId: at % 3 === 0 ? ids[0]! : null, requestId: "r" },
          signal,
        ),
      ),
    );
    await other.close();
    const nodes = outcomes.flatMap((outcome) => (outcome.status === "fulfilled" ? [outcome.value.record] : []));
    expect(nodes).toHaveLength(24);
    expect(new Set(nodes.map(({ podManagerId, index }) => `${podManagerId} ${index}`)).size).toBe(24);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(outcome.reason.code).toMatch(/^pod-manager\.(no-fit|none)$/);
  });

  test("whoever stops waiting while hardware is looked for gets none, and keeps nobody from it", async () => {
    const id = await add(new MemoryHardware({ systems: 1 }));
    const impatient = new AbortController();
    pods.get(id)!.fault(/ask/, async () => impatient.abort());
    const asked = on.nodes.compose({ name: "n", podManagerId: null, requestId: "r" }, impatient.signal);
    await expect(asked).rejects.toMatchObject({ name: "AbortError" });
    expect((await compose({})).record.index).toBe("n1");
  });

  test("a node is found by its id and by its name, unless others have the name", async () => {
    await add(new MemoryHardware());
    const { record } = await compose({}, null, "web");
    expect(await on.nodes.find(record.id)).toEqual(record);
    expect(await on.nodes.find("web")).toEqual(record);
    const second = (await compose({}, null, "web")).record;
    await expect(on.nodes.find("web")).rejects.toMatchObject({
      code: "node.ambiguous",
      message: `2 nodes are named "web".\nUse the uuid of one: ${record.id}, ${second.id}`,
    });
    await expect(on.nodes.find("none")).rejects.toMatchObject({ code: "node.not-found" });
    expect(await on.nodes.list({ index: record.index })).toEqual([record]);
    expect(await on.nodes.list({ name: "web", managedBy: null })).toHaveLength(2);
  });

  test("a node that is there already is managed once, and its hardware is nobody else's", async () => {
    const pod = new MemoryHardware({ systems: 2 });
    const id = await add(pod);
    const index = await pod.allocate("theirs", "systems/1");
    await pod.assemble(index);
    const both = await Promise.allSettled([1, 2].map(() => on.nodes.manage({ index, podManagerId: null }, signal)));
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const [node] = await on.nodes.list({ podManagerId: id });
    expect(node).toMatchObject({ name: "theirs", index, resourceUri: "nodes/n1", managedBy: null });
    await expect(on.nodes.manage({ index, podManagerId: id }, signal)).rejects.toMatchObject({
      code: "node.managed",
      message: `Node ${index} is managed already, as ${node!.id}`,
    });
    await expect(on.nodes.manage({ index: "n9", podManagerId: id }, signal)).rejects.toMatchObject({
      upstreamStatus: 404,
    });
    await on.nodes.remove("theirs", "r", signal);
    expect(pod.nodes.size).toBe(0);
  });

  test("which of several pod managers has a node to be managed must be said", async () => {
    await expect(on.nodes.manage({ index: "n1", podManagerId: null }, signal)).rejects.toMatchObject({
      message: "podm_id: no pod manager is registered",
    });
    const ids = [await add(new MemoryHardware()), await add(new MemoryHardware())];
    await expect(on.nodes.manage({ index: "n1", podManagerId: null }, signal)).rejects.toMatchObject({
      code: "request.invalid",
      message: expect.stringMatching(new RegExp(`${ids[0]}.*${ids[1]}`)),
    });
  });

  test("changes of a node at the same time are made one after the other", async () => {
    await add(new MemoryHardware());
    const { record } = await compose({});
    await Promise.all(
      ["a", "b", "c"].map((key) =>
        on.nodes.patch(record.id, ({ metadata }) => ({ metadata: { ...metadata, [key]: key } })),
      ),
    );
    const changed = await on.nodes.find(record.id);
    expect(changed.metadata).toEqual({ a: "a", b: "b", c: "c" });
    expect(changed.updatedAt.getTime()).toBeGreaterThanOrEqual(record.updatedAt.getTime());
    await expect(on.nodes.patch("none", () => ({}))).rejects.toMatchObject({ code: "node.not-found" });
  });

  test("what a node is, has, and stores comes from the hardware and from the devices at it", async () => {
    const id = await add(new MemoryHardware());
    const { record } = await compose({ pciDevices: ["SSD"] });
    const { live } = await on.nodes.view(record.id, signal);
    expect(live).toMatchObject({ index: "n1", powerState: "On", state: "Assembled" });
    const { devices, drives } = await on.nodes.storages(record.id, signal);
    expect(devices.map(({ resourceUri }) => resourceUri)).toEqual(["devices/1"]);
    expect(drives).toEqual([]);
    pods.get(id)!.fault(/ask/, "drop");
    expect(await on.nodes.views([record, record], signal)).toMatchObject([null, { index: "n1" }]);
    await expect(on.nodes.reset(record.id, "On", signal)).rejects.toMatchObject({
      code: "request.invalid",
      message: expect.stringMatching(/^Unsupported action: Reset/),
    });
  });
});
