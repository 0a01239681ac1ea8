// Answers that send us on. Contract: drivers, 0.2.

import type { Answer, Question } from "./answer.ts";
import { unreadable } from "./errors.ts";
import { pathOf } from "./reference.ts";
import type { Transport } from "./transport.ts";

const MOST = 5;

/**
 * The answer at the end of all redirects: 307 and 308 keep method and body, the others are followed by GET alone.
 * @throws AppError as Transport.exchange, and pod-manager.unreadable for a redirect to another host or without an end
 */
export async function redirected(transport: Transport, question: Question, signal: AbortSignal): Promise<Answer> {
  let at = question;
  for (let followed = 0; ; followed++) {
    const answer = await transport.exchange(at, signal);
    const { status, headers } = answer;
    if (![301, 302, 303, 307, 308].includes(status)) return answer;
    const asked = `${at.method} ${at.path}`;
    const kept = status === 307 || status === 308;
    if (!kept && at.method !== "GET")
      throw unreadable(
        transport.origin,
        asked,
        `is redirected with ${status}, which does not say whether the order is to be given there`,
      );
    if (headers.location === undefined)
      throw unreadable(transport.origin, asked, `is redirected (${status}), but not whereto`);
    if (followed === MOST) throw unreadable(transport.origin, asked, `is redirected more than ${MOST} times`);
    const target = new URL(at.path, transport.origin);
    at = { ...at, path: redirectPath(headers.location, target, transport.origin) };
  }
}

/** The slash at the end is kept: a redirect may be about nothing else. */
function redirectPath(location: string, from: URL, origin: string): string {
  const absolute = URL.canParse(location, from.href) ? new URL(location, from).href : location;
  const path = pathOf(absolute, origin);
  const [bare, ...query] = path.split("?");
  const slash = /^[^?#]*\/(?:[?#]|$)/.test(absolute) && bare !== "/" ? "/" : "";
  return [bare + slash, ...query].join("?");
}
