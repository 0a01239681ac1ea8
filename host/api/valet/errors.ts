import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { AppError, type ErrorCode } from "../../errors.ts";
import type { Env } from "../context.ts";

// The sentences are WebOb's, which clients of the original know.
const MALFORMED = "The server could not comply with the request since it is either malformed or otherwise incorrect.";
const SERVER_ERROR = "The server has either erred or is incapable of performing the requested operation.";
const CLASSES = {
  400: ["Bad Request", "HTTPBadRequest", MALFORMED],
  403: ["Forbidden", "HTTPForbidden", "Access was denied to this resource."],
  404: ["Not Found", "HTTPNotFound", "The resource could not be found."],
  405: ["Method Not Allowed", "HTTPMethodNotAllowed", MALFORMED],
  409: ["Conflict", "HTTPConflict", "There was a conflict when trying to complete your request."],
  413: [
    "Request Entity Too Large",
    "HTTPRequestEntityTooLarge",
    "The body of your request was too large for this server.",
  ],
  500: ["Internal Server Error", "HTTPInternalServerError", SERVER_ERROR],
  503: [
    "Service Unavailable",
    "HTTPServiceUnavailable",
    "The server is currently unavailable. Please try again at a later time.",
  ],
} as const satisfies Record<number, readonly [title: string, type: string, message: string]>;

type Status = keyof typeof CLASSES;

export const errorSchema = z
  .object({
    title: z.string(),
    explanation: z.string().openapi({ description: "What went wrong, in detail" }),
    code: z.int(),
    error: z.object({ message: z.string(), traceback: z.null(), type: z.string() }),
  })
  .openapi("Error");

/** What the placement engine itself could not do. Clients of the original look for "Ostro error" and retry. */
const ENGINE_FAILURES: ReadonlySet<ErrorCode> = new Set([
  "placement.infeasible",
  "placement.conflict",
  "plan.unsound",
  "solver.broken",
]);

/** Answers an error in Valet's form; 401 is plain text and says nothing about the reason. */
export function answerError(c: Context<Env>, error: unknown): Response {
  const known = error instanceof AppError ? error : new AppError("internal", "");
  if (known.code === "request.unauthorized") {
    return c.body("Authentication required", 401, { "Content-Type": "text/plain" });
  }
  const code = (known.status in CLASSES ? known.status : 500) as Status;
  const [title, type, message] = CLASSES[code];
  const prefix = ENGINE_FAILURES.has(known.code) ? "Ostro error: " : "";
  const explanation = known.message === "" ? message : `${prefix}${known.message}`;
  return c.json({ title, explanation, code, error: { message, traceback: null, type } }, code);
}

/** Faults found while a plan request is prepared start with "Valet error: ". */
export async function preparing<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof AppError && /^(group|application)\./.test(error.code)) {
      throw new AppError(error.code, `Valet error: ${error.message}`, { cause: error });
    }
    throw error;
  }
}
