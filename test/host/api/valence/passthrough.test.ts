import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Driver, ForwardedAnswer, ForwardedRequest, PodManager } from "../../../../host/drivers/driver.ts";
import { type AppError, AppError as Refusal, UpstreamError } from "../../../../host/errors.ts";
import { openTestApi, startPod, type TestApi } from "./test-api.ts";

const asked: ForwardedRequest[] = [];
let answer: ForwardedAnswer | AppError;
const answering = async (): Promise<never> => {
  throw answer;
};
/** A driver of somebody else's, which says what the tests tell it to. */
const scripted: Driver = {
  name: "redfish-scripted",
  connect: () =>
    ({
      status: async () => "Online",
      systems: answering,
      system: answering,
      devices: async () => [],
      forward: async (request: ForwardedRequest) => {
        asked.push(request);
        if (answer instanceof Error) throw answer;
        return answer;
      },
      close: async () => {},
    }) as unknown as PodManager,
};

let api: TestApi;
let pod: Awaited<ReturnType<typeof startPod>>;
let podId: string;
let scriptedId: string;
const ADMIN = { "X-Auth-Token": "admin-token" };
beforeAll(async () => {
  [api, pod] = [await openTestApi([scripted]), await startPod()];
  podId = (await api.ask("POST", "/v1/pod_managers", pod.registration)).json.uuid;
  const other = { ...pod.registration, name: "other", url: "http://other.example/redfish/v1", driver: scripted.name };
  scriptedId = (await api.ask("POST", "/v1/pod_managers", other)).json.uuid;
});
afterAll(async () => {
  await api.close();
  await pod.close();
});
beforeEach(() => {
  asked.length = 0;
  answer = { status: 200, headers: {}, body: new TextEncoder().encode("{}") };
});
const forwarded = async (method: string, path: string, body?: unknown) =>
  await api.ask(method, `${path}${path.includes("?") ? "&" : "?"}podm_id=${scriptedId}`, body, ADMIN);

test("a pod manager is read as it is, by either way of naming it", async () => {
  const { status, text } = await api.ask("GET", `/Systems?podm_id=${podId}`);
  expect([status, JSON.parse(text)["Members@odata.count"]]).toEqual([200, 8]);
  expect((await api.ask("GET", "/redfish/v1/Systems", undefined, { "X-Valence-Podm-Id": podId })).text).toEqual(text);
  const unclear = await api.ask("GET", "/Systems");
  expect([unclear.status, unclear.json.detail]).toEqual([400, expect.stringContaining(podId)]);
});

test("method, path, query and body go on as they are", async () => {
  await forwarded("GET", "/Systems/a%20b/?$select=Name&x=%26");
  await forwarded("POST", "/Nodes/Actions/Allocate", '{ "Name":"x" }');
  await forwarded("DELETE", "/Nodes/1", "{}");
  expect(asked).toEqual([
    { method: "GET", path: "Systems/a%20b?$select=Name&x=%26" },
    { method: "POST", path: "Nodes/Actions/Allocate", body: '{ "Name":"x" }' },
    { method: "DELETE", path: "Nodes/1" },
  ]);
});

test.each([
  "/Chassis/../TaskService",
  "/Chassis/%2e%2e/SessionService/Sessions",
  "/Chassis/..%2f..%2fAccountService",
  "/Chassis/%2E%2E%5cAccountService",
  "/redfish/v1/AccountService",
  "/Systemsx",
  "/Chassis/a%00b",
])("%s leads nowhere", async (path) => {
  expect((await forwarded("GET", path)).status).toBeOneOf([400, 404]);
  expect(asked).toEqual([]);
});

test("what belongs to the connection, its users and origins is kept back, and the location leads here", async () => {
  answer = {
    status: 201,
    headers: {
      location: "http://other.example/redfish/v1/Nodes/7",
      connection: "close, X-Hop",
      "x-hop": "1",
      "content-encoding": "gzip",
      "content-length": "999",
      "set-cookie": "a=b",
      "www-authenticate": "Basic",
      "x-auth-token": "secret",
      "access-control-allow-origin": "*",
      "content-type": "text/html",
      etag: '"1"',
    },
    body: new TextEncoder().encode("<script>"),
  };
  const { status, headers, text } = await forwarded("POST", "/Nodes/Actions/Allocate", "{}");
  expect([status, text, headers.get("ETag")]).toEqual([201, "<script>", '"1"']);
  expect(headers.get("Location")).toBe(`http://localhost:8181/Nodes/7?podm_id=${scriptedId}`);
  for (const name of ["connection", "x-hop", "content-encoding", "set-cookie", "www-authenticate", "x-auth-token"])
    expect([name, headers.get(name)]).toEqual([name, null]);
  expect(headers.get("Access-Control-Allow-Origin")).toBeNull();
  // It is not run as a page of this service.
  expect(headers.get("Content-Security-Policy")).toContain("sandbox");
});

test("a header that HTTP has no letters for is left out, a status that it has not is the pod manager's fault", async () => {
  answer = {
    status: 200,
    headers: { "x-rack": "R\u00e4ck \u2192 7", "x bad": "1", etag: '"1"' },
    body: Buffer.from("{}"),
  };
  const { status, headers } = await forwarded("GET", "/Systems/1");
  expect([status, headers.get("ETag"), headers.get("X-Rack")]).toEqual([200, '"1"', null]);
  for (const odd of [150, 600, 999]) {
    answer = { status: odd, headers: {}, body: Buffer.from("{}") };
    expect([odd, (await forwarded("GET", "/Systems/1")).status]).toEqual([odd, 502]);
  }
});

describe("errors of drivers are answered as", () => {
  const upstream = (status: number, code: string | null = null, title: string | null = null) =>
    new UpstreamError("pod-manager.refused", { status, code, title }, "the node is in use");
  const cases: [name: string, error: AppError, status: number, code: string, title: string][] = [
    ["a refusal", upstream(409, "Base.1.0.Mismatch", "in use"), 409, "Base.1.0.Mismatch", "in use"],
    ["a refusal without words", upstream(409), 409, "Conflict", "Conflict"],
    ["ExpEther's own", upstream(404, "40400", "ExpEther Exception"), 404, "40400", "ExpEther Exception"],
    ["a failure of the pod manager", upstream(500), 502, "Bad Gateway", "Bad Gateway"],
    ["one that is busy", upstream(503), 503, "Service Unavailable", "Connection Error"],
    ["one that waits", upstream(504), 504, "Gateway Timeout", "Gateway Timeout"],
    ["our credentials", new Refusal("pod-manager.credentials", "no"), 502, "Bad Gateway", "Bad Gateway"],
    ["silence", new Refusal("pod-manager.timeout", "late"), 504, "Gateway Timeout", "Gateway Timeout"],
    ["absence", new Refusal("pod-manager.unreachable", "away"), 503, "Service Unavailable", "Connection Error"],
    ["nonsense", new Refusal("pod-manager.unreadable", "HTML"), 502, "Bad Gateway", "Bad Gateway"],
    ["what it cannot do", new Refusal("pod-manager.unsupported", "no"), 501, "Not Implemented", "Not Implemented"],
  ];
  test.each(cases)("%s", async (_, error, status, code, title) => {
    answer = error;
    const { json, headers } = await api.ask("GET", `/v1/systems?podm_id=${scriptedId}`);
    expect(json).toEqual({
      code,
      title,
      status,
      detail: error.message,
      request_id: headers.get("X-Openstack-Request-Id"),
    });
    // Where nobody is named the others count, and a header tells.
    const all = await api.ask("GET", "/v1/systems");
    expect([all.status, all.json.length]).toEqual([200, 8]);
    expect(all.headers.get("Warning")).toContain(`199 ostro "pod manager ${scriptedId}: ${error.message}"`);
  });

  test("a defect: 500, without a word about it, but to the log", async () => {
    answer = new TypeError("x of undefined") as unknown as AppError;
    const { status, json } = await api.ask("GET", `/v1/systems?podm_id=${scriptedId}`);
    expect([status, json.title, json.detail]).toEqual([500, "An unknown exception occured", json.title]);
    expect(api.failed).toEqual([answer]);
  });
});

describe("systems", () => {
  test("are filtered by least amounts and members of their record, all at once", async () => {
    const found = async (query: string) => (await api.ask("GET", `/v1/systems?podm_id=${podId}&${query}`)).json.length;
    expect(await found("ram=1&cores=1&network=1&storage=1")).toBe(8);
    expect([await found("ram=100000"), await found("cores=1&nw=1000")]).toEqual([0, 0]);
    expect(await found("Status/State=Absent")).toBe(0);
    expect(await found("Status/state=ENABLED&ram=1")).toBe(8);
  });

  test("are shown by id, UUID and name, with what is in them", async () => {
    const [first] = (await api.ask("GET", `/v1/systems?podm_id=${podId}`)).json;
    for (const ident of [first.id, first.uuid])
      expect((await api.ask("GET", `/v1/systems/${ident}?podm_id=${podId}`)).json).toEqual(first);
    const { json } = await api.ask("GET", `/v1/systems/${first.id}/inventory?podm_id=${podId}`);
    expect(json.accelator).toEqual(json.accelerator);
    expect(json.processor.length).toBeGreaterThan(0);
  });
});
