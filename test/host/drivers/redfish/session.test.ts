import { describe, expect, it, onTestFinished } from "vitest";
import { client, json, never, PASSWORD, type Reply, raw, root, type Service, service } from "./service.ts";

const ROOT = "GET /redfish/v1/";
const X = "/redfish/v1/x";
const SESSIONS = "/redfish/v1/SessionService/Sessions";
const BASIC = `Basic ${Buffer.from(`admin:${PASSWORD}`).toString("base64")}`;

/** Sessions that a test can end; what is asked without one is refused. */
async function guarded(refusal: Reply = (_, r) => json(r, 401, {})) {
  let made = 0;
  const open = new Set<string>();
  const guard: Reply = (received, response) =>
    open.has(String(received.headers["x-auth-token"])) ? json(response, 200, {}) : refusal(received, response);
  const peer = await service({
    [ROOT]: root({ Links: { Sessions: { "@odata.id": SESSIONS } } }),
    [`POST ${SESSIONS}`]: (_, response) => {
      const token = `token-${++made}`;
      open.add(token);
      json(response, 201, {}, { "x-auth-token": token, location: `${SESSIONS}/${made}` });
    },
    "*": guard,
  });
  return { peer, end: () => open.clear() };
}

const logIns = (peer: Service) => peer.count(`POST ${SESSIONS}`);
const proofs = (peer: Service) =>
  peer.received
    .filter(({ path }) => path === X)
    .map(({ headers }) => headers["x-auth-token"] ?? headers.authorization ?? "none");

describe("a session", () => {
  it("is had once for all requests, and ended at the end", async () => {
    const { peer } = await guarded();
    const opened = client(peer.url);
    await opened.get(X, never);
    await opened.get(X, never);
    expect(proofs(peer)).toEqual(["token-1", "token-1"]);
    expect(JSON.parse(peer.received.find(({ method }) => method === "POST")!.body)).toEqual({
      UserName: "admin",
      Password: PASSWORD,
    });
    await opened.close();
    expect(peer.received.at(-1)).toMatchObject({
      method: "DELETE",
      path: `${SESSIONS}/1`,
      headers: { "x-auth-token": "token-1" },
    });
  });

  it("is opened before credentials are shown to anything else: the root is read without", async () => {
    const { peer } = await guarded();
    await client(peer.url).get(X, never);
    expect(peer.received[0]!.path).toBe("/redfish/v1/");
    expect(peer.received[0]!.headers.authorization).toBeUndefined();
  });

  it("is had once although many ask at the same time", async () => {
    const { peer } = await guarded();
    const opened = client(peer.url);
    await Promise.all(Array.from({ length: 50 }, async () => await opened.get(X, never)));
    expect(logIns(peer)).toBe(1);
    expect(peer.count(ROOT)).toBe(1);
  });

  it.each<[string, Reply]>([
    ["401", (_, r) => json(r, 401, { error: { code: "Base.1.0.NoValidSession" } })],
    ["a 403 with a text", raw(403, "Forbidden: not logged in")],
  ])("that has expired, which is told by %s, is replaced once for all", async (_, refusal) => {
    const { peer, end } = await guarded(refusal);
    const opened = client(peer.url);
    await opened.get(X, never);
    end();
    await Promise.all(Array.from({ length: 50 }, async () => await opened.get(X, never)));
    expect(logIns(peer)).toBe(2);
    expect(proofs(peer).at(-1)).toBe("token-2");
  });

  it("that has expired does not keep an order from being given once", async () => {
    const { peer, end } = await guarded();
    const opened = client(peer.url);
    await opened.get(X, never);
    end();
    await opened.post(X, { order: 1 }, never);
    expect(peer.received.filter(({ path, method }) => path === X && method === "POST").map(({ body }) => body)).toEqual(
      ['{"order":1}', '{"order":1}'],
    );
    expect(proofs(peer)).toEqual(["token-1", "token-1", "token-2"]);
  });

  it("is not asked for over and over by a service that takes none of its own", async () => {
    const { peer, end } = await guarded();
    const opened = client(peer.url);
    await opened.get(X, never);
    peer.on("*", (_, r) => json(r, 401, {}));
    end();
    await expect(opened.get(X, never)).rejects.toMatchObject({ code: "pod-manager.credentials" });
    expect(logIns(peer)).toBe(2);
  });

  it("stays when a service denies one thing", async () => {
    const { peer } = await guarded();
    peer.on(`GET ${X}`, (_, r) => json(r, 403, { error: { message: "Not for you." } }));
    await expect(client(peer.url).get(X, never)).rejects.toMatchObject({
      code: "pod-manager.credentials",
      message: expect.stringContaining("Not for you."),
    });
    expect(logIns(peer)).toBe(1);
  });

  it("goes on for others when the one who waited for the log-in gives up", async () => {
    const { peer } = await guarded();
    const abort = new AbortController();
    const opened = client(peer.url);
    const [first, second] = [opened.get(X, abort.signal), opened.get(X, never)];
    abort.abort(new Error("enough"));
    await expect(first).rejects.toThrow("enough");
    await expect(second).resolves.toMatchObject({ path: X });
    expect(logIns(peer)).toBe(1);
  });
});

describe("a log-in", () => {
  it.each<[string, number, Record<string, string>, unknown]>([
    ["201 with a body", 201, { location: `${SESSIONS}/1` }, { Id: "1" }],
    ["204, as the mockup server has it", 204, { location: `${SESSIONS}/1` }, undefined],
    ["200 with the session in the body alone", 200, {}, { "@odata.id": `${SESSIONS}/1` }],
  ])("is answered with %s", async (_, status, headers, body) => {
    const peer = await service({
      [ROOT]: root({ Links: { Sessions: { "@odata.id": SESSIONS } } }),
      [`POST ${SESSIONS}`]: raw(status, body === undefined ? "" : JSON.stringify(body), {
        ...headers,
        "x-auth-token": "t",
      }),
      "*": {},
    });
    const opened = client(peer.url);
    await opened.get(X, never);
    await opened.close();
    expect(proofs(peer)).toEqual(["t"]);
    expect(peer.count(`DELETE ${SESSIONS}/1`)).toBe(1);
  });

  it.each([401, 403])("that is refused with %i says that it is the credentials", async (status) => {
    const { peer } = await guarded();
    peer.on(`POST ${SESSIONS}`, (_, r) => json(r, status, { error: { message: "Who are you?" } }));
    await expect(client(peer.url).get(X, never)).rejects.toMatchObject({
      code: "pod-manager.credentials",
      message: expect.stringContaining("Who are you?"),
    });
    expect(proofs(peer)).toEqual([]);
  });

  it("whose log-in fails ends nothing but the request when its caller had given up before", async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    onTestFinished(() => void process.off("unhandledRejection", note));
    const peer = await service({ [ROOT]: (_, r) => json(r, 500, {}) });
    const opened = client(peer.url);
    const gone = AbortSignal.abort(new Error("the caller is gone"));
    await expect(opened.get(X, gone)).rejects.toThrow("the caller is gone");
    await expect(opened.root(gone)).rejects.toThrow("the caller is gone");
    await expect(opened.root(never)).rejects.toMatchObject({ upstreamStatus: 502 });
    await new Promise((resolve) => setImmediate(resolve));
    expect(unhandled).toEqual([]);
  });

  it("with a password that must be changed says so", async () => {
    const info = [{ MessageId: "Base.1.5.PasswordChangeRequired", Message: "Change it first." }];
    const { peer } = await guarded();
    peer.on(`POST ${SESSIONS}`, (_, r) => json(r, 201, { "@Message.ExtendedInfo": info }, { "x-auth-token": "t" }));
    await expect(client(peer.url).get(X, never)).rejects.toThrow(/wants the password .* changed .*: Change it first\./);
  });

  it("is found through the session service where the root does not name it", async () => {
    const { peer } = await guarded();
    peer.on(ROOT, root({ SessionService: { "@odata.id": "/redfish/v1/SessionService" } }));
    peer.on("GET /redfish/v1/SessionService", { Sessions: { "@odata.id": SESSIONS } });
    await client(peer.url).get(X, never);
    expect(proofs(peer)).toEqual(["token-1"]);
  });

  it("is where the standard has it for a service that shows it to nobody before", async () => {
    const { peer } = await guarded();
    peer.on(ROOT, root({ SessionService: { "@odata.id": "/redfish/v1/SessionService" } }));
    await client(peer.url).get(X, never);
    expect(proofs(peer)).toEqual(["token-1"]);
  });

  it("at another host is not tried", async () => {
    const other = await service();
    const peer = await service({
      [ROOT]: root({ Links: { Sessions: { "@odata.id": `${other.url}${SESSIONS}` } } }),
      "*": {},
    });
    await client(peer.url).get(X, never);
    expect(other.received).toEqual([]);
  });
});

describe("Basic", () => {
  const sessions = { "@odata.id": SESSIONS };
  it.each<[string, object, Record<string, Reply | object>]>([
    ["has no SessionService", {}, {}],
    ["has one that is missing", { SessionService: { "@odata.id": "/redfish/v1/SessionService" } }, {}],
    [
      "has one that is switched off",
      { SessionService: { "@odata.id": "/redfish/v1/SessionService" } },
      { "GET /redfish/v1/SessionService": { ServiceEnabled: false, Sessions: sessions } },
    ],
    ...[400, 404, 405, 501, 503].map((status): [string, object, Record<string, Reply>] => [
      `answers ${status} to a log-in`,
      { Links: { Sessions: sessions } },
      { [`POST ${SESSIONS}`]: (_, r) => json(r, status, {}) },
    ]),
    ["gives no token", { Links: { Sessions: sessions } }, { [`POST ${SESSIONS}`]: raw(201, "{}") }],
    [
      "gives a token that no header can carry",
      { Links: { Sessions: sessions } },
      { [`POST ${SESSIONS}`]: raw(201, "{}", { "x-auth-token": "a b" }) },
    ],
  ])("is used where a service %s", async (_, links, routes) => {
    const peer = await service({ [ROOT]: root(links), ...routes, [`GET ${X}`]: {} });
    await client(peer.url).get(X, never);
    expect(proofs(peer)).toEqual([BASIC]);
  });

  it("credentials that are wrong are said to be", async () => {
    const peer = await service({ [ROOT]: root(), "*": (_, r) => json(r, 401, {}) });
    await expect(client(peer.url).get(X, never)).rejects.toMatchObject({
      code: "pod-manager.credentials",
      message: expect.stringContaining("rejected our credentials"),
    });
    expect(peer.count(`GET ${X}`)).toBe(1);
  });

  it("is shown at the root to services that insist on it", async () => {
    const peer = await service({
      [ROOT]: ({ headers }, r) => json(r, headers.authorization === BASIC ? 200 : 401, root()),
    });
    expect(await client(peer.url).entry("Systems", never)).toBe("/redfish/v1/Systems");
  });

  it("is left out where no credentials are registered", async () => {
    const { peer } = await guarded((_, r) => json(r, 200, {}));
    await client(peer.url, { username: "", password: "" }).get(X, never);
    expect(proofs(peer)).toEqual(["none"]);
    expect(logIns(peer)).toBe(0);
  });

  it("carries any characters", async () => {
    const peer = await service({ [ROOT]: root(), [`GET ${X}`]: {} });
    await client(peer.url, { username: "jürgen", password: "päß:wörd\n" }).get(X, never);
    expect(proofs(peer)).toEqual([`Basic ${Buffer.from("jürgen:päß:wörd\n").toString("base64")}`]);
  });
});

describe("the service root", () => {
  it("is read anew after something was not there, or the log-in failed", async () => {
    const peer = await service({ [ROOT]: root(), "GET /redfish/v1/closed": (_, r) => json(r, 401, {}) });
    const opened = client(peer.url);
    await opened.root(never);
    await opened.root(never);
    expect(peer.count(ROOT)).toBe(1);
    await opened.find("/redfish/v1/gone", never);
    await opened.root(never);
    expect(peer.count(ROOT)).toBe(2);
    await opened.get("/redfish/v1/closed", never).catch(() => undefined);
    await opened.root(never);
    expect(peer.count(ROOT)).toBe(3);
  });

  it("that could not be read is tried again", async () => {
    const peer = await service({ [ROOT]: (_, r) => json(r, 500, {}) });
    const opened = client(peer.url);
    await expect(opened.root(never)).rejects.toMatchObject({ upstreamStatus: 502 });
    peer.on(ROOT, root());
    await expect(opened.entry("Systems", never)).resolves.toBe("/redfish/v1/Systems");
  });
});
