import { STATUS_CODES } from "node:http";
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { AppError, type ErrorCode, UpstreamError } from "../../errors.ts";
import type { ValenceEnv } from "./context.ts";
import { NEWEST, OLDEST } from "./version.ts";

// Contract: valence-rest, section 2. Where nothing is said here the title is the reason phrase of the status.
const TITLE_OF_CODE: { readonly [code in ErrorCode]?: string } = {
  "request.invalid": "Validation Error",
  "request.unauthorized": "Authorization Error",
  "pod-manager.unknown-driver": "Unsupported Driver Specified",
  "node.managed": "Resource Already Exists",
};
const TITLE_OF_STATUS: { readonly [status: number]: string } = {
  404: "Resource could not be found",
  500: "An unknown exception occured",
  503: "Connection Error",
};

/** A fault in the address of a request rather than in its body: its title is that of the class `BadRequest`. */
export class QueryError extends AppError {
  constructor(message: string) {
    super("request.invalid", message);
  }
}

interface ErrorFacts {
  readonly status: number;
  readonly code: string;
  readonly title: string;
}

/** Answers an error in Valence's flat form, from 1.1 on with the list `errors` beside; `detail` is never empty. */
export function answerError(c: Context<ValenceEnv>, error: unknown): Response {
  const known = error instanceof AppError ? error : new AppError("internal", "");
  const { status, code, title } = factsOf(known);
  const facts = { code, detail: known.message || title, request_id: c.var.requestId, status, title };
  const body = {
    ...facts,
    ...(known.code === "request.not-acceptable" ? { min_version: OLDEST, max_version: NEWEST } : {}),
    ...(c.var.version === "1.0" ? {} : { errors: [{ ...facts, links: [] }] }),
  };
  return c.json(body, status as ContentfulStatusCode);
}

function factsOf(error: AppError): ErrorFacts {
  if (error instanceof UpstreamError) {
    const status = passedOn(error.upstreamStatus);
    const own = ownFacts(status, undefined);
    return { status, code: error.upstreamCode || own.code, title: error.upstreamTitle || own.title };
  }
  return ownFacts(error.status, error instanceof QueryError ? "Bad Request" : TITLE_OF_CODE[error.code]);
}

function ownFacts(status: number, title: string | undefined): ErrorFacts {
  const code = STATUS_CODES[status] ?? "Error";
  return { status, code, title: title ?? TITLE_OF_STATUS[status] ?? code };
}

/** What the caller did wrong stays that; what is the matter between us and the other service is no fault of the caller. */
function passedOn(status: number): number {
  if (status >= 400 && status < 500 && ![401, 403, 407].includes(status)) return status;
  return status === 503 || status === 504 ? status : 502;
}

export const errorSchema = z
  .object({
    code: z.string().describe("Reason phrase of the status, or what the pod manager calls the error"),
    detail: z.string(),
    request_id: z.string(),
    status: z.number().int(),
    title: z.string(),
    errors: z.array(z.looseObject({})).optional().describe("From version 1.1 on: the same in a list"),
  })
  .openapi("Error");
