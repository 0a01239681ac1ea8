import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "./test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

const flavor = { name: "f", properties: {} };

describe("the Host header", () => {
  const LOCAL = ["localhost", "LOCALHOST:8181", "127.0.0.1:8181", "127.9.9.9", "[::1]:8181", "ostro.localhost"];
  test.each(LOCAL)("%s is this machine", async (host) => {
    expect((await api.ask("GET", `http://${host}/v1/flavors`)).status).toBe(200);
  });

  test.each(["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "pod.example:8181"])(
    "%s may be a name that a web page lets point here: nothing is answered",
    async (host) => {
      for (const path of ["/", "/v1/pod_managers", "/Systems", "/openapi.json"]) {
        const { status, json } = await api.ask("GET", `http://${host}${path}`);
        expect([path, status, json.title]).toEqual([path, 403, "Forbidden"]);
        expect(json.detail).toMatch(/^Host: /);
      }
    },
  );

  test("the public endpoint is a name of the service, whose callers need credentials", async () => {
    const proxied = api.with({ publicEndpoint: "https://pod.example/" });
    expect((await proxied.ask("GET", "http://pod.example/v1/flavors")).status).toBe(401);
    const { json } = await proxied.ask("GET", "http://pod.example/v1/flavors", undefined, {
      "X-Auth-Token": "reader-token",
    });
    expect(json).toEqual([]);
    expect((await proxied.ask("GET", "http://pod.example/")).json.versions[0].links[0].href).toBe(
      "https://pod.example/v1/",
    );
  });

  test("where everybody needs credentials any name will do", async () => {
    const open = api.with({ bound: "0.0.0.0" });
    const token = { "X-Auth-Token": "reader-token" };
    expect((await open.ask("GET", "http://pod.example/v1/flavors", undefined, token)).status).toBe(200);
  });
});

describe("pages of a browser", () => {
  const NEAR = ["http://localhost:8080", "https://127.0.0.1", "http://[::1]:3000", "http://ui.localhost"];
  test.each(NEAR)("of %s may read and write", async (Origin) => {
    const read = await api.ask("GET", "/v1/flavors", undefined, { Origin });
    expect(read.headers.get("Access-Control-Allow-Origin")).toBe(Origin);
    expect(read.headers.get("Vary")).toBe("OpenStack-API-Version, Origin");
    expect((await api.ask("POST", "/v1/flavors", flavor, { Origin })).status).toBe(200);
    const headers = { Origin, "Access-Control-Request-Headers": "content-type" };
    const before = await api.ask("OPTIONS", "/v1/flavors", undefined, headers);
    expect(before.headers.get("Access-Control-Allow-Headers")).toBe("content-type");
    expect(before.headers.get("Access-Control-Allow-Methods")).toContain("PATCH");
  });

  const FAR = ["http://ui.example", "null", "http://localhost.evil.example", "file://", "http://127.0.0.1.nip.io", "x"];
  test.each(FAR)("of %s may neither read nor write", async (Origin) => {
    for (const method of ["GET", "OPTIONS"]) {
      const { headers } = await api.ask(method, "/v1/flavors", undefined, { Origin });
      expect(headers.get("Access-Control-Allow-Origin")).toBeNull();
      expect(headers.get("Access-Control-Allow-Methods")).toBeNull();
    }
    const before = (await api.ask("GET", "/v1/flavors")).json.length;
    // A form or a text needs no leave of the browser beforehand.
    const written = await api.ask("POST", "/v1/flavors", flavor, { Origin, "Content-Type": "text/plain" });
    expect([written.status, written.json.detail]).toEqual([403, expect.stringMatching(/^Origin: /)]);
    expect((await api.ask("GET", "/v1/flavors")).json.length).toBe(before);
  });

  test("origins can be configured, and opened to all", async () => {
    const some = api.with({ corsOrigins: ["http://ui.example"] });
    const allowed = async (asked: Pick<TestApi, "ask">, Origin: string) =>
      (await asked.ask("GET", "/v1", undefined, { Origin })).headers.get("Access-Control-Allow-Origin");
    expect(await allowed(some, "http://ui.example")).toBe("http://ui.example");
    expect(await allowed(some, "http://ui.example:81")).toBeNull();
    expect(await allowed(some, "http://localhost:8080")).toBeNull();
    expect(await allowed(api.with({ corsOrigins: ["*"] }), "https://any.example")).toBe("https://any.example");
  });

  test("a page that the service is served with itself may use it", async () => {
    const open = api.with({ bound: "0.0.0.0", corsOrigins: [] });
    const headers = { Origin: "http://pod.example:8181", "X-Auth-Token": "admin-token" };
    expect((await open.ask("POST", "http://pod.example:8181/v1/flavors", flavor, headers)).status).toBe(200);
  });
});
