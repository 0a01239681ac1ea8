import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "./test-api.ts";

let api: TestApi;
let ids: string[];
beforeAll(async () => {
  api = await openTestApi();
  ids = [];
  for (const name of ["b", "c", "a"])
    ids.push((await api.ask("POST", "/v1/flavors", { name, properties: {} })).json.uuid);
});
afterAll(() => api.close());

const NEW = { "OpenStack-API-Version": "valence 1.1" };
const names = async (query: string) =>
  (await api.ask("GET", `/v1/flavors?${query}`)).json.map(({ name }: { name: string }) => name);

describe("paths", () => {
  test("a slash at the end makes no difference, and nothing is redirected", async () => {
    for (const path of ["/v1", "/v1/flavors", `/v1/flavors/${ids[0]}`, "/v1/pod_managers", "/v1/nodes"])
      expect([path, (await api.ask("GET", `${path}/`)).text.slice(0, 40)]).toEqual([
        path,
        (await api.ask("GET", path)).text.slice(0, 40),
      ]);
    expect((await api.ask("POST", "/v1/flavors/", { name: "x" })).status).toBe(400);
  });

  test("bookmarks and the misprint of the reference lead to version 1", async () => {
    expect((await api.ask("GET", `/flavors/${ids[0]}`)).json.name).toBe("b");
    const { links } = (await api.ask("GET", `/v1/flavors/${ids[0]}`)).json;
    for (const { href } of links) expect((await api.ask("GET", href)).json.uuid).toBe(ids[0]);
    expect((await api.ask("POST", "/v1/pod_manager", {})).json.title).toBe("Validation Error");
    expect((await api.ask("GET", "/v1/pod_manager")).json).toEqual([]);
  });

  test("HEAD answers as GET without a body", async () => {
    for (const path of ["/v1/flavors", "/v1/pod_managers", "/v1/devices"]) {
      const head = await api.ask("HEAD", path);
      expect([head.status, head.text, head.headers.get("Content-Type")]).toEqual([200, "", "application/json"]);
    }
    expect((await api.ask("HEAD", "/v1/flavors/none")).status).toBe(404);
  });

  test("other methods are 405 with Allow, PUT everywhere", async () => {
    for (const [method, path, allow] of [
      ["PUT", "/v1/flavors", "GET,HEAD,POST,OPTIONS"],
      ["PUT", `/v1/flavors/${ids[0]}`, "GET,HEAD,PATCH,DELETE,OPTIONS"],
      ["DELETE", "/v1/devices", "GET,HEAD,OPTIONS"],
      ["GET", "/v1/nodes/x/action", "POST,OPTIONS"],
      ["PUT", "/Systems/1", "GET,HEAD,POST,PATCH,DELETE,OPTIONS"],
      ["DELETE", "/v1/devices/sync", "GET,HEAD,OPTIONS"],
    ] as const) {
      const { status, json, headers } = await api.ask(method, path);
      expect([path, status, json.code, headers.get("Allow")]).toEqual([path, 405, "Method Not Allowed", allow]);
      expect((await api.ask("OPTIONS", path)).headers.get("Allow")).toContain("OPTIONS");
    }
  });

  test("`manage` and `sync` are ids for those who read", async () => {
    expect((await api.ask("GET", "/v1/nodes/manage")).json.detail).toContain("Node manage not found");
    expect((await api.ask("GET", "/v1/devices/sync")).json.detail).toContain("Device sync not found");
  });

  test.each([
    "a%2Fb",
    "%00",
    "a%00b",
    "%F0%9F%90%91",
    "%E0%A4%A",
    "%ff",
    "..%2f..%2fetc",
    "'%20or%201=1",
    "x".repeat(3000),
    "%22%3Cscript%3E",
  ])("an id of %s is one that nothing has", async (id) => {
    for (const collection of [
      "pod_managers",
      "flavors",
      "nodes",
      "devices",
      "storages",
      "systems",
      "racks",
      "pooled",
      "operations",
    ]) {
      const { status, json } = await api.ask("GET", `/v1/${collection}/${id}`);
      expect([collection, status, json.title]).toEqual([collection, 404, "Resource could not be found"]);
    }
    for (const [method, path, body] of [
      ["DELETE", `/v1/nodes/${id}`, undefined],
      ["DELETE", `/v1/flavors/${id}`, undefined],
      ["PATCH", `/v1/pod_managers/${id}`, { name: "x" }],
      ["PATCH", `/v1/nodes/${id}`, [{ op: "remove", path: "/description" }]],
      ["POST", `/v1/nodes/${id}/action`, { Reset: { Type: "On" } }],
      ["POST", `/v1/nodes/${id}/register`, {}],
      ["GET", `/v1/nodes/${id}/assets`, undefined],
    ] as const)
      expect([method, (await api.ask(method, path, body)).status]).toEqual([method, 404]);
    expect(api.failed).toEqual([]);
  });
});

describe("bodies", () => {
  test.each(["{}", "[]", "not JSON", '{"name": "a"}', '"'])("%s on DELETE is read over", async (body) => {
    expect((await api.ask("DELETE", "/v1/flavors/none", body)).status).toBe(404);
  });

  test("one that is too large is 413", async () => {
    const body = `{"name": "${"x".repeat(70_000)}"}`;
    for (const method of ["POST", "DELETE"]) {
      const { status, json } = await api.ask(method, `/v1/flavors${method === "POST" ? "" : "/none"}`, body);
      expect([method, status, json.code]).toEqual([method, 413, "Payload Too Large"]);
    }
  });

  test.each([
    ["text/plain", 415],
    ["application/x-www-form-urlencoded", 415],
    ["application/json-patch+json", 415],
    ["application/json; charset=utf-8", 200],
    ["APPLICATION/JSON", 200],
    ["", 200],
  ])("a Content-Type of %j is answered %i", async (type, status) => {
    const answer = await api.ask("POST", "/v1/flavors", '{"name": "typed", "properties": {}}', {
      "Content-Type": type,
    });
    expect(answer.status).toBe(status);
    if (status === 415) expect(answer.json.detail).toContain("application/json");
    else await api.ask("DELETE", `/v1/flavors/${answer.json.uuid}`);
  });

  test.each([
    ["nothing", undefined],
    ["an empty text", ""],
    ["half an object", '{"name": "x"'],
    ["a list", "[]"],
    ["null", "null"],
    ["a number that JSON does not know", '{"name": NaN}'],
    ["bytes that are no UTF-8", new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])],
  ])("%s for a body is 400", async (_, body) => {
    for (const [method, path] of [
      ["POST", "/v1/flavors"],
      ["POST", "/v1/pod_managers"],
      ["POST", "/v1/nodes"],
      ["POST", "/v1/nodes/manage"],
      ["POST", "/v1/nodes/x/action"],
    ] as const) {
      const { status, json } = await api.ask(method, path, body);
      expect([path, status, json.code]).toEqual([path, 400, "Bad Request"]);
      expect(json.detail.length).toBeGreaterThan(10);
    }
  });
});

describe("microversions", () => {
  test.each([
    [undefined, "1.0"],
    ["valence 1.0", "1.0"],
    ["valence 1.1", "1.1"],
    ["Valence  LATEST", "1.1"],
    ["compute 2.90, valence 1.1", "1.1"],
    ["compute 2.90", "1.0"],
    ["1.1", "1.1"],
    ["", "1.0"],
  ])("%j is answered by %s", async (wanted, version) => {
    const headers = wanted === undefined ? {} : { "OpenStack-API-Version": wanted };
    const answer = await api.ask("GET", "/v1/pod_managers", undefined, headers);
    expect(answer.headers.get("OpenStack-API-Version")).toBe(`valence ${version}`);
    expect(answer.headers.get("OpenStack-API-Minimum-Version")).toBe("valence 1.0");
    expect(answer.headers.get("OpenStack-API-Maximum-Version")).toBe("valence 1.1");
    expect(answer.headers.get("Vary")).toContain("OpenStack-API-Version");
    expect(Array.isArray(answer.json)).toBe(version === "1.0");
  });

  test.each(["valence 1.2", "valence 2.0", "valence", "valence latest now", "valence 1.1.0", "2", "valence 1.01"])(
    "%j is 406 with the versions there are",
    async (wanted) => {
      const { status, json } = await api.ask("GET", "/v1/flavors", undefined, { "OpenStack-API-Version": wanted });
      expect([status, json.code, json.min_version, json.max_version]).toEqual([406, "Not Acceptable", "1.0", "1.1"]);
    },
  );

  test("envelopes, dates, deletions and errors are those of the version", async () => {
    for (const name of ["pod_managers", "nodes", "systems", "operations"]) {
      expect((await api.ask("GET", `/v1/${name}`)).json).toEqual([]);
      expect((await api.ask("GET", `/v1/${name}`, undefined, NEW)).json).toEqual({ [name]: [] });
    }
    for (const name of ["devices", "racks"])
      expect((await api.ask("GET", `/v1/${name}`, undefined, NEW)).json).toEqual([]);
    expect((await api.ask("GET", "/v1/pooled")).json).toEqual({ resources: [] });
    expect((await api.ask("GET", "/v1/storages", undefined, NEW)).json).toEqual({ storages: [] });

    const made = await api.ask("POST", "/v1/flavors", { name: "dated", properties: {} }, NEW);
    expect(made.json.created_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/);
    expect((await api.ask("GET", `/v1/flavors/${made.json.uuid}`)).json.created_at).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/,
    );
    const gone = await api.ask("DELETE", `/v1/flavors/${made.json.uuid}`, undefined, NEW);
    expect([gone.status, gone.text]).toEqual([204, ""]);
    const { json } = await api.ask("GET", "/v1/flavors/none", undefined, NEW);
    const { errors, ...flat } = json;
    expect(errors).toEqual([{ ...flat, links: [] }]);
  });
});

describe("lists", () => {
  test("filters are exact, ANDed, and the first of a repeated one counts", async () => {
    expect(await names("name=a")).toEqual(["a"]);
    expect(await names("name=A")).toEqual([]);
    expect(await names(`name=a&uuid=${ids[0]}`)).toEqual([]);
    expect(await names("name=b&name=a")).toEqual(["b"]);
    expect(await names("description=")).toEqual([]);
    expect(await names("properties=[object Object]")).toEqual([]);
  });

  test.each([
    ["/v1/flavors?bogus=1", "bogus"],
    ["/v1/devices?bogus=1", "bogus"],
    ["/v1/nodes?managed=ironic", "managed"],
    ["/v1/pod_managers?Name=x", "Name"],
    ["/v1/systems?bogus=1", "bogus"],
    ["/v1/racks?ram=1", "ram"],
    ["/v1/storages?type=SSD", "type"],
    ["/v1/flavors?fields=uuid,bogus", "bogus"],
    ["/v1/flavors?sort_key=bogus", "bogus"],
    ["/v1/flavors?sort_dir=up", "sort_dir"],
    ["/v1/flavors?limit=0", "limit"],
    ["/v1/flavors?limit=-1", "limit"],
    ["/v1/flavors?limit=ten", "limit"],
    ["/v1/flavors?marker=none", "marker"],
    ["/v1/systems?ram=much", "ram"],
    ["/v1/racks?show_detail=maybe", "show_detail"],
  ])("%s is 400 and says why", async (path, word) => {
    const { status, json } = await api.ask("GET", path);
    expect([status, json.code, json.title]).toEqual([400, "Bad Request", "Bad Request"]);
    expect(json.detail).toContain(word);
  });

  test("what cannot be in the store is found nowhere", async () => {
    for (const path of ["/v1/devices?node_id=%00", "/v1/nodes?name=%00", "/v1/flavors?name=%00"])
      expect([path, (await api.ask("GET", path)).json]).toEqual([path, []]);
    for (const path of ["/v1/systems?podm_id=%00", "/v1/racks?podm_id=none", "/v1/systems?podm_id=none"])
      expect([path, (await api.ask("GET", path)).status]).toEqual([path, 404]);
  });

  test("pages follow each other by their links, in any order", async () => {
    expect(await names("sort_key=name")).toEqual(["a", "b", "c"]);
    expect(await names("sort_key=name&sort_dir=desc")).toEqual(["c", "b", "a"]);
    const seen: string[] = [];
    let path: string | null = "/v1/flavors?sort_key=name&limit=2&fields=name,uuid";
    let pages = 0;
    while (path !== null) {
      const page: Awaited<ReturnType<TestApi["ask"]>> = await api.ask("GET", path);
      pages++;
      for (const item of page.json) {
        expect(Object.keys(item).toSorted()).toEqual(["name", "uuid"]);
        seen.push(item.name);
      }
      path = /^<(.+)>; rel="next"$/.exec(page.headers.get("Link") ?? "")?.[1] ?? null;
    }
    expect([pages, seen]).toEqual([2, ["a", "b", "c"]]);
  });

  test("no list is longer than the limit of the service", async () => {
    const short = api.with({ maxLimit: 2 });
    const { json, headers } = await short.ask("GET", "/v1/flavors?limit=100");
    expect([json.length, headers.get("Link")]).toEqual([2, expect.stringContaining(`marker=${ids[1]}`)]);
  });

  test("`fields` picks from what is shown, too", async () => {
    expect((await api.ask("GET", `/v1/flavors/${ids[0]}?fields=name`)).json).toEqual({ name: "b" });
  });
});

test("links begin as the client came, or as it is configured", async () => {
  const far = api.with({ publicEndpoint: "https://cloud.example/valence/" });
  const { links } = (await far.ask("GET", `/v1/flavors/${ids[0]}`, undefined, { "X-Auth-Token": "reader-token" })).json;
  expect(links).toEqual([
    { rel: "self", href: `https://cloud.example/valence/v1/flavors/${ids[0]}` },
    { rel: "bookmark", href: `https://cloud.example/valence/flavors/${ids[0]}` },
  ]);
});

test("the routes that are reported are patterns, and few", async () => {
  const routes = new Set(api.reports.map(({ route }) => route));
  expect(routes).toContain("/v1/flavors/{flavor_id}");
  for (const route of routes) expect(route).toMatch(/^(unknown|\/[\w/{}]*)$/);
});
