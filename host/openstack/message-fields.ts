// Reading messages of strangers: everything may be missing, of another type, or hostile. Nothing here throws.

export type Json = Readonly<Record<string, unknown>>;

const NOTHING: Json = Object.freeze({});

/** No name, id or host of OpenStack is longer. */
const LONGEST = 255;
/** Nova keeps 128 entries of metadata and as few hints. */
const MOST_ENTRIES = 128;
const MOST_VALUES = 64;
const LARGEST = 2 ** 31 - 1;

/** What no store keeps: NUL, and halves of surrogate pairs. */
const UNKEEPABLE = /\0|\p{Surrogate}/u;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const HOST = /^[\w.:-]{1,255}$/;
const ZONED = /(Z|[+-]\d\d:?\d\d)$/;

/** The object at this key; an empty one where there is none. */
export function objectAt(from: Json, key: string): Json {
  return asObject(from[key]) ?? NOTHING;
}

export function asObject(value: unknown): Json | null {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Json) : null;
}

/** Some text that can be kept; null for anything else. */
export function textAt(from: Json, key: string): string | null {
  return asText(from[key]);
}

function asText(value: unknown): string | null {
  return typeof value === "string" && value !== "" && value.length <= LONGEST && !UNKEEPABLE.test(value) ? value : null;
}

export function uuidAt(from: Json, key: string): string | null {
  const text = textAt(from, key);
  return text !== null && UUID.test(text) ? text.toLowerCase() : null;
}

/** The name of a compute host. */
export function hostAt(from: Json, key: string): string | null {
  return asHost(from[key]);
}

export function asHost(value: unknown): string | null {
  return typeof value === "string" && HOST.test(value) ? value : null;
}

/** A whole number from 0 on, rounded up; null where there is none. */
export function countAt(from: Json, key: string): number | null {
  const value = from[key];
  return typeof value === "number" && value >= 0 && value <= LARGEST ? Math.ceil(value) : null;
}

export function listAt(from: Json, key: string): readonly unknown[] {
  const value = from[key];
  return Array.isArray(value) ? value : [];
}

/** Ms since 1970 of an ISO time, with or without zone (then UTC, as Nova writes it); null where there is none. */
export function timeAt(from: Json, key: string): number | null {
  const text = textAt(from, key);
  if (text === null || !/^\d{4}-\d\d-\d\d[ T]\d\d:\d\d/.test(text)) return null;
  const iso = text.replace(" ", "T");
  const ms = Date.parse(ZONED.test(iso) ? iso : `${iso}Z`);
  return Number.isNaN(ms) ? null : ms;
}

/** Entries whose values are text, the first 128; null where there is no object. */
export function textsAt(from: Json, key: string): Readonly<Record<string, string>> | null {
  const object = asObject(from[key]);
  if (object === null) return null;
  const entries = Object.entries(object).filter(
    (entry): entry is [string, string] => asText(entry[0]) !== null && (entry[1] === "" || asText(entry[1]) !== null),
  );
  // Entries, so that a key such as __proto__ is a key like any other.
  return Object.fromEntries(entries.slice(0, MOST_ENTRIES));
}

/** Entries as lists of text: Nova writes a list of one as a scalar in some messages. Null where there is no object. */
export function listsAt(from: Json, key: string): Readonly<Record<string, readonly string[]>> | null {
  const object = asObject(from[key]);
  if (object === null) return null;
  const entries = Object.entries(object)
    .filter(([name]) => asText(name) !== null)
    .slice(0, MOST_ENTRIES)
    .map(([name, value]) => [
      name,
      (Array.isArray(value) ? value.slice(0, MOST_VALUES) : [value]).map(asText).filter((text) => text !== null),
    ]);
  return Object.fromEntries(entries.filter(([, texts]) => texts!.length > 0));
}
