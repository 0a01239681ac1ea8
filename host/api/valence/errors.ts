import type { Context } from "hono";
import { AppError } from "../../errors.ts";
import type { Env } from "../context.ts";

// Contract: valence-rest, section 2. `code` is the reason phrase of the status.
const CLASSES = {
  400: ["Bad Request", "Bad Request"],
  404: ["Not Found", "Resource could not be found"],
  405: ["Method Not Allowed", "Method Not Allowed"],
  500: ["Internal Server Error", "An unknown exception occured"],
  503: ["Service Unavailable", "Connection Error"],
} as const satisfies Record<number, readonly [code: string, title: string]>;

/** Answers an error in Valence's flat form; `detail` is never empty, as the client shows it. */
export function answerError(c: Context<Env>, error: unknown): Response {
  const known = error instanceof AppError ? error : new AppError("internal", "");
  const status = (known.status in CLASSES ? known.status : 500) as keyof typeof CLASSES;
  const [code, title] = CLASSES[status];
  return c.json({ code, detail: known.message || title, request_id: c.var.requestId, status, title }, status);
}
