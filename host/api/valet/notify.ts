import type { MiddlewareHandler } from "hono";
import type { ApiExchange } from "../../services/notifications.ts";
import type { Env } from "../context.ts";

/** Tells `offer` of each request once it is answered, with the status that the caller gets. Nothing waits for it. */
export function notify(offer: (exchange: ApiExchange) => void): MiddlewareHandler<Env> {
  return async (c, next) => {
    await next();
    const { caller, requestBody } = c.var;
    const exchange = {
      method: c.req.method,
      path: new URL(c.req.url).pathname,
      requestBody,
      status: c.res.status,
      projectId: caller?.projectId ?? null,
      userId: caller?.userId ?? null,
    };
    void c.res
      .clone()
      .text()
      .then((responseBody) => offer({ ...exchange, responseBody }))
      // A body that cannot be read is the caller's to notice.
      .catch(() => {});
  };
}
