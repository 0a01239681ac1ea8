// What went wrong at a pod manager, in the words of our own errors. Contract: drivers, 0.4.

import { AppError, UpstreamError } from "../../errors.ts";
import { type Answer, clipped, jsonOf, snippet } from "./answer.ts";
import { isRecord, listOf, textOf } from "./shapes.ts";

/** What a refusal says of itself. */
export interface Refusal {
  /** Its own, else the words of the HTTP status. */
  readonly code: string;
  readonly title: string | null;
  readonly detail: string | null;
  /** Of all its messages: `Base.1.8.PasswordChangeRequired`. */
  readonly messageIds: readonly string[];
}

/** Reads every form of error body that was met; none of it is HTML. */
export function refusalOf(answer: Answer): Refusal {
  const reason = textOf(answer.reason) ?? `HTTP ${answer.status}`;
  const body = jsonOf(answer);
  if (typeof body === "string") return { code: reason, title: null, detail: clipped(body), messageIds: [] };
  if (!isRecord(body)) return { code: reason, title: null, detail: snippet(answer), messageIds: [] };
  const error = isRecord(body.error) ? body.error : {};
  const infos = [...listOf(error["@Message.ExtendedInfo"]), ...listOf(body["@Message.ExtendedInfo"])].filter(isRecord);
  const said = infos.map((info) => textOf(info.Message)).filter((message) => message !== null);
  const title =
    textOf(error.message) ?? textOf(body.error) ?? textOf(body.message) ?? textOf(body.Message) ?? textOf(body.detail);
  return {
    code: textOf(error.code) ?? textOf(body.code) ?? reason,
    title: title === null ? null : clipped(title),
    detail: said.length > 0 ? clipped([...new Set(said)].join(" ")) : title === null ? snippet(answer) : clipped(title),
    messageIds: infos.map((info) => textOf(info.MessageId)).filter((id) => id !== null),
  };
}

/**
 * The error for an answer that is no success.
 * @param asked for a detail of our own where the service gave none: `GET /redfish/v1/Nodes/1`
 */
export function refused(answer: Answer, asked: string): AppError {
  const { status } = answer;
  const { code, title, detail, messageIds } = refusalOf(answer);
  const said = detail === null ? "" : `: ${detail}`;
  if (isPasswordChange(messageIds))
    return new AppError(
      "pod-manager.credentials",
      `The pod manager wants the password of this account changed before anything else${said}`,
    );
  if (status === 401)
    return new AppError(
      "pod-manager.credentials",
      `${asked}: the pod manager rejected our credentials${said}.\nSet its authentication anew.`,
    );
  if (status === 403)
    return new AppError(
      "pod-manager.credentials",
      `${asked}: the pod manager denies this to our account${said}.\nGive it the privilege, or set another account.`,
    );
  return new UpstreamError(
    "pod-manager.refused",
    { status: passedOn(status), code, title },
    detail ?? `${asked} was answered with ${status} ${clipped(answer.reason)}`.trim(),
  );
}

export function isPasswordChange(messageIds: readonly string[]): boolean {
  return messageIds.some((id) => /(^|\.)PasswordChangeRequired$/.test(id));
}

/** Its own from 400 to 499, and 501 and 503; its other failures are 502 to our callers. */
function passedOn(status: number): number {
  return status < 500 || status === 501 || status === 503 ? status : 502;
}

/** A status that means that there is no such thing. */
export function isGone(error: unknown): boolean {
  return error instanceof UpstreamError && (error.upstreamStatus === 404 || error.upstreamStatus === 410);
}

export function unreadable(origin: string, asked: string, what: string): AppError {
  return new AppError("pod-manager.unreadable", `${origin}: ${asked} ${what}`);
}

/** Why there was no answer: refused, no such name, a certificate that is not trusted, broken off. */
export function unreachable(origin: string, error: unknown): AppError {
  const code = codeOf(error);
  const why = REASONS[code] ?? (CERTIFICATE.test(code) ? CERTIFICATE_ADVICE : null);
  const cause = error instanceof Error ? error.message : String(error);
  const isNoHttp = error instanceof Error && error.name === "HTTPParserError";
  if (isNoHttp || /^HPE_|^UND_ERR_HEADERS_OVERFLOW/.test(code))
    return new AppError("pod-manager.unreadable", `${origin} does not speak proper HTTP (${cause})`, { cause: error });
  const said = why === null ? cause : why.replace("%", cause);
  return new AppError("pod-manager.unreachable", `${origin}: ${clipped(said)}`, { cause: error });
}

const CERTIFICATE = /CERT|SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)/;
const CERTIFICATE_ADVICE =
  "its certificate is not trusted (%). Register the pod manager with the CA that signed it, or as insecure.";

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused. Does the pod manager run, and is this its port?",
  ENOTFOUND: "the name cannot be resolved. Is it spelt right, and known to our DNS?",
  EAI_AGAIN: "the name cannot be resolved at the moment; DNS does not answer.",
  EHOSTUNREACH: "no route to the host.",
  ENETUNREACH: "no route to the network.",
  ECONNRESET: "the connection broke off before the answer was whole.",
  EPIPE: "the connection broke off before the request was whole.",
  UND_ERR_SOCKET: "the connection broke off before the answer was whole (%).",
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: "the connection broke off before the answer was whole.",
  UND_ERR_CONNECT_TIMEOUT: "no connection in time. Is the address right, and no firewall in between?",
  UND_ERR_DESTROYED: "our connection to it was closed.",
  UND_ERR_CLOSED: "our connection to it was closed.",
  CERT_HAS_EXPIRED: "its certificate has expired. Renew it there, or register the pod manager as insecure.",
  CERT_NOT_YET_VALID: "its certificate is not valid yet. Is the clock right, there and here?",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "its certificate is for another name (%). Register the pod manager by a name in it, or as insecure.",
  EPROTO: "no TLS at this port (%). Is it a plain http:// one?",
  ERR_SSL_WRONG_VERSION_NUMBER: "no TLS at this port. Is it a plain http:// one?",
};

/** As Node and undici call an error; "" when it has no code. */
export function codeOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
}
