import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { Keystone, type KeystoneOptions } from "../../../host/openstack/keystone.ts";

const fixture = (name: string) => readFileSync(new URL(`../../fixtures/keystone/${name}`, import.meta.url), "utf8");
const recordedFailure = (name: string) => {
  const lines = fixture(name).trimEnd().split("\n");
  return { status: Number(lines.pop()), body: lines.join("\n").trim() };
};
const SERVICE_TOKEN = /X-Subject-Token: (\S+)/.exec(fixture("auth-response-headers.txt"))![1]!;
const DEMO = JSON.parse(fixture("validate-200.json")).token;
const PROJECTS: { id: string; name: string; enabled: boolean }[] = JSON.parse(fixture("projects.json")).projects;

/** Answers as the recorded Keystone did; what a test wants otherwise it puts into `tweak`. */
class ReplayedKeystone {
  readonly requests: string[] = [];
  readonly server: Server;
  serviceToken = SERVICE_TOKEN;
  tokenLifeMs = 3_600_000;
  subject = "demo-token";
  validated: unknown = DEMO;
  validationFailure: string | null = null;
  password = "secret";

  constructor() {
    this.server = createServer((request, response) => void this.answer(request, response));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const path = request.url!.split("?")[0]!;
    this.requests.push(`${request.method} ${path}`);
    const send = (status: number, body: string, headers: Record<string, string> = {}) => {
      response.writeHead(status, { "Content-Type": "application/json", ...headers });
      response.end(body);
    };
    const fail = (name: string) => {
      const { status, body } = recordedFailure(name);
      send(status, body);
    };
    const expiresAt = new Date(Date.now() + this.tokenLifeMs).toISOString();
    if (request.method === "POST" && path === "/v3/auth/tokens") {
      const { auth } = JSON.parse(Buffer.concat(chunks).toString());
      if (auth.identity.password.user.password !== this.password) return fail("auth-wrong-password.txt");
      const body = JSON.parse(fixture("auth-tokens-201.json"));
      body.token.expires_at = expiresAt;
      return send(201, JSON.stringify(body), { "X-Subject-Token": this.serviceToken });
    }
    if (request.headers["x-auth-token"] !== this.serviceToken) return fail("validate-bad-caller.txt");
    if (path === "/v3/auth/tokens") {
      if (this.validationFailure) return fail(this.validationFailure);
      if (request.headers["x-subject-token"] !== this.subject) return fail("validate-bad-subject.txt");
      return send(200, JSON.stringify({ token: { expires_at: expiresAt, ...(this.validated as object) } }));
    }
    const project = PROJECTS.find(({ id }) => path === `/v3/projects/${id}`);
    if (project) return send(200, JSON.stringify({ project }));
    return send(404, JSON.stringify({ error: { code: 404, message: "Could not find project", title: "Not Found" } }));
  }
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});

async function replayed(options: Partial<KeystoneOptions> = {}) {
  const peer = new ReplayedKeystone();
  servers.push(peer.server);
  await new Promise<void>((resolve) => peer.server.listen(0, "127.0.0.1", resolve));
  peer.validated = { ...DEMO, expires_at: new Date(Date.now() + 3_600_000).toISOString() };
  const logged: string[] = [];
  const keystone = new Keystone({
    url: `http://127.0.0.1:${(peer.server.address() as AddressInfo).port}/v3`,
    username: "admin",
    password: "secret",
    project: "admin",
    userDomain: "Default",
    projectDomain: "Default",
    log: (message, details) => logged.push(`${message} ${JSON.stringify(details)}`),
    ...options,
  });
  return { peer, keystone, logged };
}

describe("a Keystone that answers as recorded", () => {
  test("a valid token stands for its user, project and roles", async () => {
    const { keystone } = await replayed();
    expect(await keystone.authenticate("demo-token")).toEqual({
      userId: DEMO.user.id,
      projectId: DEMO.project.id,
      roles: ["member", "heat_stack_owner", "reader"],
    });
  });

  test("an unknown token is nobody, without a log line", async () => {
    const { keystone, logged } = await replayed();
    expect(await keystone.authenticate("nonsense")).toBeNull();
    expect(logged).toEqual([]);
  });

  test("a token without a project is nobody", async () => {
    const { keystone, peer } = await replayed();
    const { project: _, ...unscoped } = peer.validated as Record<string, unknown>;
    peer.validated = unscoped;
    expect(await keystone.authenticate("demo-token")).toBeNull();
  });

  test("a valid token is not asked about again for a while, an unknown one is", async () => {
    const { keystone, peer } = await replayed();
    for (let i = 0; i < 3; i++) await keystone.authenticate("demo-token");
    expect(peer.requests).toEqual(["POST /v3/auth/tokens", "GET /v3/auth/tokens"]);
    for (let i = 0; i < 3; i++) await keystone.authenticate("nonsense");
    expect(peer.requests).toHaveLength(5);
  });

  test("with a cache of zero seconds a revoked token is refused at once", async () => {
    const { keystone, peer } = await replayed({ cacheSeconds: 0 });
    expect(await keystone.authenticate("demo-token")).not.toBeNull();
    peer.subject = "another";
    expect(await keystone.authenticate("demo-token")).toBeNull();
  });

  test("a token is not trusted beyond its own expiry", async () => {
    const { keystone, peer } = await replayed();
    peer.validated = { ...DEMO, expires_at: new Date(Date.now() - 1000).toISOString() };
    await keystone.authenticate("demo-token");
    peer.subject = "another";
    expect(await keystone.authenticate("demo-token")).toBeNull();
  });

  test("fifty requests at the same time with one token ask once", async () => {
    const { keystone, peer } = await replayed();
    await Promise.all(Array.from({ length: 50 }, () => keystone.authenticate("demo-token")));
    expect(peer.requests).toHaveLength(2);
  });

  test("at most a thousand tokens are remembered", async () => {
    const { keystone, peer } = await replayed();
    const ask = async (token: string) => {
      peer.subject = token;
      expect(await keystone.authenticate(token)).not.toBeNull();
    };
    for (let i = 0; i <= 1000; i++) await ask(`token-${i}`);
    const before = peer.requests.length;
    await ask("token-1000");
    expect(peer.requests).toHaveLength(before);
    await ask("token-0");
    expect(peer.requests).toHaveLength(before + 1);
  });

  test("a service token that Keystone no longer takes is replaced, once", async () => {
    const { keystone, peer } = await replayed({ cacheSeconds: 0 });
    await keystone.authenticate("demo-token");
    peer.serviceToken = "the-next-one";
    expect(await keystone.authenticate("demo-token")).not.toBeNull();
    expect(peer.requests.slice(2)).toEqual(["GET /v3/auth/tokens", "POST /v3/auth/tokens", "GET /v3/auth/tokens"]);
  });

  test("a service token close to its expiry is replaced before it is used", async () => {
    const { keystone, peer } = await replayed({ cacheSeconds: 0 });
    peer.tokenLifeMs = 30_000;
    await keystone.authenticate("demo-token");
    await keystone.authenticate("demo-token");
    expect(peer.requests.filter((line) => line.startsWith("POST"))).toHaveLength(2);
  });

  test("wrong service credentials make every token invalid and say so in the log, without the password", async () => {
    const { keystone, logged } = await replayed({ password: "wrong-secret" });
    expect(await keystone.authenticate("demo-token")).toBeNull();
    expect(logged.join()).toContain("401 to the log-in of user admin");
    expect(logged.join()).not.toContain("wrong-secret");
    expect(logged.join()).not.toContain("demo-token");
  });

  test("a service user without the right to validate makes every token invalid and says so", async () => {
    const { keystone, peer, logged } = await replayed();
    peer.validationFailure = "validate-member-caller.txt";
    expect(await keystone.authenticate("demo-token")).toBeNull();
    expect(logged.join()).toContain("403");
  });

  test("projects are known by id; names, odd ids and paths are not", async () => {
    const { keystone, peer } = await replayed();
    const known = PROJECTS.map(({ id }) => id);
    expect(await keystone.unknownProjects([...known, "demo", "..", "a/b", ""])).toEqual(["demo", "..", "a/b", ""]);
    expect(peer.requests).not.toContain("GET /v3/");
  });
});

describe("a Keystone that does not answer", () => {
  test("a refused connection counts as an invalid token, with the reason in the log", async () => {
    const { peer, keystone, logged } = await replayed();
    await new Promise((resolve) => peer.server.close(resolve));
    expect(await keystone.authenticate("demo-token")).toBeNull();
    expect(logged.join()).toContain("ECONNREFUSED");
  });

  test("an answer that takes too long counts as an invalid token", async () => {
    const silent = createServer(() => {});
    servers.push(silent);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const { keystone } = await replayed({ url, timeoutMs: 50 });
    expect(await keystone.authenticate("demo-token")).toBeNull();
  });

  test("asking about projects is an error of the identity service, not an unknown project", async () => {
    const { peer, keystone } = await replayed();
    await new Promise((resolve) => peer.server.close(resolve));
    await expect(keystone.unknownProjects([PROJECTS[0]!.id])).rejects.toMatchObject({ code: "identity.unavailable" });
  });
});

// A real one: OSTRO_TEST_KEYSTONE=http://127.0.0.1:5000/v3, admin of project admin with OSTRO_TEST_KEYSTONE_PASSWORD.
const REAL = process.env.OSTRO_TEST_KEYSTONE;
describe.skipIf(REAL === undefined)("a real Keystone", () => {
  const options: KeystoneOptions = {
    url: REAL!,
    username: "admin",
    password: process.env.OSTRO_TEST_KEYSTONE_PASSWORD ?? "peerpass",
    project: "admin",
    userDomain: "Default",
    projectDomain: "Default",
    log: () => {},
  };
  const logIn = async () => {
    const response = await fetch(`${REAL}/auth/tokens`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        auth: {
          identity: {
            methods: ["password"],
            password: { user: { name: "admin", domain: { name: "Default" }, password: options.password } },
          },
          scope: { project: { name: "admin", domain: { name: "Default" } } },
        },
      }),
    });
    return response.headers.get("X-Subject-Token")!;
  };

  test("takes its own tokens, knows its own projects and refuses others", async () => {
    const keystone = new Keystone(options);
    const caller = await keystone.authenticate(await logIn());
    expect(caller?.roles).toContain("admin");
    expect(await keystone.authenticate("nonsense")).toBeNull();
    expect(await keystone.unknownProjects([caller!.projectId, "0".repeat(32)])).toEqual(["0".repeat(32)]);
  });

  test("a revoked token is refused once the cache has forgotten it", async () => {
    const keystone = new Keystone({ ...options, cacheSeconds: 0 });
    const token = await logIn();
    expect(await keystone.authenticate(token)).not.toBeNull();
    await fetch(`${REAL}/auth/tokens`, {
      method: "DELETE",
      headers: { "X-Auth-Token": await logIn(), "X-Subject-Token": token },
    });
    expect(await keystone.authenticate(token)).toBeNull();
  });
});
