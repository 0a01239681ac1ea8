// Who we are at a pod manager: a session where it has them, else Basic. Contract: drivers, 3.6.

import { AppError } from "../../errors.ts";
import type { PodManagerAccess } from "../driver.ts";
import type { Answer } from "./answer.ts";
import { jsonOf } from "./answer.ts";
import { isPasswordChange, refusalOf, refused, unreadable } from "./errors.ts";
import { redirected } from "./redirects.ts";
import { pathOrNull, ROOT } from "./reference.ts";
import { isSuccess } from "./resource.ts";
import { at, booleanOf, type Fields, isRecord, link } from "./shapes.ts";
import type { Transport } from "./transport.ts";
import { abortable } from "./waiting.ts";

type Proof = Readonly<Record<string, string>>;

/** Statuses by which a service says that it has no sessions. */
const NO_SESSIONS: readonly number[] = [400, 404, 405, 410, 501];
/** Nobody waits longer for a session to end, ms. */
const LOG_OUT_MS = 5_000;

/** Logs in when it must, once for all who wait. */
export class Session {
  readonly #transport: Transport;
  readonly #access: PodManagerAccess;
  readonly #basic: Proof;
  #proof: Proof | null = null;
  /** Of our session; null: there is none. */
  #path: string | null = null;
  #loggingIn: Promise<Proof> | null = null;
  #root: Promise<Fields> | null = null;
  readonly #closed = new AbortController();

  constructor(transport: Transport, access: PodManagerAccess) {
    this.#transport = transport;
    this.#access = access;
    const { username, password } = access;
    this.#basic =
      username === "" && password === ""
        ? {}
        : { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
    this.#hide(undefined);
  }

  /** Headers that say who asks. @throws AppError as requests do */
  async proof(signal: AbortSignal): Promise<Proof> {
    if (this.#proof !== null) return this.#proof;
    this.#loggingIn ??= this.#logIn()
      .then((proof) => {
        this.#proof = proof;
        return proof;
      })
      .finally(() => {
        this.#loggingIn = null;
      });
    return await abortable(this.#loggingIn, signal);
  }

  /** Whether an answer to a request with this proof says that its session has ended; then another proof may be had. */
  isOver(proof: Proof, answer: Answer): boolean {
    if (proof["x-auth-token"] === undefined) return false;
    // Some say 403 with a text instead; a Redfish error means what it says.
    const over = answer.status === 401 || (answer.status === 403 && !isRecord(jsonOf(answer)));
    if (!over || isPasswordChange(refusalOf(answer).messageIds)) return false;
    // Others may have logged in anew meanwhile.
    if (this.#proof === proof) {
      this.#proof = null;
      this.#path = null;
    }
    return true;
  }

  /** The service root, read once for all who wait. @throws AppError as requests do */
  async root(signal: AbortSignal): Promise<Fields> {
    this.#root ??= this.#readRoot().catch((error: unknown) => {
      this.#root = null;
      throw error;
    });
    return await abortable(this.#root, signal);
  }

  /** It is read anew when it is wanted next. */
  forgetRoot(): void {
    this.#root = null;
  }

  /** Ends the session, so that the service has room for another. Never rejects. */
  async close(): Promise<void> {
    // A log-in under way would leave its session behind.
    if (this.#loggingIn !== null)
      await abortable(this.#loggingIn, AbortSignal.timeout(LOG_OUT_MS)).catch(() => undefined);
    const [path, proof] = [this.#path, this.#proof];
    this.#path = null;
    this.#proof = null;
    if (path !== null && proof !== null)
      await this.#transport
        .exchange(
          { method: "DELETE", path, headers: proof, deadlineMs: Math.min(LOG_OUT_MS, this.#transport.limits.answerMs) },
          this.#closed.signal,
        )
        .catch((error: unknown) => this.#access.log("a session was not ended", { path, error: String(error) }));
    this.#closed.abort(new AppError("pod-manager.unreachable", `${this.#transport.origin}: our connection was closed`));
  }

  #hide(token: string | undefined): void {
    this.#transport.hide([this.#access.password, this.#basic.authorization?.slice("Basic ".length), token]);
  }

  async #readRoot(): Promise<Fields> {
    let answer = await this.#readOpenly(ROOT);
    if (answer.status === 404) answer = await this.#readOpenly(ROOT.slice(0, -1));
    const { origin } = this.#transport;
    if (answer.status >= 500 || [401, 403, 429].includes(answer.status)) throw refused(answer, `GET ${ROOT}`);
    const body = jsonOf(answer);
    if (isSuccess(answer) && isRecord(body)) return body;
    const { status } = answer;
    const what = isSuccess(answer) ? "with no Redfish service root" : `with ${status}`;
    throw unreadable(origin, `GET ${ROOT}`, `was answered ${what}. Is this the address of a pod manager?`);
  }

  /** By the standard the root is read without credentials; a service that wants them all the same says so. */
  async #readOpenly(path: string): Promise<Answer> {
    const answer = await this.#get(path, {});
    return answer.status === 401 || answer.status === 403 ? await this.#get(path, this.#basic) : answer;
  }

  async #logIn(): Promise<Proof> {
    this.#closed.signal.throwIfAborted();
    if (this.#basic.authorization === undefined) return this.#basic;
    const collection = await this.#sessions(await this.root(this.#closed.signal));
    if (collection === null) return this.#basic;
    const { username, password } = this.#access;
    const answer = await this.#transport.exchange(
      {
        method: "POST",
        path: collection,
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ UserName: username, Password: password }),
        deadlineMs: this.#transport.limits.answerMs,
      },
      this.#closed.signal,
    );
    const { status, headers } = answer;
    if (status === 401 || status === 403) throw refused(answer, `POST ${collection}`);
    const token = headers["x-auth-token"];
    if (status >= 300 || token === undefined || !/^[\x21-\x7e]{1,4096}$/.test(token)) {
      this.#access.log("no session could be had, Basic is used", { status, reason: refusalOf(answer).detail });
      // One that has none today may have some tomorrow: it is asked again with the next client.
      return this.#basic;
    }
    if (isPasswordChange(refusalOf(answer).messageIds)) throw refused(answer, `POST ${collection}`);
    this.#path =
      pathOrNull(headers.location, this.#transport.origin) ??
      pathOrNull(at(jsonOf(answer), "@odata.id"), this.#transport.origin);
    this.#hide(token);
    return { "x-auth-token": token };
  }

  /** Path of the collection of sessions; null: the service has none. */
  async #sessions(root: Fields): Promise<string | null> {
    const { origin } = this.#transport;
    const direct = pathOrNull(link(at(root, "Links", "Sessions")), origin);
    if (direct !== null) return direct;
    const service = pathOrNull(link(root.SessionService) ?? link(at(root, "Links", "SessionService")), origin);
    if (service === null) return null;
    const answer = await this.#get(service, this.#basic);
    if (NO_SESSIONS.includes(answer.status)) return null;
    // Before a log-in some do not even show where to log in; by the standard it is there.
    if (answer.status === 401 || answer.status === 403) return `${service}/Sessions`;
    const body = jsonOf(answer);
    if (!isRecord(body) || booleanOf(body.ServiceEnabled) === false) return null;
    return pathOrNull(link(body.Sessions), origin);
  }

  async #get(path: string, headers: Proof): Promise<Answer> {
    const { answerMs: deadlineMs } = this.#transport.limits;
    return await redirected(this.#transport, { method: "GET", path, headers, deadlineMs }, this.#closed.signal);
  }
}
