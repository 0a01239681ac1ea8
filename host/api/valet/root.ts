import { OpenAPIHono } from "@hono/zod-openapi";
import type { Env } from "../context.ts";
import { clientBase } from "../paths.ts";
import { operation, type ResourceContext, servePath } from "../resource.ts";
import { versionsSchema } from "./schemas.ts";

const RESOURCES = ["groups", "placements", "plans", "status"];

/** The version documents: `/`, open to everybody, and `/v1`. */
export function rootResource(shared: Omit<ResourceContext, "tag">): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>();
  const context = { ...shared, tag: "versions" };
  const versions = (links: string[]) => ({
    versions: [{ status: "CURRENT", id: "v1.0", links: links.map((href) => ({ href, rel: "self" })) }],
  });
  const success = { status: 200, text: "Versions", schema: versionsSchema } as const;

  servePath(app, "/", "/", context, {
    open: true,
    lookup: async () => null,
    methods: {
      GET: operation({
        summary: "The versions of the API; needs no token",
        success,
        errors: [],
        handle: async ({ c }) => ({ status: 200, body: versions([`${clientBase(c)}/v1/`]) }),
      }),
    },
  });
  servePath(app, "/v1", "/", context, {
    lookup: async () => null,
    methods: {
      GET: operation({
        summary: "The resources of version 1",
        success,
        errors: [],
        handle: async ({ c }) => {
          const base = clientBase(c);
          return { status: 200, body: versions(RESOURCES.map((name) => `${base}/v1/${name}/`)) };
        },
      }),
    },
  });
  return app;
}
