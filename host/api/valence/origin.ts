import { isIP } from "node:net";
import type { Context, MiddlewareHandler } from "hono";
import { AppError } from "../../errors.ts";
import { clip } from "../body.ts";
import type { ValenceEnv } from "./context.ts";

/** Which browsers may use the API, so that no web page in an operator's browser can drive hardware. */
export interface Origins {
  /** Host the API is bound to. */
  readonly bound: string;
  /** Where clients find the API when a proxy is before it, `https://cloud.example/`; null: where it is bound. */
  readonly publicEndpoint: string | null;
  /** Origins of web pages that may use it; `loopback` stands for all of this machine, `*` for all there are. */
  readonly corsOrigins: readonly string[];
}

const METHODS = "GET, HEAD, POST, OPTIONS, PATCH, DELETE";

/**
 * A page reaches a loopback address by a name of its own that it lets point there; what it cannot forge is the Host header.
 * Where the API is bound to other addresses nobody is served without credentials, which such a page has not.
 */
export function checkHost(origins: Origins): MiddlewareHandler<ValenceEnv> {
  const own = [origins.bound, hostOf(origins.publicEndpoint)];
  return async (c, next) => {
    const { hostname } = new URL(c.req.url);
    if (isLoopback(origins.bound) && !isLoopback(hostname) && !isIP(bare(hostname)) && !own.includes(hostname))
      throw new AppError(
        "request.forbidden",
        `Host: ${clip(hostname, 100)} is not a name of this service. If a proxy is before it, set its public endpoint.`,
      );
    await next();
  };
}

/** Tells browsers which pages may read and write; what a page of another origin writes all the same is refused. */
export function checkOrigin(origins: Origins): MiddlewareHandler<ValenceEnv> {
  return async (c, next) => {
    const origin = c.req.header("Origin");
    const allowed = origin === undefined || mayUse(origins, origin, c);
    if (origin !== undefined && allowed) c.header("Access-Control-Allow-Origin", origin);
    if (!allowed && !["GET", "HEAD", "OPTIONS"].includes(c.req.method))
      throw new AppError(
        "request.forbidden",
        `Origin: pages of ${clip(origin, 100)} may not use this service. If they should, add it to the origins of CORS.`,
      );
    if (c.req.method === "OPTIONS" && origin !== undefined && allowed) {
      c.header("Access-Control-Allow-Methods", METHODS);
      const wanted = c.req.header("Access-Control-Request-Headers");
      if (wanted !== undefined) c.header("Access-Control-Allow-Headers", wanted);
    }
    c.header("Access-Control-Expose-Headers", "X-Openstack-Request-Id, OpenStack-API-Version, Link, Warning, Location");
    c.header("Vary", "Origin", { append: true });
    await next();
  };
}

function mayUse({ corsOrigins, publicEndpoint }: Origins, origin: string, c: Context<ValenceEnv>): boolean {
  if (corsOrigins.includes("*")) return true;
  // "null" of a sandboxed page, or what is no origin at all.
  if (!URL.canParse(origin)) return false;
  const { origin: normal, protocol, hostname, host } = new URL(origin);
  if (!/^https?:$/.test(protocol)) return false;
  if (host === new URL(c.req.url).host || (publicEndpoint !== null && host === new URL(publicEndpoint).host))
    return true;
  return corsOrigins.includes(normal) || (corsOrigins.includes("loopback") && isLoopback(hostname));
}

/** `localhost` with all below it, 127.0.0.0/8, ::1. */
export function isLoopback(host: string): boolean {
  const name = bare(host.toLowerCase());
  if (isIP(name) === 4) return name.startsWith("127.");
  return name === "::1" || name === "localhost" || name.endsWith(".localhost");
}

function bare(host: string): string {
  return host.startsWith("[") ? host.slice(1, -1) : host;
}

function hostOf(url: string | null): string | null {
  return url === null ? null : new URL(url).hostname;
}
