// Requests to ExpEther's manager (EEM). Contract: drivers, sections 0.5, 2 and 2.1.

import { Agent, type Dispatcher, errors, request } from "undici";
import { AppError, UpstreamError } from "../errors.ts";
import { type Facts, LIMITS, type Limits, type PodManagerAccess } from "./driver.ts";
import { type Board, boardFrom, noSuchBoard, STATUS, text } from "./expether-boards.ts";

type Method = "GET" | "PUT" | "DELETE";

/** What may pass is asked again this often; only what reads. */
const ATTEMPTS = 3;
const LONGEST_PAUSE_MS = 30_000;
const PASSES = new Set([429, 502, 503, 504]);
/** Of a message that is passed on. */
const MOST_CHARACTERS = 500;

export class EemClient {
  readonly #access: PodManagerAccess;
  readonly #base: string;
  readonly #limits: Limits;
  readonly #agent: Agent;
  readonly #authorization: string;
  #closed: Promise<void> | null = null;

  constructor(access: PodManagerAccess) {
    this.#access = access;
    this.#base = access.url.replace(/\/+$/, "");
    this.#limits = { ...LIMITS, ...access.limits };
    this.#authorization = `Basic ${Buffer.from(`${access.username}:${access.password}`).toString("base64")}`;
    this.#agent = new Agent({
      connections: this.#limits.concurrency,
      maxResponseSize: this.#limits.mostBytes,
      connect: {
        timeout: this.#limits.connectMs,
        rejectUnauthorized: access.insecure !== true,
        ...(access.ca !== undefined && { ca: access.ca }),
      },
    });
  }

  /** Resolves when it is there and takes our credentials. */
  async version(signal: AbortSignal): Promise<void> {
    await this.#object("GET", "api_version", signal);
  }

  /** Boards in full, in the order of the manager; `group`: only those in it. */
  async boards(kind: Board["kind"], signal: AbortSignal, group?: string): Promise<Board[]> {
    const inGroup = group === undefined ? "" : `&group_id=${encodeURIComponent(group)}`;
    const query = `devices/detail?status=${STATUS[kind]}${inGroup}`;
    const { devices } = await this.#object("GET", query, signal);
    if (!Array.isArray(devices))
      throw new AppError("pod-manager.unreadable", `${this.#url(query)}: expected a list "devices"`);
    const boards = devices.map((record) => boardFrom(record, this.#url(query)));
    // A manager that knows no such filter would make other servers' devices ours.
    return boards.filter((board) => board.kind === kind && (group === undefined || board.group === group));
  }

  async board(id: string, signal: AbortSignal): Promise<Board> {
    const query = `devices/${encodeURIComponent(id)}`;
    return boardFrom((await this.#object("GET", query, signal)).device, this.#url(query));
  }

  /** @throws UpstreamError pod-manager.refused (404): there is none, or it is no server */
  async server(id: string, signal: AbortSignal): Promise<Board> {
    const board = await this.board(id, signal);
    if (board.kind !== "server") throw noSuchBoard(`${board.id}: Not a valid EESV node. It is an I/O board (eeio)`);
    return board;
  }

  /** As `board`; null: it knows none of this id. */
  async find(id: string, signal: AbortSignal): Promise<Board | null> {
    try {
      return await this.board(id, signal);
    } catch (error) {
      if (error instanceof UpstreamError && (error.upstreamStatus === 404 || error.upstreamStatus === 410)) return null;
      throw error;
    }
  }

  /** Puts a board into a group; null: the manager takes one that is free. Resolves to the group it is in now. */
  async assign(id: string, group: string | null, signal: AbortSignal): Promise<string> {
    const path = `devices/${encodeURIComponent(id)}/group_id`;
    const answer = await this.#ask("PUT", path, signal, { group_id: group });
    const given = text(answer?.group_id) ?? (await this.board(id, signal)).group;
    if (group !== null && given !== group)
      throw new AppError(
        "pod-manager.unreadable",
        `${this.#url(path)}: group ${group} was asked for, the board is in ${given}`,
      );
    return given;
  }

  /** Back to the group of boards that are nowhere. A board that is gone is released. */
  async release(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.#ask("DELETE", `devices/${encodeURIComponent(id)}/group_id`, signal);
    } catch (error) {
      if (!(error instanceof UpstreamError && (error.upstreamStatus === 404 || error.upstreamStatus === 410)))
        throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed ??= this.#agent.destroy();
    await this.#closed;
  }

  #url(query: string): string {
    return `${this.#base}/${query}`;
  }

  async #object(method: Method, query: string, signal: AbortSignal): Promise<Facts> {
    const answer = await this.#ask(method, query, signal);
    if (answer === null)
      throw new AppError("pod-manager.unreadable", `${this.#url(query)}: expected a JSON object, got no body`);
    return answer;
  }

  /** Null: success without a body. */
  async #ask(method: Method, query: string, signal: AbortSignal, body?: object): Promise<Facts | null> {
    for (let attempt = 1; ; attempt++) {
      const { status, headers, bytes } = await this.#send(method, query, signal, body);
      if (method !== "GET" || attempt === ATTEMPTS || !PASSES.has(status))
        return this.#understood(method, query, status, headers, bytes);
      await pause(retryAfterMs(headers) ?? (this.#limits.pollMs / 4) * 2 ** attempt, signal);
    }
  }

  async #send(
    method: Method,
    query: string,
    signal: AbortSignal,
    body?: object,
  ): Promise<{ status: number; headers: Dispatcher.ResponseData["headers"]; bytes: Buffer }> {
    signal.throwIfAborted();
    const { answerMs } = this.#limits;
    const deadline = AbortSignal.timeout(answerMs);
    const url = this.#url(query);
    try {
      const answer = await request(url, {
        method,
        dispatcher: this.#agent,
        headers: {
          authorization: this.#authorization,
          accept: "application/json",
          ...(body && { "content-type": "application/json" }),
        },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.any([signal, deadline]),
      });
      const bytes = Buffer.from(await answer.body.arrayBuffer());
      return { status: answer.statusCode, headers: answer.headers, bytes };
    } catch (cause) {
      // What the caller aborts with is the caller's.
      signal.throwIfAborted();
      if (deadline.aborted)
        throw new AppError("pod-manager.timeout", `${method} ${url}: no answer within ${answerMs} ms`, { cause });
      throw this.#failure(method, url, cause);
    }
  }

  #failure(method: Method, url: string, cause: unknown): AppError {
    if (cause instanceof errors.ResponseExceededMaxSizeError)
      return new AppError(
        "pod-manager.unreadable",
        `${method} ${url}: the answer is longer than ${this.#limits.mostBytes} bytes`,
        { cause },
      );
    const { code = "", message } = cause as NodeJS.ErrnoException;
    const advice = /CERT|SIGNATURE|SELF_SIGNED|ALTNAME/.test(code)
      ? "; give the authority (ca) of its certificate when you register it"
      : "";
    const reason = message || code;
    return new AppError("pod-manager.unreachable", `${method} ${url}: ${clipped(reason)}${advice}`, { cause });
  }

  #understood(
    method: Method,
    query: string,
    status: number,
    headers: Dispatcher.ResponseData["headers"],
    bytes: Buffer,
  ): Facts | null {
    const url = this.#url(query);
    const json = parsed(bytes);
    if (status === 401 || status === 403)
      throw new AppError(
        "pod-manager.credentials",
        `${method} ${url}: it rejected user ${JSON.stringify(this.#access.username)} (${status})`,
      );
    if (status >= 200 && status < 300) {
      if (bytes.length === 0) return null;
      if (isObject(json)) return json;
      throw new AppError(
        "pod-manager.unreadable",
        `${method} ${url}: expected a JSON object, got ${shown(headers, bytes)}`,
      );
    }
    if (status >= 300 && status < 400)
      throw new AppError(
        "pod-manager.unreadable",
        `${method} ${url}: it redirects (${status}), which is not followed; register the address itself`,
      );
    const given = isObject(json) ? json : {};
    const message = text(given.message);
    throw new UpstreamError(
      "pod-manager.refused",
      // Its own failures are not ours: what may pass stays 503, all else is 502.
      { status: status >= 500 && status !== 503 ? 502 : status, code: text(given.code), title: "ExpEther Exception" },
      message === null
        ? `${method} ${url}: answered ${status} with ${shown(headers, bytes)}; is this the address of an ExpEther manager, which usually ends in /eem?`
        : clipped(message),
    );
  }
}

function isObject(value: unknown): value is Facts {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** What came, in few words; never a page. */
function shown(headers: Dispatcher.ResponseData["headers"], bytes: Buffer): string {
  if (bytes.length === 0) return "no body";
  const type = String(headers["content-type"] ?? "no content type");
  const start = bytes.subarray(0, 80).toString("utf8").replaceAll(/\s+/g, " ").trim();
  return /html/i.test(type) || start.startsWith("<") ? "a web page" : `${clipped(type)}: ${JSON.stringify(start)}`;
}

function clipped(message: string): string {
  const line = message.replaceAll(/\s+/g, " ").trim();
  return line.length > MOST_CHARACTERS ? `${line.slice(0, MOST_CHARACTERS)}…` : line;
}

function retryAfterMs(headers: Dispatcher.ResponseData["headers"]): number | null {
  const given = headers["retry-after"];
  if (typeof given !== "string") return null;
  const ms = /^\d{1,6}$/.test(given) ? Number(given) * 1000 : Date.parse(given) - Date.now();
  return Number.isNaN(ms) ? null : Math.min(Math.max(ms, 0), LONGEST_PAUSE_MS);
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const abort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", abort);
      resolve();
    }, ms);
    signal.addEventListener("abort", abort, { once: true });
  });
}
