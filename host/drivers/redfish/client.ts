// A Redfish service as drivers use it: resources by reference, collections, orders and the tasks they become.
// Contract: drivers, sections 0 and 3.6 to 3.8.

import type { ForwardedAnswer, ForwardedRequest, PodManagerAccess, Subscription } from "../driver.ts";
import type { Method } from "./answer.ts";
import { expandedMembers, expansionOf, forAll, pagesOf, type Reader, refusalToExpand } from "./collections.ts";
import { isGone } from "./errors.ts";
import { type FollowOptions, follow } from "./follow.ts";
import { forward } from "./forward.ts";
import { originOf, pathOf, pathOrNull, type Reference, ROOT } from "./reference.ts";
import { type Answered, type Asked, Requests } from "./requests.ts";
import { etagOf, type Resource, resourceOf, type Written, writtenOf } from "./resource.ts";
import { Session } from "./session.ts";
import { at, link, links } from "./shapes.ts";
import { finished } from "./tasks.ts";
import { Transport } from "./transport.ts";

export type { Reference } from "./reference.ts";
export type { Resource, Written } from "./resource.ts";

interface Order {
  /** It may take as long as composing hardware does. */
  readonly compose?: boolean;
  /** Of what it changes: it is refused (412) when that has changed since. */
  readonly etag?: string | null;
  /** Not sent again after a lost answer, so that a 412 is never due to ourselves. */
  readonly once?: boolean;
}

/**
 * All methods reject with AppErrors: pod-manager.unreachable, .timeout, .refused (an UpstreamError: its own status 4xx, 501
 * or 503, else 502), .credentials, .unreadable; or with what the signal says when it is aborted.
 */
export class RedfishClient {
  readonly origin: string;
  readonly #access: PodManagerAccess;
  readonly #session: Session;
  readonly #requests: Requests;
  readonly #reader: Reader;
  #expands = true;

  /** No I/O happens yet. @throws AppError request.invalid when the URL is none of a pod manager */
  constructor(access: PodManagerAccess) {
    this.origin = originOf(access.url);
    this.#access = access;
    const transport = new Transport(this.origin, access);
    this.#session = new Session(transport, access);
    this.#requests = new Requests(transport, this.#session);
    this.#reader = { origin: this.origin, get: async (path, signal) => await this.get(path, signal) };
  }

  get limits() {
    return this.#requests.transport.limits;
  }

  /** The service root; read once, and anew after trouble with a log-in or a resource that is gone. */
  async root(signal: AbortSignal): Promise<Resource> {
    const body = await this.#session.root(signal);
    return { path: ROOT.slice(0, -1), etag: etagOf(null, body), body };
  }

  /** Path of what the service root names, `Systems` or `CompositionService`; null: it has none. */
  async entry(name: string, signal: AbortSignal): Promise<string | null> {
    const { body } = await this.root(signal);
    const named = link(body[name]) ?? link(at(body, "Links", name));
    return named === null ? null : this.path(named);
  }

  /** The path of a reference, for comparing. @throws AppError pod-manager.unreadable */
  path(reference: Reference): string {
    return pathOf(reference, this.origin);
  }

  async get(reference: Reference, signal: AbortSignal): Promise<Resource> {
    const path = this.path(reference);
    return resourceOf(
      await this.#ask({ method: "GET", path, headers: {}, repeatable: true }, signal),
      path,
      this.origin,
    );
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
    for await (const members of pagesOf(this.#reader, this.path(reference), signal))
      for (const member of links(members)) found.add(this.path(member));
    return [...found];
  }

  /** All members of a collection; those that go while it is read are left out. */
  async members(reference: Reference, signal: AbortSignal): Promise<Resource[]> {
    const path = this.path(reference);
    const found = await this.#expanded(path, signal);
    if (found === null) return await this.each(await this.paths(path, signal), (member) => member, signal);
    const missing = [...found].filter(([, resource]) => resource === null).map(([at]) => at);
    for (const resource of await this.each(missing, (member) => member, signal)) found.set(resource.path, resource);
    return [...found.values()].filter((resource) => resource !== null);
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
    const read = async (reference: Reference, inner: AbortSignal) => {
      const resource = await this.find(reference, inner);
      return resource === null ? [] : [await use(resource)];
    };
    return (await this.all(references, read, signal)).flat();
  }

  /** Does something for each of many, some at a time; the first failure aborts the others. */
  async all<I, T>(
    items: readonly I[],
    use: (item: I, signal: AbortSignal) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T[]> {
    return await forAll(items, this.limits.concurrency, use, signal);
  }

  /** Never sent twice: after pod-manager.unreachable or .timeout it may have been done. */
  async post(
    reference: Reference,
    body: object,
    signal: AbortSignal,
    order: Pick<Order, "compose"> = {},
  ): Promise<Written> {
    return await this.#order("POST", reference, body, signal, order);
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
    return await finished(written, this.#requests, signal);
  }

  /** A request of the passthrough. */
  async forward(request: ForwardedRequest, signal: AbortSignal): Promise<ForwardedAnswer> {
    return await forward(request, this.#requests, signal);
  }

  /** Events: a stream where the service has one, else such as it pushes to us. Null: neither. */
  async follow(options: FollowOptions, signal: AbortSignal): Promise<Subscription | null> {
    return await follow(options, { service: this, requests: this.#requests, log: this.#access.log }, signal);
  }

  /** Ends the session and all connections. May be called again. */
  async close(): Promise<void> {
    await this.#session.close();
    await this.#requests.transport.close();
  }

  async #order(
    method: Method,
    reference: Reference,
    body: object | null,
    signal: AbortSignal,
    { compose = false, etag = null, once = false }: Order,
  ): Promise<Written> {
    const path = this.path(reference);
    const send = async (tag: string | null) =>
      await this.#ask(
        {
          method,
          path,
          headers: {
            ...(tag === null ? {} : { "if-match": tag }),
            ...(body === null ? {} : { "content-type": "application/json" }),
          },
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
    const asked = `${method} ${path}`;
    const { location } = answer.headers;
    if (location !== undefined && pathOrNull(location, this.origin) === null)
      this.#access.log("a location at another host is not followed", { asked, location: location.slice(0, 200) });
    return writtenOf(answer, asked, this.origin);
  }

  async #ask(asked: Omit<Asked, "deadlineMs">, signal: AbortSignal, compose = false): Promise<Answered> {
    const deadlineMs = compose ? this.limits.composeMs : this.limits.answerMs;
    const answer = await this.#requests.ask({ ...asked, deadlineMs }, signal);
    if (answer.status === 404) this.#session.forgetRoot();
    return answer;
  }

  /** Null: the service does not expand, or not this. */
  async #expanded(path: string, signal: AbortSignal): Promise<Map<string, Resource | null> | null> {
    if (!this.#expands || path.includes("?")) return null;
    const query = expansionOf((await this.root(signal)).body);
    if (query === null) return null;
    try {
      return await expandedMembers(this.#reader, `${path}?${query}`, signal);
    } catch (error) {
      const refusal = refusalToExpand(error);
      if (refusal === null) throw error;
      if (refusal === "never") this.#expands = false;
      return null;
    }
  }
}
