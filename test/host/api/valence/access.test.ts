import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "./test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

const BASIC = { user: "operator", password: "rack: 7ü" };
const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString("base64")}` });
const flavor = { name: "f", properties: {} };

describe("on a loopback address", () => {
  test("everybody may read and write, as the client needs", async () => {
    expect((await api.ask("GET", "/v1/flavors")).status).toBe(200);
    expect((await api.ask("POST", "/v1/flavors", flavor)).status).toBe(200);
  });

  test.each([["X-Forwarded-For"], ["X-Forwarded-Host"], ["Forwarded"], ["X-Real-IP"], ["Via"]])(
    "who comes through a proxy (%s) needs credentials",
    async (header) => {
      expect((await api.ask("GET", "/v1/flavors", undefined, { [header]: "1.2.3.4" })).status).toBe(401);
      const known = { [header]: "1.2.3.4", "X-Auth-Token": "reader-token" };
      expect((await api.ask("GET", "/v1/flavors", undefined, known)).status).toBe(200);
    },
  );

  test("with a public endpoint elsewhere callers come through a proxy, whether it says so or not", async () => {
    const away = api.with({ publicEndpoint: "https://hardware.example" });
    expect((await away.ask("GET", "/v1/flavors")).status).toBe(401);
    expect((await away.ask("GET", "/v1/flavors", undefined, { "X-Auth-Token": "reader-token" })).status).toBe(200);
    expect((await api.with({ publicEndpoint: "http://localhost:8181" }).ask("GET", "/v1/flavors")).status).toBe(200);
  });

  test("a wrong token is refused rather than ignored", async () => {
    for (const token of ["", "wrong"])
      expect((await api.ask("GET", "/v1/flavors", undefined, { "X-Auth-Token": token })).status).toBe(401);
  });

  test("anonymous callers may only read through the passthrough", async () => {
    // 400: there is no pod manager to pass it on to.
    expect((await api.ask("GET", "/Systems")).status).toBe(400);
    for (const method of ["POST", "PATCH", "DELETE"]) {
      const refused = await api.ask(method, "/Nodes/1", {});
      expect([method, refused.status, refused.json.title]).toEqual([method, 401, "Authorization Error"]);
      expect((await api.ask(method, "/Nodes/1", {}, { "X-Auth-Token": "admin-token" })).status).toBe(400);
    }
  });
});

describe("on another address", () => {
  const open = () => api.with({ bound: "0.0.0.0" });

  test("nobody is served without credentials, in the form the client shows", async () => {
    for (const path of ["/v1/pod_managers", "/v1/nothing", "/Systems/1", "/nothing"]) {
      const { status, json, headers } = await open().ask("GET", path);
      expect([path, status, json.code, json.title]).toEqual([path, 401, "Unauthorized", "Authorization Error"]);
      expect(json.detail).toContain("X-Auth-Token");
      expect(headers.get("WWW-Authenticate")).toBeNull();
    }
  });

  test("version documents, their description, health and readiness stay open", async () => {
    for (const path of ["/", "/v1", "/openapi.json", "/healthz", "/readyz"])
      expect([path, (await open().ask("GET", path)).status]).toEqual([path, 200]);
  });

  test("what changes something needs the role admin, reading any token", async () => {
    const reader = { "X-Auth-Token": "reader-token" };
    expect((await open().ask("GET", "/v1/flavors", undefined, reader)).status).toBe(200);
    for (const [method, path] of [
      ["POST", "/v1/flavors"],
      ["POST", "/v1/devices/sync"],
      ["DELETE", "/v1/nodes/n"],
      ["PATCH", "/v1/flavors/f"],
      ["POST", "/Nodes/Actions/Allocate"],
    ] as const) {
      const refused = await open().ask(method, path, flavor, reader);
      expect([path, refused.status, refused.json.code]).toEqual([path, 403, "Forbidden"]);
    }
    expect((await open().ask("POST", "/v1/flavors", flavor, { "X-Auth-Token": "admin-token" })).status).toBe(200);
  });

  test("browsers may ask beforehand without credentials", async () => {
    const { status, headers } = await open().ask("OPTIONS", "/v1/flavors");
    expect([status, headers.get("Allow")]).toEqual([200, "GET,HEAD,POST,OPTIONS"]);
  });
});

describe("with a user for HTTP Basic", () => {
  const guarded = () => api.with({ basic: BASIC });

  test("nobody is served without, also on loopback, and is told how", async () => {
    const { status, headers } = await guarded().ask("GET", "/v1/flavors");
    expect([status, headers.get("WWW-Authenticate")]).toEqual([401, 'Basic realm="Ostro", charset="UTF-8"']);
  });

  test("that user may do everything, also through the passthrough", async () => {
    const right = basic(`${BASIC.user}:${BASIC.password}`);
    expect((await guarded().ask("POST", "/v1/flavors", flavor, right)).status).toBe(200);
    expect((await guarded().ask("DELETE", "/Nodes/1", undefined, right)).status).toBe(400);
  });

  test.each([
    ["another password", basic(`${BASIC.user}:rack`)],
    ["another user", basic(`Operator:${BASIC.password}`)],
    ["no colon", basic(BASIC.user)],
    ["nothing", basic("")],
    ["no base64", { Authorization: "Basic %%%" }],
    ["another scheme", { Authorization: `Bearer ${Buffer.from("operator:rack: 7ü").toString("base64")}` }],
  ])("%s is refused", async (_, headers) => {
    expect((await guarded().ask("GET", "/v1/flavors", undefined, headers)).status).toBe(401);
  });

  test("a token is taken all the same", async () => {
    expect((await guarded().ask("GET", "/v1/flavors", undefined, { "X-Auth-Token": "reader-token" })).status).toBe(200);
  });
});
