import { describe, expect, test } from "vitest";
import type { RequestReport } from "../../../../host/api/observe.ts";
import { valenceApi } from "../../../../host/api/valence/index.ts";
import { SETTINGS } from "./settings.ts";

const reports: RequestReport[] = [];
const app = valenceApi({
  ...SETTINGS,
  publicEndpoint: null,
  bound: "pod.example",
  observer: { finished: (report) => reports.push(report), failed: () => {} },
});
// biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
const json = async (response: Response): Promise<any> => response.json();
const ask = (path: string, init?: RequestInit) => app.request(`http://pod.example:8181${path}`, init);

describe("the version documents", () => {
  test("/ names version 1 with its microversions", async () => {
    const response = await ask("/");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      name: "OpenStack Valence API",
      description: "Valence is an OpenStack project",
      versions: [
        {
          id: "v1",
          status: "CURRENT",
          min_version: "1.0",
          max_version: "1.1",
          links: [{ rel: "self", href: "http://pod.example:8181/v1/" }],
        },
      ],
    });
  });

  test.each(["/v1", "/v1/"])("%s links every resource of version 1", async (path) => {
    const body = await json(await ask(path));
    expect(body).toMatchObject({ id: "v1", links: [{ rel: "self", href: "http://pod.example:8181/v1/" }, {}] });
    const { rel, href, type } = body.links[1];
    expect([rel, type]).toEqual(["describedby", "application/json"]);
    const description = await json(await app.request(href));
    expect([description.openapi, Object.keys(description.paths)]).toEqual(["3.1.0", ["/", "/v1"]]);
    const names = ["nodes", "storages", "flavors", "systems", "pod_managers", "racks", "devices", "pooled"];
    for (const name of names) {
      expect(body[name]).toEqual([
        { rel: "self", href: `http://pod.example:8181/v1/${name}/` },
        { rel: "bookmark", href: `http://pod.example:8181/${name}/` },
      ]);
    }
  });

  test("behind a proxy the links are those the client can follow", async () => {
    const headers = { "X-Forwarded-Proto": "https", "X-Forwarded-Host": "cloud.example" };
    const body = await json(await ask("/", { headers }));
    expect(body.versions[0].links[0].href).toBe("https://cloud.example/v1/");
  });

  test("a forged forwarded host that is no host is ignored", async () => {
    const headers = { "X-Forwarded-Proto": "javascript", "X-Forwarded-Host": "a/b?<script>" };
    const body = await json(await ask("/", { headers }));
    expect(body.versions[0].links[0].href).toBe("http://pod.example:8181/v1/");
  });

  test.each(["/", "/v1"])("%s answers HEAD without a body, OPTIONS with Allow and POST with 405", async (path) => {
    const head = await ask(path, { method: "HEAD" });
    expect([head.status, await head.text()]).toEqual([200, ""]);
    const options = await ask(path, { method: "OPTIONS" });
    expect([options.status, options.headers.get("Allow")]).toEqual([200, "GET,HEAD,OPTIONS"]);
    const post = await ask(path, { method: "POST" });
    expect([post.status, post.headers.get("Allow")]).toEqual([405, "GET,HEAD,OPTIONS"]);
    expect(await post.json()).toMatchObject({ status: 405, code: "Method Not Allowed" });
  });
});

describe("everything else", () => {
  test.each(["/v1/nothing", "/v1/flavor", "/nothing", "//v1", "/v2/", "/NODES", "/redfish/v1"])(
    "%s is a 404 in Valence's form",
    async (path) => {
      const response = await ask(path, { headers: { "X-Auth-Token": "reader-token" } });
      const requestId = response.headers.get("X-Openstack-Request-Id");
      expect(response.status).toBe(404);
      expect(response.headers.get("Content-Type")).toBe("application/json");
      expect(await response.json()).toEqual({
        code: "Not Found",
        detail: expect.stringContaining("No such path"),
        request_id: requestId,
        status: 404,
        title: "Resource could not be found",
      });
    },
  );

  test("unknown paths are one route for the metrics", () => {
    expect(new Set(reports.map((report) => report.route))).toEqual(new Set(["/", "/v1", "/openapi.json", "unknown"]));
  });
});

test("health, readiness and metrics answer on this port too", async () => {
  expect((await ask("/healthz")).status).toBe(200);
  expect((await ask("/readyz")).status).toBe(200);
  expect(await (await ask("/metrics")).text()).toContain("ostro_hosts 64");
});

test("a request id of the usual form is taken over, any other text is not", async () => {
  const mine = "req-01234567-89ab-4def-8123-456789abcdef";
  const answered = async (id: string) =>
    (await ask("/v1", { headers: { "X-Openstack-Request-Id": id } })).headers.get("X-Openstack-Request-Id");
  expect(await answered(mine)).toBe(mine);
  for (const id of ["", "1", `${mine}0`, mine.toUpperCase(), "req-<script>"]) {
    expect(await answered(id)).toMatch(/^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(await answered(id)).not.toBe(id);
  }
});
