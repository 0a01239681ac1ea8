import { OpenAPIHono } from "@hono/zod-openapi";
import { AppError } from "../../errors.ts";
import type { ValenceEnv } from "./context.ts";

/**
 * Where pod managers push their events. They have no credentials of ours: the mark in the path says that the address is from
 * us. What an event says is not read, as anybody could have written it; it only has the pod manager be asked again.
 */
export function eventsResource(pushed: (mark: string) => boolean): OpenAPIHono<ValenceEnv> {
  const app = new OpenAPIHono<ValenceEnv>();
  app.post("/v1/events/:mark", async (c) => {
    c.set("route", "/v1/events/{mark}");
    await c.req.raw.body?.cancel();
    if (!pushed(c.req.param("mark"))) throw new AppError("request.not-found", "No pod manager has this address.");
    return c.body(null, 204);
  });
  app.openAPIRegistry.registerPath({
    method: "post",
    path: "/v1/events/{mark}",
    tags: ["events"],
    summary: "An event of a pod manager, pushed to the address that it was given",
    security: [],
    responses: { 204: { description: "Noted" }, 404: { description: "The address is not one that was given out" } },
  });
  return app;
}
