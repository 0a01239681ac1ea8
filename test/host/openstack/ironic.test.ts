import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { HttpClient } from "../../../host/openstack/http-client.ts";
import { Ironic } from "../../../host/openstack/ironic.ts";

// Its answers are as those of Ironic 21.4. The real one is asked in test/peers/ironic.scenario.ts.

interface Heard {
  readonly method: string;
  readonly path: string;
  readonly version: string | undefined;
  readonly authorization: string | undefined;
  readonly body: unknown;
}

const FAULT = (faultstring: string, faultcode = "Client") => ({
  error_message: JSON.stringify({ faultcode, faultstring, debuginfo: null }),
});
const NODE = {
  uuid: "1be26c0b-03f2-4d2e-ae87-c02d7f33c123",
  name: "n1",
  provision_state: "enroll",
  driver_info: {},
  extra: {},
};

let heard: Heard[];
let answers: (request: Heard) => { status: number; body?: unknown; headers?: Record<string, string> } | null;
let server: Server;
let url: string;
let client: HttpClient;

beforeEach(async () => {
  heard = [];
  answers = () => ({ status: 200, body: {} });
  server = createServer(async (request, response) => {
    const { method = "", url: path = "" } = request;
    const one = {
      method,
      path,
      version: request.headers["x-openstack-ironic-api-version"] as string | undefined,
      authorization: request.headers.authorization,
      body: await bodyOf(request),
    };
    heard.push(one);
    const versions = {
      "X-OpenStack-Ironic-API-Minimum-Version": "1.1",
      "X-OpenStack-Ironic-API-Maximum-Version": "1.82",
    };
    const answer =
      path === "/v1/" ? (answers(one) ?? { status: 200, body: { name: "OpenStack Ironic API" } }) : answers(one);
    if (answer === null) return void request.socket.destroy();
    response.writeHead(answer.status, { "Content-Type": "application/json", ...versions, ...answer.headers });
    response.end(
      answer.body === undefined ? "" : typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new HttpClient();
});
afterEach(() => {
  client.close();
  server.closeAllConnections();
  server.close();
});

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return chunks.length === 0 ? null : JSON.parse(Buffer.concat(chunks).toString());
}

const ironic = (more: { basic?: { user: string; password: string } } = {}) =>
  new Ironic({ url: `${url}/v1/`, client, ...more }, { pauseMs: 1 });

describe("Ironic that stands alone", () => {
  test("is asked in the newest version that both speak, found once", async () => {
    answers = ({ path }) => (path === "/v1/" ? { status: 200, body: {} } : { status: 201, body: NODE });
    const api = ironic();
    expect(await api.createNode({ driver: "redfish", name: "n1" })).toMatchObject({
      uuid: NODE.uuid,
      provisionState: "enroll",
    });
    await api.node("n1");
    expect(heard.map(({ method, path, version }) => [method, path, version])).toEqual([
      ["GET", "/v1/", "1.31"],
      ["POST", "/v1/nodes", "1.80"],
      ["GET", "/v1/nodes/n1", "1.80"],
    ]);
    expect(heard[1]!.body).toEqual({ driver: "redfish", name: "n1" });
    expect(heard[1]!.authorization).toBeUndefined();
  });

  test("gets a user and password where they are set", async () => {
    await ironic({ basic: { user: "u", password: "p" } }).ports("n1");
    expect(heard.at(-1)!.authorization).toBe(`Basic ${Buffer.from("u:p").toString("base64")}`);
  });

  test("a name with a slash stays one part of the path", async () => {
    answers = ({ path }) =>
      path === "/v1/" ? { status: 200 } : { status: 404, body: FAULT("Node a/b could not be found.") };
    expect(await ironic().node("a/../b")).toBeNull();
    expect(heard.at(-1)!.path).toBe("/v1/nodes/a%2F..%2Fb");
  });

  test("an older one is asked in its own version, and one that is too old is named", async () => {
    const headers = { "X-OpenStack-Ironic-API-Maximum-Version": "1.58" };
    answers = () => ({ status: 200, body: { ports: [] }, headers });
    await ironic().ports("n1");
    expect(heard.at(-1)!.version).toBe("1.58");
    answers = () => ({ status: 406, headers: { "X-OpenStack-Ironic-API-Maximum-Version": "1.22" } });
    await expect(ironic().ports("n1")).rejects.toMatchObject({
      code: "provisioning.unavailable",
      message: expect.stringContaining("speaks 1.22 at most, 1.31 is needed"),
    });
  });
});

describe("what it refuses", () => {
  const asked = (status: number, body: unknown) => {
    answers = ({ path }) => (path === "/v1/" ? { status: 200 } : { status, body });
    return ironic().createNode({});
  };

  test.each([
    [
      400,
      FAULT("No valid host was found. Reason: No conductor service registered which supports driver x."),
      "No conductor",
    ],
    [409, FAULT("A node with name n1 already exists."), "A node with name n1 already exists."],
    [400, { error_message: { faultcode: "Client", faultstring: "as an object" } }, "as an object"],
    [400, { error_message: "as plain text" }, "as plain text"],
    [400, "<html>no JSON</html>", "without a reason"],
    [404, undefined, "without a reason"],
  ])("%i with %j is told with its own status", async (status, body, text) => {
    await expect(asked(status, body)).rejects.toMatchObject({
      code: "provisioning.refused",
      upstreamStatus: status,
      message: expect.stringContaining(text),
    });
  });

  test.each([
    [401, FAULT("Invalid credentials"), "rejected our credentials"],
    [403, FAULT("Policy"), "the service user needs the role admin"],
    [500, FAULT("oops"), "answered 500: oops"],
  ])("%i means that it cannot serve us", async (status, body, text) => {
    await expect(asked(status, body)).rejects.toMatchObject({
      code: "provisioning.unavailable",
      message: expect.stringContaining(text),
    });
  });

  test("an answer that is no object, or a node without a uuid, cannot be used", async () => {
    await expect(asked(201, "500")).rejects.toMatchObject({ code: "provisioning.unavailable" });
    await expect(asked(201, { name: "n1" })).rejects.toThrow("without a uuid");
  });

  test("where nobody listens it says so", async () => {
    const api = new Ironic({ url: "http://127.0.0.1:9", client }, { pauseMs: 1 });
    await expect(api.node("n1")).rejects.toMatchObject({
      code: "provisioning.unavailable",
      message: expect.stringContaining("ECONNREFUSED"),
    });
  });
});

describe("what passes is tried again", () => {
  test("a node that is locked, until it is free", async () => {
    let asked = 0;
    answers = ({ path }) => {
      if (path === "/v1/") return { status: 200 };
      asked++;
      if (asked < 3)
        return {
          status: 409,
          body: FAULT("Node n1 is locked by host c1, please retry after the current operation is completed."),
        };
      return { status: 204 };
    };
    await ironic().deleteNode("n1");
    expect(asked).toBe(3);
  });

  test("but a name that is taken, or an answer that was lost, is not", async () => {
    answers = ({ path }) => (path === "/v1/" ? { status: 200 } : null);
    await expect(ironic().createNode({})).rejects.toMatchObject({ code: "provisioning.unavailable" });
    expect(heard.filter(({ method }) => method === "POST")).toHaveLength(1);
  });
});
