// The service user in an OpenStack cloud: its token, the catalog, and requests in its name.

import { AppError } from "../errors.ts";
import { type HttpAnswer, HttpClient, type HttpRequest } from "./http-client.ts";
import { isRecord, listOf, textOf } from "./json.ts";

/** Which of a service's addresses is used. */
export type EndpointInterface = "internal" | "public" | "admin";

export interface CloudLogin {
  /** Of Keystone, with or without `/v3`, e.g. `http://controller:5000/v3`. */
  readonly url: string;
  readonly username: string;
  readonly password: string;
  readonly project: string;
  /** Domain names. */
  readonly userDomain: string;
  readonly projectDomain: string;
  /** Null or absent: the first that the catalog names. */
  readonly region?: string | null | undefined;
  /** Default internal; a service without such an address is asked at its public one. */
  readonly endpointInterface?: EndpointInterface | undefined;
  /** Certificates in PEM form that are trusted instead of Node's own. */
  readonly ca?: string | undefined;
  /** For each whole answer, ms; default 60,000. */
  readonly timeoutMs?: number | undefined;
  /** How often a GET is tried when it fails for a reason that may pass; default 4. */
  readonly attempts?: number | undefined;
  /** Wait before the second try, ms, doubled before each further one; default 500. */
  readonly pauseMs?: number | undefined;
  /** Longest answer; default 64 MiB. */
  readonly mostBytes?: number | undefined;
}

interface Token {
  readonly value: string;
  /** By the monotonic clock, ms. */
  readonly renewAt: number;
  readonly projectId: string | null;
  readonly catalog: readonly unknown[];
}

/** A JSON answer, and when it was given by the clock of who gave it. */
export interface JsonAnswer {
  readonly json: Readonly<Record<string, unknown>>;
  /** ms since 1970, whole seconds; the local clock if there was no Date header. */
  readonly at: number;
}

/** A token is replaced this long before it expires, so that it cannot expire on its way. */
const MARGIN_MS = 60_000;
/** Nobody is waited for longer, whatever Retry-After says. */
const LONGEST_PAUSE_MS = 30_000;

/** Logs in when it must, once for all who wait. Any number of services may use one session. */
export class CloudSession {
  readonly #login: CloudLogin;
  readonly #keystone: string;
  readonly #client: HttpClient;
  #token: Token | null = null;
  #loggingIn: Promise<Token> | null = null;
  #closed = false;

  constructor(login: CloudLogin) {
    this.#login = login;
    const trimmed = login.url.replace(/\/+$/, "");
    this.#keystone = trimmed.endsWith("/v3") ? trimmed : `${trimmed}/v3`;
    this.#client = new HttpClient(login.ca);
  }

  /** Of Keystone's API, ending in `/v3`. */
  get keystoneUrl(): string {
    return this.#keystone;
  }

  /**
   * One request in the service user's name; a token that is no longer taken is replaced once. Any status is an answer.
   * @throws Error when there is no answer, AppError cloud.unavailable or cloud.unreadable when the log-in failed
   */
  async ask(url: string, request: Partial<HttpRequest> = {}): Promise<HttpAnswer> {
    const send = async (token: Token) =>
      await this.#send(url, { ...request, headers: { ...request.headers, "X-Auth-Token": token.value } });
    const token = await this.#current();
    const first = await send(token);
    if (first.status !== 401) return first;
    // Others may have replaced it meanwhile.
    if (this.#token === token) this.#token = null;
    return await send(await this.#current());
  }

  /**
   * GET of a JSON object. What may pass (no answer, 429, 5xx, a page that is no JSON) is tried again.
   * @param url absolute
   * @param options.absent statuses that mean that there is no such thing; then the answer is null
   * @throws AppError cloud.unavailable (it may pass), cloud.unreadable (it will not), both naming the URL and what came
   */
  async get(
    url: string,
    options: { headers?: Record<string, string>; absent?: readonly number[] } = {},
  ): Promise<JsonAnswer | null> {
    const { attempts = 4, pauseMs = 500 } = this.#login;
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#attempt(url, options);
      if (!("failure" in outcome)) return outcome.answer;
      if (!outcome.passes || attempt >= attempts || this.#closed) throw outcome.failure;
      const wait = outcome.retryAfterMs ?? pauseMs * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
      await new Promise((resolve) => setTimeout(resolve, Math.min(wait, LONGEST_PAUSE_MS)));
    }
  }

  /**
   * Where the catalog says a service is, without a slash or project at the end; null when it names none.
   * @throws AppError as `get`
   */
  async endpoint(type: string): Promise<string | null> {
    let token: Token;
    try {
      token = await this.#current();
    } catch (cause) {
      throw unavailable(this.#keystone, cause);
    }
    const { region = null, endpointInterface = "internal" } = this.#login;
    const found = new Map<string, string>();
    for (const service of token.catalog) {
      if (!isRecord(service) || service.type !== type) continue;
      for (const endpoint of listOf(service.endpoints)) {
        if (!isRecord(endpoint)) continue;
        const name = textOf(endpoint.interface);
        const url = textOf(endpoint.url);
        if (name === null || url === null || found.has(name)) continue;
        if (region === null || endpoint.region_id === region || endpoint.region === region) found.set(name, url);
      }
    }
    const url = found.get(endpointInterface) ?? found.get("public");
    if (url === undefined) return null;
    const bare = url.replace(/\/+$/, "");
    const project = `/${token.projectId}`;
    return bare.endsWith(project) ? bare.slice(0, -project.length) : bare;
  }

  /** The service user's own project; null when its token has none. @throws AppError as `get` */
  async projectId(): Promise<string | null> {
    try {
      return (await this.#current()).projectId;
    } catch (cause) {
      throw unavailable(this.#keystone, cause);
    }
  }

  /** Of the user, to be sent to others than `ask` does. @throws Error or AppError as `ask` */
  async token(): Promise<string> {
    return (await this.#current()).value;
  }

  /** What is under way fails, and is not tried again. */
  close(): void {
    this.#closed = true;
    this.#client.close();
  }

  async #attempt(
    url: string,
    { headers, absent = [] }: { headers?: Record<string, string>; absent?: readonly number[] },
  ): Promise<
    { answer: JsonAnswer | null } | { failure: AppError; passes: boolean; retryAfterMs?: number | undefined }
  > {
    let answer: HttpAnswer;
    try {
      answer = await this.ask(url, { headers: headers ?? {} });
    } catch (cause) {
      const failure = unavailable(url, cause);
      return { failure, passes: failure.code === "cloud.unavailable" };
    }
    const { status } = answer;
    if (absent.includes(status)) return { answer: null };
    if (status >= 200 && status < 300) {
      const json = parsed(answer.body);
      if (isRecord(json)) return { answer: { json, at: dateOf(answer) } };
      return {
        failure: new AppError("cloud.unavailable", `GET ${url}: expected a JSON object, got ${shown(answer)}`),
        passes: true,
      };
    }
    if (status === 429 || (status >= 500 && status !== 501))
      return {
        failure: new AppError("cloud.unavailable", `GET ${url}: answered ${status} with ${shown(answer)}`),
        passes: true,
        retryAfterMs: retryAfterOf(answer),
      };
    return {
      failure: new AppError("cloud.unreadable", `GET ${url}: answered ${status}${this.#advice(answer)}`),
      passes: false,
    };
  }

  #advice(answer: HttpAnswer): string {
    const { status, headers } = answer;
    if (status >= 300 && status < 400)
      return ` to ${headers.location ?? "elsewhere"}; redirects are not followed, the catalog or setting must name the address itself`;
    if (status === 401)
      return ` even to a fresh token of ${this.#login.username}: does this service ask the same Keystone?`;
    if (status === 403)
      return `: the service user ${this.#login.username} lacks a role, give it admin in project ${this.#login.project}`;
    return ` with ${shown(answer)}`;
  }

  async #current(): Promise<Token> {
    if (this.#token && this.#token.renewAt > performance.now()) return this.#token;
    this.#loggingIn ??= this.#logIn().finally(() => {
      this.#loggingIn = null;
    });
    return await this.#loggingIn;
  }

  async #logIn(): Promise<Token> {
    const { username, password, project, userDomain, projectDomain } = this.#login;
    const answer = await this.#send(`${this.#keystone}/auth/tokens`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        auth: {
          identity: {
            methods: ["password"],
            password: { user: { name: username, domain: { name: userDomain }, password } },
          },
          scope: { project: { name: project, domain: { name: projectDomain } } },
        },
      }),
    });
    const { status } = answer;
    const value = answer.headers["x-subject-token"];
    if (status !== 201 || typeof value !== "string")
      throw new AppError(
        status === 429 || status >= 500 ? "cloud.unavailable" : "cloud.unreadable",
        `Keystone at ${this.#keystone} answered ${status} to the log-in of user ${username}`,
      );
    const json = parsed(answer.body);
    const facts = isRecord(json) && isRecord(json.token) ? json.token : {};
    const expires = Date.parse(textOf(facts.expires_at) ?? "");
    if (Number.isNaN(expires))
      throw new AppError("cloud.unreadable", `Keystone at ${this.#keystone}: the log-in's token.expires_at is no date`);
    // By Keystone's clock and ours that cannot jump: the two need not agree on the time of day.
    const lifeMs = expires - dateOf(answer);
    this.#token = {
      value,
      renewAt: performance.now() + lifeMs - MARGIN_MS,
      projectId: isRecord(facts.project) ? textOf(facts.project.id) : null,
      catalog: listOf(facts.catalog),
    };
    return this.#token;
  }

  async #send(url: string, request: Partial<HttpRequest>): Promise<HttpAnswer> {
    const { timeoutMs = 60_000, mostBytes = 64 * 1024 * 1024 } = this.#login;
    return await this.#client.send(url, { timeoutMs, mostBytes, ...request });
  }
}

function unavailable(url: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  return new AppError("cloud.unavailable", `${url}: ${reasonOf(cause)}`, { cause });
}

/** An error of several addresses has its reasons inside. */
export function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.map(reasonOf).join(", ");
  return error instanceof Error ? error.message : String(error);
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** The beginning of an answer, in one line. */
function shown({ headers, body }: HttpAnswer): string {
  const start = body.subarray(0, 120).toString("utf8").replaceAll(/\s+/g, " ").trim();
  return `${headers["content-type"] ?? "no content type"}: ${start === "" ? "nothing" : JSON.stringify(start)}`;
}

function dateOf({ headers }: HttpAnswer): number {
  const date = Date.parse(headers.date ?? "");
  return Number.isNaN(date) ? Date.now() : date;
}

function retryAfterOf({ headers }: HttpAnswer): number | undefined {
  const seconds = headers["retry-after"];
  return seconds !== undefined && /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1000 : undefined;
}
