import type { IncomingMessage } from "node:http";
import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError } from "../../errors.ts";
import { isObject, readBytes, readJson } from "../body.ts";
import { clientBase } from "../paths.ts";
import type { ValenceEnv, Version } from "./context.ts";
import { errorSchema } from "./errors.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
type JsonObject = Readonly<Record<string, unknown>>;

export type Answer =
  | { readonly status: 204 }
  | { readonly status: 200; readonly body: unknown; readonly headers?: Readonly<Record<string, string>> };

/** How the body of a request is read, and what it becomes. */
export interface BodyRule<Body> {
  readonly schema: z.ZodType;
  /** An absent body counts as `{}`. */
  readonly optional?: boolean;
  /** Content types beside `application/json`. */
  readonly types?: readonly string[];
  /** @throws AppError request.malformed, request.invalid */
  readonly read: (json: unknown) => Body;
}

export interface Call<Body> {
  readonly c: Context<ValenceEnv>;
  readonly param: (name: string) => string;
  readonly query: URLSearchParams;
  readonly body: Body;
  readonly version: Version;
  /** Scheme, host and port for links. */
  readonly base: string;
  readonly requestId: string;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

interface Documented {
  readonly summary: string;
  /** What each parameter of the query means. */
  readonly query?: Readonly<Record<string, string>>;
  readonly success: z.ZodType | "204";
  /** Statuses of the errors it can answer beside 401. */
  readonly errors: readonly number[];
}

interface OperationSpec<Body> extends Documented {
  readonly body?: BodyRule<Body>;
  /** The members of a JSON body on a GET stand for parameters of the query that are not given. */
  readonly bodyAsQuery?: readonly string[];
  readonly handle: (call: Call<Body>) => Promise<Answer>;
}

/** An operation whose type of body only its own handler knows. */
export interface Operation extends Documented {
  readonly body?: BodyRule<unknown>;
  readonly run: (call: Omit<Call<unknown>, "body">, bodyLimitBytes: number) => Promise<Answer>;
}

export function operation<Body = undefined>(spec: OperationSpec<Body>): Operation {
  const { body: rule, bodyAsQuery = [], handle, ...documented } = spec;
  return {
    ...documented,
    ...(rule === undefined ? {} : { body: rule }),
    async run(call, bodyLimitBytes) {
      if (rule !== undefined)
        return await handle({ ...call, body: rule.read(await readBody(call.c, rule, bodyLimitBytes)) });
      const given = await readUnasked(call.c, bodyLimitBytes);
      for (const name of bodyAsQuery) {
        const value = given[name];
        if (call.query.has(name) || value === undefined || value === null) continue;
        if (!["string", "number", "boolean"].includes(typeof value))
          throw new AppError("request.invalid", `-> ${name}: expected a text`);
        call.query.append(name, String(value));
      }
      return await handle({ ...call, body: undefined as Body });
    },
  };
}

/** What all paths of the API share. */
export interface Settings {
  readonly bodyLimitBytes: number;
  /** Most items of a list in one answer. */
  readonly maxLimit: number;
  /** Base of links; null: what the client used. */
  readonly publicEndpoint: string | null;
}

/**
 * Serves one path, in OpenAPI form, and documents it: HEAD as GET, OPTIONS with Allow. Contract: valence-rest, section 1.
 * `alsoAnId`: other methods take the last word of the path for an id, as `GET /v1/nodes/manage` does.
 */
export function servePath(
  app: OpenAPIHono<ValenceEnv>,
  settings: Settings,
  tag: string,
  route: string,
  methods: Readonly<Partial<Record<Method, Operation>>>,
  { alsoAnId = false }: { alsoAnId?: boolean } = {},
): void {
  for (const [method, spec] of Object.entries(methods)) document(app, tag, route, method as Method, spec);
  const names = Object.keys(methods).flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]));
  const allow = [...names, "OPTIONS"].join(",");
  app.all(route.replaceAll(/\{(\w+)\}/g, ":$1"), async (c, next) => {
    c.set("route", route);
    if (c.req.method === "OPTIONS") return c.body(null, 200, { Allow: allow });
    const chosen = methods[(c.req.method === "HEAD" ? "GET" : c.req.method) as Method];
    if (chosen === undefined && alsoAnId) return await next();
    if (chosen === undefined) {
      c.header("Allow", allow);
      throw new AppError("request.method", `The ${c.req.method} method is not allowed here, but ${allow}.`);
    }
    const answer = await chosen.run(
      {
        c,
        param: (name) => itemName(c, name),
        query: new URL(c.req.url).searchParams,
        version: c.var.version,
        base: linkBase(c, settings),
        requestId: c.var.requestId,
        signal: c.req.raw.signal,
      },
      settings.bodyLimitBytes,
    );
    if (answer.status === 204) return c.body(null, 204);
    return c.json(answer.body as object, 200, { ...answer.headers });
  });
}

/** Scheme, host and port of links to this API, without a slash at the end. */
export function linkBase(c: Context<ValenceEnv>, { publicEndpoint }: Pick<Settings, "publicEndpoint">): string {
  return publicEndpoint?.replace(/\/+$/, "") ?? clientBase(c);
}

async function readBody(c: Context<ValenceEnv>, rule: BodyRule<unknown>, limitBytes: number): Promise<unknown> {
  const type = c.req.header("Content-Type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  const taken = ["application/json", ...(rule.types ?? [])];
  const json = await readJson(c.req.raw, limitBytes).catch((error: unknown) => {
    // What cannot be read has a better reason than its form when it was never said to be JSON.
    throw typeIsWrong() && error instanceof AppError && error.code === "request.malformed" ? mediaType() : error;
  });
  if (json !== undefined && typeIsWrong()) throw mediaType();
  if (json !== undefined || rule.optional) return json ?? {};
  throw new AppError("request.malformed", "The body is empty: a JSON object is needed.");

  function typeIsWrong(): boolean {
    return type !== "" && !taken.includes(type);
  }
  function mediaType(): AppError {
    return new AppError("request.media-type", `Content-Type: ${type} is not taken here, but ${taken.join(" or ")}.`);
  }
}

/** Clients send `{}` with every GET and DELETE: it has to be read, and what cannot be understood does not matter. */
async function readUnasked(c: Context<ValenceEnv>, limitBytes: number): Promise<JsonObject> {
  const incoming = (c.env as ValenceEnv["Bindings"] | undefined)?.incoming;
  // A request of the Fetch API has no body when it is a GET; Node's own has.
  const message = ["GET", "HEAD"].includes(c.req.method) && incoming !== undefined ? bodyOf(incoming) : c.req.raw;
  const bytes = await readBytes(message, limitBytes);
  try {
    const json: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return isObject(json) ? json : {};
  } catch {
    return {};
  }
}

function bodyOf(incoming: IncomingMessage): Parameters<typeof readBytes>[0] {
  const headers = new Headers();
  const length = incoming.headers["content-length"];
  if (length !== undefined) headers.set("Content-Length", length);
  // What is not read is left to the server, which has to answer over the same connection.
  const chunks = incoming.iterator({ destroyOnReturn: false });
  return { headers, body: ReadableStream.from<Uint8Array>(chunks) };
}

function itemName(c: Context<ValenceEnv>, name: string): string {
  const value = c.req.param(name) ?? "";
  // Nothing that is stored can have such a name, and the store could not even be asked for it.
  if (value.includes("\0")) throw new AppError("request.not-found", "Nothing has a name with the character NUL.");
  return value;
}

function document(app: OpenAPIHono<ValenceEnv>, tag: string, route: string, method: Method, spec: Operation): void {
  const json = (schema: z.ZodType) => ({ "application/json": { schema } });
  const texts = (described: Readonly<Record<string, string>>) =>
    z.object(
      Object.fromEntries(Object.entries(described).map(([key, text]) => [key, z.string().optional().describe(text)])),
    );
  const names = [...route.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  const { body, query, success } = spec;
  const failure = { description: "Error", content: json(errorSchema) };
  app.openAPIRegistry.registerPath({
    method: method.toLowerCase() as Lowercase<Method>,
    path: route,
    tags: [tag],
    summary: spec.summary,
    request: {
      ...(body ? { body: { content: json(body.schema), required: body.optional !== true } } : {}),
      ...(query ? { query: texts(query) } : {}),
      ...(names.length > 0 ? { params: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))) } : {}),
    },
    responses: {
      ...(success === "204"
        ? { 204: { description: "Done" } }
        : { 200: { description: "Done", content: json(success) } }),
      ...Object.fromEntries([401, ...spec.errors].map((status) => [status, failure])),
    },
  });
}
