import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { resourcesOfNode } from "../../../../db/queries/claims.ts";
import type { Store } from "../../../../db/store.ts";
import { recordable } from "../../../../host/services/hardware/recordable.ts";
import { contradictions, type Hardware, hardware, register } from "../../../support/hardware.ts";
import { MemoryHardware } from "../../../support/memory-hardware.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../../../support/postgres.ts";

const { signal } = new AbortController();
const SSD = { requirements: { pciDevices: ["SSD"] }, podManagerId: null, requestId: "req-1" };

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let store: Store;
  let pod: MemoryHardware;
  let podManagerId: string;
  let pods: Map<string, MemoryHardware>;
  let on: Hardware;
  beforeAll(async () => {
    database = await freshDatabase(kind);
    store = await database.open();
  });
  afterAll(() => database.remove());
  beforeEach(async () => {
    pod = new MemoryHardware();
    podManagerId = await register(store, pod);
    pods = new Map([[podManagerId, pod]]);
    on = hardware(store, pods);
  });
  afterEach(() => on.close());
  const compose = (name = "n") => on.nodes.compose({ ...SSD, podManagerId, name }, signal);
  const agrees = async () => expect(await contradictions(store, podManagerId, pod)).toEqual([]);
  const device = (at: number) => `${podManagerId}/devices/${at}`;

  test("a composed node is stored with its device, nobody else gets either, and its release frees both", async () => {
    const { record, reasons } = await compose("web");
    expect(record).toMatchObject({ name: "web", index: "n1", resourceUri: "nodes/n1", podManagerId });
    expect(reasons).toEqual(["systems/1 is the smallest with 0 cores"]);
    expect(pod.done).toEqual([`allocate ${record.id}`, "plug devices/1 n1", "assemble n1"]);
    await agrees();
    await on.nodes.remove("web", "req-2", signal);
    expect(pod.snapshot()).toEqual(new MemoryHardware().snapshot());
    await expect(on.nodes.find(record.id)).rejects.toMatchObject({ code: "node.not-found" });
    await agrees();
  });

  test.each(["allocate", "plug", "assemble"])(
    "a refused %s is reported as it is, and all is as before",
    async (order) => {
      const before = pod.snapshot();
      pod.fault(new RegExp(`^${order}`), "refuse");
      await expect(compose()).rejects.toMatchObject({
        code: "pod-manager.refused",
        upstreamStatus: 409,
        upstreamCode: "Memory.Conflict",
        message: expect.stringMatching(`^${order} .* is refused$`),
      });
      expect(pod.snapshot()).toEqual(before);
      await agrees();
    },
  );

  test.each(["allocate", "plug", "assemble"])(
    "a lost answer to %s is found out by looking, nothing is ordered twice",
    async (order) => {
      pod.fault(new RegExp(`^${order}`), "lose");
      const { record } = await compose();
      expect(pod.done.map((done) => done.split(" ")[0])).toEqual(["allocate", "plug", "assemble"]);
      expect(record.index).toBe("n1");
      await agrees();
    },
  );

  test.each(["allocate", "plug", "assemble"])(
    "a %s that never arrived fails, and what was before it is undone",
    async (order) => {
      pod.fault(new RegExp(`^${order}`), "drop");
      await expect(compose()).rejects.toMatchObject({ code: "pod-manager.unreachable" });
      expect(pod.snapshot()).toEqual(new MemoryHardware().snapshot());
      await agrees();
    },
  );

  test("who waits is told when nothing can be found out, and it is undone once the hardware answers again", async () => {
    await on.close();
    on = hardware(store, pods, { patienceMs: 20 });
    pod.fault(/^plug/, async () => {
      pod.unreachable = true;
    });
    // The order comes through, but nothing answers from then on.
    pod.fault(/^assemble/, "drop");
    await expect(compose()).rejects.toMatchObject({ code: "pod-manager.unreachable" });
    const [operation] = await on.operations.list({ requestId: "req-1" });
    expect(operation).toMatchObject({ kind: "compose", step: "plug", direction: "back" });
    expect(operation!.failure).toEqual({ code: "pod-manager.unreachable", message: "the connection was reset" });
    pod.unreachable = false;
    await on.operations.settled();
    expect(pod.snapshot()).toEqual(new MemoryHardware().snapshot());
    await agrees();
  });

  describe("an operation that never ends", () => {
    beforeEach(async () => {
      await on.close();
      on = hardware(store, pods, { patienceMs: 20 });
    });
    const given = async (nodeId: string) => {
      const [operation] = await on.operations.list({ nodeId });
      await on.operations.abandon(operation!.id);
      await on.operations.settled();
      await expect(on.operations.abandon(operation!.id)).rejects.toMatchObject({ code: "operation.not-found" });
      expect(await on.operations.list()).toEqual([]);
    };

    test("as the taking back of a node, can be given up: what it claimed is free", async () => {
      pod.fault(/^plug/, async () => {
        pod.unreachable = true;
      });
      pod.fault(/^assemble/, "drop");
      await expect(compose()).rejects.toMatchObject({ code: "pod-manager.unreachable" });
      const nodeId = (await on.operations.list())[0]!.nodeId;
      expect(await store.read((db) => resourcesOfNode(db, nodeId))).not.toEqual([]);
      await given(nodeId);
      expect(await store.read((db) => resourcesOfNode(db, nodeId))).toEqual([]);
      pod.unreachable = false;
      // The hardware is as the operation left it.
      expect(pod.snapshot()).not.toEqual(new MemoryHardware().snapshot());
    });

    test("as a release, can be given up: the node is forgotten", async () => {
      const { record } = await compose();
      pod.fault(/^remove/, async () => {
        pod.unreachable = true;
        throw new Error("no answer");
      });
      await expect(on.nodes.remove(record.id, "req-2", signal)).rejects.toThrow();
      await given(record.id);
      await expect(on.nodes.find(record.id)).rejects.toMatchObject({ code: "node.not-found" });
      expect(await store.read((db) => resourcesOfNode(db, record.id))).toEqual([]);
      pod.unreachable = false;
      // It can be taken back under care.
      await on.nodes.remove((await on.nodes.manage({ index: "n1", podManagerId }, signal)).id, "req-3", signal);
      await agrees();
    });
  });

  test("what cannot be undone at once is tried until it is", async () => {
    pod.fault(/^assemble/, "refuse");
    for (let times = 0; times < 3; times++) pod.fault(/^unplug/, "refuse");
    await expect(compose()).rejects.toMatchObject({ message: expect.stringMatching(/^assemble/) });
    expect(pod.snapshot()).toEqual(new MemoryHardware().snapshot());
    await agrees();
  });

  test("a refused release leaves the node, with the devices that it still has", async () => {
    const { record } = await compose();
    pod.fault(/^remove/, "refuse");
    await expect(on.nodes.remove(record.id, "req-2", signal)).rejects.toMatchObject({ upstreamStatus: 409 });
    expect(await on.nodes.find(record.id)).toEqual(record);
    expect(pod.devices.get("devices/1")).toBeNull();
    await agrees();
    await on.nodes.remove(record.id, "req-3", signal);
    await agrees();
  });

  test.each(["unplug", "remove"])("a release whose %s got no answer is done all the same", async (order) => {
    const { record } = await compose();
    pod.fault(new RegExp(`^${order}`), "lose");
    await on.nodes.remove(record.id, "req-2", signal);
    expect(pod.done.filter((done) => done.startsWith(order))).toHaveLength(1);
    await agrees();
  });

  test("a release that never arrived is ordered again", async () => {
    const { record } = await compose();
    pod.fault(/^remove/, "drop");
    await on.nodes.remove(record.id, "req-2", signal);
    expect(pod.snapshot()).toEqual(new MemoryHardware().snapshot());
    await agrees();
  });

  test("nothing is begun while the pod manager is offline", async () => {
    const { record } = await compose();
    pod.unreachable = true;
    await expect(on.nodes.remove(record.id, "req-2", signal)).rejects.toMatchObject({
      code: "pod-manager.unreachable",
    });
    await expect(on.nodes.attach(record.id, device(2), "req-3", signal)).rejects.toMatchObject({
      code: "pod-manager.unreachable",
    });
    expect(await on.operations.list({ nodeId: record.id })).toEqual([]);
    pod.unreachable = false;
    await agrees();
  });

  test("a second release joins the one that waits for the hardware", async () => {
    await on.close();
    on = hardware(store, pods, { patienceMs: 20, pauseMs: 60_000 });
    const { record } = await compose();
    pod.fault(/^remove/, async () => {
      pod.unreachable = true;
      throw new Error("no answer");
    });
    const first = on.nodes.remove(record.id, "req-2", signal);
    await expect.poll(() => pod.unreachable).toBe(true);
    pod.unreachable = false;
    await Promise.all([first, on.nodes.remove(record.id, "req-3", signal)]);
    await agrees();
  });

  test("a node that the pod manager does not know any more is forgotten", async () => {
    const { record } = await compose();
    pod.nodes.delete("n1");
    await on.nodes.remove(record.id, "req-2", signal);
    await agrees();
  });

  test("one operation at a time: who comes second is told what goes on", async () => {
    const { record } = await compose();
    let finish = () => {};
    let begun = () => {};
    const plugging = new Promise<void>((resolve) => {
      begun = resolve;
    });
    pod.fault(/^plug devices.2/, () => {
      begun();
      return new Promise((resolve) => {
        finish = resolve;
      });
    });
    const attached = on.nodes.attach(record.id, device(2), "req-2", signal);
    await plugging;
    const busy = { code: "node.busy", message: expect.stringContaining("(attach) is at step plug") };
    await expect(on.nodes.remove(record.id, "req-3", signal)).rejects.toMatchObject(busy);
    await expect(on.nodes.attach(record.id, device(3), "req-3", signal)).rejects.toMatchObject(busy);
    expect(await on.operations.list({ nodeId: record.id })).toMatchObject([
      { requestId: "req-2", kind: "attach", step: "plug", stepState: "begun", direction: "forward", failure: null },
    ]);
    finish();
    await attached;
    await agrees();
  });

  test("a device is attached and detached, and is at one node at a time", async () => {
    const a = (await compose("a")).record;
    const b = (await compose("b")).record;
    await on.nodes.attach("a", device(3), "req-2", signal);
    expect(pod.devices.get("devices/3")).toBe(a.index);
    await agrees();
    await expect(on.nodes.attach("b", device(3), "req-2", signal)).rejects.toMatchObject({
      code: "device.assigned",
      message: `Device ${device(3)} is already assigned to node ${a.index}`,
    });
    await expect(on.nodes.detach("b", device(3), "req-2", signal)).rejects.toMatchObject({ code: "device.busy" });
    await expect(on.nodes.attach("a", "none", "req-2", signal)).rejects.toMatchObject({ code: "device.not-found" });
    await on.nodes.detach("a", device(3), "req-3", signal);
    await on.nodes.detach("b", device(3), "req-3", signal);
    await agrees();
    const both = await Promise.allSettled([a, b].map(({ id }) => on.nodes.attach(id, device(4), "req-4", signal)));
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    await agrees();
  });

  test.each(["attach", "detach"] as const)("a refused %s changes nothing", async (action) => {
    const { record } = await compose();
    pod.fault(/plug/, "refuse");
    const before = pod.snapshot();
    const refused = on.nodes[action](record.id, device(action === "attach" ? 2 : 1), "req-2", signal);
    await expect(refused).rejects.toMatchObject({ upstreamStatus: 409 });
    expect(pod.snapshot()).toEqual(before);
    await agrees();
  });

  test("a new node takes the index of one that is gone, which is forgotten with its claims", async () => {
    const old = (await compose("old")).record;
    pod.nodes.delete("n1");
    pod.devices.set("devices/1", null);
    pod.latest = 0;
    const { record } = await compose("new");
    expect(record).toMatchObject({ name: "new", index: old.index });
    await expect(on.nodes.find(old.id)).rejects.toMatchObject({ code: "node.not-found" });
    // Whether its device is free again the next sync finds out.
    expect(await contradictions(store, podManagerId, pod)).toEqual(["devices/1 is allocated at n1, in truth at null"]);
  });

  test("characters that the store cannot keep come from the hardware as replacements", () => {
    expect(recordable({ a: ["x\0", "\ud800y"], b: new Date(0), c: undefined })).toEqual({
      a: ["x\ufffd", "\ufffdy"],
      b: "1970-01-01T00:00:00.000Z",
    });
  });
});
