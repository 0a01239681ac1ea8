import { exec } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { scratchFolders } from "../../support/scratch-folder.ts";
import { run, start } from "./command.ts";

const shell = promisify(exec);
const folder = scratchFolders();
const FREE = ["--valet-port", "0", "--valence-port", "0"];

// Making an embedded store takes seconds, so all tests share one; each leaves it closed for the next.
const stateDir = folder();

describe("a first start", () => {
  let server: ReturnType<typeof start>;
  let urls: string[] = [];
  let token = "";
  beforeAll(async () => {
    server = start(["serve", ...FREE, "--state-dir", stateDir]);
    const ready = await server.printed(/^Ostro is ready: .* (http:\S+), .* (http:\S+)\n.*curl [^\n]*\n/s);
    urls = [ready[1]!, ready[2]!];
    token = readFileSync(join(stateDir, "token"), "utf8").trim();
  });
  afterAll(() => {
    server.child.kill("SIGKILL");
  });

  test("both ports answer once the line is printed", async () => {
    for (const url of urls) {
      expect((await fetch(`${url}/`)).status).toBe(200);
      expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: "ok" });
      expect(await (await fetch(`${url}/readyz`)).json()).toEqual({ status: "ready" });
    }
  });

  test("the token is printed and kept for the owner only", () => {
    expect(server.output().out).toContain(`Token: ${token}\n`);
    expect(statSync(join(stateDir, "token")).mode & 0o777).toBe(0o600);
  });

  test("the printed curl line makes a plan when it is pasted, and the same one when pasted again", async () => {
    const line = server
      .output()
      .out.split("\n")
      .find((text) => text.startsWith("curl "))!;
    const first = JSON.parse((await shell(line)).stdout);
    const hosts = Object.values<{ location: string }>(first.plan.placements).map(({ location }) => location);
    expect(hosts).toHaveLength(2);
    expect(new Set(hosts.map((host) => host.slice(0, 8))).size).toBe(2);
    expect(JSON.parse((await shell(line)).stdout)).toEqual(first);
  });

  test("the request is counted, by route and never by path", async () => {
    await fetch(`${urls[0]}/v1/plans/some-hostile-name`, { headers: { "X-Auth-Token": token } });
    const text = await (await fetch(`${urls[1]}/metrics`)).text();
    expect(text).toMatch(/ostro_requests_total\{api="valet",route="\/v1\/plans",method="POST",status="201"\} 2/);
    expect(text).toContain('route="/v1/plans/{plan}",method="GET",status="404"');
    expect(text).not.toContain("some-hostile-name");
    expect(text).toMatch(/^ostro_hosts 64$/m);
    expect(text).toMatch(/^ostro_vms 2$/m);
    expect(text).toMatch(/^ostro_nic_reserved_kbps 0$/m);
    expect(text).toMatch(/^ostro_plan_search_seconds_count\{outcome="placed"\} 1$/m);
    expect(text).toMatch(/^ostro_snapshot_copied_bytes [1-9]/m);
  });

  test("a well-formed request id is answered and logged, another is replaced", async () => {
    const mine = "req-01234567-89ab-4def-8123-456789abcdef";
    const send = (id: string) =>
      fetch(`${urls[0]}/v1`, { headers: { "X-Auth-Token": token, "X-Openstack-Request-Id": id } });
    expect((await send(mine)).headers.get("X-Openstack-Request-Id")).toBe(mine);
    expect((await send('req-"}{')).headers.get("X-Openstack-Request-Id")).toMatch(/^req-[0-9a-f-]{36}$/);
    const lines = server
      .output()
      .err.trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toContainEqual(expect.objectContaining({ requestId: mine, status: 200, method: "GET" }));
  });

  test("no log line holds the token", () => {
    expect(server.output().err).not.toContain(token);
  });

  test("SIGTERM lets what runs finish and exits 0", async () => {
    const running = fetch(`${urls[0]}/v1/status`, { headers: { "X-Auth-Token": token } });
    server.child.kill("SIGTERM");
    await running.catch(() => {});
    expect((await server.finished).code).toBe(0);
  });
});

describe("what cannot start", () => {
  let occupied: Server;
  let port = 0;
  beforeAll(async () => {
    occupied = createServer();
    await new Promise<void>((resolve) => occupied.listen(0, "127.0.0.1", resolve));
    port = (occupied.address() as { port: number }).port;
  });
  afterAll(() => {
    occupied.close();
  });

  test("a port in use is a failure in one line", async () => {
    const ports = ["--valet-port", "0", "--valence-port", String(port)];
    const args = ["serve", ...ports, "--database", "memory:", "--state-dir", folder(), "--log-level", "silent"];
    const { code, err } = await run(args);
    expect(code).toBe(1);
    expect(err).toBe(`ostro: 127.0.0.1:${port} is in use, perhaps by another ostro\n`);
  });

  test("a state directory that cannot be made is a failure in one line", async () => {
    const { code, err } = await run(["serve", ...FREE, "--state-dir", "/dev/null/ostro"]);
    expect(code).toBe(1);
    expect(err).toMatch(/^ostro: ENOTDIR: .*\/dev\/null\/ostro'\n$/);
  });

  test("a store that cannot be reached is a failure in one line, without its password", async () => {
    const database = `postgres://ostro:pass-word@127.0.0.1:${port === 1 ? 2 : 1}/ostro`;
    const { code, err } = await run([
      "serve",
      ...FREE,
      "--database",
      database,
      "--state-dir",
      folder(),
      "--log-level",
      "silent",
    ]);
    expect(code).toBe(1);
    expect(err.trimEnd().split("\n")).toHaveLength(1);
    expect(err).not.toContain("pass-word");
  });
});

test("a later start finds the plan; a token file replaces the local token, and nobody's token is printed", async () => {
  const tokens = join(stateDir, "tokens.json");
  const entry = { user_id: "u", project_id: "p", roles: ["member"] };
  writeFileSync(tokens, JSON.stringify({ tokens: { "a-secret": entry }, projects: ["p"] }));
  const server = start(["serve", ...FREE, "--state-dir", stateDir, "--identity", tokens, "--log-level", "warn"]);
  const [, url] = await server.printed(/^Ostro is ready: .* (http:\S+), .*\n/);
  const ask = (path: string) => fetch(`${url}${path}`, { headers: { "X-Auth-Token": "a-secret" } });
  expect(await (await ask("/v1/plans/first")).json()).toMatchObject({ plan: { stack_id: "first" } });
  expect((await ask("/v1/groups")).status).toBe(401);
  server.child.kill("SIGINT");
  const { code, out } = await server.finished;
  expect(code).toBe(0);
  expect(out).not.toContain("a-secret");
});

test("the schema can be brought up to date without serving", async () => {
  const { code, out, err } = await run(["db", "migrate", "--state-dir", stateDir]);
  expect([code, out, err]).toEqual([0, "The schema is up to date.\n", ""]);
});
