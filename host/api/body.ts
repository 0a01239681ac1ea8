import { AppError } from "../errors.ts";

/** Deeper nesting is no stack of anybody, and other programs (PostgreSQL among them) fail on it. */
const MAX_DEPTH = 64;

/** As `readJson`, but throws request.malformed for JSON that is no object, too. */
export async function readJsonObject(
  request: Request,
  limitBytes: number,
): Promise<Record<string, unknown> | undefined> {
  const value = await readJson(request, limitBytes);
  if (value === undefined || isObject(value)) return value;
  throw new AppError("request.malformed", "No JSON object could be decoded: the body must be an object");
}

/**
 * The JSON a request carries, whatever its Content-Type. An empty body is undefined.
 * Throws request.too-large as soon as `limitBytes` are exceeded, request.malformed for what is no JSON, and
 * request.invalid for JSON that nothing behind could keep: NUL, halves of surrogate pairs, `__proto__`, depth over 64.
 */
export async function readJson(request: Request, limitBytes: number): Promise<unknown> {
  const bytes = await readBytes(request, limitBytes);
  if (bytes.length === 0) return undefined;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AppError("request.malformed", "No JSON object could be decoded: the body is not UTF-8", { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new AppError("request.malformed", `No JSON object could be decoded: ${(cause as Error).message}`, { cause });
  }
  refuseHostile(value);
  return value;
}

/** An object of JSON: neither a list nor null. */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** All bytes of a body. Throws request.too-large, and request.malformed when it is cut off. */
export async function readBytes(
  request: { readonly headers: Headers; readonly body: ReadableStream<Uint8Array> | null },
  limitBytes: number,
): Promise<Uint8Array> {
  const tooLarge = () => new AppError("request.too-large", `The body is larger than the limit of ${limitBytes} bytes.`);
  if (Number(request.headers.get("Content-Length") ?? 0) > limitBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = request.body?.getReader();
  while (reader) {
    const { done, value } = await reader.read().catch((cause: unknown) => {
      throw new AppError("request.malformed", "The body ended before it was complete", { cause });
    });
    if (done) break;
    length += value.length;
    if (length > limitBytes) {
      await reader.cancel();
      throw tooLarge();
    }
    chunks.push(value);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, length);
}

interface Visit {
  readonly value: unknown;
  readonly key: string;
  readonly parent: Visit | null;
  readonly depth: number;
}

/** Iterative: the nesting of a hostile body must not become our stack. */
function refuseHostile(root: unknown): void {
  const open: Visit[] = [{ value: root, key: "", parent: null, depth: 0 }];
  for (let at = open.pop(); at; at = open.pop()) {
    if (typeof at.value === "string") refuseText(at.value, at, "the text");
    if (typeof at.value !== "object" || at.value === null) continue;
    if (at.depth >= MAX_DEPTH) refuse(at, `is nested deeper than ${MAX_DEPTH} levels`);
    for (const [key, value] of Object.entries(at.value)) {
      const visit = { value, key, parent: at, depth: at.depth + 1 };
      if (key === "__proto__") refuse(visit, "this key is not allowed");
      refuseText(key, at, "a key");
      open.push(visit);
    }
  }
}

function refuseText(text: string, at: Visit, what: string): void {
  if (text.includes("\0")) refuse(at, `${what} contains the character NUL`);
  if (/\p{Surrogate}/u.test(text)) refuse(at, `${what} contains half of a surrogate pair`);
}

function refuse(at: Visit, why: string): never {
  const keys: string[] = [];
  for (let visit: Visit | null = at; visit?.parent; visit = visit.parent) keys.unshift(visit.key);
  throw new AppError("request.invalid", `${pathText(keys)}: ${why}`);
}

/** `-> resources -> web -> type`, long keys clipped, at most the first eight. */
export function pathText(keys: readonly PropertyKey[]): string {
  if (keys.length === 0) return "the body";
  const shown = keys.slice(0, 8).map((key) => clip(String(key), 100));
  return `-> ${shown.join(" -> ")}${keys.length > 8 ? " -> …" : ""}`;
}

export function clip(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}
