import { OpenAPIHono } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { AppError } from "../../errors.ts";
import type { GroupService } from "../../services/groups.ts";
import type { IdentitySource } from "../../services/identity.ts";
import type { ApiExchange } from "../../services/notifications.ts";
import type { PlacementService } from "../../services/placements.ts";
import type { PlanService } from "../../services/plans.ts";
import type { Refresh } from "../../services/refresh.ts";
import type { ServerService } from "../../services/servers.ts";
import type { StackService } from "../../services/stacks.ts";
import type { StatusService } from "../../services/status.ts";
import type { Env } from "../context.ts";
import { observe, type RequestObserver } from "../observe.ts";
import { type Operating, operatingRoutes } from "../operating.ts";
import { pathOf } from "../paths.ts";
import { type AdminRequired, authenticate } from "./auth.ts";
import { answerError, errorSchema } from "./errors.ts";
import { groupsResource } from "./groups.ts";
import { notify } from "./notify.ts";
import { placementsResource } from "./placements.ts";
import { plansResource } from "./plans.ts";
import { resourcesResource } from "./resources.ts";
import { resyncResource } from "./resync.ts";
import { rootResource } from "./root.ts";
import { statusResource } from "./status.ts";

export interface ValetApi {
  readonly groups: GroupService;
  readonly plans: PlanService;
  readonly stacks: StackService;
  readonly placements: PlacementService;
  readonly servers: ServerService;
  readonly status: StatusService;
  readonly identity: IdentitySource;
  readonly adminRequired: AdminRequired;
  readonly bodyLimitBytes: number;
  readonly operating: Operating;
  readonly observer: RequestObserver;
  /** Null: the data center is no cloud. */
  readonly refresh?: Refresh | null;
  /** Told of every request when it is answered, but of those about health and metrics. */
  readonly answered?: (exchange: ApiExchange) => void;
}

/** Valet's API, both generations of it. */
export function valetApi(api: ValetApi): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>({ getPath: pathOf });
  const shared = { bodyLimitBytes: api.bodyLimitBytes, errorSchema };
  app.use(observe("valet", api.observer));
  app.onError((error, c) => {
    if (!(error instanceof AppError) || error.status >= 503) api.observer.failed(error, c.var.requestId);
    return answerError(c, error);
  });
  app.notFound((c) => answerError(c, new AppError("request.not-found", "")));
  app.route("/", operatingRoutes(api.operating));
  if (api.answered) app.use(notify(api.answered));
  app.use("/v1/*", authenticate(api.identity, api.adminRequired));
  app.use("/v1/*", whenKnown(api.refresh ?? null));
  app.route("/", rootResource(shared));
  app.route("/", groupsResource(api.groups, shared));
  app.route("/", plansResource(api.plans, api.stacks, shared));
  app.route("/", placementsResource(api.placements, api.plans, shared));
  app.route("/", statusResource(api.status, shared));
  app.route("/", resourcesResource(api.servers, shared));
  app.route("/", resyncResource(api.refresh ?? null, shared));

  app.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "apiKey",
    in: "header",
    name: "X-Auth-Token",
  });
  app.get("/openapi.json", (c) => {
    c.set("route", "/openapi.json");
    return c.json(openApi(app));
  });
  return app;
}

/** Until the cloud was read for the first time nothing can be said of it: 503, but not to who asks how far that is. */
function whenKnown(refresh: Refresh | null): MiddlewareHandler<Env> {
  return async (c, next) => {
    const reason = refresh?.notReady() ?? null;
    if (reason !== null && !/^\/v1\/(resync|status)\b/.test(c.req.path))
      throw new AppError("cloud.unavailable", reason);
    await next();
  };
}

function openApi(app: OpenAPIHono<Env>): object {
  return app.getOpenAPI31Document({
    openapi: "3.1.0",
    info: {
      title: "Ostro: Valet's API",
      version: "1.0",
      description: "Plans where the servers of a stack run. Paths work with and without a slash at the end.",
    },
    security: [{ token: [] }],
  });
}
