// How a fault in a stack's resources is told: which resource, which field, what it holds, what would be right.

import { AppError, type ErrorCode } from "../errors.ts";

const LONGEST_QUOTE = 80;

/** A value of a request as it may stand in a message: JSON, never longer than a line. */
export function quote(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE - 1)}…` : text;
}

/** `"a", "b" and 3 more`: at most `most` values of a list. */
export function quoteSome(values: readonly string[], most = 5): string {
  const shown = values.slice(0, most).map(quote).join(", ");
  return values.length > most ? `${shown} and ${values.length - most} more` : shown;
}

/** An AppError that names resource and field. `field` is a path inside the resource, e.g. `properties.flavor`. */
export function fault(key: string, field: string, text: string, code: ErrorCode = "application.invalid"): AppError {
  return new AppError(code, `resource ${quote(key)}, ${field}: ${text}`);
}

/** A resource's property map or another JSON object. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
