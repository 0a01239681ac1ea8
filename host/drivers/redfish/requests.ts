// Requests in the name of our account: log-in, redirects, and another try where that is safe. Contract: drivers, 0.5.

import { AppError } from "../../errors.ts";
import type { Answer, Question } from "./answer.ts";
import { codeOf } from "./errors.ts";
import { redirected } from "./redirects.ts";
import type { Session } from "./session.ts";
import type { Transport } from "./transport.ts";
import { pause } from "./waiting.ts";

export interface Asked extends Question {
  /** It may be sent again after an answer that may have been lost. */
  readonly repeatable: boolean;
}

export interface Answered extends Answer {
  /** How often it was sent before, and perhaps done. */
  readonly repeats: number;
}

const ATTEMPTS = 3;
/** Nobody is waited for longer, whatever Retry-After says, ms. */
const LONGEST_PAUSE_MS = 30_000;
const PASSING: readonly number[] = [429, 502, 503, 504];
/** Failures that are over in no time, and often at the next try. */
const PASSING_FAILURES: readonly string[] = [
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "EAI_AGAIN",
  "UND_ERR_SOCKET",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
];

export class Requests {
  readonly transport: Transport;
  readonly session: Session;

  constructor(transport: Transport, session: Session) {
    this.transport = transport;
    this.session = session;
  }

  /** Any status is an answer. @throws AppError as Transport.exchange, pod-manager.credentials when the log-in is rejected */
  async ask(asked: Asked, signal: AbortSignal): Promise<Answered> {
    for (let repeats = 0; ; repeats++) {
      const last = !asked.repeatable || repeats + 1 >= ATTEMPTS;
      const outcome = await this.#once(asked, signal).catch((error: unknown) => {
        if (last || !mayPass(error)) throw error;
        return null;
      });
      if (outcome !== null && (last || !PASSING.includes(outcome.status))) return { ...outcome, repeats };
      const { pollMs } = this.transport.limits;
      const backOff = (pollMs / 4) * 2 ** repeats * (0.75 + Math.random() / 2);
      await pause(Math.min(retryAfterMs(outcome) ?? backOff, LONGEST_PAUSE_MS), signal);
    }
  }

  async #once(asked: Question, signal: AbortSignal): Promise<Answer> {
    const send = async (proof: Readonly<Record<string, string>>) =>
      await redirected(this.transport, { ...asked, headers: { ...asked.headers, ...proof } }, signal);
    const proof = await this.session.proof(signal);
    const first = await send(proof);
    if (first.status === 401) this.session.forgetRoot();
    return this.session.isOver(proof, first) ? await send(await this.session.proof(signal)) : first;
  }
}

function mayPass(error: unknown): boolean {
  return (
    error instanceof AppError &&
    error.code === "pod-manager.unreachable" &&
    PASSING_FAILURES.includes(codeOf(error.cause))
  );
}

/** What a service says of when to ask again, seconds or a date, in ms from now; null: nothing. */
export function retryAfterMs(answer: Answer | null): number | null {
  const said = answer?.headers["retry-after"]?.trim();
  if (said === undefined || said === "") return null;
  if (/^\d{1,9}$/.test(said)) return 1000 * Number(said);
  const at = /^[a-z]{3,9}, |^\d{4}-\d\d-/i.test(said) ? Date.parse(said) : Number.NaN;
  // By the clock of the service where it tells it: ours may be another.
  const now = Date.parse(answer?.headers.date ?? "");
  return Number.isNaN(at) ? null : Math.max(0, at - (Number.isNaN(now) ? Date.now() : now));
}
