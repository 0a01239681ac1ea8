import { OpenAPIHono } from "@hono/zod-openapi";
import { AppError } from "../../errors.ts";
import type { GroupService } from "../../services/groups.ts";
import type { IdentitySource } from "../../services/identity.ts";
import type { PlacementService } from "../../services/placements.ts";
import type { PlanService } from "../../services/plans.ts";
import type { StatusService } from "../../services/status.ts";
import type { Env } from "../context.ts";
import { observe, type RequestObserver } from "../observe.ts";
import { type Operating, operatingRoutes } from "../operating.ts";
import { pathOf } from "../paths.ts";
import { type AdminRequired, authenticate } from "./auth.ts";
import { answerError, errorSchema } from "./errors.ts";
import { groupsResource } from "./groups.ts";
import { placementsResource } from "./placements.ts";
import { plansResource } from "./plans.ts";
import { resourcesResource } from "./resources.ts";
import { rootResource } from "./root.ts";
import { statusResource } from "./status.ts";

export interface ValetApi {
  readonly groups: GroupService;
  readonly plans: PlanService;
  readonly placements: PlacementService;
  readonly status: StatusService;
  readonly identity: IdentitySource;
  readonly adminRequired: AdminRequired;
  readonly bodyLimitBytes: number;
  readonly operating: Operating;
  readonly observer: RequestObserver;
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
  app.use("/v1/*", authenticate(api.identity, api.adminRequired));
  app.route("/", operatingRoutes(api.operating));
  app.route("/", rootResource(shared));
  app.route("/", groupsResource(api.groups, shared));
  app.route("/", plansResource(api.plans, shared));
  app.route("/", placementsResource(api.placements, shared));
  app.route("/", statusResource(api.status, shared));
  app.route("/", resourcesResource(shared));

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
