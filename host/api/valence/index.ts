import { Hono, type MiddlewareHandler } from "hono";
import { AppError } from "../../errors.ts";
import type { Env } from "../context.ts";
import { observe, type RequestObserver } from "../observe.ts";
import { type Operating, operatingRoutes } from "../operating.ts";
import { pathOf } from "../paths.ts";
import { answerError } from "./errors.ts";
import { rootResource } from "./root.ts";

export interface ValenceApi {
  readonly operating: Operating;
  readonly observer: RequestObserver;
}

/** Valence's API: for now its version documents; every other path is a 404 in its error form. */
export function valenceApi({ operating, observer }: ValenceApi): Hono<Env> {
  const app = new Hono<Env>({ getPath: pathOf });
  app.use(observe("valence", observer));
  app.use(openToEveryOrigin);
  app.onError((error, c) => {
    if (!(error instanceof AppError)) observer.failed(error, c.var.requestId);
    return answerError(c, error);
  });
  app.notFound((c) => answerError(c, new AppError("request.not-found", `No such path: ${c.req.path.slice(0, 200)}`)));
  app.route("/", operatingRoutes(operating));
  app.route("/", rootResource());
  for (const path of ["/", "/v1"]) {
    app.all(path, (c) => {
      c.set("route", path);
      c.header("Allow", "GET,HEAD,OPTIONS");
      if (c.req.method === "OPTIONS") return c.body(null, 200);
      return answerError(c, new AppError("request.method", `The ${c.req.method} method is not allowed.`));
    });
  }
  return app;
}

/**
 * As the original, whose browser interface is served from another port. Hono's own middleware would answer OPTIONS
 * itself, without Allow and with another status than the contract's.
 */
const openToEveryOrigin: MiddlewareHandler<Env> = async (c, next) => {
  await next();
  c.header("Access-Control-Allow-Origin", "*");
  if (c.req.method !== "OPTIONS") return;
  c.header("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS, PUT, PATCH, DELETE");
  const wanted = c.req.header("Access-Control-Request-Headers");
  if (wanted !== undefined) c.header("Access-Control-Allow-Headers", wanted);
};
