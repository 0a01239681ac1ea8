// References of a resource as paths that can be compared.

import type { RedfishClient } from "../client.ts";
import { pathOrNull } from "../reference.ts";
import { at, links } from "../shapes.ts";

/** Null for null, `{}`, what is no reference, and what is at another host. */
export function linkOf(client: RedfishClient, value: unknown): string | null {
  return pathOrNull(value, client.origin);
}

/** Each once; a single one is a list. */
export function linksOf(client: RedfishClient, value: unknown): string[] {
  const paths = links(value).map((reference) => linkOf(client, reference));
  return [...new Set(paths.filter((path) => path !== null))];
}

/** Path of a collection or service; null: there is none. Early services keep them under Links. @throws AppError as PodManager */
export async function rootLink(client: RedfishClient, name: string, signal: AbortSignal): Promise<string | null> {
  const { body } = await client.root(signal);
  return linkOf(client, body[name]) ?? linkOf(client, at(body, "Links", name));
}
