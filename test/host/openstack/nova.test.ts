import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { CloudSession } from "../../../host/openstack/cloud-session.ts";
import { Nova } from "../../../host/openstack/nova.ts";
import type { ListedServer } from "../../../host/openstack/nova-servers.ts";
import { StandInCloud, uuidOf } from "../../support/stand-in-cloud.ts";

let cloud: StandInCloud;
let session: CloudSession;
let nova: Nova;
beforeEach(async () => {
  cloud = await StandInCloud.start();
  session = new CloudSession({ ...cloud.login, attempts: 2 });
  nova = new Nova(session);
});
afterEach(async () => {
  session.close();
  await cloud.stop();
});
const listed = async (since?: number): Promise<ListedServer[]> => {
  const all: ListedServer[] = [];
  for await (const page of nova.servers(() => undefined, since)) all.push(...page);
  return all;
};
const ids = async () => (await listed()).map((server) => (server.gone ? server.id : server.record.id));
const recorded = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../fixtures/openstack/${name}.json`, import.meta.url), "utf8"));

describe("hosts", () => {
  test.each([
    ["enabled and up", {}, true],
    ["disabled", { status: "disabled" }, false],
    ["down", { state: "down" }, false],
    ["forced down", { forced_down: true }, false],
    ["in a cell that is down", { status: "UNKNOWN", state: undefined, zone: undefined }, false],
  ])("a service that is %s", async (_, service, up) => {
    cloud.addHost("a", { service });
    expect(await nova.services()).toMatchObject([{ host: "a", up }]);
  });

  test("services of other kinds are no hosts", async () => {
    cloud.services = recorded("nova-services").services;
    expect((await nova.services()).map(({ host, zone, up }) => [host, zone, up])).toEqual([
      ["qos103", "nova", true],
      ["qos102", "nova", true],
      ["qos101", "nova", true],
    ]);
  });

  test("machines as recorded have their sizes up to microversion 2.87, and are asked for in no later one", async () => {
    cloud.hypervisors = recorded("nova-hypervisors-detail-v2.1").hypervisors;
    const [first] = await nova.hypervisors();
    expect(first).toEqual({
      id: "1",
      node: "qos102",
      host: "qos102",
      vcpus: 10,
      ramMiB: 8192,
      diskGiB: 1028,
      freeDiskGiB: 1027,
      diskAvailableLeastGiB: 0,
    });
    const asked = cloud.asked.filter(({ path }) => path.endsWith("/os-hypervisors/detail"));
    expect(new Set(asked.map(({ version }) => version))).toEqual(new Set(["compute 2.87"]));
  });

  test("a release that does not tell sizes any more leaves them open", async () => {
    cloud.hypervisors = recorded("nova-hypervisors-detail-v2.88").hypervisors;
    expect(await nova.hypervisors()).toHaveLength(3);
    expect((await nova.hypervisors())[0]).toMatchObject({ node: "qos102", vcpus: null, ramMiB: null });
  });

  test("an old release is asked in its own microversion, and for all at once", async () => {
    cloud.highest = 1;
    cloud.addHost("a");
    expect(await nova.hypervisors()).toHaveLength(1);
    const [asked, ...more] = cloud.asked.filter(({ path }) => path.endsWith("/os-hypervisors/detail"));
    expect(asked!.version).toBe("compute 2.1");
    expect(asked!.query.toString()).toBe("");
    expect(more).toEqual([]);
  });

  test("aggregates with their metadata", async () => {
    cloud.aggregates = [...recorded("nova-aggregates").aggregates, { id: 3, name: "gone", deleted: true, hosts: [] }];
    expect(await nova.aggregates()).toEqual([
      { name: "agg1", hosts: ["qos103"], metadata: { valet: "true" } },
      { name: "agg2", hosts: ["qos103"], metadata: { valet: "true" } },
    ]);
  });
});

describe("flavors", () => {
  test("count root, ephemeral and swap disk, rounded up, and have their extra specs", async () => {
    cloud.addFlavor("1", "m1.tiny", 1, 512, 1, {
      swap: 512,
      "OS-FLV-EXT-DATA:ephemeral": 3,
      extra_specs: { "hw:x": "1" },
    });
    cloud.addFlavor("2", "m1.small", 2, 2048, 20, { swap: "" });
    expect(await nova.flavors()).toEqual([
      { id: "1", name: "m1.tiny", vcpus: 1, ramMiB: 512, diskGiB: 5, extraSpecs: { "hw:x": "1" } },
      { id: "2", name: "m1.small", vcpus: 2, ramMiB: 2048, diskGiB: 20, extraSpecs: {} },
    ]);
    expect(cloud.asked.at(-1)!.query.get("is_public")).toBe("None");
  });

  test("that are disabled do not count", async () => {
    cloud.addFlavor("1", "old", 1, 512, 1, { "OS-FLV-DISABLED:disabled": true });
    expect(await nova.flavors()).toEqual([]);
  });

  test("of an old release are asked for their extra specs one by one, every one of them", async () => {
    cloud.highest = 60;
    cloud.flavors = recorded("nova-flavors-detail").flavors;
    cloud.tweak = ({ path }) =>
      path.endsWith("/flavors/1/os-extra_specs")
        ? { body: { extra_specs: { ssd: "true" } } }
        : path.endsWith("/flavors/2/os-extra_specs")
          ? { body: { extra_specs: { gpu: "1" } } }
          : undefined;
    expect((await nova.flavors()).map(({ extraSpecs }) => extraSpecs)).toEqual([{ ssd: "true" }, { gpu: "1" }]);
  });
});

describe("server groups", () => {
  test("of both forms, with the most members on one host", async () => {
    cloud.groups = [
      {
        id: "g1",
        name: "new",
        policy: "anti-affinity",
        rules: { max_server_per_host: 3 },
        members: ["s1"],
        project_id: "p",
      },
      { id: "g2", name: "old", policies: ["soft-affinity"], members: [], metadata: {} },
      { id: "g3", name: "odd", policies: ["legacy"], members: [] },
    ];
    expect(await nova.serverGroups()).toEqual([
      { id: "g1", name: "new", projectId: "p", policy: "anti-affinity", mostPerHost: 3, members: ["s1"] },
      { id: "g2", name: "old", projectId: null, policy: "soft-affinity", mostPerHost: 1, members: [] },
    ]);
  });

  test("come in pages", async () => {
    cloud.mostAPage = 2;
    cloud.groups = Array.from({ length: 5 }, (_, i) => ({ id: `g${i}`, policy: "affinity", members: [] }));
    expect((await nova.serverGroups()).map(({ id }) => id)).toEqual(["g0", "g1", "g2", "g3", "g4"]);
  });
});

describe("a server", () => {
  test("as recorded with its flavor inside", async () => {
    cloud.addServer("qos101", { id: "s", metadata: { valet: '{"groups": ["g"]}' } });
    const before = Date.now();
    const [server] = await listed();
    expect(server).toEqual({
      gone: false,
      moving: false,
      record: {
        id: "s",
        name: "server-0",
        projectId: "cff8834442044b15880c026f3441c240",
        state: "active",
        host: "qos101",
        size: { vcpus: 1, ramMiB: 512, diskGiB: 1 },
        alsoOn: null,
        zone: "nova",
        metadata: { valet: '{"groups": ["g"]}' },
        hints: null,
        at: expect.any(Number),
      },
    });
    // When Nova answered, not when the server changed last.
    expect(Math.abs((server as { record: { at: number } }).record.at - before)).toBeLessThan(2_000);
  });

  test("as recorded in microversion 2.1 has the size of its flavor if that is known", async () => {
    cloud.servers = [recorded("nova-server-v2.1").server];
    const tiny = { id: "1", name: "m1.tiny", vcpus: 1, ramMiB: 512, diskGiB: 1, extraSpecs: {} };
    for await (const [server] of nova.servers((id) => (id === "1" ? tiny : undefined)))
      expect(server).toMatchObject({ record: { size: { vcpus: 1, ramMiB: 512, diskGiB: 1 } } });
    for await (const [server] of nova.servers(() => undefined))
      expect(server).toMatchObject({ record: { size: null } });
  });

  const vm = (state: string | null, task: string | null = null) => ({
    "OS-EXT-STS:vm_state": state,
    "OS-EXT-STS:task_state": task,
  });
  test.each([
    ["is being built", vm("building", "spawning"), "building", true],
    ["is stopped", vm("stopped"), "active", false],
    ["is suspended", vm("suspended"), "active", false],
    ["is deleted softly", vm("soft-delete"), "active", false],
    ["is shelved and still on its host", vm("shelved"), "active", false],
    ["is shelved and offloaded", vm("shelved_offloaded"), "shelved", false],
    ["failed", vm("error"), "error", false],
    ["waits for a resize to be confirmed", vm("resized"), "resized", true],
    ["is being resized", vm("active", "resize_migrating"), "active", true],
    ["is in a state of a later release", vm("levitating"), "active", false],
    ["has no state but a status", { ...vm(null), status: "BUILD" }, "building", false],
  ])("that %s", async (_, fields, state, moving) => {
    cloud.addServer("a", fields);
    expect(await listed()).toMatchObject([{ gone: false, moving, record: { state } }]);
  });

  test("with hints, as since microversion 2.100", async () => {
    cloud.addServer("a", { scheduler_hints: { group: "g", same_host: ["x", "y"], odd: { a: 1 }, none: null } });
    expect(await listed()).toMatchObject([
      { record: { hints: { group: ["g"], same_host: ["x", "y"], odd: [], none: [] } } },
    ]);
  });

  test("with characters that no store can keep, as any user may send them, is one without", async () => {
    cloud.addServer("a", { name: "x\0y\ud800", metadata: { "k\0": "v\0w", valet: "\0" } });
    expect(await listed()).toMatchObject([{ record: { name: "xy", metadata: { k: "vw", valet: "" } } }]);
  });

  test.each([
    [
      "nulls wherever they may be",
      { name: null, tenant_id: null, metadata: null, flavor: null, "OS-EXT-AZ:availability_zone": null },
    ],
    [
      "fields of wrong kinds",
      { name: 5, tenant_id: [], metadata: "x", flavor: "1", "OS-EXT-AZ:availability_zone": {} },
    ],
  ])("with %s is taken as far as it goes", async (_, fields) => {
    cloud.addServer("a", fields);
    expect(await listed()).toMatchObject([
      { record: { host: "a", name: null, projectId: null, size: null, metadata: {}, zone: null } },
    ]);
  });
});

describe("the list of servers", () => {
  test("comes in pages that may be shorter than asked for", async () => {
    for (let i = 0; i < 7; i++) cloud.addServer("a");
    cloud.mostAPage = 3;
    expect(await ids()).toHaveLength(7);
    expect(
      cloud.asked.filter(({ path }) => path.endsWith("/servers/detail")).map(({ query }) => query.get("marker")),
    ).toEqual([null, uuidOf(3, 2), uuidOf(3, 5), uuidOf(3, 6)]);
  });

  test("names a server once, though pages overlap", async () => {
    for (let i = 0; i < 4; i++) cloud.addServer("a");
    const [a, b, c, d] = cloud.servers;
    const pages = [[a, b], [b, a, c], [c, d], []];
    cloud.tweak = ({ path }) => (path.endsWith("/servers/detail") ? { body: { servers: pages.shift() } } : undefined);
    expect(await ids()).toEqual([a, b, c, d].map(({ id }) => id));
  });

  test("begins anew when the server that marked the next page was deleted", async () => {
    for (let i = 0; i < 6; i++) cloud.addServer("a");
    cloud.mostAPage = 2;
    let deleted = false;
    cloud.tweak = ({ query }) => {
      if (query.get("marker") === uuidOf(3, 1) && !deleted) {
        deleted = true;
        cloud.servers.splice(1, 1);
      }
      return undefined;
    };
    expect([...(await ids())].sort()).toEqual([0, 1, 2, 3, 4, 5].map((i) => uuidOf(3, i)));
  });

  test.each<[string, unknown[][], RegExp]>([
    ["whose pages go round", [[{ id: "a" }], [{ id: "b" }], [{ id: "a" }], [{ id: "b" }]], /go round at marker a/],
    ["with a hole", [[{ id: "a" }, null]], /servers\[1\] cannot be told from others \(null\)/],
    ["with an entry without id", [[{ id: "" }]], /servers\[0\] cannot be told from others/],
    ["that is no list", [{ a: 1 } as never], /has no list servers/],
  ])("%s is an error", async (_, pages, message) => {
    cloud.addServer("a");
    const [whole] = cloud.servers;
    const fill = (page: unknown[]) =>
      Array.isArray(page) ? page.map((entry) => (entry === null ? null : { ...whole, ...(entry as object) })) : page;
    cloud.tweak = ({ path }) =>
      path.endsWith("/servers/detail") ? { body: { servers: fill(pages.shift()!) } } : undefined;
    await expect(ids()).rejects.toMatchObject({ code: "cloud.unreadable", message: expect.stringMatching(message) });
  });

  test("with servers of a cell that is down is not complete, and an error", async () => {
    cloud.addServer("a");
    cloud.servers.push({ id: "lost", status: "UNKNOWN", tenant_id: "p", created: "2026-11-21T20:56:12Z", links: [] });
    await expect(ids()).rejects.toMatchObject({
      code: "cloud.unavailable",
      message: expect.stringContaining("cell of Nova is down"),
    });
  });

  test("that hides the hosts says which role is missing", async () => {
    cloud.addServer("a", { "OS-EXT-SRV-ATTR:host": undefined });
    await expect(ids()).rejects.toThrow("the service user needs the role admin");
  });

  test("goes on with a new token when the old one expires in the middle", async () => {
    for (let i = 0; i < 6; i++) cloud.addServer("a");
    cloud.mostAPage = 2;
    cloud.tweak = ({ query }) => {
      if (query.get("marker") === uuidOf(3, 1)) cloud.token = "the-next-one";
      return undefined;
    };
    expect(await ids()).toHaveLength(6);
  });

  test("of what changed tells also of those that are gone", async () => {
    cloud.addServer("a", { updated: "2026-11-21T20:00:00Z" });
    cloud.addServer("a", { updated: "2026-11-21T21:00:00Z" });
    cloud.addServer(null, { id: "gone", status: "DELETED", updated: "2026-11-21T21:00:01Z" });
    const changed = await listed(Date.parse("2026-11-21T20:30:00.250Z"));
    expect(changed.map((server) => (server.gone ? `${server.id} gone` : server.record.id))).toEqual([
      uuidOf(3, 1),
      "gone gone",
    ]);
    expect(cloud.asked.at(-1)!.query.get("changes-since")).toBe("2026-11-21T20:30:00Z");
  });
});

test("unfinished migrations are told by server, the newest of each", async () => {
  const migration = { source_compute: "a", dest_compute: "b", migration_type: "resize", instance_uuid: "s" };
  cloud.migrations = [
    { ...migration, id: 1, uuid: "m1", status: "accepted" },
    { ...migration, id: 3, uuid: "m3", status: "finished" },
    { ...migration, id: 4, uuid: "m4", status: "confirmed" },
    {
      ...migration,
      id: 5,
      uuid: "m5",
      status: "running",
      instance_uuid: "t",
      dest_compute: null,
      migration_type: "live-migration",
    },
  ];
  expect([...(await nova.migrations()).values()]).toEqual([
    { number: 3, uuid: "m3", server: "s", source: "a", target: "b", resize: true, finished: true },
    { number: 5, uuid: "m5", server: "t", source: "a", target: null, resize: false, finished: false },
  ]);
});
