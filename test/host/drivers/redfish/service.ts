// A service on loopback that answers what a test says, also what no HTTP framework would.

import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";
import type { Limits, PodManagerAccess } from "../../../../host/drivers/driver.ts";
import { RedfishClient } from "../../../../host/drivers/redfish/client.ts";

export interface Received {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** JSON of a body, or all of an answer. */
export type Reply = (received: Received, response: ServerResponse) => unknown;

export interface Service {
  readonly url: string;
  readonly received: Received[];
  /** Answers of a path from now on: an object is JSON with status 200. */
  on(route: string, reply: Reply | object): void;
  /** How often a route was asked: `GET /redfish/v1/Systems`. */
  count(route: string): number;
}

export interface ServiceOptions {
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** Ends with the test. Routes that nothing was said about are answered with 404 and an empty object. */
export async function service(
  routes: Record<string, Reply | object> = {},
  { tls }: ServiceOptions = {},
): Promise<Service> {
  const replies = new Map<string, Reply | object>(Object.entries(routes));
  const received: Received[] = [];
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const one = {
      method: request.method!,
      path: request.url!,
      headers: request.headers,
      body: Buffer.concat(chunks).toString("utf8"),
    };
    received.push(one);
    const reply = replies.get(`${one.method} ${one.path}`) ?? replies.get(`* ${one.path}`) ?? replies.get("*");
    if (reply === undefined) return json(response, 404, {});
    if (typeof reply !== "function") return json(response, 200, reply);
    const answer = await (reply as Reply)(one, response);
    if (answer !== undefined) json(response, 200, answer);
  };
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    received,
    on: (route, reply) => void replies.set(route, reply),
    count: (route) => received.filter(({ method, path }) => `${method} ${path}` === route).length,
  };
}

export function json(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** A body as it is. */
export function raw(status: number, body: string | Buffer, headers: Record<string, string> = {}): Reply {
  return (_, response) => void response.writeHead(status, headers).end(body);
}

export const PASSWORD = "s3cret-of-the-pod";

/** Soon impatient, and closed with the test. */
export function client(
  url: string,
  access: Partial<PodManagerAccess> & { limits?: Partial<Limits> } = {},
): RedfishClient {
  const made = new RedfishClient({
    url,
    username: "admin",
    password: PASSWORD,
    log: () => undefined,
    ...access,
    limits: { pollMs: 2, answerMs: 5_000, ...access.limits },
  });
  onTestFinished(() => made.close());
  return made;
}

/** Of a test that is not aborted. */
export const never = new AbortController().signal;

/** A service root, by default without sessions. */
export const root = (more: object = {}) => ({
  "@odata.id": "/redfish/v1/",
  Systems: { "@odata.id": "/redfish/v1/Systems" },
  ...more,
});
