import { writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { scratchFolders } from "../../support/scratch-folder.ts";
import { StandInCloud } from "../../support/stand-in-cloud.ts";
import { run, start } from "./command.ts";

const folder = scratchFolders();
const stateDir = folder();
let server: ReturnType<typeof start>;
let url = "";
beforeAll(async () => {
  const tokens = join(stateDir, "tokens.json");
  const admin = { user_id: "root", project_id: "demo", roles: ["admin"] };
  writeFileSync(tokens, JSON.stringify({ tokens: { "service-token": admin }, projects: ["demo", "other"] }));
  writeFileSync(join(stateDir, "token"), "service-token\n");
  const free = ["--valet-port", "0", "--valence-port", "0", "--database", "memory:"];
  server = start(["serve", ...free, "--state-dir", stateDir, "--identity", tokens]);
  url = (await server.printed(/Valet's API at (http:\S+),/))[1]!;
});
afterAll(() => {
  server.child.kill("SIGKILL");
});

const group = (...args: string[]) => run(["group", "--url", url, "--state-dir", stateDir, ...args]);
const created = async (...args: string[]): Promise<string> => JSON.parse((await group("create", ...args)).out).id;

test("a group that is made is printed as the original did: indented by 4, keys in order", async () => {
  const { code, out, err } = await group("create", "db", "diversity", "--level", "rack", "--description", "replicas");
  const { id } = JSON.parse(out);
  expect(out).toBe(
    `{\n    "description": "replicas",\n    "id": "${id}",\n    "level": "rack",\n    "members": [],\n    "name": "db",\n    "type": "diversity"\n}\n`,
  );
  expect([code, err]).toEqual([0, ""]);
  expect(JSON.parse((await group("show", "db")).out).group.id).toBe(id);
});

test("members come and go one by one or all at once, and what answers without a body prints nothing", async () => {
  const id = await created("web", "exclusivity");
  expect(JSON.parse((await group("update-member", id, "demo")).out).members).toEqual(["demo"]);
  expect(JSON.parse((await group("update-member", id, "other")).out).members).toEqual(["demo", "other"]);
  expect(await group("delete-member", id, "demo")).toEqual({ code: 0, out: "", err: "" });
  expect(JSON.parse((await group("update", id, "--description", "new")).out)).toMatchObject({
    description: "new",
    members: ["other"],
  });
  expect(await group("delete-all-members", id)).toEqual({ code: 0, out: "", err: "" });
  expect(await group("delete", id)).toEqual({ code: 0, out: "", err: "" });
  expect(JSON.parse((await group("list")).out).groups.map(({ name }: { name: string }) => name)).not.toContain("web");
});

test("a refusal names the request, its status and the service's reason, and ends with 1", async () => {
  const id = await created("kept", "exclusivity");
  await group("update-member", id, "demo");
  const { code, out, err } = await group("delete", id);
  expect([code, out]).toEqual([1, ""]);
  expect(err).toBe(`API error: DELETE ${url}/v1/groups/${id} (Reason: 409)\nUnable to delete a Group with members.\n`);
  expect((await group("show", "a/b c?")).err).toBe(
    `API error: GET ${url}/v1/groups/a%2Fb%20c%3F (Reason: 404)\nGroup not found\n`,
  );
  expect((await group("list", "--token", "wrong")).err).toMatch(/\(Reason: 401\)\nAuthentication required\n$/);
});

test("options may stand before the subcommand or behind it, and /v1 may end the address", async () => {
  const before = await run(["group", "--url", `${url}/v1/`, "--token", "service-token", "list"]);
  const behind = await run(["group", "list", "--port", new URL(url).port], { OSTRO_TOKEN: "service-token" });
  expect(before).toEqual({ code: 0, out: behind.out, err: "" });
  expect((await run(["group", "--version"])).out).toBe("valet group 1.1\n");
});

test("with --verbose the request is told, without the token", async () => {
  const { err } = await group("list", "-v");
  expect(err).toBe("GET /v1/groups\n");
});

test("the token comes from Keystone when one is named, and its refusal is told without the password", async () => {
  const cloud = await StandInCloud.start();
  try {
    const at = ["group", "list", "--url", url, "--os-auth-url", `${cloud.url}/identity/v3`];
    const login = ["--os-user-name", "ostro", "--os-tenant-name", "service"];
    const good = await run([...at, ...login], { OS_PASSWORD: "secret" });
    expect([good.code, good.err]).toEqual([0, ""]);
    expect(JSON.parse(good.out)).toHaveProperty("groups");
    const bad = await run([...at, ...login, "--os-password", "let-me-in"]);
    expect(bad.code).toBe(1);
    expect(bad.err).toMatch(/^Failed in get_token\nKeystone at http\S+ answered 401 to the log-in of user ostro\n$/);
  } finally {
    await cloud.stop();
  }
});

test("ostro resync without a cloud says that there is none", async () => {
  const { code, err } = await run(["resync", "--url", url, "--token", "service-token"]);
  expect(code).toBe(1);
  expect(err).toMatch(/POST \S+\/v1\/resync \(Reason: 409\)\nThis data center is no cloud/);
});

test("a service that is away, silent, or none of ours is told in a line or two", async () => {
  const servers: Server[] = [];
  const serve = async (answer: string | null) => {
    const other = createServer((_, response) => void (answer === null || response.end(answer)));
    servers.push(other);
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
  };
  const list = async (at: string) =>
    (await run(["group", "list", "--url", at, "--token", "t", "--timeout", "1"])).err.replace(/:\d+/, ":PORT");
  expect(await list(await serve(null))).toBe(
    "API error: GET http://127.0.0.1:PORT/v1/groups (Reason: no answer)\nno whole answer within 1000 ms: is the service running there? See --url\n",
  );
  expect(await list(await serve("<html>hello</html>"))).toMatch(
    /\(Reason: the answer is no JSON\)\n<html>hello<\/html>\n$/,
  );
  expect(await list("http://127.0.0.1:1")).toMatch(/\(Reason: no answer\)\n.*ECONNREFUSED/);
  for (const other of servers) other.closeAllConnections();
  for (const other of servers) other.close();
});
