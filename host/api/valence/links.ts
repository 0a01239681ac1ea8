import { z } from "@hono/zod-openapi";

/** A link of an answer. */
export interface Link {
  readonly rel: string;
  readonly href: string;
}

export const linksSchema = z.array(z.object({ rel: z.string(), href: z.string() }));

/** Where a resource is found, with and without the version. Contract: valence-rest, section 3. */
export function linksTo(base: string, collection: string, id: string): Link[] {
  const path = `${collection}/${encodeURIComponent(id)}`;
  return [
    { rel: "self", href: `${base}/v1/${path}` },
    { rel: "bookmark", href: `${base}/${path}` },
  ];
}
