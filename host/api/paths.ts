import type { Context } from "hono";
import { getPath } from "hono/utils/url";

/** One slash at the end makes no difference; anything with two slashes in a row is left alone and matches no route. */
export function pathOf(request: Request): string {
  const path = getPath(request);
  return path.length > 1 && path.endsWith("/") && !path.includes("//") ? path.slice(0, -1) : path;
}

/** Scheme, host and port as the client used them, also when a proxy stands between (X-Forwarded-Proto, -Host). */
export function clientBase(c: Context): string {
  const url = new URL(c.req.url);
  const scheme = firstHop(c.req.header("X-Forwarded-Proto"), /^https?$/) ?? url.protocol.slice(0, -1);
  const host = firstHop(c.req.header("X-Forwarded-Host"), /^[\w.[\]:-]{1,255}$/) ?? url.host;
  return `${scheme}://${host}`;
}

/** Each proxy appends its view; the first entry is what the client used. */
function firstHop(header: string | undefined, form: RegExp): string | undefined {
  const value = header?.split(",")[0]?.trim().toLowerCase();
  return value !== undefined && form.test(value) ? value : undefined;
}
