import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { Store } from "../../../../db/store.ts";
import { UpstreamError } from "../../../../host/errors.ts";
import { contradictions, type Hardware, hardware, register } from "../../../support/hardware.ts";
import { MemoryHardware, memoryDriver } from "../../../support/memory-hardware.ts";
import { failing, mortal, type Point, pointsOf } from "../../../support/mortal.mjs";
import { freshDatabase, storeKinds, type TestDatabase } from "../../../support/postgres.ts";

const { signal } = new AbortController();
const refused = new UpstreamError("pod-manager.refused", { status: 409 }, "no");
const { operations } = memoryDriver(new MemoryHardware()).connect({ url: "", username: "", password: "", log() {} });
const POINTS = (["compose", "attach", "detach", "release"] as const).flatMap((kind) =>
  pointsOf(
    kind,
    operations[kind]!.map(({ name }) => name),
    kind !== "release",
  ).map((point) => ({ point, text: `${point.when} the ${point.method} of ${kind}'s step ${point.step}` })),
);

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let store: Store;
  let open: Hardware[];
  beforeAll(async () => {
    database = await freshDatabase(kind);
    store = await database.open();
    open = [];
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
  });
  afterAll(() => database.remove());

  const start = (...args: Parameters<typeof hardware>) => {
    const one = hardware(...args);
    open.push(one);
    return one;
  };

  /** A process that dies at the point of the operation; resolves when it has. */
  async function dies(
    pods: Map<string, MemoryHardware>,
    podManagerId: string,
    node: string,
    point: Point,
  ): Promise<void> {
    const { kind, method } = point;
    const last = operations[kind]!.at(-1)!.name;
    await new Promise<void>((died, failed) => {
      const die = () => {
        died();
        return new Promise<never>(() => {});
      };
      const mortally = hardware(store, pods, {
        around: ({ store, connect }) =>
          mortal(
            {
              store,
              connect: async (id) =>
                method === "undo" ? failing(await connect(id), kind, last, refused) : await connect(id),
            },
            point,
            die,
          ),
      });
      const device = (at: number) => `${podManagerId}/devices/${at}`;
      const work = {
        compose: () =>
          mortally.nodes.compose(
            { name: "new", requirements: { pciDevices: ["SSD"] }, podManagerId, requestId: "r" },
            signal,
          ),
        attach: () => mortally.nodes.attach(node, device(2), "r", signal),
        detach: () => mortally.nodes.detach(node, device(1), "r", signal),
        release: () => mortally.nodes.remove(node, "r", signal),
      };
      work[kind]().then(() => failed(new Error("it lives")), failed);
    });
  }

  // CI tries all of them.
  test.each(POINTS.filter(({ point }) => process.env.CI === "true" || point.when === "after"))(
    "after a death $text another process brings the operation to an end",
    async ({ point }) => {
      const pod = new MemoryHardware();
      const podManagerId = await register(store, pod);
      const pods = new Map([[podManagerId, pod]]);
      const next = start(store, pods);
      const { record } = await next.nodes.compose(
        { name: "old", requirements: { pciDevices: ["SSD"] }, podManagerId, requestId: "r" },
        signal,
      );
      pod.done.splice(0);
      await dies(pods, podManagerId, record.id, point);
      await next.operations.recover();
      await next.operations.settled();
      expect(await contradictions(store, podManagerId, pod)).toEqual([]);
      const ordered = pod.done.filter((done, at) => pod.done.indexOf(done) !== at);
      expect(ordered, "nothing is ordered twice").toEqual([]);
      // What had begun and was not refused is there.
      const names = (await next.nodes.list({ podManagerId })).map(({ name }) => name);
      const forward = point.method === "run";
      expect(names).toEqual(
        { compose: forward ? ["old", "new"] : ["old"], release: [] }[point.kind as string] ?? ["old"],
      );
      for (const { id } of await next.nodes.list({ podManagerId })) await next.nodes.remove(id, "r", signal);
      expect(pod.snapshot()).toEqual(new MemoryHardware().snapshot());
      expect(await contradictions(store, podManagerId, pod)).toEqual([]);
    },
  );
});
