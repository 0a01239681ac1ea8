// A Redfish service as drivers use it: resources by reference, collections, orders and the tasks they become.
// Contract: drivers, sections 0 and 3.6 to 3.8.

import { AppError, UpstreamError } from "../../errors.ts";
import type { ForwardedAnswer, ForwardedRequest, PodManagerAccess, Subscription } from "../driver.ts";
import { isGone, isHtml, jsonOf, refused, snippet, unreadable } from "./errors.ts";
import { type FollowOptions, follow } from "./follow.ts";
import { forward } from "./forward.ts";
import { originOf, pathOf, pathOrNull, type Reference, ROOT } from "./reference.ts";
import { type Answered, type Asked, Requests } from "./requests.ts";
import { Session } from "./session.ts";
import { at, type Fields, isRecord, link, links } from "./shapes.ts";
import { finished, monitorOf } from "./tasks.ts";
import { type Answer, type Method, Transport } from "./transport.ts";

export type { Reference } from "./reference.ts";

export interface Resource {
  /** Without a slash at its end. */
  readonly path: string;
  readonly etag: string | null;
  readonly body: Fields;
}

/** What an order was answered with. JSON: a saga may record it and wait for its end in another process. */
export interface Written {
  readonly status: number;
  /** Path of what was created; null: not said, or at another host. */
  readonly location: string | null;
  readonly body: Fields | null;
  readonly etag: string | null;
  /** Path of a task that goes on; `finished` waits for it. */
  readonly monitor: string | null;
}

interface Order {
  /** It may take as long as composing hardware does. */
  readonly compose?: boolean;
  /** Of what it changes: it is refused (412) when that has changed since. */
  readonly etag?: string | null;
  /** Not sent again after a lost answer, so that a 412 is never due to ourselves. */
  readonly once?: boolean;
}

/** More members than any pod manager has: its pages have no end. */
const MOST_MEMBERS = 200_000;

/**
 * All methods reject with AppErrors: pod-manager.unreachable, .timeout, .refused (an UpstreamError: its own status 4xx, 501
 * or 503, else 502), .credentials, .unreadable; or with what the signal says when it is aborted.
 */
export class RedfishClient {
  readonly origin: string;
  readonly #access: PodManagerAccess;
  readonly #transport: Transport;
  readonly #session: Session;
  readonly #requests: Requests;
  #expands = true;

  /** No I/O happens yet. @throws AppError request.invalid when the URL is none of a pod manager */
  constructor(access: PodManagerAccess) {
    this.origin = originOf(access.url);
    this.#access = access;
    this.#transport = new Transport(this.origin, access);
    this.#session = new Session(this.#transport, access);
    this.#requests = new Requests(this.#transport, this.#session);
  }

  get limits() {
    return this.#transport.limits;
  }

  /** The service root; read once, and anew after trouble with a log-in or a resource that is gone. */
  async root(signal: AbortSignal): Promise<Resource> {
    const body = await this.#session.root(signal);
    return { path: ROOT.slice(0, -1), etag: etagOf(null, body), body };
  }

  /** The path of a reference, for comparing. @throws AppError pod-manager.unreadable */
  path(reference: Reference): string {
    return pathOf(reference, this.origin);
  }

  async get(reference: Reference, signal: AbortSignal): Promise<Resource> {
    const path = pathOf(reference, this.origin);
    const answer = await this.#ask({ method: "GET", path, headers: {}, repeatable: true }, signal);
    return this.#resource(answer, path);
  }

  /** Null: there is no such thing. */
  async find(reference: Reference, signal: AbortSignal): Promise<Resource | null> {
    try {
      return await this.get(reference, signal);
    } catch (error) {
      if (isGone(error)) return null;
      throw error;
    }
  }

  /** Paths of all members of a collection, each once; what it says of their count is not believed. */
  async paths(reference: Reference, signal: AbortSignal): Promise<string[]> {
    const found = new Set<string>();
    for await (const members of this.#pages(pathOf(reference, this.origin), signal))
      for (const member of links(members)) found.add(pathOf(member, this.origin));
    return [...found];
  }

  /** All members of a collection; those that go while it is read are left out. */
  async members(reference: Reference, signal: AbortSignal): Promise<Resource[]> {
    const path = pathOf(reference, this.origin);
    const expanded = await this.#expanded(path, signal);
    if (expanded !== null) return expanded;
    return await this.each(await this.paths(path, signal), (member) => member, signal);
  }

  /**
   * Reads many resources at a time, in no more than `limits.concurrency` requests; the answer is in their order. What is
   * not there is left out; the first failure ends it.
   */
  async each<T>(
    references: readonly Reference[],
    use: (resource: Resource) => T | Promise<T>,
    signal: AbortSignal,
  ): Promise<T[]> {
    const kept = await this.all(
      references,
      async (reference, inner) => {
        const resource = await this.find(reference, inner);
        return resource === null ? [] : [await use(resource)];
      },
      signal,
    );
    return kept.flat();
  }

  /** Does something for each of many, some at a time; the first failure aborts the others. */
  async all<I, T>(
    items: readonly I[],
    use: (item: I, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T[]> {
    signal.throwIfAborted();
    const results: T[] = new Array(items.length);
    const inner = new AbortController();
    const stop = () => inner.abort(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    let next = 0;
    const work = async () => {
      while (next < items.length) {
        const index = next++;
        results[index] = await use(items[index]!, inner.signal);
      }
    };
    try {
      await Promise.all(Array.from({ length: Math.min(this.limits.concurrency, items.length) }, work));
      return results;
    } catch (error) {
      inner.abort(error);
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  }

  /** Never sent twice: after pod-manager.unreachable or .timeout it may have been done. */
  async post(
    reference: Reference,
    body: object,
    signal: AbortSignal,
    { compose = false }: Order = {},
  ): Promise<Written> {
    return await this.#order("POST", reference, body, signal, { compose });
  }

  /** Sent again after a lost answer only with an `etag`; then a 412 may be due to ourselves, but for `once`. */
  async patch(reference: Reference, body: object, signal: AbortSignal, order: Order = {}): Promise<Written> {
    return await this.#order("PATCH", reference, body, signal, order);
  }

  /** What is gone when the order is repeated has been deleted by it. */
  async delete(reference: Reference, signal: AbortSignal, order: Order = {}): Promise<Written> {
    return await this.#order("DELETE", reference, null, signal, order);
  }

  /**
   * Waits until what was ordered is done, at once unless it is a task; answers what the order itself would have.
   * @throws AppError also when the task failed (pod-manager.refused) or is not over within `limits.composeMs` (.timeout)
   */
  async finished(written: Written, signal: AbortSignal): Promise<Written> {
    return await finished(
      written,
      { requests: this.#requests, read: (answer, asked) => this.#written(answer, asked) },
      signal,
    );
  }

  /** A request of the passthrough. */
  async forward(request: ForwardedRequest, signal: AbortSignal): Promise<ForwardedAnswer> {
    return await forward(request, this.#requests, signal);
  }

  /** Events: a stream where the service has one, else such as it pushes to us. Null: neither. */
  async follow(options: FollowOptions, signal: AbortSignal): Promise<Subscription | null> {
    return await follow(options, { client: this, requests: this.#requests, log: this.#access.log }, signal);
  }

  /** Ends the session and all connections. May be called again. */
  async close(): Promise<void> {
    await this.#session.close();
    await this.#transport.close();
  }

  async #order(
    method: Method,
    reference: Reference,
    body: object | null,
    signal: AbortSignal,
    { compose = false, etag = null, once = false }: Order,
  ): Promise<Written> {
    const path = pathOf(reference, this.origin);
    const send = async (tag: string | null) =>
      await this.#ask(
        {
          method,
          path,
          headers: { ...(tag === null ? {} : { "if-match": tag }), ...(body === null ? {} : JSON_BODY) },
          repeatable: !once && (method === "DELETE" || (method === "PATCH" && tag !== null)),
          ...(body === null ? {} : { body: JSON.stringify(body) }),
        },
        signal,
        compose,
      );
    let answer = await send(etag);
    if (answer.status === 428 && method !== "POST") {
      // It takes no order from who has not seen the present state.
      const { etag: current } = await this.get(path, signal);
      if (current !== null) answer = await send(current);
    }
    if (method === "DELETE" && answer.repeats > 0 && (answer.status === 404 || answer.status === 410))
      return { status: 204, location: null, body: null, etag: null, monitor: null };
    return this.#written(answer, `${method} ${path}`);
  }

  async #ask(asked: Omit<Asked, "deadlineMs">, signal: AbortSignal, compose = false): Promise<Answered> {
    const deadlineMs = compose ? this.limits.composeMs : this.limits.answerMs;
    const answer = await this.#requests.ask({ ...asked, deadlineMs }, signal);
    if (answer.status === 404) this.#session.forgetRoot();
    return answer;
  }

  #resource(answer: Answer, path: string): Resource {
    const asked = `GET ${path}`;
    if (answer.status < 200 || answer.status >= 300) throw refused(answer, asked);
    const body = jsonOf(answer);
    if (isRecord(body)) return { path, etag: etagOf(answer, body), body };
    // Some forget the status and give its number for a body.
    if (body === 404 || body === 410)
      throw new UpstreamError("pod-manager.refused", { status: body }, `${asked}: there is no such resource`);
    throw unreadable(this.origin, asked, `was answered with ${told(answer, body)} where a resource was expected`);
  }

  #written(answer: Answer, asked: string): Written {
    const { status, headers } = answer;
    if (status < 200 || status >= 300) throw refused(answer, asked);
    const body = jsonOf(answer);
    const isNothing = body === null || typeof body === "string" || (body === undefined && !isHtml(answer));
    if (!isRecord(body) && !isNothing)
      throw unreadable(
        this.origin,
        asked,
        `was answered with ${told(answer, body)}; it is not known whether it was done`,
      );
    const location = pathOrNull(headers.location, this.origin);
    if (headers.location !== undefined && location === null)
      this.#access.log("a location at another host is not followed", {
        asked,
        location: headers.location.slice(0, 200),
      });
    const record = isRecord(body) ? body : null;
    return {
      status,
      location: status === 202 ? null : location,
      body: record,
      etag: etagOf(answer, record ?? {}),
      monitor: status === 202 ? monitorOf(location, record, this.origin) : null,
    };
  }

  /** The lists of members of a collection, page by page. */
  async *#pages(first: string, signal: AbortSignal): AsyncGenerator<readonly unknown[]> {
    const seen = new Set<string>();
    let count = 0;
    for (let path: string | null = first; path !== null && !seen.has(path); ) {
      seen.add(path);
      const { body } = await this.get(path, signal);
      const members = membersOf(body);
      if (members === null)
        throw unreadable(this.origin, `GET ${path}`, "was answered with no collection: it has no Members");
      yield members;
      count += members.length;
      if (count > MOST_MEMBERS || seen.size > MOST_MEMBERS)
        throw unreadable(this.origin, `GET ${first}`, `has no end: more than ${MOST_MEMBERS} members or pages`);
      const next: string | null = link(body["Members@odata.nextLink"]) ?? link(body["@odata.nextLink"]);
      path = next === null ? null : pathOf(next, this.origin);
    }
  }

  /** All members out of one answer, where the service can do so; null: it cannot. */
  async #expanded(path: string, signal: AbortSignal): Promise<Resource[] | null> {
    if (!this.#expands || path.includes("?")) return null;
    const query = at((await this.root(signal)).body, "ProtocolFeaturesSupported", "ExpandQuery");
    const option = at(query, "NoLinks") === true ? "." : at(query, "ExpandAll") === true ? "*" : null;
    if (option === null) return null;
    const level = at(query, "Levels") === true ? "($levels=1)" : "";
    const found = new Map<string, Resource | null>();
    try {
      for await (const members of this.#pages(`${path}?$expand=${option}${level}`, signal))
        for (const member of members) {
          const named = link(member);
          if (named === null || !isRecord(member)) continue;
          const whole = Object.keys(member).some((key) => !key.startsWith("@odata."));
          const memberAt = pathOf(named, this.origin);
          found.set(memberAt, whole ? { path: memberAt, etag: etagOf(null, member), body: member } : null);
        }
    } catch (error) {
      const refusal = error instanceof UpstreamError && ![404, 410, 503].includes(error.upstreamStatus);
      if (!refusal && !(error instanceof AppError && error.code === "pod-manager.unreadable")) throw error;
      // It announced what it cannot do, or not at this size.
      if (refusal) this.#expands = false;
      return null;
    }
    const missing = [...found].filter(([, resource]) => resource === null).map(([at]) => at);
    for (const resource of await this.each(missing, (member) => member, signal)) found.set(resource.path, resource);
    return [...found.values()].filter((resource) => resource !== null);
  }
}

const JSON_BODY = { "content-type": "application/json" };

/** The members of a collection, in either place; null: it is none. */
function membersOf(body: Fields): readonly unknown[] | null {
  for (const members of [body.Members, at(body, "Links", "Members")]) {
    if (Array.isArray(members)) return members;
    if (isRecord(members)) return [members];
  }
  const isEmpty = body.Members === null || body["Members@odata.count"] === 0 || body["Member@odata.count"] === 0;
  return isEmpty ? [] : null;
}

/** Of the header, else of the body; null also for what no header could carry. */
function etagOf(answer: Answer | null, body: Fields): string | null {
  const tag = answer?.headers.etag ?? body["@odata.etag"];
  return typeof tag === "string" && /^[\x20-\x7e]{1,512}$/.test(tag) ? tag : null;
}

function told(answer: Answer, body: unknown): string {
  if (typeof body === "number") return `the number ${body}`;
  if (answer.body.length === 0) return "nothing";
  if (isHtml(answer)) return "an HTML page";
  if (body === undefined) return `what is no JSON (${JSON.stringify(snippet(answer))})`;
  return Array.isArray(body) ? "a list" : `${JSON.stringify(body)}`.slice(0, 100);
}
