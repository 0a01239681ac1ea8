import { createHash } from "node:crypto";
import { TrieRouter } from "hono/router/trie-router";
import { type Answer, type Json, Refusal } from "./answer.ts";

/** What a handler is told. */
export interface Asked {
  /** Without a slash at the end. */
  readonly path: string;
  /** Of the pattern, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Of the request; {} without one. */
  readonly body: Json;
  header(name: string): string | undefined;
}

type Params = Readonly<Record<string, string>>;
type Handler = (asked: Asked) => Answer | Promise<Answer>;

/** One path, or all of a pattern (`/redfish/v1/Systems/:id`). */
export interface Resource {
  /** Null: there is none; a method without its member is 405. */
  get?(params: Params): Json | null;
  readonly post?: Handler;
  readonly patch?: Handler;
  readonly put?: Handler;
  readonly delete?: Handler;
  /** The handlers of writing answer for a resource that `get` does not know. */
  readonly writableUnseen?: boolean;
}

export interface ResourceRules {
  /** none: no ETags; checked: an If-Match that is wrong is refused; required: a write without one, too. */
  readonly etags: "none" | "checked" | "required";
  /** `$expand` works; otherwise it is passed over. */
  readonly expand: boolean;
  /** Members of a collection in one answer. */
  readonly pageSize: number;
}

/** The resources of a Redfish service by path. */
export class Resources {
  readonly rules: ResourceRules;
  readonly #router = new TrieRouter<Resource>();

  constructor(rules: ResourceRules) {
    this.rules = rules;
  }

  /** Those that are added first come first. */
  add(pattern: string, resource: Resource): void {
    this.#router.add("ALL", pattern, resource);
  }

  /** What GET answers; null: there is none. */
  read(path: string): Json | null {
    const found = this.#find(path);
    return found === null ? null : (found.resource.get?.(found.params) ?? null);
  }

  async answer(method: string, asked: Omit<Asked, "params">): Promise<Answer> {
    const found = this.#find(asked.path);
    if (found === null) throw notFound(asked.path);
    const { resource, params } = found;
    const allow = allowed(resource);
    const seen = resource.get?.(params) ?? null;
    const reads = method === "GET" || method === "HEAD";
    if (seen === null && resource.get !== undefined && (reads || resource.writableUnseen !== true)) {
      throw notFound(asked.path);
    }
    if (!allow.includes(method)) {
      throw new Refusal(405, `${method} is not allowed on ${asked.path}`, { headers: { Allow: allow.join(", ") } });
    }
    if (reads) return this.#shown(asked, seen!, allow);
    const handler = { POST: resource.post, PATCH: resource.patch, PUT: resource.put, DELETE: resource.delete }[method]!;
    if (method !== "POST" && seen !== null) this.#match(asked, seen);
    return await handler({ ...asked, params });
  }

  #shown(asked: Omit<Asked, "params">, seen: Json, allow: readonly string[]): Answer {
    const headers: Record<string, string> = { Allow: allow.join(", ") };
    if (this.rules.etags !== "none") {
      const etag = etagOf(seen);
      headers.ETag = etag;
      if (asked.header("if-none-match") === etag) return { status: 304, headers };
    }
    return { status: 200, headers, body: this.#part(asked, seen) };
  }

  /** A page of a collection, with whole members if that was asked for. */
  #part({ path, query }: Omit<Asked, "params">, seen: Json): Json {
    if (!Array.isArray(seen.Members)) return seen;
    const members = seen.Members as readonly Json[];
    const skip = wholeOf(query, "$skip") ?? 0;
    const count = Math.min(wholeOf(query, "$top") ?? this.rules.pageSize, this.rules.pageSize);
    const page = members.slice(skip, skip + count);
    const next = skip + page.length;
    const more = !query.has("$top") && next < members.length;
    const expand = this.rules.expand ? query.get("$expand") : null;
    const kept = expand === null ? "" : `&$expand=${encodeURIComponent(expand)}`;
    return {
      ...seen,
      Members: expand === null ? page : page.map((member) => this.read(String(member["@odata.id"])) ?? member),
      ...(more ? { "Members@odata.nextLink": `${path}?$skip=${next}${kept}` } : {}),
    };
  }

  #match(asked: Omit<Asked, "params">, seen: Json): void {
    const { etags } = this.rules;
    if (etags === "none") return;
    const wanted = asked.header("if-match");
    if (wanted === undefined) {
      if (etags === "required") throw new Refusal(428, `${asked.path} takes no change without If-Match`);
      return;
    }
    const now = etagOf(seen);
    const names = wanted.split(",").map((name) => name.trim().replace(/^W\//, ""));
    if (names.includes("*") || names.includes(now)) return;
    throw new Refusal(412, `${asked.path} has changed: its ETag is ${now}`);
  }

  #find(path: string): { resource: Resource; params: Params } | null {
    const [hit] = this.#router.match("ALL", path)[0];
    if (hit === undefined) return null;
    const [resource, params] = hit as unknown as [Resource, Params];
    return { resource, params: Object.fromEntries(Object.entries(params).map(([name, text]) => [name, plain(text)])) };
  }
}

/** Of a resource as GET shows it. */
function etagOf(seen: Json): string {
  return `"${createHash("sha1").update(JSON.stringify(seen)).digest("hex").slice(0, 16)}"`;
}

/** A Redfish collection of these paths. */
export function collection(path: string, type: string, name: string, members: readonly string[]): Json {
  return {
    "@odata.id": path,
    "@odata.type": `#${type}.${type}`,
    "@odata.context": `/redfish/v1/$metadata#${type}.${type}`,
    Name: name,
    "Members@odata.count": members.length,
    Members: members.map(link),
  };
}

/** A reference to a resource. */
export function link(path: string): { "@odata.id": string } {
  return { "@odata.id": path };
}

function allowed(resource: Resource): string[] {
  const { get, post, patch, put } = resource;
  return [
    ...(get === undefined ? [] : ["GET", "HEAD"]),
    ...(post === undefined ? [] : ["POST"]),
    ...(patch === undefined ? [] : ["PATCH"]),
    ...(put === undefined ? [] : ["PUT"]),
    ...(resource.delete === undefined ? [] : ["DELETE"]),
  ];
}

function notFound(path: string): Refusal {
  return new Refusal(404, `There is no resource at ${path}`, { code: "Base.1.0.ResourceMissingAtURI" });
}

function wholeOf(query: URLSearchParams, name: string): number | null {
  const text = query.get(name);
  if (text === null) return null;
  if (!/^\d{1,9}$/.test(text)) throw new Refusal(400, `${name} must be a whole number, got ${text}`);
  return Number(text);
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
