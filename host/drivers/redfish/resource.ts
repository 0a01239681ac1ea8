// What answers say: a resource, a page of a collection, or what became of an order. Contract: drivers, 0.3.

import { UpstreamError } from "../../errors.ts";
import { type Answer, isHtml, jsonOf, snippet } from "./answer.ts";
import { refused, unreadable } from "./errors.ts";
import { pathOrNull } from "./reference.ts";
import { at, type Fields, isRecord, link, textOf } from "./shapes.ts";

export interface Resource {
  /** Without a slash at its end. */
  readonly path: string;
  readonly etag: string | null;
  readonly body: Fields;
}

/** What an order was answered with. JSON: a saga may record it and wait for its end in another process. */
export interface Written {
  readonly status: number;
  /** Path of what was created; null: not said, or at another host. */
  readonly location: string | null;
  readonly body: Fields | null;
  readonly etag: string | null;
  /** Path of a task that goes on; `finished` waits for it. */
  readonly monitor: string | null;
}

/** @throws AppError pod-manager.refused, pod-manager.credentials, pod-manager.unreadable */
export function resourceOf(answer: Answer, path: string, origin: string): Resource {
  const asked = `GET ${path}`;
  if (!isSuccess(answer)) throw refused(answer, asked);
  const body = jsonOf(answer);
  if (isRecord(body)) return { path, etag: etagOf(answer, body), body };
  // Some forget the status and give its number for a body.
  if (body === 404 || body === 410)
    throw new UpstreamError("pod-manager.refused", { status: body }, `${asked}: there is no such resource`);
  throw unreadable(origin, asked, `was answered with ${told(answer, body)} where a resource was expected`);
}

/** @throws AppError as `resourceOf` */
export function writtenOf(answer: Answer, asked: string, origin: string): Written {
  const { status, headers } = answer;
  if (!isSuccess(answer)) throw refused(answer, asked);
  const body = jsonOf(answer);
  // Some say it twice: 200 with the number 200 for a body.
  const isTwice = typeof body === "number" && body >= 200 && body < 300;
  const isNothing = body === null || isTwice || typeof body === "string" || (body === undefined && !isHtml(answer));
  if (!isRecord(body) && !isNothing)
    throw unreadable(
      origin,
      asked,
      `was answered with ${told(answer, body)}, from which nobody can know whether it was done`,
    );
  const record = isRecord(body) ? body : null;
  const location = pathOrNull(headers.location, origin);
  return {
    status,
    location: status === 202 ? null : location,
    body: record,
    etag: etagOf(answer, record ?? {}),
    monitor: status === 202 ? monitorOf(location, record, origin) : null,
  };
}

/** The members of a collection, in either place; null: it is none. */
export function membersOf(body: Fields): readonly unknown[] | null {
  for (const members of [body.Members, at(body, "Links", "Members")]) {
    if (Array.isArray(members)) return members;
    if (isRecord(members)) return [members];
  }
  const isEmpty = body.Members === null || body["Members@odata.count"] === 0 || body["Member@odata.count"] === 0;
  return isEmpty ? [] : null;
}

/** Of the header, else of the body; null also for what no header could carry. */
export function etagOf(answer: Answer | null, body: Fields): string | null {
  const tag = answer?.headers.etag ?? body["@odata.etag"];
  return typeof tag === "string" && /^[\x20-\x7e]{1,512}$/.test(tag) ? tag : null;
}

export function isTask(body: Fields): boolean {
  return typeof body.TaskState === "string" || /^#Task\./.test(textOf(body["@odata.type"]) ?? "");
}

export function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300;
}

/** Where the end of an order that was taken (202) can be seen; null: nowhere. */
function monitorOf(location: string | null, body: Fields | null, origin: string): string | null {
  if (location !== null || body === null) return location;
  return pathOrNull(body.TaskMonitor, origin) ?? (isTask(body) ? pathOrNull(link(body), origin) : null);
}

function told(answer: Answer, body: unknown): string {
  if (typeof body === "number") return `the number ${body}`;
  if (answer.body.length === 0) return "nothing";
  if (isHtml(answer)) return "an HTML page";
  if (body === undefined) return `what is no JSON (${JSON.stringify(snippet(answer))})`;
  return Array.isArray(body) ? "a list" : `${JSON.stringify(body)}`.slice(0, 100);
}
