// Requests to ExpEther's manager (EEM). Contract: drivers, sections 0.5, 2 and 2.1.

import { AppError, UpstreamError } from "../errors.ts";
import type { Facts, PodManagerAccess } from "./driver.ts";
import { type Board, boardFrom, noSuchBoard, STATUS } from "./expether-boards.ts";
import { type Answer, isHtml, jsonOf, snippet } from "./redfish/answer.ts";
import { codeOf, isGone } from "./redfish/errors.ts";
import { retryAfterMs } from "./redfish/requests.ts";
import { isRecord, textOf } from "./redfish/shapes.ts";
import { Transport } from "./redfish/transport.ts";
import { pause } from "./redfish/waiting.ts";

type Method = "GET" | "PUT" | "DELETE";

/** What may pass is asked again this often; only what reads. */
const ATTEMPTS = 3;
const LONGEST_PAUSE_MS = 30_000;
const PASSING: readonly number[] = [429, 502, 503, 504];
/** A kept connection that ended just as it was used. */
const BROKEN_OFF: readonly string[] = ["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"];

export class EemClient {
  readonly #username: string;
  /** Path of the API, without a slash at its end. */
  readonly #base: string;
  readonly #transport: Transport;
  readonly #authorization: string;

  constructor(access: PodManagerAccess) {
    const { username, password } = access;
    const url = new URL(access.url);
    this.#username = username;
    this.#base = url.pathname.replace(/\/+$/, "");
    this.#transport = new Transport(url.origin, access);
    this.#authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
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
      if (isGone(error)) return null;
      throw error;
    }
  }

  /** Puts a board into a group; null: the manager takes one that is free. Resolves to the group it is in now. */
  async assign(id: string, group: string | null, signal: AbortSignal): Promise<string> {
    const path = `devices/${encodeURIComponent(id)}/group_id`;
    const answer = await this.#ask("PUT", path, signal, { group_id: group });
    const given = textOf(answer?.group_id) ?? (await this.board(id, signal)).group;
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
      if (!isGone(error)) throw error;
    }
  }

  /** What is under way fails. May be called again. */
  async close(): Promise<void> {
    await this.#transport.close();
  }

  #url(query: string): string {
    return `${this.#transport.origin}${this.#base}/${query}`;
  }

  async #object(method: Method, query: string, signal: AbortSignal): Promise<Facts> {
    const answer = await this.#ask(method, query, signal);
    if (answer === null)
      throw new AppError("pod-manager.unreadable", `${this.#url(query)}: expected a JSON object, got no body`);
    return answer;
  }

  /** Null: success without a body. */
  async #ask(method: Method, query: string, signal: AbortSignal, body?: object): Promise<Facts | null> {
    const { pollMs } = this.#transport.limits;
    for (let attempt = 1; ; attempt++) {
      const last = method !== "GET" || attempt === ATTEMPTS;
      const answer = await this.#exchange(method, query, signal, body).catch((error: unknown) => {
        const broken = error instanceof AppError && BROKEN_OFF.includes(codeOf(error.cause));
        if (last || !broken) throw error;
        return null;
      });
      if (answer !== null && (last || !PASSING.includes(answer.status)))
        return this.#understood(`${method} ${this.#url(query)}`, answer);
      await pause(Math.min(retryAfterMs(answer) ?? (pollMs / 4) * 2 ** attempt, LONGEST_PAUSE_MS), signal);
    }
  }

  async #exchange(method: Method, query: string, signal: AbortSignal, body?: object): Promise<Answer> {
    return await this.#transport.exchange(
      {
        method,
        path: `${this.#base}/${query}`,
        headers: {
          authorization: this.#authorization,
          ...(body && { "content-type": "application/json" }),
        },
        ...(body && { body: JSON.stringify(body) }),
        deadlineMs: this.#transport.limits.answerMs,
      },
      signal,
    );
  }

  #understood(asked: string, answer: Answer): Facts | null {
    const { status } = answer;
    if (status === 401 || status === 403)
      throw new AppError(
        "pod-manager.credentials",
        `${asked}: it rejected user ${JSON.stringify(this.#username)} (${status}).\nCheck its username and password.`,
      );
    const json = jsonOf(answer);
    if (status >= 200 && status < 300) {
      if (answer.body.length === 0) return null;
      if (isRecord(json)) return json;
      throw new AppError("pod-manager.unreadable", `${asked}: expected a JSON object, got ${shown(answer)}`);
    }
    if (status >= 300 && status < 400)
      throw new AppError(
        "pod-manager.unreadable",
        `${asked}: it redirects (${status}), which is not followed. Register the address itself.`,
      );
    const { code, message } = isRecord(json) ? json : {};
    throw new UpstreamError(
      "pod-manager.refused",
      // Its own failures are not ours: what may pass stays 503, all else is 502.
      { status: status >= 500 && status !== 503 ? 502 : status, code: textOf(code), title: "ExpEther Exception" },
      textOf(message)?.slice(0, 1000) ??
        `${asked}: answered ${status} with ${shown(answer)}. Is this the address of an ExpEther manager? It usually ends in /eem.`,
    );
  }
}

/** What came, in few words; never a page. */
function shown(answer: Answer): string {
  if (isHtml(answer)) return "a web page";
  return snippet(answer) ?? "nothing";
}
