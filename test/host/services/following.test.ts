// Recorded messages of a server's life, from the wire to the store, and what the hosts hold after each.
import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { DataCenter, Host } from "../../../host/core/model.ts";
import { readMessage } from "../../../host/openstack/messages.ts";
import { EventQueue } from "../../../host/services/event-queue.ts";
import { InventoryService } from "../../../host/services/inventory.ts";
import { ServerService } from "../../../host/services/servers.ts";
import { freshDatabase, type TestDatabase } from "../../support/postgres.ts";
import { RECORDED_MESSAGES, recorded } from "../../support/recorded-messages.ts";

const HOSTS = ["qos101", "qos102", "qos103"];
const NOTHING = { vcpus: 0, ramMiB: 0, diskGiB: 0 };
const SIZE = { vcpus: 16, ramMiB: 65_536, diskGiB: 1000 };

const CLOUD: DataCenter = {
  hosts: HOSTS.map(
    (name): Host => ({
      ...{ name, rack: null, cluster: null, zone: "nova", aggregates: [], up: true },
      ...{ capacity: SIZE, physical: SIZE, used: NOTHING },
    }),
  ),
  aggregates: {},
  existing: [],
  flavors: [],
};

let database: TestDatabase;
let inventory: InventoryService;
let servers: ServerService;

beforeAll(async () => {
  database = await freshDatabase();
  const store = await database.open();
  inventory = await InventoryService.open(store, CLOUD);
  servers = new ServerService({ store, inventory, pendingGraceSeconds: 600, log: () => {} });
});
afterAll(async () => {
  await inventory.close();
  await database.remove();
});

/** vCPUs in use on each host. */
const held = () => HOSTS.map((host) => inventory.inventory.hostState(host)!.used.vcpus);

interface Message {
  readonly body: string;
  readonly routingKey: string;
}

/** One batch, as it reaches the store. */
async function hear(...messages: readonly Message[]): Promise<void> {
  const queue = new EventQueue(100);
  for (const { body, routingKey } of messages) {
    for (const change of readMessage(Buffer.from(body), routingKey).changes) {
      if (change.kind !== "facts") queue.offer(change);
    }
  }
  await servers.apply(queue.take(100));
}

const RESIZED = "fd242969-8f42-4d8d-86dd-d1f7c76e8c53";
/** After each message: vCPUs in use on the three hosts. */
const RESIZE: readonly (readonly [name: string, held: readonly number[]])[] = [
  ["rpc-prep_resize", [0, 0, 1]],
  ["rpc-resize_instance", [0, 2, 1]],
  ["rpc-object_action-Instance-save-active-resize_migrating", [0, 2, 1]],
  ["rpc-object_action-Instance-save-active-resize_migrated", [0, 2, 1]],
  ["rpc-finish_resize", [0, 2, 1]],
  ["rpc-object_action-Instance-save-active-resize_finish", [0, 2, 1]],
  ["rpc-object_action-Instance-save-resized-None", [0, 2, 1]],
  ["versioned-notification-instance.resize_finish.end", [0, 2, 1]],
  ["legacy-notification-compute.instance.finish_resize.end", [0, 2, 1]],
  ["versioned-notification-instance.resize_confirm.start", [0, 2, 1]],
  ["legacy-notification-compute.instance.resize.confirm.end", [0, 2, 0]],
  ["versioned-notification-instance.resize_confirm.end", [0, 2, 0]],
];

describe("a resize to another host holds room on both until it is confirmed", () => {
  // A server that was deleted does not come back, so each test has one of its own.
  let id: string;
  const named = (name: string): Message => {
    const { body, routingKey } = RECORDED_MESSAGES.find((message) => message.name === name)!;
    return { body: body.replaceAll(RESIZED, id), routingKey };
  };
  const runs = (): Message => {
    const created = recorded("versioned-notification-instance.create.end");
    Object.assign(created.payload["nova_object.data"], { uuid: id, host: "qos103", node: "qos103" });
    return { body: JSON.stringify(created), routingKey: "versioned_notifications.info" };
  };
  beforeEach(() => {
    id = randomUUID();
  });
  afterEach(async () => {
    await servers.apply([{ kind: "server-gone", id, host: null, at: null }]);
    expect(held()).toEqual([0, 0, 0]);
  });

  test("message by message, each of them twice", async () => {
    await hear(runs());
    for (const [name, expected] of RESIZE) {
      await hear(named(name));
      await hear(named(name));
      expect([name, held()]).toEqual([name, expected]);
    }
  });

  test.each(RESIZE.slice(1).map(([name, expected], at) => [name, expected, at + 2] as const))(
    "all at once up to %s",
    async (_, expected, count) => {
      await hear(runs(), ...RESIZE.slice(0, count).map(([name]) => named(name)));
      expect(held()).toEqual(expected);
    },
  );

  test("without the calls among Nova's services, by notifications alone", async () => {
    await hear(runs());
    for (const [name, expected] of RESIZE.filter(([name]) => name.startsWith("versioned"))) {
      await hear(named(name));
      expect([name, held()]).toEqual([name, expected]);
    }
  });
});

test("a server is there from the choice of its host until it is deleted, whatever comes after", async () => {
  const told = (name: string) => hear(RECORDED_MESSAGES.find((message) => message.name === name)!);
  for (const step of ["building-None", "building-networking", "building-spawning", "active-None", "stopped-None"]) {
    if (step === "building-None") await told("rpc-build_and_run_instance-with-hints");
    await told(`rpc-object_action-Instance-save-${step}`);
    expect([step, held()]).toEqual([step, [0, 1, 0]]);
  }
  await told("versioned-notification-instance.create.end");
  const deleted = recorded("versioned-notification-instance.delete.end");
  deleted.payload["nova_object.data"].uuid = "9ef75a99-8907-4629-bc6c-528e481f876b";
  await hear({ body: JSON.stringify(deleted), routingKey: "versioned_notifications.info" });
  expect(held()).toEqual([0, 0, 0]);
  await told("versioned-notification-instance.create.end");
  expect(held()).toEqual([0, 0, 0]);
});
