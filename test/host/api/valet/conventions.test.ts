import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "./test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
  await api.ask("POST", "/v1/groups", { name: "tenants", type: "exclusivity", level: "host" });
  await api.ask("PUT", "/v1/groups/tenants/members", { members: ["demo"] });
  await api.ask("POST", "/v1/plans", {
    plan_name: "stack",
    stack_id: "stack",
    resources: { server: { name: "server", type: "OS::Nova::Server", properties: { flavor: "m1.small" } } },
  });
});
afterAll(() => api.close());

const METHODS = ["HEAD", "GET", "POST", "PUT", "PATCH", "DELETE", "PROPFIND"];
const PATHS: [path: string, allow: string][] = [
  ["/", "GET"],
  ["/v1", "GET"],
  ["/v1/groups", "GET,POST"],
  ["/v1/groups/tenants", "GET,PUT,DELETE"],
  ["/v1/groups/tenants/members", "PUT,DELETE"],
  ["/v1/groups/tenants/members/demo", "GET,DELETE"],
  ["/v1/plans", "GET,POST"],
  ["/v1/plans/stack", "GET,PUT,DELETE"],
  ["/v1/placements", "GET"],
  ["/v1/placements/server", "GET,POST,DELETE"],
  ["/v1/status", "HEAD,GET"],
  ["/v1/resources", "GET"],
];
const slashed = (path: string) => (path === "/" ? path : `${path}/`);

describe.each(PATHS)("%s", (path, allow) => {
  test("answers OPTIONS with 204, no body and the methods it takes, with and without a slash at the end", async () => {
    for (const form of [path, slashed(path)]) {
      const response = await api.ask("OPTIONS", form);
      expect([response.status, response.allow, response.text]).toEqual([204, allow, ""]);
    }
  });

  test.each(METHODS.filter((method) => !allow.split(",").includes(method)))("refuses %s with 405", async (method) => {
    for (const form of [path, slashed(path)]) {
      const response = await api.ask(method, form);
      expect([response.status, response.allow]).toEqual([405, allow]);
      if (method === "HEAD") expect(response.text).toBe("");
      else expect(response.json.explanation).toBe(`The ${method} method is not allowed.`);
    }
  });
});

describe("reading", () => {
  const readable = PATHS.filter(([path, allow]) => allow.includes("GET") && path !== "/v1/resources");
  test.each(readable)("%s gives the same with and without a slash at the end", async (path) => {
    const [plain, withSlash] = [await api.ask("GET", path), await api.ask("GET", slashed(path))];
    expect(plain.status).toBe(path === "/v1/groups/tenants/members/demo" ? 204 : 200);
    expect([withSlash.status, withSlash.text]).toEqual([plain.status, plain.text]);
    expect(plain.headers.get("Content-Type")).toBe(plain.status === 204 ? null : "application/json");
  });

  test("HEAD /v1/status is 204 without a body", async () => {
    const response = await api.ask("HEAD", "/v1/status");
    expect([response.status, response.text]).toEqual([204, ""]);
  });

  test("GET /v1/status says that the engine answers", async () => {
    const { json } = await api.ask("GET", "/v1/status");
    expect(json.status.ostro.status).toEqual({ type: "ok", message: "ping" });
    expect(json.status.ostro.resources).toEqual({ ip: expect.any(String), id: expect.any(Number) });
  });

  test("a body on GET is ignored", async () => {
    const request = new Request("http://h/v1/groups", { headers: { "X-Auth-Token": "admin-token" } });
    expect((await api.app.request(request)).status).toBe(200);
  });
});

describe("items are looked up before the method", () => {
  const missing = ["/v1/groups/none", "/v1/groups/none/members", "/v1/groups/none/members/demo"];
  const paths = [...missing, "/v1/groups/tenants/members/none", "/v1/plans/none", "/v1/placements/none"];
  test.each(paths)("%s is 404 for every method", async (path) => {
    for (const method of ["GET", "PUT", "PATCH", "DELETE", "POST", "OPTIONS"]) {
      const response = await api.ask(method, path, method === "GET" ? undefined : {});
      expect([method, response.status, response.allow]).toEqual([method, 404, null]);
      expect(response.json.explanation).toMatch(/not found/i);
    }
  });
});

describe("paths that do not exist", () => {
  const hostile = ["//v1/groups", "/v2", "/v1x", "/errors/not_found", "/index.html", "/%2e%2e/%2e%2e/etc/passwd", "//"];
  test.each(hostile)("%s is 404 without a token", async (path) => {
    const response = await api.ask("GET", path, undefined, null);
    expect([response.status, response.json.error.type]).toEqual([404, "HTTPNotFound"]);
  });

  const below = [
    "/v1/nothing",
    "/v1//groups",
    "/v1/groups//",
    "/v1/groups/a/b",
    "/v1/plans/stack/x",
    "/v1/groups/tenants/members/demo/x",
  ];
  test.each(below)("%s is 401 without a token and 404 with one", async (path) => {
    expect((await api.ask("GET", path, undefined, null)).status).toBe(401);
    expect((await api.ask("GET", path)).status).toBe(404);
  });

  const names: [name: string, path: string][] = [
    ["NUL", "%00"],
    ["bytes that are no UTF-8", "%E0%A4%A"],
    ["with a slash in it", "a%2Fb"],
    ["as the folder above", "..%2f"],
    ["a picture", "%F0%9F%92%A9"],
    ["as SQL", "x'%20OR%201=1--"],
    ["constructor", "constructor"],
    ["__proto__", "__proto__"],
    ["with 9,000 letters", "a".repeat(9000)],
  ];
  test.each(names)("an item called %s is 404", async (_, name) => {
    for (const collection of ["groups", "plans", "placements", "groups/tenants/members"]) {
      const response = await api.ask("GET", `/v1/${collection}/${name}`);
      expect([collection, response.status]).toEqual([collection, 404]);
    }
  });

  test("a name that ends like a file is taken literally", async () => {
    await api.ask("POST", "/v1/groups", { name: "racks.json", type: "diversity", level: "rack" });
    expect((await api.ask("GET", "/v1/groups/racks.json")).json.group.name).toBe("racks.json");
    expect((await api.ask("GET", "/v1/groups/racks")).status).toBe(404);
  });
});

describe("the version documents", () => {
  test("/ names version 1 under the address the client used", async () => {
    const response = await api.app.request("https://placement.example:8443/");
    expect(await response.json()).toEqual({
      versions: [
        { status: "CURRENT", id: "v1.0", links: [{ href: "https://placement.example:8443/v1/", rel: "self" }] },
      ],
    });
  });

  test("/v1 links groups, placements, plans and status, in this order", async () => {
    const { json } = await api.ask("GET", "/v1/");
    const links = ["groups", "placements", "plans", "status"].map((name) => ({
      href: `http://localhost/v1/${name}/`,
      rel: "self",
    }));
    expect(json).toEqual({ versions: [{ status: "CURRENT", id: "v1.0", links }] });
  });
});

test("health, readiness, metrics and the description need no token", async () => {
  for (const path of ["/healthz", "/readyz", "/metrics", "/openapi.json"]) {
    expect([path, (await api.ask("GET", path, undefined, null)).status]).toEqual([path, 200]);
  }
});
