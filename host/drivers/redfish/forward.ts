// The passthrough: what a user asks of a pod manager itself. Contract: valence-rest, 9.

import { AppError, UpstreamError } from "../../errors.ts";
import type { ForwardedAnswer, ForwardedRequest } from "../driver.ts";
import { refused } from "./errors.ts";
import { pathOrNull, ROOT } from "./reference.ts";
import type { Requests } from "./requests.ts";

/** Not passed on: about the connection, or about who we are. */
const OURS: readonly string[] = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "content-encoding",
  "content-length",
  "set-cookie",
  "www-authenticate",
  "x-auth-token",
  "authorization",
  "location",
];

/**
 * Any status is an answer but 401, which is about our log-in. `location` is a path at the pod manager, or left out.
 * @throws AppError as RedfishClient; UpstreamError 404 for a path that leads out of `/redfish/v1/`
 */
export async function forward(
  { method, path, body }: ForwardedRequest,
  requests: Requests,
  signal: AbortSignal,
): Promise<ForwardedAnswer> {
  const { origin, limits } = requests.transport;
  const target = targetOf(path, origin);
  const answer = await requests.ask(
    {
      method,
      path: target,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      deadlineMs: method === "GET" ? limits.answerMs : limits.composeMs,
      repeatable: method === "GET",
      ...(body === undefined ? {} : { body }),
    },
    signal,
  );
  if (answer.status === 401) throw refused(answer, `${method} ${target}`);
  const dropped = new Set([...OURS, ...(answer.headers.connection ?? "").toLowerCase().split(/\s*,\s*/)]);
  const headers = Object.fromEntries(Object.entries(answer.headers).filter(([name]) => !dropped.has(name)));
  const location = pathOrNull(answer.headers.location, origin);
  return {
    status: answer.status,
    headers: location === null ? headers : { ...headers, location },
    body: answer.body,
  };
}

function targetOf(path: string, origin: string): string {
  const base = new URL(ROOT, origin);
  const url = URL.canParse(`./${path}`, base.href) ? new URL(`./${path}`, base) : null;
  // Some servers take %2f for a slash, and then see dots where we saw none.
  const isClimbing = /(^|\/|\\)\.\.?(\/|\\|$)/.test(unescaped(url?.pathname ?? ""));
  if (url === null || url.origin !== origin || !url.pathname.startsWith(ROOT) || isClimbing)
    throw new UpstreamError(
      "pod-manager.refused",
      { status: 404 },
      `${JSON.stringify(path.slice(0, 200))} is no path below ${ROOT}`,
    );
  if (/[^\x21-\x7e]/.test(url.pathname + url.search))
    throw new AppError(
      "request.invalid",
      `the path ${JSON.stringify(path.slice(0, 200))} holds characters that no URL has`,
    );
  return url.pathname.replace(/\/+$/, "") + url.search;
}

function unescaped(path: string): string {
  return path.replaceAll(/%2f/gi, "/").replaceAll(/%5c/gi, "\\").replaceAll(/%2e/gi, ".");
}
