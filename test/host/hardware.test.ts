import { chmodSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Store } from "../../db/store.ts";
import { type Config, readConfig } from "../../host/config.ts";
import { type OpenedHardware, openHardware } from "../../host/hardware.ts";
import { createLog } from "../../host/log.ts";
import { freshDatabase } from "../support/postgres.ts";
import { scratchFolders } from "../support/scratch-folder.ts";

const folder = scratchFolders();
const log = createLog("silent");
const signal = new AbortController().signal;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function store(): Promise<Store> {
  const database = await freshDatabase("pglite");
  closers.push(() => database.remove());
  return await database.open();
}
function config(stateDir: string, settings: Partial<Record<keyof Config, string>> = {}): Config {
  return readConfig({ flags: { stateDir, database: `pglite:${stateDir}/data`, ...settings }, environment: {} });
}
async function opened(settings: Config, on: Store): Promise<OpenedHardware> {
  const hardware = await openHardware(settings, on, log);
  closers.push(() => hardware.close());
  return hardware;
}

test("a node that was composed on the simulated pod manager is there after a restart, and is given back", async () => {
  const [stateDir, on] = [folder(), await store()];
  const first = await opened(config(stateDir), on);
  expect(first.simulated).toBe(true);
  const input = { name: "first", podManagerId: null, requestId: "req-1" };
  const { record } = await first.services.nodes.compose(input, signal);
  await first.close();

  const { services } = await opened(config(stateDir), on);
  expect(await services.podManagers.list()).toHaveLength(1);
  const { live } = await services.nodes.view(record.id, signal);
  expect(live).toMatchObject({ index: record.index, state: "Assembled" });
  await services.nodes.remove(record.id, "req-2", signal);
  expect(await services.nodes.list()).toEqual([]);
});

test.each([
  ["it is not wanted", { simulatedPodManager: "false" }],
  ["the data center is none of ours", { datacenter: "file.json" }],
  ["other processes use the store", { database: "postgres://host/name" }],
])("no simulated pod manager is registered when %s", async (_, settings) => {
  const { simulated, services } = await opened(config(folder(), settings), await store());
  expect(simulated).toBe(false);
  expect(await services.podManagers.list()).toEqual([]);
});

test("the key for passwords is made once, for its owner only, and a file that others can read is refused", async () => {
  const [stateDir, on] = [folder(), await store()];
  const path = join(stateDir, "secret-key");
  await opened(config(stateDir, { simulatedPodManager: "false" }), on);
  const key = readFileSync(path, "utf8");
  expect(statSync(path).mode & 0o777).toBe(0o600);
  await opened(config(stateDir, { simulatedPodManager: "false" }), on);
  expect(readFileSync(path, "utf8")).toBe(key);
  chmodSync(path, 0o644);
  await expect(openHardware(config(stateDir), on, log)).rejects.toMatchObject({
    code: "config.invalid",
    message: expect.stringMatching(/secret-key: others can read it \(mode 644\); chmod 600/),
  });
  const own = join(stateDir, "own-key");
  const settings = config(stateDir, { secretKeyFile: own });
  await expect(openHardware(settings, on, log)).rejects.toMatchObject({ message: expect.stringMatching(/ENOENT/) });
  writeFileSync(own, "short", { mode: 0o600 });
  const short = { message: expect.stringMatching(/own-key: holds no key.*openssl/) };
  await expect(openHardware(settings, on, log)).rejects.toMatchObject(short);
});

test("a driver of somebody else's is used by the name that the settings give it", async () => {
  const stateDir = folder();
  const module = join(stateDir, "driver.mjs");
  writeFileSync(
    module,
    `export default { name: "own", connect: () => ({ status: async () => "Online", devices: async () => [], close: async () => {} }) };`,
  );
  const drivers = `theirs=${module}`;
  const { services } = await opened(config(stateDir, { drivers, simulatedPodManager: "false" }), await store());
  const authentication = [{ type: "basic", auth_items: { username: "a", password: "b" } }];
  const made = await services.podManagers.create(
    { name: "p", url: "http://p", driver: "theirs", authentication },
    signal,
  );
  expect(made.status).toBe("Online");
  const refused = openHardware(config(stateDir, { drivers: `expether=${module}` }), await store(), log);
  await expect(refused).rejects.toMatchObject({ code: "config.invalid", message: expect.stringMatching(/expether/) });
});
