import { randomUUID } from "node:crypto";
import type { MiddlewareHandler } from "hono";
import type { Env } from "./context.ts";

/** What logs and metrics want to know of a request. `route` is a pattern, never the path itself. */
export interface RequestReport {
  readonly api: "valet" | "valence";
  readonly method: string;
  readonly route: string;
  readonly path: string;
  readonly status: number;
  readonly ms: number;
  readonly requestId: string;
  readonly projectId?: string;
}

export interface RequestObserver {
  finished(report: RequestReport): void;
  /** An error that is no answer: a defect, or the store being away. */
  failed(error: unknown, requestId: string): void;
}

const REQUEST_ID = /^req-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

/** Gives each request an id, the caller's own if it is well-formed, answers it and reports how the request went. */
export function observe(api: RequestReport["api"], observer: RequestObserver): MiddlewareHandler<Env> {
  return async (c, next) => {
    const started = performance.now();
    const offered = c.req.header("X-Openstack-Request-Id") ?? "";
    const requestId = REQUEST_ID.test(offered) ? offered : `req-${randomUUID()}`;
    c.set("requestId", requestId);
    await next();
    c.header("X-Openstack-Request-Id", requestId);
    const projectId = c.var.caller?.projectId;
    observer.finished({
      api,
      method: METHODS.has(c.req.method) ? c.req.method : "OTHER",
      route: c.var.route ?? "unknown",
      path: c.req.path,
      status: c.res.status,
      ms: performance.now() - started,
      requestId,
      ...(projectId === undefined ? {} : { projectId }),
    });
  };
}
