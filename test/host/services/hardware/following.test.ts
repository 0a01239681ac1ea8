import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Store } from "../../../../db/store.ts";
import { Secrets } from "../../../../host/services/hardware/secrets.ts";
import { type HardwareServices, hardwareServices } from "../../../../host/services/hardware/services.ts";
import { freshDatabase, type TestDatabase } from "../../../support/postgres.ts";
import { device, scriptedDriver } from "../../../support/scripted-driver.ts";

const signal = new AbortController().signal;
const input = (name: string) => ({
  name,
  url: `https://${name}`,
  driver: "scripted",
  authentication: [{ type: "basic", auth_items: { username: "a", password: "b" } }],
});

let database: TestDatabase;
let store: Store;
beforeAll(async () => {
  database = await freshDatabase();
  store = await database.open();
});
afterAll(() => database.remove());

/** Resolves to the value of the first call. */
function told<T>(): { tell: (value: T) => void; value: Promise<T> } {
  let tell: (value: T) => void = () => {};
  const value = new Promise<T>((resolve) => {
    tell = resolve;
  });
  return { tell, value };
}

test("an event of a pod manager has its devices listed; one that is gone is followed no longer", async () => {
  await store.read((db) => db.execute(sql`truncate pod_managers cascade`));
  const driver = scriptedDriver();
  const followed = told<{ changed: () => void; destination: string | null; context: string }>();
  const closed = told<void>();
  driver.follow = async (options) => {
    followed.tell(options);
    return { close: async () => closed.tell() };
  };
  const secrets = new Secrets("k".repeat(32));
  const services: HardwareServices = hardwareServices({
    store,
    secrets,
    drivers: [driver],
    log: () => {},
    eventDestination: "https://valence.example/",
  });
  await services.start();
  const { id } = await services.podManagers.create(input("followed"), signal);
  const { changed, destination } = await followed.value;
  await services.sync.once(id);
  const listed = told<void>();
  driver.devices = async () => {
    listed.tell();
    return [device("new")];
  };
  changed();
  await listed.value;
  await services.sync.once(id);
  expect((await services.devices.list()).map(({ resourceUri }) => resourceUri)).toEqual(["devices/new"]);

  const mark = destination!.slice("https://valence.example/v1/events/".length);
  const pushed = told<void>();
  driver.devices = async () => {
    pushed.tell();
    return [];
  };
  expect(services.pushed(mark)).toBe(true);
  await pushed.value;
  for (const forged of [id, `${id}.x`, "", ".", mark.replace(id, randomUUID())])
    expect(services.pushed(forged)).toBe(false);

  await services.podManagers.remove(id, { force: false, requestId: "req-1" });
  await closed.value;
  await services.close();
});
