import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { StatusService } from "../../services/status.ts";
import type { Env } from "../context.ts";
import { operation, type ResourceContext, servePath } from "../resource.ts";

const statusSchema = z
  .object({
    status: z.object({
      ostro: z.object({
        status: z.object({ type: z.enum(["ok", "error"]), message: z.string() }),
        resources: z.object({ ip: z.string(), id: z.int() }).optional(),
      }),
    }),
  })
  .openapi("Status");

/** `/v1/status`: does the engine answer? */
export function statusResource(status: StatusService, shared: Omit<ResourceContext, "tag">): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>();
  servePath(
    app,
    "/v1/status",
    "/",
    { ...shared, tag: "status" },
    {
      lookup: async () => null,
      methods: {
        HEAD: operation({
          summary: "Ping the engine; its answer is not waited for",
          success: { status: 204, text: "Taken" },
          errors: [],
          handle: async () => ({ status: 204 }),
        }),
        GET: operation({
          summary: "The state of the engine; 200 also when it is down",
          success: { status: 200, text: "The state", schema: statusSchema },
          errors: [],
          handle: async () => ({ status: 200, body: { status: { ostro: await status.engine() } } }),
        }),
      },
    },
  );
  return app;
}
