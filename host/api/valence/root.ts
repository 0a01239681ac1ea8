import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { ValenceEnv } from "./context.ts";
import { RESOURCES } from "./paths.ts";
import { operation, type Settings, servePath } from "./serve.ts";
import { NEWEST, OLDEST } from "./version.ts";

const link = z.object({ rel: z.string(), href: z.string(), type: z.string().optional() });
const version = z.object({
  id: z.string(),
  status: z.string(),
  min_version: z.string(),
  max_version: z.string(),
  links: z.array(link),
});
const rootSchema = z.object({ name: z.string(), description: z.string(), versions: z.array(version) });
const v1Schema = z
  .object({
    id: z.string(),
    media_types: z.array(z.object({ base: z.string(), type: z.string() })),
    links: z.array(link),
  })
  .catchall(z.array(link));

/** The version documents of Valence's API. Contract: valence-rest, section 3. */
export function rootResource(settings: Settings): OpenAPIHono<ValenceEnv> {
  const app = new OpenAPIHono<ValenceEnv>();
  servePath(app, settings, "versions", "/", {
    GET: operation({
      summary: "Versions of the API",
      success: rootSchema,
      errors: [],
      async handle({ base }) {
        const links = [{ rel: "self", href: `${base}/v1/` }];
        const versions = [{ id: "v1", status: "CURRENT", min_version: OLDEST, max_version: NEWEST, links }];
        const body = { name: "OpenStack Valence API", description: "Valence is an OpenStack project", versions };
        return { status: 200, body };
      },
    }),
  });
  servePath(app, settings, "versions", "/v1", {
    GET: operation({
      summary: "Resources of version 1",
      success: v1Schema,
      errors: [],
      handle: async ({ base }) => ({ status: 200, body: version1(base) }),
    }),
  });
  return app;
}

function version1(base: string): object {
  const links = (name: string) => [
    { rel: "self", href: `${base}/v1/${name}/` },
    { rel: "bookmark", href: `${base}/${name}/` },
  ];
  return {
    id: "v1",
    media_types: [{ base: "application/json", type: "application/vnd.openstack.valence.v1+json" }],
    links: [
      { rel: "self", href: `${base}/v1/` },
      { rel: "describedby", type: "application/json", href: `${base}/openapi.json` },
    ],
    ...Object.fromEntries(RESOURCES.map((name) => [name, links(name)])),
  };
}
