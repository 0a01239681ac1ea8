import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../../../../db/store.ts";
import { contradictions, type Hardware, hardware, register } from "../../../support/hardware.ts";
import { MemoryHardware } from "../../../support/memory-hardware.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../../../support/postgres.ts";

const { signal } = new AbortController();

describe.each(storeKinds)("on %s, two processes", (kind) => {
  let database: TestDatabase;
  let store: Store;
  let pod: MemoryHardware;
  let podManagerId: string;
  let open: Hardware[];
  beforeAll(async () => {
    database = await freshDatabase(kind);
    store = await database.open();
  });
  afterAll(() => database.remove());
  beforeEach(async () => {
    pod = new MemoryHardware();
    podManagerId = await register(store, pod);
    open = [];
  });
  afterEach(async () => {
    for (const one of open) await one.close();
  });
  const start = (store: Store, leaseMs: number) => {
    const one = hardware(store, new Map([[podManagerId, pod]]), { alone: false, leaseMs });
    open.push(one);
    return one;
  };
  const compose = ({ nodes }: Hardware) =>
    nodes.compose({ name: "n", requirements: { pciDevices: ["SSD"] }, podManagerId, requestId: "r" }, signal);
  /** Resolves when the step is under way; `finish` lets it be done. */
  const held = (order: RegExp) => {
    let finish = () => {};
    const begun = new Promise<void>((resolve) => {
      pod.fault(order, () => {
        resolve();
        return new Promise((done) => {
          finish = done;
        });
      });
    });
    return { begun, finish: () => finish() };
  };

  test("a process that says that it is alive keeps its operation, however long it takes", async () => {
    const { begun, finish } = held(/^plug/);
    const [first, second] = [start(store, 1_500), start(store, 1_500)];
    const composed = compose(first);
    await begun;
    await second.operations.recover();
    const [before] = await first.operations.list();
    await expect
      .poll(async () => (await first.operations.list())[0]!.seenAt > before!.seenAt, { timeout: 10_000 })
      .toBe(true);
    expect(second.logged).toEqual([]);
    finish();
    await composed;
    expect(await contradictions(store, podManagerId, pod)).toEqual([]);
  });

  test("the operation of one that is silent goes to one other, and it is told so when it comes back", async () => {
    const { begun, finish } = held(/^plug/);
    let silent = false;
    const deaf: Store = {
      ...store,
      kind: store.kind,
      read: (use) => (silent ? new Promise(() => {}) : store.read(use)),
      transaction: (use, options) => store.transaction(use, options),
      ping: () => store.ping(),
      close: async () => {},
    };
    const first = start(deaf, 200);
    const composed = compose(first);
    const lost = expect(composed).rejects.toMatchObject({ code: "store.unavailable" });
    await begun;
    silent = true;
    const others = [start(store, 200), start(store, 200)];
    for (const { operations } of others) await operations.recover();
    await expect.poll(() => others.flatMap(({ logged }) => logged).length, { timeout: 10_000 }).toBe(1);
    expect(others.flatMap(({ logged }) => logged)[0]).toMatch(/^an unfinished operation on hardware is taken over/);
    await Promise.all(others.map(({ operations }) => operations.settled()));
    silent = false;
    open.splice(open.indexOf(first), 1);
    await lost;
    finish();
    expect((await others[0]!.nodes.list({ podManagerId })).map(({ name }) => name)).toEqual(["n"]);
  });

  test("a process that stops leaves its operations to the others at once", async () => {
    const { begun } = held(/^assemble/);
    const [first, second] = [start(store, 30_000), start(store, 30_000)];
    const composed = compose(first);
    const left = expect(composed).rejects.toMatchObject({
      code: "store.unavailable",
      message: "the service is stopping, the operation goes on when it starts again",
    });
    await begun;
    await first.close();
    await left;
    await expect(compose(first)).rejects.toMatchObject({ message: "the service is stopping" });
    await second.operations.recover();
    await second.operations.settled();
    expect((await second.nodes.list({ podManagerId })).map(({ index }) => index)).toEqual(["n1"]);
    expect(await contradictions(store, podManagerId, pod)).toEqual([]);
  });
});
