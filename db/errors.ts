// What drivers throw, as the errors that a client or operator can do something about.
import { AppError } from "../host/errors.ts";

// Of postgres.js and of Node's sockets.
const UNREACHABLE = new Set([
  "CONNECTION_CLOSED",
  "CONNECTION_DESTROYED",
  "CONNECTION_ENDED",
  "CONNECT_TIMEOUT",
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "ETIMEDOUT",
]);

/**
 * SQL states of a server that is there but cannot serve: connection, resources, operator intervention, system errors,
 * a server that only reads (a standby), a transaction ended for being idle.
 */
const UNABLE = /^(08...|53...|57...|58...|25006|25P03|25P04)$/;

/** A lock not granted in time, a deadlock, a serialization failure. */
const BUSY = new Set(["55P03", "40P01", "40001"]);

const UNSTORABLE = new Map([
  ["22021", "a text holds a character that cannot be stored (NUL)"],
  ["22P05", "a text holds a character that cannot be stored (NUL)"],
  ["54000", "a text is too long to be stored"],
]);

/** The SQL state or the driver's code, wherever in the chain of causes it stands. */
export function errorCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === "string") return code;
  }
  return undefined;
}

/** store.unavailable or request.invalid where it is that, else the error itself. */
export function translated(error: unknown): unknown {
  if (error instanceof AppError) return error;
  const code = errorCode(error);
  if (code === undefined) return saysClosed(error) ? unavailable("it is closed", error) : error;
  if (BUSY.has(code))
    return new AppError("store.unavailable", `the store is busy (${code}), try again`, { cause: error });
  if (UNREACHABLE.has(code) || UNABLE.test(code)) return unavailable(code, error);
  const unstorable = UNSTORABLE.get(code);
  return unstorable === undefined ? error : new AppError("request.invalid", unstorable, { cause: error });
}

/** A transaction that failed so may have been committed all the same. */
export function unavailable(why: string, cause?: unknown): AppError {
  return new AppError("store.unavailable", `the store cannot be reached (${why})`, { cause });
}

/** Not said by a server that goes on. */
export function lostConnection(error: unknown): boolean {
  const code = errorCode(error);
  return code !== undefined && (UNREACHABLE.has(code) || /^(08...|57P..|25P03)$/.test(code));
}

/** Translates errors; after `limitMs` throws what `tooLate` makes. */
export async function withLimit<T>(work: Promise<T>, limitMs: number, tooLate: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(tooLate()), limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } catch (error) {
    throw translated(error);
  } finally {
    clearTimeout(timer);
  }
}

/** PGlite says it in words only. */
function saysClosed(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (/PGlite is clos(ed|ing)/.test(at.message)) return true;
  return false;
}
