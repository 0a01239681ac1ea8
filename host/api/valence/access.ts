import { createHash, timingSafeEqual } from "node:crypto";
import type { Context, MiddlewareHandler } from "hono";
import { AppError } from "../../errors.ts";
import { type IdentitySource, isAdmin } from "../../services/identity.ts";
import type { ValenceEnv } from "./context.ts";
import { isLoopback } from "./origin.ts";

export interface Access {
  readonly identity: Pick<IdentitySource, "authenticate">;
  /** Credentials of HTTP Basic; once there are some nobody is served without. Null: only tokens count. */
  readonly basic: { readonly user: string; readonly password: string } | null;
  /** Host the API is bound to. */
  readonly bound: string;
  /** Where clients see it, when that is not where it is bound; null: it is. */
  readonly publicEndpoint: string | null;
}

/**
 * On a loopback address everybody is served, as the client needs; elsewhere, and for who comes through a proxy, nobody is
 * without a token or HTTP Basic. What changes something needs the role admin. Contract: valence-rest, section 13.
 */
export function authenticate(access: Access): MiddlewareHandler<ValenceEnv> {
  return async (c, next) => {
    // A browser asks beforehand without credentials.
    if (c.req.method === "OPTIONS") return await next();
    const rights = await rightsOf(access, c);
    if (rights === null) {
      if (access.basic !== null) c.header("WWW-Authenticate", 'Basic realm="Ostro", charset="UTF-8"');
      throw new AppError("request.unauthorized", `Authentication is needed: ${accepted(access)}.`);
    }
    if (rights === "reader" && !["GET", "HEAD"].includes(c.req.method))
      throw new AppError("request.forbidden", "The role admin is missing: this token may only read.");
    c.set("rights", rights);
    await next();
  };
}

/** What the passthrough asks of those who write. @throws AppError request.unauthorized */
export function refuseAnonymous(c: Context<ValenceEnv>): void {
  if (c.var.rights !== "anonymous") return;
  throw new AppError(
    "request.unauthorized",
    `Without credentials the Redfish passthrough may only be read: ${c.req.method} needs an X-Auth-Token or HTTP Basic.`,
  );
}

/** Null: the credentials are wrong or missing. */
async function rightsOf(
  { identity, basic, bound, publicEndpoint }: Access,
  c: Context<ValenceEnv>,
): Promise<ValenceEnv["Variables"]["rights"] | null> {
  const token = c.req.header("X-Auth-Token");
  if (token !== undefined) {
    const caller = token === "" ? null : await identity.authenticate(token);
    if (caller === null) return null;
    c.set("caller", caller);
    return isAdmin(caller) ? "admin" : "reader";
  }
  if (basic !== null) return isBasic(c.req.header("Authorization") ?? "", basic) ? "admin" : null;
  // Who is told of another address comes through a proxy, which need not say so.
  const seenAt = [
    bound,
    new URL(c.req.url).hostname,
    ...(publicEndpoint === null ? [] : [new URL(publicEndpoint).hostname]),
  ];
  const nearby = seenAt.every(isLoopback) && !isForwarded(c);
  return nearby ? "anonymous" : null;
}

function isBasic(header: string, { user, password }: NonNullable<Access["basic"]>): boolean {
  const given = /^basic +([A-Za-z0-9+/=]+)$/i.exec(header)?.[1];
  if (given === undefined) return false;
  // Digests have one length, so that the time tells nothing.
  const digest = (bytes: Buffer) => createHash("sha256").update(bytes).digest();
  return timingSafeEqual(digest(Buffer.from(given, "base64")), digest(Buffer.from(`${user}:${password}`)));
}

/** A proxy on this machine speaks for others. */
function isForwarded(c: Context<ValenceEnv>): boolean {
  const marks = ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via"];
  return marks.some((name) => c.req.header(name) !== undefined);
}

function accepted({ basic }: Access): string {
  return basic === null ? "an X-Auth-Token" : "an X-Auth-Token, or HTTP Basic";
}
