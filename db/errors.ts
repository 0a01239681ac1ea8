/** What a caller can do about a failure of the store. */
export type StoreErrorCode =
  /** Not reachable, or too slow: try again later. A transaction may or may not have been committed. */
  | "unavailable"
  /** A text cannot be stored: it holds the character NUL or is too long for an index. */
  | "unstorable"
  /** Another process has it. */
  | "in-use"
  /** The URL names no store. */
  | "bad-url";

export class StoreError extends Error {
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = "StoreError";
    this.code = code;
  }
}

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
 * a lock not granted in time, a server that only reads (a standby), a transaction ended for being idle, a deadlock.
 */
const UNABLE = /^(08...|53...|57...|58...|55P03|25006|25P03|25P04|40P01|40001)$/;

const UNSTORABLE = new Map([
  ["22021", "a text holds a character that cannot be stored"],
  ["22P05", "a text holds a character that cannot be stored"],
  ["54000", "a text is too long"],
]);

/** The SQL state or the driver's code, wherever in the chain of causes it stands. */
export function errorCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = (at as { code?: unknown }).code;
    if (typeof code === "string") return code;
  }
  return undefined;
}

/** Turns what a driver throws into a StoreError where the caller can do something about it; else gives it back. */
export function storeError(error: unknown): unknown {
  if (error instanceof StoreError) return error;
  const code = errorCode(error);
  if (code === undefined) {
    // PGlite says it in words only.
    if (error instanceof Error && /PGlite is clos(ed|ing)/.test(`${error.message} ${messageOf(error.cause)}`))
      return new StoreError("unavailable", "the store is closed", { cause: error });
    return error;
  }
  if (UNREACHABLE.has(code) || UNABLE.test(code))
    return new StoreError("unavailable", `the store cannot be reached (${code})`, { cause: error });
  const unstorable = UNSTORABLE.get(code);
  return unstorable === undefined ? error : new StoreError("unstorable", unstorable, { cause: error });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "";
}
