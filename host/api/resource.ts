import { type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError } from "../errors.ts";
import { type Caller, isAdmin } from "../services/identity.ts";
import { readJsonObject } from "./body.ts";
import type { Env } from "./context.ts";
import { validate } from "./validate.ts";

type Method = "HEAD" | "GET" | "POST" | "PUT" | "DELETE";
type JsonObject = Readonly<Record<string, unknown>>;

/** 204 goes without a body: clients test for that. */
export type Answer = { readonly status: 204 } | { readonly status: 200 | 201 | 202; readonly body: object };

interface Call<Item, Body> {
  readonly c: Context<Env>;
  readonly caller: Caller;
  readonly item: Item;
  readonly body: Body;
}

interface Documented {
  readonly summary: string;
  readonly body?: z.ZodType;
  /** An absent body counts as `{}`. */
  readonly bodyOptional?: boolean;
  readonly query?: z.ZodObject;
  readonly success: { readonly status: 200 | 201 | 202 | 204; readonly text: string; readonly schema?: z.ZodType };
  /** Statuses of the errors this operation can answer, beside 401. */
  readonly errors: readonly number[];
  /** Needs the role admin when the body is such. */
  readonly adminWhen?: (body: JsonObject) => boolean;
}

interface OperationSpec<Item, Body> extends Documented {
  readonly body?: z.ZodType<Body>;
  /** Looked at before the schema, for limits whose breach would make a long list of faults. */
  readonly limits?: (body: JsonObject) => void;
  readonly handle: (call: Call<Item, Body>) => Promise<Answer>;
}

/** An operation whose type of body only its own handler knows. */
interface Operation<Item> extends Documented {
  readonly run: (call: Call<Item, () => Promise<JsonObject | undefined>>) => Promise<Answer>;
}

/** One method of a path: its documentation, the schema of its body and its handler. */
export function operation<Item, Body = undefined>(spec: OperationSpec<Item, Body>): Operation<Item> {
  return {
    ...spec,
    async run({ body: read, ...call }) {
      if (!spec.body) return spec.handle({ ...call, body: undefined as Body });
      const json = await read();
      if (json === undefined && !spec.bodyOptional) {
        throw new AppError("request.malformed", "No JSON object could be decoded: the body is empty");
      }
      spec.limits?.(json ?? {});
      return spec.handle({ ...call, body: validate(spec.body, json ?? {}) });
    },
  };
}

interface PathSpec<Item> {
  /** Finds what the path names, or throws a 404, before the method is looked at. */
  readonly lookup: (param: (name: string) => string) => Promise<Item>;
  /** No token is asked for. */
  readonly open?: boolean;
  /** Every method of this path needs the role admin. */
  readonly admin?: boolean;
  /** In the order of the Allow header. */
  readonly methods: Partial<Record<Method, Operation<Item>>>;
}

export interface ResourceContext {
  readonly bodyLimitBytes: number;
  /** OpenAPI tag. */
  readonly tag: string;
  readonly errorSchema: z.ZodType;
}

/**
 * Serves one path (in OpenAPI form, `/{group}`) and documents it: the item is looked up, then OPTIONS answers 204 and
 * an unsupported method, HEAD included, 405, both with Allow. Contract: valet-rest, section 1.1.
 */
export function servePath<Item>(
  app: OpenAPIHono<Env>,
  base: string,
  path: string,
  context: ResourceContext,
  spec: PathSpec<Item>,
): void {
  const allow = Object.keys(spec.methods).join(",");
  const route = path === "/" ? base : `${base}${path}`;
  document(app, route, context, spec);
  app.all(route.replaceAll(/\{(\w+)\}/g, ":$1"), async (c) => {
    c.set("route", route);
    const caller = c.var.caller;
    if (spec.admin && !isAdmin(caller)) throw new AppError("request.unauthorized", "The role admin is missing");
    const chosen = spec.methods[c.req.method as Method];
    let reading: Promise<JsonObject | undefined> | undefined;
    const body = () => {
      reading ??= readJsonObject(c.req.raw, context.bodyLimitBytes).then((json) => {
        c.set("requestBody", json);
        return json;
      });
      return reading;
    };
    if (chosen?.adminWhen && !isAdmin(caller)) await refuseUnlessAdmin(chosen.adminWhen, body);
    const item = await spec.lookup((name) => itemName(c, name));
    if (c.req.method === "OPTIONS") return c.body(null, 204, { Allow: allow });
    if (!chosen) {
      c.header("Allow", allow);
      throw new AppError("request.method", `The ${c.req.method} method is not allowed.`);
    }
    const answer = await chosen.run({ c, caller, item, body });
    return answer.status === 204 ? c.body(null, 204) : c.json(answer.body, answer.status);
  });
}

async function refuseUnlessAdmin(
  adminWhen: (body: JsonObject) => boolean,
  body: () => Promise<JsonObject | undefined>,
): Promise<void> {
  // A body that cannot be read asks for nothing; its own error comes after the item was looked up.
  const json = await body().catch(() => undefined);
  if (json && adminWhen(json)) throw new AppError("request.unauthorized", "The role admin is missing");
}

function itemName(c: Context<Env>, name: string): string {
  const value = c.req.param(name) ?? "";
  // Nothing that is stored can have such a name, and the store could not even be asked for it.
  if (value.includes("\0")) throw new AppError("request.not-found", "");
  return value;
}

const UNAUTHORIZED = {
  description: "No valid token with a project, or not the role that is needed",
  content: { "text/plain": { schema: z.literal("Authentication required") } },
};

function document<Item>(app: OpenAPIHono<Env>, route: string, context: ResourceContext, spec: PathSpec<Item>): void {
  const names = [...route.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!);
  const params = z.object(Object.fromEntries(names.map((name) => [name, z.string()])));
  for (const [method, operation] of Object.entries(spec.methods)) {
    const { success, body, query } = operation;
    const failure = { description: "Error", content: { "application/json": { schema: context.errorSchema } } };
    const json = (schema: z.ZodType) => ({ "application/json": { schema } });
    app.openAPIRegistry.registerPath({
      method: method.toLowerCase() as Lowercase<Method>,
      path: route,
      tags: [context.tag],
      summary: spec.admin ? `${operation.summary} (role admin)` : operation.summary,
      request: {
        ...(body ? { body: { content: json(body), required: operation.bodyOptional !== true } } : {}),
        ...(query ? { query } : {}),
        ...(names.length > 0 ? { params } : {}),
      },
      ...(spec.open ? { security: [] } : {}),
      responses: {
        ...(spec.open ? {} : { 401: UNAUTHORIZED }),
        [success.status]: {
          description: success.text,
          ...(success.schema ? { content: json(success.schema) } : {}),
        },
        ...Object.fromEntries(operation.errors.map((status) => [status, failure])),
      },
    });
  }
}
