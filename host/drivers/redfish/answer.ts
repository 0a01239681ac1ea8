// An HTTP question, its answer, and what the answer's body is.

import type { Readable } from "node:stream";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export interface Question {
  readonly method: Method;
  /** With the query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Of JSON. */
  readonly body?: string;
  /** From its turn until the answer is whole. */
  readonly deadlineMs: number;
}

export interface Answer {
  readonly status: number;
  /** What the service calls the status; may be empty. */
  readonly reason: string;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** An answer that goes on. */
export interface Stream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readable;
}

/** Longest detail that is passed on, characters. */
const LONGEST_DETAIL = 1000;
const LONGEST_SNIPPET = 200;

/** Undefined: the body is no JSON; null also when there is none. */
export function jsonOf({ body }: Answer): unknown {
  if (body.length === 0) return null;
  try {
    const text = body.toString("utf8");
    return JSON.parse(text.startsWith("\uFEFF") ? text.slice(1) : text);
  } catch {
    return undefined;
  }
}

export function isHtml({ headers, body }: Answer): boolean {
  return /\bx?html\b/i.test(headers["content-type"] ?? "") || /^\s*<[!?a-z]/i.test(body.toString("latin1", 0, 200));
}

/** Beginning of a body that is text. */
export function snippet(answer: Answer): string | null {
  if (isHtml(answer)) return null;
  const start = answer.body
    .toString("utf8", 0, 2 * LONGEST_SNIPPET)
    .replaceAll(/[\p{Cc}\p{Surrogate}\uFFFD\s]+/gu, " ")
    .trim();
  return start === "" || start === "{}" || start === "null" ? null : clipped(start, LONGEST_SNIPPET);
}

/** In one line, without markup, and no longer than people read. */
export function clipped(text: string, longest = LONGEST_DETAIL): string {
  const plain = text
    .replaceAll(/<[!/]?[a-z][^<>]{0,300}>/gi, " ")
    .replaceAll(/\s+/g, " ")
    .trim();
  return plain.length > longest ? `${plain.slice(0, longest)}…` : plain;
}
