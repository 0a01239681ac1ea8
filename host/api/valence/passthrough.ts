import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError } from "../../errors.ts";
import type { ForwardedAnswer, ForwardedRequest, PassthroughService } from "../../services/hardware/passthrough.ts";
import { clip, readBytes } from "../body.ts";
import { refuseAnonymous } from "./access.ts";
import type { ValenceEnv } from "./context.ts";
import { errorSchema, QueryError } from "./errors.ts";
import { linkBase, type Settings } from "./serve.ts";

/** What is passed on, exactly so written. */
const COLLECTIONS = ["Chassis", "Services", "Managers", "Systems", "EventService", "Nodes", "EthernetSwitches"];
const METHODS = ["GET", "POST", "PATCH", "DELETE"] as const;
const ALLOW = "GET,HEAD,POST,PATCH,DELETE,OPTIONS";
/** Of one connection, of one hop, or of the pod manager's own users, origins and API. */
const KEPT_BACK = [
  /^(connection|keep-alive|proxy-.*|te|trailers?|transfer-encoding|upgrade|http2-settings|alt-svc)$/,
  /^(content-encoding|content-length|content-security-policy|date|server|vary)$/,
  /^(set-cookie|www-authenticate|x-auth-token|access-control-.*|strict-transport-security)$/,
  /^(openstack-api-.*|x-openstack-request-id)$/,
];

/** Headers that the Fetch API can carry; a pod manager may say others. */
const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** The Redfish API of a pod manager, as it is. Contract: valence-rest, section 9; drivers, 34. */
export function passthroughResource(passthrough: PassthroughService, settings: Settings): OpenAPIHono<ValenceEnv> {
  const app = new OpenAPIHono<ValenceEnv>();
  for (const collection of COLLECTIONS) {
    document(app, collection);
    for (const path of [
      `/${collection}`,
      `/${collection}/*`,
      `/redfish/v1/${collection}`,
      `/redfish/v1/${collection}/*`,
    ])
      app.all(path, (c) => pass(c, passthrough, settings));
  }
  return app;
}

async function pass(c: Context<ValenceEnv>, passthrough: PassthroughService, settings: Settings): Promise<Response> {
  const url = new URL(c.req.url);
  const path = pathOf(url);
  c.set("route", `/${path.split("/")[0]}/{path}`);
  if (c.req.method === "OPTIONS") return c.body(null, 200, { Allow: ALLOW });
  const method = METHODS.find((one) => one === (c.req.method === "HEAD" ? "GET" : c.req.method));
  if (method === undefined) {
    c.header("Allow", ALLOW);
    throw new AppError("request.method", `The ${c.req.method} method is not passed on, but ${ALLOW}.`);
  }
  if (method !== "GET") refuseAnonymous(c);
  const body = await readBytes(c.req.raw, settings.bodyLimitBytes);
  const podManagerId = url.searchParams.get("podm_id") || c.req.header("X-Valence-Podm-Id") || null;
  if (podManagerId?.includes("\0")) throw new AppError("pod-manager.not-found", "podm_id: no id contains NUL");
  const query = url.search
    .slice(1)
    .split("&")
    .filter((part) => part !== "" && !/^podm_id(=|$)/.test(part));
  const request: ForwardedRequest = {
    method,
    path: query.length === 0 ? path : `${path}?${query.join("&")}`,
    ...(body.length > 0 && (method === "POST" || method === "PATCH") ? { body: textOf(body) } : {}),
  };
  const answer = await passthrough.forward(podManagerId, request, c.req.raw.signal);
  return answered(c, answer, linkBase(c, settings), url.searchParams.get("podm_id"));
}

/** Below the service root, without a slash at the end. @throws AppError when it would lead elsewhere */
function pathOf(url: URL): string {
  // The URL has no `..` any more, whichever way it was written, but a slash within a word would make new ones.
  const words = url.pathname
    .replace(/^\/redfish\/v1(?=\/)/, "")
    .split("/")
    .filter((word) => word !== "");
  for (const word of words)
    if (/%(2f|5c|00)|[\\]/i.test(word) || /^(\.|%2e){1,2}$/i.test(word))
      throw new QueryError(`The path contains ${clip(word, 100)}, which cannot be passed on.`);
  if (!COLLECTIONS.includes(words[0] ?? ""))
    throw new AppError("request.not-found", `No such path: ${clip(url.pathname, 200)}`);
  return words.join("/");
}

function textOf(body: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch (cause) {
    throw new AppError("request.malformed", "The body is not UTF-8.", { cause });
  }
}

function answered(
  c: Context<ValenceEnv>,
  { status, headers, body }: ForwardedAnswer,
  base: string,
  podManagerId: string | null,
): Response {
  if (status < 200 || status > 599)
    throw new AppError(
      "pod-manager.unreadable",
      `the pod manager answered with the status ${status}, which HTTP has not`,
    );
  const own = new Set((headers.connection ?? "").toLowerCase().split(/\s*,\s*/));
  for (const [name, value] of Object.entries(headers)) {
    const lower = name.toLowerCase();
    if (own.has(lower) || KEPT_BACK.some((form) => form.test(lower))) continue;
    if (!NAME.test(name) || !VALUE.test(value)) continue;
    c.header(name, lower === "location" ? locationOf(value, base, podManagerId) : value);
  }
  // What a pod manager answers is not to act in a browser as a page of this service.
  c.header("Content-Security-Policy", "sandbox; default-src 'none'");
  c.header("X-Content-Type-Options", "nosniff");
  const empty = body.length === 0 || [204, 205, 304].includes(status);
  return empty ? c.body(null, status as 204) : c.body(new Uint8Array(body), status as 200);
}

/** `<pod manager>/redfish/v1/X` is found here at `/X`. */
function locationOf(location: string, base: string, podManagerId: string | null): string {
  const within = URL.canParse(location, "http://pod.invalid") ? new URL(location, "http://pod.invalid") : null;
  const path = /^\/redfish\/v1\/(.+)$/.exec(within?.pathname ?? "")?.[1];
  if (within === null || path === undefined) return location;
  if (podManagerId !== null) within.searchParams.set("podm_id", podManagerId);
  return `${base}/${path}${within.search}`;
}

function document(app: OpenAPIHono<ValenceEnv>, collection: string): void {
  const json = (schema: z.ZodType) => ({ "application/json": { schema } });
  const failure = { description: "Error", content: json(errorSchema) };
  for (const path of [`/${collection}`, `/${collection}/{path}`])
    for (const method of METHODS)
      app.openAPIRegistry.registerPath({
        method: method.toLowerCase() as Lowercase<(typeof METHODS)[number]>,
        path,
        tags: ["redfish"],
        summary: `${method} of a pod manager's own ${collection}${method === "GET" ? "" : " (not for anonymous callers)"}`,
        request: {
          query: z.object({ podm_id: z.string().optional().describe("Which pod manager; also as X-Valence-Podm-Id") }),
          ...(path.includes("{") ? { params: z.object({ path: z.string().describe("May contain slashes") }) } : {}),
          ...(method === "POST" || method === "PATCH" ? { body: { content: json(z.looseObject({})) } } : {}),
        },
        responses: {
          200: { description: "Whatever the pod manager answers", content: json(z.unknown()) },
          ...Object.fromEntries([400, 401, 404, 501, 503, 504].map((status) => [status, failure])),
        },
      });
}
