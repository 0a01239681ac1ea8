// What python-valenceclient sends on a connection that it keeps. Contract: valenceclient, sections 2 and 5.
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { valenceApi } from "../../../../host/api/valence/index.ts";
import { type Listener, listen } from "../../../../host/listen.ts";
import { SETTINGS } from "./settings.ts";
import { openTestApi, startPod, type TestApi } from "./test-api.ts";

let api: TestApi;
let pod: Awaited<ReturnType<typeof startPod>>;
let server: Listener;
beforeAll(async () => {
  [api, pod] = [await openTestApi(), await startPod()];
  server = await listen(valenceApi({ ...SETTINGS, hardware: api.hardware }), "127.0.0.1", 0);
});
afterAll(async () => {
  await server.stop(0);
  await api.close();
  await pod.close();
});

interface Received {
  readonly status: number;
  readonly head: string;
  // biome-ignore lint/suspicious/noExplicitAny: bodies of every form
  readonly json: any;
}

/** Requests with a body each, GET too, one after the other over one connection. */
async function session(
  requests: readonly (readonly [method: string, path: string, body: string])[],
): Promise<Received[]> {
  const { host, port } = new URL(server.url);
  const socket = connect(Number(port), "127.0.0.1");
  const received: Received[] = [];
  let text = "";
  let arrived = () => {};
  socket.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
    arrived();
  });
  socket.on("close", () => arrived());
  for (const [method, path, body] of requests) {
    text = "";
    socket.write(
      `${method} ${path} HTTP/1.1\r\nHost: ${host}\r\nUser-agent: python-valenceclient\r\nAccept-Encoding: gzip, deflate\r\n` +
        `Accept: application/json\r\nConnection: keep-alive\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    for (let length = -1; length < 0 || text.length < length; ) {
      await new Promise<void>((resolve) => {
        arrived = resolve;
      });
      if (socket.destroyed) throw new Error(`the connection ended after ${text}`);
      const head = text.indexOf("\r\n\r\n");
      if (head >= 0) length = head + 4 + Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
    }
    const [head, json] = text.split("\r\n\r\n") as [string, string];
    received.push({ status: Number(head.split(" ")[1]), head, json: json === "" ? undefined : JSON.parse(json) });
  }
  socket.destroy();
  return received;
}

const COLUMNS = ["uuid", "name", "url", "driver", "status", "created_at", "updated_at"];

test("list, create, show and delete, each with its body, over one connection", async () => {
  const { name, url, driver, authentication } = pod.registration;
  const [before, made] = await session([
    ["GET", "/v1/pod_managers", "{}"],
    ["POST", "/v1/pod_managers", JSON.stringify({ name, url, driver, authentication })],
  ]);
  expect([before!.status, before!.json]).toEqual([200, []]);
  expect([made!.status, made!.json.status]).toEqual([200, "Online"]);
  const path = `/v1/pod_managers/${made!.json.uuid}`;
  const answers = await session([
    ["GET", "/v1/pod_managers", "{}"],
    ["GET", path, "{}"],
    ["GET", "/v1/pod_managers/a/b", "{}"],
    ["GET", "/v1/pod_managers/none", "{}"],
    ["POST", "/v1/pod_managers", '{"name": 5}'],
    ["DELETE", path, "{}"],
    ["DELETE", path, "{}"],
    ["GET", "/v1/pod_managers", "{}"],
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 404, 400, 200, 404, 200]);
  for (const item of [answers[0]!.json[0], answers[1]!.json])
    for (const column of COLUMNS) expect([column, typeof item[column]]).toEqual([column, "string"]);
  for (const { status, json, head } of answers) {
    expect(head).toMatch(/content-type: application\/json/i);
    const requestId = /x-openstack-request-id: (req-\S+)/i.exec(head)?.[1];
    if (status >= 400)
      expect(json).toMatchObject({ detail: expect.stringMatching(/./), request_id: requestId, status });
  }
  expect(answers[5]!.json.code).toBe("DELETED");
  expect(answers[7]!.json).toEqual([]);
});

test("racks and systems take their parameters from the body of a GET, the address first", async () => {
  const made = await api.ask("POST", "/v1/pod_managers", { ...pod.registration, name: "racks" });
  const podm_id = made.json.uuid;
  const [brief, detail, byAddress, unknown, systems, wrong] = await session([
    ["GET", "/v1/racks", JSON.stringify({ podm_id, show_detail: false })],
    ["GET", "/v1/racks", JSON.stringify({ podm_id, show_detail: true })],
    ["GET", "/v1/racks?show_detail=false", JSON.stringify({ show_detail: true })],
    ["GET", "/v1/racks", JSON.stringify({ podm_id: "none" })],
    ["GET", "/v1/systems", JSON.stringify({ podm_id })],
    ["GET", "/v1/systems", JSON.stringify({ podm_id: [] })],
  ]);
  expect(Object.keys(brief!.json[0])).toEqual(["id", "name", "systems", "podm_id", "links"]);
  expect(detail!.json[0]).toHaveProperty("manufacturer");
  expect(byAddress!.json).toEqual(brief!.json);
  expect([unknown!.status, wrong!.status]).toEqual([404, 400]);
  expect(systems!.json.length).toBe(8);
  const rack = detail!.json[0];
  expect((await api.ask("GET", `/v1/racks/${rack.id}`)).json).toEqual([{ ...rack, links: expect.any(Array) }]);
});
