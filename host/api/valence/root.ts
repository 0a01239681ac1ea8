import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Env } from "../context.ts";
import { clientBase } from "../paths.ts";

const RESOURCES = ["nodes", "storages", "flavors", "systems", "pod_managers", "racks", "devices", "pooled"];

const link = z.object({ rel: z.string(), href: z.string(), type: z.string().optional() });
const version = z.object({
  id: z.string(),
  status: z.string(),
  min_version: z.string(),
  max_version: z.string(),
  links: z.array(link),
});
const DOCUMENTS = {
  "/": z.object({ name: z.string(), description: z.string(), versions: z.array(version) }),
  "/v1": z
    .object({
      id: z.string(),
      media_types: z.array(z.object({ base: z.string(), type: z.string() })),
      links: z.array(link),
    })
    .catchall(z.array(link)),
};

/** The version documents of Valence's API, and their description. Contract: valence-rest, section 3. */
export function rootResource(): OpenAPIHono<Env> {
  const app = new OpenAPIHono<Env>();
  for (const [path, schema] of Object.entries(DOCUMENTS)) {
    const content = { "application/json": { schema } };
    const responses = { 200: { description: "Version document", content } };
    app.openAPIRegistry.registerPath({ method: "get", path, summary: "Versions of the API", responses });
  }
  app.get("/openapi.json", (c) => {
    c.set("route", "/openapi.json");
    return c.json(
      app.getOpenAPI31Document({ openapi: "3.1.0", info: { title: "Ostro: Valence's API", version: "1.0" } }),
    );
  });
  app.get("/", (c) => {
    c.set("route", "/");
    const self = { rel: "self", href: `${clientBase(c)}/v1/` };
    return c.json({
      name: "OpenStack Valence API",
      description: "Valence is an OpenStack project",
      versions: [{ id: "v1", status: "CURRENT", min_version: "1.0", max_version: "1.1", links: [self] }],
    });
  });
  app.get("/v1", (c) => {
    c.set("route", "/v1");
    const base = clientBase(c);
    const links = (name: string) => [
      { rel: "self", href: `${base}/v1/${name}/` },
      { rel: "bookmark", href: `${base}/${name}/` },
    ];
    return c.json({
      id: "v1",
      media_types: [{ base: "application/json", type: "application/vnd.openstack.valence.v1+json" }],
      links: [
        { rel: "self", href: `${base}/v1/` },
        { rel: "describedby", type: "application/json", href: `${base}/openapi.json` },
      ],
      ...Object.fromEntries(RESOURCES.map((name) => [name, links(name)])),
    });
  });
  return app;
}
