import { Hono } from "hono";
import type { Env } from "../context.ts";
import { clientBase } from "../paths.ts";

const RESOURCES = ["nodes", "storages", "flavors", "systems", "pod_managers", "racks", "devices", "pooled"];

/** The version documents of Valence's API. Contract: valence-rest, section 3. */
export function rootResource(): Hono<Env> {
  const app = new Hono<Env>();
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
        {
          rel: "describedby",
          type: "text/html",
          href: "https://docs.openstack.org/developer/valence/dev/api-spec-v1.html",
        },
      ],
      ...Object.fromEntries(RESOURCES.map((name) => [name, links(name)])),
    });
  });
  return app;
}
