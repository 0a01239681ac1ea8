import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Store } from "../../../../db/store.ts";
import type { PodManager } from "../../../../host/drivers/driver.ts";
import type { Ironic } from "../../../../host/openstack/ironic.ts";
import { ProvisioningService } from "../../../../host/services/hardware/provisioning.ts";
import { contradictions, type Hardware, hardware, register } from "../../../support/hardware.ts";
import { MemoryHardware } from "../../../support/memory-hardware.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../../../support/postgres.ts";

const { signal } = new AbortController();

/** Something is waited for here, until `go`. */
function gate() {
  let [come, go] = [() => {}, () => {}];
  const reached = new Promise<void>((resolve) => {
    come = resolve;
  });
  const opened = new Promise<void>((resolve) => {
    go = resolve;
  });
  const pass = async () => {
    come();
    await opened;
  };
  return { reached, pass, go: () => go() };
}

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let store: Store;
  let pod: MemoryHardware;
  let podManagerId: string;
  let on: Hardware;
  /** UUIDs of Ironic's nodes. */
  let there: Set<string>;
  /** Before the pod manager tells its status, or how its node is provisioned. */
  let before: { status: () => Promise<void>; provisioning: () => Promise<void> };
  let provisioning: ProvisioningService;
  beforeAll(async () => {
    database = await freshDatabase(kind);
    store = await database.open();
  });
  afterAll(() => database.remove());
  beforeEach(async () => {
    pod = new MemoryHardware();
    podManagerId = await register(store, pod);
    before = { status: async () => {}, provisioning: async () => {} };
    there = new Set();
    let connect: (id: string) => Promise<PodManager> = () => Promise.reject(new Error("not yet"));
    on = hardware(store, new Map([[podManagerId, pod]]), {
      around: (around) => {
        connect = async (id) => {
          const podManager = await around.connect(id);
          podManager.status = async () => {
            await before.status();
            return "Online";
          };
          podManager.provisioning = async () => {
            await before.provisioning();
            return { driver: "redfish", driverInfo: {}, macs: [] };
          };
          return podManager;
        };
        return { ...around, connect };
      },
    });
    const ironic = {
      createNode: async ({ uuid }: { uuid: string }) => {
        there.add(uuid);
        return { uuid, provisionState: "enroll" };
      },
      deleteNode: async (uuid: string) => void there.delete(uuid),
    } as unknown as Ironic;
    provisioning = new ProvisioningService({ store, connections: { get: connect }, ironic, log: () => {} });
  });
  afterEach(() => on.close());
  const compose = async () => (await on.nodes.compose({ name: "n", podManagerId, requestId: "r" }, signal)).record.id;

  test("a node that was registered while its release looked for the pod manager keeps its hardware", async () => {
    const id = await compose();
    const { reached, pass, go } = gate();
    before.status = pass;
    const removed = on.nodes.remove(id, "r", signal);
    await reached;
    await provisioning.register(id, {}, signal);
    go();
    await expect(removed).rejects.toMatchObject({ code: "node.changed" });
    expect([there.has(id), pod.nodes.has("n1")]).toEqual([true, true]);
    expect(await contradictions(store, podManagerId, pod)).toEqual([]);
  });

  test("a node that is being released is not registered", async () => {
    const id = await compose();
    const { reached, pass, go } = gate();
    pod.fault(/^remove/, pass);
    const removed = on.nodes.remove(id, "r", signal);
    await reached;
    await expect(provisioning.register(id, {}, signal)).rejects.toMatchObject({ code: "node.busy" });
    go();
    await removed;
    expect([...there]).toEqual([]);
  });

  test("a node that was released while it was registered does not stay with Ironic", async () => {
    const id = await compose();
    const { reached, pass, go } = gate();
    before.provisioning = pass;
    const registered = provisioning.register(id, {}, signal);
    await reached;
    await on.nodes.remove(id, "r", signal);
    go();
    await expect(registered).rejects.toMatchObject({ code: "node.not-found" });
    expect([...there]).toEqual([]);
  });
});
