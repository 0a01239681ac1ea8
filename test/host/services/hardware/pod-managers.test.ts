import { randomUUID } from "node:crypto";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { insertNode } from "../../../../db/queries/composed-nodes.ts";
import type { Store } from "../../../../db/store.ts";
import { expether } from "../../../../host/drivers/expether.ts";
import { AppError } from "../../../../host/errors.ts";
import { Connections } from "../../../../host/services/hardware/connections.ts";
import { PodManagerService } from "../../../../host/services/hardware/pod-managers.ts";
import { Secrets } from "../../../../host/services/hardware/secrets.ts";
import { listenSim } from "../../../../host/sim/base/listen.ts";
import { createEemSim } from "../../../../host/sim/eem.ts";
import { freshDatabase, storeKinds, type TestDatabase } from "../../../support/postgres.ts";
import { type ScriptedDriver, scriptedDriver } from "../../../support/scripted-driver.ts";

const KEY = "a key of more than thirty-two characters";
const signal = new AbortController().signal;
const basic = (username: string, password: string) => [{ type: "basic", auth_items: { username, password } }];
const input = (values: object = {}) => ({
  name: "podm",
  url: "https://podm:8443/redfish/v1",
  driver: "scripted",
  authentication: basic("admin", "Passw0rd"),
  ...values,
});

describe.each(storeKinds)("on %s", (kind) => {
  let database: TestDatabase;
  let store: Store;
  let driver: ScriptedDriver;
  let connections: Connections;
  let service: PodManagerService;
  let events: string[] = [];
  let releaseNode: (nodeId: string) => Promise<void>;

  beforeAll(async () => {
    database = await freshDatabase(kind);
    store = await database.open();
  });
  afterAll(async () => {
    await connections.close();
    await database.remove();
  });
  beforeEach(async () => {
    await store.read((db) => db.execute(sql`truncate pod_managers cascade`));
    driver = scriptedDriver();
    events = [];
    releaseNode = async (nodeId) => {
      await store.read((db) => db.execute(sql`delete from composed_nodes where id = ${nodeId}`));
    };
    service = opened(new Secrets(KEY));
  });

  /** As another process would have it. */
  function opened(secrets: Secrets, drivers = [driver, expether]): PodManagerService {
    connections = new Connections({ store, drivers, secrets, log: () => {} });
    return new PodManagerService({
      store,
      connections,
      secrets,
      releaseNode: (nodeId) => releaseNode(nodeId),
      created: (id) => events.push(`created ${id}`),
      removed: (id) => events.push(`removed ${id}`),
    });
  }

  const node = async (podManagerId: string, index: string) => {
    const now = new Date();
    const row = { managedBy: null, provisioningId: null, provisionState: null, metadata: {} };
    const named = {
      name: index,
      description: "",
      index,
      resourceUri: `nodes/${index}`,
      createdAt: now,
      updatedAt: now,
    };
    await store.read((db) => insertNode(db, { id: randomUUID(), podManagerId, ...row, ...named }));
  };
  const nodes = async () =>
    (await store.read((db) => db.query.composedNodes.findMany())).map(({ index }) => index).toSorted();

  test("what was created is found, with its status and without its password", async () => {
    const made = await service.create(input(), signal);
    expect(made).toMatchObject({ name: "podm", driver: "scripted", status: "Online", verifyCa: true });
    expect(await service.find(made.id)).toEqual(made);
    expect(await service.list({ name: "podm" })).toEqual([made]);
    expect(await service.list({ status: "Offline" })).toEqual([]);
    expect(JSON.stringify(made)).not.toContain("Passw0rd");
    expect(made.authentication).toEqual(basic("admin", "***"));
    expect(events).toEqual([`created ${made.id}`]);
  });

  test("no password is in the store in the clear, and drivers get it all the same", async () => {
    const { id } = await service.create(input(), signal);
    const rows = JSON.stringify(await store.read((db) => db.query.podManagers.findMany()));
    expect(rows).not.toContain("Passw0rd");
    await connections.get(id);
    expect(driver.accesses.at(-1)).toMatchObject({ username: "admin", password: "Passw0rd" });
  });

  test.each([
    ["no absolute URL", { url: "podm/redfish" }, "request.invalid", /url: it is no absolute URL/],
    ["another protocol", { url: "ftp://podm" }, "request.invalid", /neither https nor http/],
    ["credentials in the URL", { url: "https://admin:secret@podm" }, "request.invalid", /authentication/],
    ["a query", { url: "https://podm/?a=b" }, "request.invalid", /query/],
    ["an unknown driver", { driver: "redfishv9" }, "pod-manager.unknown-driver", /"redfishv9".*scripted, expether/],
    [
      "no basic credentials",
      { authentication: [{ type: "token", auth_items: { username: "a", password: "b" } }] },
      "request.invalid",
      /basic/,
    ],
    ["a certificate that is none", { verifyCa: "trust me" }, "request.invalid", /verify_ca.*PEM/],
  ])("%s is refused and nothing is stored", async (_, values, code, message) => {
    const refused = await service.create(input(values), signal).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(AppError);
    expect(refused).toMatchObject({ code, message: expect.stringMatching(message) });
    expect((refused as Error).message).not.toContain("secret");
    expect(await service.list()).toEqual([]);
  });

  test.each([
    ["name", { url: "https://other" }],
    ["URL", { name: "other" }],
    ["URL, written otherwise", { name: "other", url: "HTTPS://PODM:8443//redfish/v1/" }],
    ["URL without the path of the service root", { name: "other", url: "https://podm:8443" }],
  ])("a second one of the same %s is refused", async (_, values) => {
    await service.create(input(), signal);
    await expect(service.create(input(values), signal)).rejects.toMatchObject({ code: "pod-manager.duplicate" });
  });

  test("of many that are created at once with one URL, one is", async () => {
    const all = Array.from({ length: 10 }, (_, at) => service.create(input({ name: `podm${at}` }), signal));
    const made = (await Promise.allSettled(all)).filter(({ status }) => status === "fulfilled");
    expect(made).toHaveLength(1);
    expect(await service.list()).toHaveLength(1);
  });

  test("what changes is what was given, and new credentials are used at once, also by who had a connection", async () => {
    const { id, createdAt } = await service.create(input(), signal);
    const before = await connections.get(id);
    const changed = await service.update(
      id,
      { name: "renamed", description: "second floor", authentication: basic("root", "new") },
      signal,
    );
    expect(changed).toMatchObject({ name: "renamed", description: "second floor", createdAt, driver: "scripted" });
    expect(changed.authentication).toEqual(basic("root", "***"));
    expect(await connections.get(id)).not.toBe(before);
    expect(driver.accesses.at(-1)).toMatchObject({ username: "root", password: "new" });
  });

  test("a change by another process makes this one connect anew", async () => {
    const { id } = await service.create(input(), signal);
    const before = await connections.get(id);
    const mine = connections;
    await opened(new Secrets(KEY)).update(id, { authentication: basic("root", "new") }, signal);
    expect(await mine.get(id)).not.toBe(before);
    expect(driver.accesses.at(-1)).toMatchObject({ password: "new" });
  });

  test("a masked password keeps the stored one, also when the entries change their order", async () => {
    const { id } = await service.create(
      input({ authentication: [...basic("admin", "first"), ...basic("reader", "second")] }),
      signal,
    );
    await service.update(id, { authentication: [...basic("reader", "***"), ...basic("admin", "***")] }, signal);
    await connections.get(id);
    expect(driver.accesses.at(-1)).toMatchObject({ username: "reader", password: "second" });
    const third = { authentication: [...basic("reader", "***"), ...basic("admin", "***"), ...basic("new", "***")] };
    await expect(service.update(id, third, signal)).rejects.toMatchObject({ code: "request.invalid" });
  });

  test("a name that is taken is refused in a change, too, and an unknown id is told", async () => {
    const { id } = await service.create(input(), signal);
    await service.create(input({ name: "other", url: "https://other" }), signal);
    await expect(service.update(id, { name: "other" }, signal)).rejects.toMatchObject({
      code: "pod-manager.duplicate",
    });
    const missing = { code: "pod-manager.not-found" };
    await expect(service.update(randomUUID(), { name: "x" }, signal)).rejects.toMatchObject(missing);
    await expect(service.find("no/id")).rejects.toMatchObject(missing);
  });

  test("one whose new credentials are refused is stored as Offline", async () => {
    const { id } = await service.create(input(), signal);
    driver.status = async () => {
      throw new AppError("pod-manager.credentials", "no");
    };
    expect(await service.update(id, { authentication: basic("a", "b") }, signal)).toMatchObject({ status: "Offline" });
    // Nothing is asked for a new name.
    expect(await service.update(id, { name: "y" }, signal)).toMatchObject({ status: "Offline", name: "y" });
  });

  test("a process with another key cannot use it, and says why; new credentials end that", async () => {
    const { id } = await service.create(input(), signal);
    const other = opened(new Secrets("another key, as long as the first one"));
    await expect(connections.get(id)).rejects.toMatchObject({
      code: "config.invalid",
      message: expect.stringMatching(/another key .*OSTRO_SECRET_KEY/s),
    });
    await other.update(id, { authentication: basic("admin", "again") }, signal);
    await connections.get(id);
    expect(driver.accesses.at(-1)).toMatchObject({ password: "again" });
  });

  test("its removal releases its nodes and forgets its connection", async () => {
    const { id } = await service.create(input(), signal);
    await node(id, "1");
    await node(id, "2");
    await connections.get(id);
    await service.remove(id, { force: false, requestId: "req-1" });
    expect(await nodes()).toEqual([]);
    expect(driver.closed).toContain(1);
    expect(events.at(-1)).toBe(`removed ${id}`);
    await expect(service.find(id)).rejects.toMatchObject({ code: "pod-manager.not-found" });
    await expect(connections.get(id)).rejects.toMatchObject({ code: "pod-manager.not-found" });
  });

  test("when a node cannot be released it stays, and so does its pod manager; by force both are forgotten", async () => {
    const { id } = await service.create(input(), signal);
    await node(id, "1");
    await node(id, "2");
    const release = releaseNode;
    const [first] = await store.read((db) => db.query.composedNodes.findMany({ orderBy: (row) => row.position }));
    releaseNode = async (nodeId) => {
      if (nodeId !== first!.id) throw new AppError("pod-manager.unreachable", "gone");
      await release(nodeId);
    };
    const refused = service.remove(id, { force: false, requestId: "req-1" });
    await expect(refused).rejects.toMatchObject({ code: "pod-manager.unreachable" });
    expect(await nodes()).toEqual(["2"]);
    expect(await service.find(id)).toMatchObject({ name: "podm" });
    await service.remove(id, { force: true, requestId: "req-2" });
    expect(await nodes()).toEqual([]);
    expect(await service.list()).toEqual([]);
  });

  test("an ExpEther manager that refuses the credentials, or is not there, is not registered", async () => {
    const sim = createEemSim({ servers: 1, devices: 1 });
    const { url, close } = await listenSim(sim.app);
    const eem = input({ name: "eem", driver: "expether", url: `${url}/eem` });
    await expect(service.create({ ...eem, authentication: basic("admin", "wrong") }, signal)).rejects.toMatchObject({
      code: "pod-manager.credentials",
    });
    expect(await service.create(eem, signal)).toMatchObject({ status: "Online" });
    await close();
    await expect(service.create({ ...eem, name: "eem2", url: `${url}/other` }, signal)).rejects.toMatchObject({
      code: "pod-manager.unreachable",
    });
    expect(await service.list()).toHaveLength(1);
  });
});
