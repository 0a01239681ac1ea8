import { OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "../../errors.ts";
import type { Env } from "../context.ts";
import { operation, type ResourceContext, servePath } from "../resource.ts";

const verdict = z.object({ type: z.string(), status: z.string(), message: z.string() });

/** `/v1/resources`: servers whose placement could not be verified. */
export function resourcesResource(shared: Omit<ResourceContext, "tag">): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>();
  servePath(
    app,
    "/v1/resources",
    "/",
    { ...shared, tag: "resources" },
    {
      lookup: async () => null,
      methods: {
        GET: operation({
          summary: "List servers that do not run where they were planned; comes with a later release",
          success: {
            status: 200,
            text: "Server id -> fault",
            schema: z.object({ resources: z.record(z.string(), verdict) }),
          },
          errors: [501],
          handle: async () => {
            throw new AppError("request.not-implemented", "Verifying placements comes with a later release.");
          },
        }),
      },
    },
  );
  return app;
}
