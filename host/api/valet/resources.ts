import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { ServerService } from "../../services/servers.ts";
import type { Env } from "../context.ts";
import { operation, type ResourceContext, servePath } from "../resource.ts";

const verdict = z.object({ type: z.string(), status: z.string(), message: z.string() });

/** `/v1/resources`: servers that break a rule where they are. */
export function resourcesResource(servers: ServerService, shared: Omit<ResourceContext, "tag">): OpenAPIHono<Env> {
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
          summary: "List servers that break a rule of a group where they are",
          success: {
            status: 200,
            text: "Server id -> fault",
            schema: z.object({ resources: z.record(z.string(), verdict) }),
          },
          errors: [],
          handle: async () => {
            const faults = (await servers.faults()).map(
              ({ id, fault }) => [id, { type: "OS::Nova::Server", status: "error", message: fault }] as const,
            );
            return { status: 200, body: { resources: Object.fromEntries(faults) } };
          },
        }),
      },
    },
  );
  return app;
}
