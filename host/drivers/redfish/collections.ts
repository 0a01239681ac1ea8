// Members of collections: page by page, many at a time, or all in one answer where the service can do so.

import { AppError, UpstreamError } from "../../errors.ts";
import { unreadable } from "./errors.ts";
import { pathOf } from "./reference.ts";
import { etagOf, membersOf, type Resource } from "./resource.ts";
import { at, type Fields, isRecord, link } from "./shapes.ts";
import { onAbort } from "./waiting.ts";

/** More members than any pod manager has: its pages have no end. */
const MOST_MEMBERS = 200_000;

/** Reads one resource of the service at `origin`. */
export interface Reader {
  readonly origin: string;
  get(path: string, signal: AbortSignal): Promise<Resource>;
}

/**
 * The lists of members of a collection, page by page. A page that was there already is the end.
 * @throws AppError pod-manager.unreadable for what is no collection, has no end, or goes on at another host
 */
export async function* pagesOf(
  { origin, get }: Reader,
  first: string,
  signal: AbortSignal,
): AsyncGenerator<readonly unknown[]> {
  const seen = new Set<string>();
  let count = 0;
  for (let path: string | null = first; path !== null && !seen.has(path); ) {
    seen.add(path);
    const { body }: Resource = await get(path, signal);
    const members = membersOf(body);
    if (members === null) throw unreadable(origin, `GET ${path}`, "was answered with no collection: it has no Members");
    yield members;
    count += members.length + 1;
    if (count > MOST_MEMBERS)
      throw unreadable(origin, `GET ${first}`, `has no end: more than ${MOST_MEMBERS} members and pages`);
    const next: string | null = link(body["Members@odata.nextLink"]) ?? link(body["@odata.nextLink"]);
    path = next === null ? null : pathOf(next, origin);
  }
}

/** The query for whole members that a service root promises to answer; null: it promises none. */
export function expansionOf(root: Fields): string | null {
  const query = at(root, "ProtocolFeaturesSupported", "ExpandQuery");
  const option = at(query, "NoLinks") === true ? "." : at(query, "ExpandAll") === true ? "*" : null;
  return option === null ? null : `$expand=${option}${at(query, "Levels") === true ? "($levels=1)" : ""}`;
}

/**
 * Members of an expanded collection by their paths, in its order; null for those that are references still.
 * @throws AppError as `pagesOf`
 */
export async function expandedMembers(
  reader: Reader,
  path: string,
  signal: AbortSignal,
): Promise<Map<string, Resource | null>> {
  const found = new Map<string, Resource | null>();
  for await (const members of pagesOf(reader, path, signal))
    for (const member of members) {
      const named = link(member);
      if (named === null) continue;
      const memberAt = pathOf(named, reader.origin);
      const isWhole = isRecord(member) && Object.keys(member).some((key) => !key.startsWith("@odata."));
      found.set(memberAt, isWhole ? { path: memberAt, etag: etagOf(null, member), body: member } : null);
    }
  return found;
}

/** Why an expanded collection was not had: it never will be, it may be another time, or null: that is no reason to do without. */
export function refusalToExpand(error: unknown): "never" | "not now" | null {
  if (error instanceof UpstreamError) return [404, 410, 503].includes(error.upstreamStatus) ? "not now" : "never";
  // Too long, most likely.
  return error instanceof AppError && error.code === "pod-manager.unreadable" ? "not now" : null;
}

/** Does something for each of many, `atOnce` at a time; the first failure aborts the others. The answer is in their order. */
export async function forAll<I, T>(
  items: readonly I[],
  atOnce: number,
  use: (item: I, signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
): Promise<T[]> {
  signal.throwIfAborted();
  const results: T[] = new Array(items.length);
  const inner = new AbortController();
  const callOff = onAbort(signal, () => inner.abort(signal.reason));
  let next = 0;
  const work = async () => {
    while (next < items.length && !inner.signal.aborted) {
      const index = next++;
      results[index] = await use(items[index]!, inner.signal);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, work));
    return results;
  } catch (error) {
    inner.abort(error);
    throw error;
  } finally {
    callOff();
  }
}
