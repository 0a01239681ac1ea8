// One HTTP exchange with one pod manager: deadline, size, how many at a time, certificates. It knows nothing of Redfish.
// Contract: drivers, 0.5.

import { gunzip, type ZlibOptions } from "node:zlib";
import { Pool } from "undici";
import { AppError } from "../../errors.ts";
import { LIMITS, type Limits, type PodManagerAccess } from "../driver.ts";
import type { Answer, Question, Stream } from "./answer.ts";
import { codeOf, unreachable } from "./errors.ts";
import { exchanged, headersOf, TooLate, TooLong } from "./exchange.ts";
import { onAbort } from "./waiting.ts";

/** A silent stream is taken for broken after this time, ms. */
const SILENCE_MS = 300_000;
/** Anything shorter is found everywhere. */
const SHORTEST_SECRET = 4;

/** A resource begins with it. */
const BRACE = 0x7b;

/** Any status is an answer here, and redirects are answers like others. */
export class Transport {
  readonly origin: string;
  readonly limits: Limits;
  readonly #kept: Pool;
  readonly #fresh: Pool;
  readonly #streams: Pool;
  #turns: number;
  readonly #queue = new Set<() => void>();
  #secrets: readonly string[] = [];
  #closed = false;

  constructor(origin: string, { ca, insecure = false, limits }: Pick<PodManagerAccess, "ca" | "insecure" | "limits">) {
    this.origin = origin;
    this.limits = { ...LIMITS, ...limits };
    this.#turns = this.limits.concurrency;
    const options: Pool.Options = {
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: {
        timeout: this.limits.connectMs,
        rejectUnauthorized: !insecure,
        ...(ca === undefined ? {} : { ca }),
      },
    };
    this.#kept = new Pool(origin, { ...options, connections: this.limits.concurrency });
    // A kept connection may just be closing at the other end; then nobody knows whether what was sent was done. Orders
    // that cannot be repeated go over a new one each.
    this.#fresh = new Pool(origin, { ...options, connections: this.limits.concurrency, pipelining: 0 });
    this.#streams = new Pool(origin, { ...options, pipelining: 0, headersTimeout: 0, bodyTimeout: SILENCE_MS });
  }

  /**
   * @throws AppError pod-manager.unreachable, pod-manager.timeout, pod-manager.unreadable (too long, no HTTP); what the
   * signal says when it is aborted
   */
  async exchange(question: Question, signal: AbortSignal): Promise<Answer> {
    await this.#turn(signal);
    try {
      return await this.#exchange(question, signal);
    } finally {
      this.#next();
    }
  }

  /** What must not come back in an error, from now on: some services repeat a request in their pages of errors. */
  hide(secrets: readonly (string | undefined)[]): void {
    this.#secrets = secrets.filter((secret) => secret !== undefined).filter(({ length }) => length >= SHORTEST_SECRET);
  }

  /** Outside of the turns: it may go on for days. @throws as `exchange` */
  async stream(path: string, headers: Readonly<Record<string, string>>, signal: AbortSignal): Promise<Stream> {
    const question: Question = { method: "GET", path, headers, deadlineMs: this.limits.answerMs };
    signal.throwIfAborted();
    const aborted = new AbortController();
    const callOff = onAbort(signal, () => aborted.abort(signal.reason));
    const timer = setTimeout(() => aborted.abort(new TooLate()), question.deadlineMs);
    try {
      const answer = await this.#streams.request({ method: "GET", path, headers, signal: aborted.signal });
      return { status: answer.statusCode, headers: headersOf(answer.headers), body: answer.body };
    } catch (error) {
      throw this.#failure(error, question, signal);
    } finally {
      clearTimeout(timer);
      callOff();
    }
  }

  /** What is under way fails. May be called again. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all([this.#kept.destroy(), this.#fresh.destroy(), this.#streams.destroy()]);
  }

  async #exchange(question: Question, signal: AbortSignal): Promise<Answer> {
    const { method } = question;
    const pool = method === "GET" || method === "DELETE" ? this.#kept : this.#fresh;
    const answer = await exchanged(pool, question, this.limits.mostBytes, signal).catch((error: unknown) => {
      throw this.#failure(error, question, signal);
    });
    const body = await this.#plain(answer.body, answer.headers["content-encoding"]);
    return { ...answer, body: answer.status < 300 && body[0] === BRACE ? body : this.#scrubbed(body) };
  }

  /** In our own words why there is no answer. */
  #failure(error: unknown, { method, path, deadlineMs }: Question, signal: AbortSignal): unknown {
    if (signal.aborted) return signal.reason;
    if (error instanceof TooLong)
      return new AppError(
        "pod-manager.unreadable",
        `${this.origin}: an answer is longer than ${this.limits.mostBytes} bytes, the most that is read`,
      );
    if (!(error instanceof TooLate)) return unreachable(this.origin, error);
    const unknown = method === "GET" ? "" : "; whether it took effect is not known";
    return new AppError(
      "pod-manager.timeout",
      `${this.origin}: ${method} ${path} was not answered within ${deadlineMs} ms${unknown}`,
    );
  }

  #scrubbed(body: Buffer): Buffer {
    const shown = this.#secrets.filter((secret) => body.includes(secret));
    if (shown.length === 0) return body;
    return Buffer.from(shown.reduce((text, secret) => text.replaceAll(secret, "***"), body.toString("utf8")));
  }

  /** Some services compress although they were asked not to. */
  async #plain(body: Buffer, encoding: string | undefined): Promise<Buffer> {
    if (encoding === undefined || encoding === "identity" || body.length === 0) return body;
    const unreadable = (why: string) =>
      new AppError("pod-manager.unreadable", `${this.origin}: an answer in content-encoding ${encoding} ${why}`);
    if (!/^(x-)?gzip$/i.test(encoding)) throw unreadable("cannot be read");
    const options: ZlibOptions = { maxOutputLength: this.limits.mostBytes };
    return await new Promise<Buffer>((resolve, reject) => {
      gunzip(body, options, (error, whole) => {
        if (error) reject(unreadable(codeOf(error) === "ERR_BUFFER_TOO_LARGE" ? "is too long" : "is damaged"));
        else resolve(whole);
      });
    });
  }

  async #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#turns > 0) {
      this.#turns--;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const go = () => {
        callOff();
        resolve();
      };
      const callOff = onAbort(signal, () => {
        this.#queue.delete(go);
        reject(signal.reason);
      });
      this.#queue.add(go);
    });
  }

  #next(): void {
    const [first] = this.#queue;
    if (first === undefined) this.#turns++;
    else {
      this.#queue.delete(first);
      first();
    }
  }
}
