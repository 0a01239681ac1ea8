// One service of the cloud: where it is, which microversions it speaks, and its lists, page by page.

import { AppError } from "../errors.ts";
import type { CloudSession, JsonAnswer } from "./cloud-session.ts";
import { isRecord, listOf, textOf } from "./json.ts";

/** Entries asked for at a time; a service may give fewer. A page of servers is some 1 MB. */
const PAGE = 500;
/** A list is begun anew when the marker of the next page was deleted meanwhile, this often. */
const RESTARTS = 3;
/** Ten million entries: whoever has more of anything does not tell the truth. */
const MOST_PAGES = 20_000;

interface ServiceKind {
  /** As the catalog names it: compute, placement. */
  readonly type: string;
  /** The number before the dot of its microversions. */
  readonly major: number;
}

export const COMPUTE: ServiceKind = { type: "compute", major: 2 };
export const PLACEMENT: ServiceKind = { type: "placement", major: 1 };

export type Entry = Readonly<Record<string, unknown>>;

export interface Listing {
  /** From the address of the service on, e.g. `/servers/detail`. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Minor microversion; a service that does not go so far is asked in the highest it has. */
  readonly version: number;
  /** Where the entries stand in the answer. */
  readonly key: string;
  /** What tells an entry from others; null: it is damaged. */
  readonly idOf: (entry: Entry) => string | null;
  /** How the next page is asked for; absent: all comes at once. */
  readonly next?: "marker" | "offset";
}

/** A page, and when it was made by the clock of who made it, ms since 1970. */
export interface Page {
  readonly entries: readonly Entry[];
  readonly at: number;
}

export class ServiceApi {
  readonly #session: CloudSession;
  readonly #kind: ServiceKind;
  /** When its latest answer was given by its own clock, ms since 1970. */
  time = 0;
  #found: { readonly url: string; readonly highest: number } | null = null;

  constructor(session: CloudSession, kind: ServiceKind) {
    this.#session = session;
    this.#kind = kind;
  }

  /** Its highest minor microversion; null: the catalog names no such service. @throws AppError as `get` */
  async highest(): Promise<number | null> {
    return (await this.#find())?.highest ?? null;
  }

  /**
   * GET of one thing.
   * @param absent statuses that mean that there is no such thing; then the answer is null
   * @throws AppError cloud.unavailable, cloud.unreadable; also when the catalog does not name the service
   */
  async get(
    path: string,
    version: number,
    query: Readonly<Record<string, string>> = {},
    absent: readonly number[] = [404],
  ): Promise<JsonAnswer | null> {
    const { type, major } = this.#kind;
    const found = await this.#find();
    if (found === null) throw unreadable(`the catalog of Keystone names no service ${type} with a usable address`);
    const headers = { "OpenStack-API-Version": `${type} ${major}.${Math.min(version, found.highest)}` };
    const search = new URLSearchParams(query).toString();
    try {
      const answer = await this.#session.get(`${found.url}${path}${search === "" ? "" : `?${search}`}`, {
        headers,
        absent,
      });
      this.time = answer?.at ?? this.time;
      return answer;
    } catch (error) {
      // It may have moved, or another release may answer there.
      this.#found = null;
      throw error;
    }
  }

  /**
   * Every entry once, in pages. Complete, or it throws: an entry that cannot be told from others, an answer without its
   * list, and pages that go round are errors.
   */
  async *pages(listing: Listing): AsyncGenerator<Page> {
    const seen = new Set<string>();
    for (let start = 0; start <= RESTARTS; start++) if (yield* this.#walk(listing, seen)) return;
    throw new AppError("cloud.unavailable", `${this.#what(listing)}: markers were deleted as fast as they were used`);
  }

  /** All entries of a list that fits into memory. @throws as `pages` */
  async all(listing: Listing): Promise<Entry[]> {
    const entries: Entry[] = [];
    for await (const page of this.pages(listing)) entries.push(...page.entries);
    return entries;
  }

  /** False: a marker was deleted before it was used. */
  async *#walk(listing: Listing, seen: Set<string>): AsyncGenerator<Page, boolean> {
    const { path, query = {}, version, next } = listing;
    const starts = new Set<string>();
    let start = "";
    let offset = 0;
    for (let pages = 0; pages < MOST_PAGES; pages++) {
      const limits = next === undefined ? {} : { limit: String(PAGE), ...(start === "" ? {} : { [next]: start }) };
      const marked = next === "marker" && start !== "";
      const answer = await this.get(path, version, { ...query, ...limits }, marked ? [400, 404] : []);
      if (answer === null) return false;
      const { entries, count, last } = this.#entries(listing, answer, seen);
      if (entries.length > 0) yield { entries, at: answer.at };
      if (next === undefined || count === 0) return true;
      offset += count;
      start = next === "marker" ? last : String(offset);
      if (starts.has(start) || (next === "offset" && entries.length === 0))
        throw unreadable(`${this.#what(listing)}: the pages go round at ${next} ${start}`);
      starts.add(start);
    }
    throw unreadable(`${this.#what(listing)}: there is no end after ${MOST_PAGES} pages`);
  }

  /** Those that are new, how many there were, and the last one's identity. */
  #entries(listing: Listing, { json }: JsonAnswer, seen: Set<string>) {
    const { key, idOf } = listing;
    const raw = json[key];
    if (!Array.isArray(raw)) throw unreadable(`${this.#what(listing)}: the answer has no list ${key}`);
    const entries: Entry[] = [];
    let last = "";
    for (const [at, entry] of raw.entries()) {
      const id = isRecord(entry) ? idOf(entry) : null;
      if (id === null) {
        const shown = JSON.stringify(entry).slice(0, 80);
        throw unreadable(`${this.#what(listing)}: ${key}[${at}] cannot be told from others (${shown})`);
      }
      last = id;
      if (seen.has(id)) continue;
      seen.add(id);
      entries.push(entry);
    }
    return { entries, count: raw.length, last };
  }

  #what({ path }: Listing): string {
    return `${this.#kind.type} ${path}`;
  }

  /** The catalog may name the service's root or one version of it. */
  async #find(): Promise<{ readonly url: string; readonly highest: number } | null> {
    if (this.#found) return this.#found;
    const { type, major } = this.#kind;
    const url = await this.#session.endpoint(type);
    if (url === null) return null;
    const { json } = (await this.#session.get(`${url}/`))!;
    const versions = isRecord(json.version) ? [json.version] : listOf(json.versions).filter(isRecord);
    let highest = -1;
    let id = "";
    for (const one of versions) {
      const numbers = /^(\d+)\.(\d+)$/.exec(textOf(one.version) ?? textOf(one.max_version) ?? "");
      if (numbers === null || Number(numbers[1]) !== major || Number(numbers[2]) <= highest) continue;
      highest = Number(numbers[2]);
      id = textOf(one.id) ?? "";
    }
    if (highest < 0) throw unreadable(`${url}/ names no version ${major}.x of ${type}`);
    // Placement keeps all versions at its root; compute has a folder for each.
    const folder = json.version === undefined && type === "compute" && !url.endsWith(`/${id}`) ? `/${id}` : "";
    this.#found = { url: `${url}${folder}`, highest };
    return this.#found;
  }
}

function unreadable(message: string): AppError {
  return new AppError("cloud.unreadable", message);
}
