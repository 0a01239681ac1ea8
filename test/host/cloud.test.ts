import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { readConfig } from "../../host/config.ts";
import { type RunningServer, startServer } from "../../host/main.ts";
import { directoryWithCluster } from "../support/postgres.ts";
import { scratchFolders } from "../support/scratch-folder.ts";
import { StandInCloud } from "../support/stand-in-cloud.ts";

const folder = scratchFolders();
let cloud: StandInCloud;
const running: RunningServer[] = [];
beforeEach(async () => {
  cloud = await StandInCloud.start();
  for (const host of ["xyz01r01c001", "xyz01r02c001"]) cloud.addHost(host);
  cloud.addHost("storage-7");
  cloud.addFlavor("1", "m1.tiny", 1, 512, 1);
});
afterEach(async () => {
  for (const server of running.splice(0)) await server.stop();
  await cloud.stop();
});

async function start(flags: Record<string, string> = {}): Promise<RunningServer> {
  const config = readConfig({
    flags: {
      datacenter: "nova",
      cloudAuthUrl: cloud.login.url,
      database: await directoryWithCluster(folder()),
      valetPort: "0",
      valencePort: "0",
      workers: "1",
      logLevel: "silent",
      stateDir: folder(),
      ...flags,
    },
    environment: { OSTRO_KEYSTONE_PASSWORD: "secret" },
  });
  const server = await startServer(config);
  running.push(server);
  return server;
}

async function ask(url: string, token: string | null, method = "GET", body?: object) {
  const response = await fetch(url, {
    method,
    headers: token === null ? {} : { "X-Auth-Token": token },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  // biome-ignore lint/suspicious/noExplicitAny: answers of every form
  return { status: response.status, text, json: (text.startsWith("{") ? JSON.parse(text) : null) as any };
}

const plan = (group = "diversity") => ({
  plan_name: "p",
  stack_id: `s-${group}`,
  resources: {
    a: { name: "a", type: "OS::Nova::Server", properties: { flavor: "m1.tiny" } },
    b: { name: "b", type: "OS::Nova::Server", properties: { flavor: "m1.tiny" } },
    apart: {
      name: "apart",
      type: "ATT::Valet::GroupAssignment",
      properties: { group_type: group, level: "rack", resources: ["a", "b"] },
    },
  },
});

describe("ostro serve --datacenter nova", () => {
  test("plans on the hosts of the cloud, and rack-level groups only where the rack is known", async () => {
    const { valetUrl, localToken } = await start();
    const made = await ask(`${valetUrl}/v1/plans`, localToken, "POST", plan());
    expect(made.status).toBe(201);
    expect(
      Object.values(made.json.plan.placements)
        .map((one) => (one as { location: string }).location)
        .sort(),
    ).toEqual(["xyz01r01c001", "xyz01r02c001"]);
    expect((await ask(`${valetUrl}/readyz`, null)).status).toBe(200);
    expect((await ask(`${valetUrl}/metrics`, null)).text).toContain(
      'ostro_cloud_readings_total{what="all",outcome="read"} 1',
    );
  });

  test("reads everything again when an admin asks for it, and tells how it ended", async () => {
    const { valetUrl, localToken } = await start();
    cloud.addHost("xyz01r03c001");
    const asked = await ask(`${valetUrl}/v1/resync`, localToken, "POST");
    expect(asked.status).toBe(202);
    expect(asked.json.resync.state).toBe("waiting");
    await expect
      .poll(async () => (await ask(`${valetUrl}/v1/resync`, localToken)).json.resync)
      .toMatchObject({ state: "idle", last: { fault: null, changed_hosts: 1, servers: { servers: 0, added: 0 } } });
    cloud.tweak = ({ path }) => (path.endsWith("os-aggregates") ? { status: 403, body: {} } : undefined);
    await ask(`${valetUrl}/v1/resync/`, localToken, "POST");
    await expect
      .poll(async () => (await ask(`${valetUrl}/v1/resync`, localToken)).json.resync.last.fault)
      .toMatch(/os-aggregates: answered 403: the service user ostro lacks a role/);
  });

  test("says that it is being read until it is known, and refuses plans as long", async () => {
    const port = await freePort();
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    cloud.tweak = async ({ path }) => {
      if (path.endsWith("/os-aggregates")) await gate;
      return undefined;
    };
    const starting = start({ valetPort: `${port}` });
    const url = `http://127.0.0.1:${port}`;
    const state = (path: string) => ask(`${url}${path}`, null).catch(() => null);
    await expect.poll(async () => (await state("/readyz"))?.status, { timeout: 10_000 }).toBe(503);
    expect((await state("/readyz"))!.json.reason).toContain("read from the cloud for the first time");
    expect((await state("/healthz"))!.status).toBe(200);
    open();
    const { localToken } = await starting;
    expect((await state("/readyz"))!.status).toBe(200);
    expect((await ask(`${url}/v1/plans`, localToken, "POST", plan())).status).toBe(201);
  });

  test("answers 503 with the reason to plans that come too early", async () => {
    const port = await freePort();
    const stateDir = folder();
    const { localToken } = await start({ stateDir });
    await running.pop()!.stop();
    cloud.tweak = ({ path }) => (path.endsWith("/os-aggregates") ? new Promise(() => {}) : undefined);
    void start({ valetPort: `${port}`, stateDir }).catch(() => {});
    const early = () => ask(`http://127.0.0.1:${port}/v1/plans`, localToken, "POST", plan()).catch(() => null);
    await expect.poll(async () => (await early())?.status, { timeout: 10_000 }).toBe(503);
    expect((await early())!.json.explanation).toContain("for the first time");
    const { status, json } = await ask(`http://127.0.0.1:${port}/v1/resync`, localToken);
    expect([status, json.resync.state]).toEqual([200, "reading"]);
  });

  test.each<[string, Record<string, string>, RegExp]>([
    [
      "a cloud that is not there",
      { cloudAuthUrl: "http://127.0.0.1:9/v3" },
      /127\.0\.0\.1:9\/v3: connect ECONNREFUSED/,
    ],
    ["a region that is not there", { cloudRegion: "Mars" }, /names no service compute/],
    ["a mapping file that is not there", { topologyFile: "/nowhere.yaml" }, /\/nowhere\.yaml: cannot be read/],
    [
      "a file of authorities that is not there",
      { cloudCaFile: "/nowhere.pem" },
      /^--cloud-ca-file \/nowhere\.pem: cannot/,
    ],
  ])("does not start with %s, and says why", async (_, flags, message) => {
    await expect(start(flags)).rejects.toThrow(message);
  });

  test("starts with what the store knows when the cloud is away", async () => {
    const stateDir = folder();
    const database = `pglite:${join(stateDir, "data")}`;
    await start({ stateDir, database });
    await running.pop()!.stop();
    cloud.tweak = () => ({ status: 503, body: {} });
    const { valetUrl, localToken } = await start({ stateDir, database });
    expect((await ask(`${valetUrl}/readyz`, null)).status).toBe(200);
    expect((await ask(`${valetUrl}/v1/plans`, localToken, "POST", plan())).status).toBe(201);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
