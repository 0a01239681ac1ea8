import { AppError } from "../../errors.ts";
import { clip } from "../body.ts";
import { QueryError } from "./errors.ts";
import type { Answer, Call } from "./serve.ts";

type Item = Readonly<Record<string, unknown>>;

/** What a list may be asked for. */
export interface ListForm {
  /** Documented fields of an item; each can be a filter, a sort key and one of `fields`. */
  readonly fields: readonly string[];
  /** Fields of an item when none are asked for; absent: all. */
  readonly brief?: readonly string[];
  /** Parameters that are no filters, beside those of paging. */
  readonly reserved?: readonly string[];
  /** The field that names an item in `marker`. */
  readonly key: string;
  /** Name of the list in an envelope; absent: it is always bare. */
  readonly envelope?: { readonly name: string; readonly from: "1.0" | "1.1" };
}

export interface ListRequest {
  readonly filters: ReadonlyMap<string, string>;
  /** Null: those of the form. */
  readonly fields: readonly string[] | null;
  readonly sortKey: string | null;
  readonly descending: boolean;
  readonly limit: number;
  readonly marker: string | null;
}

const PAGING = {
  fields: "Names of the fields to answer, with commas between",
  limit: "Most items in the answer",
  marker: "The id of the last item of the page before",
  sort_key: "The field to sort by",
  sort_dir: "asc or desc",
};

/** The parameters of a list, for its description. */
export function listQuery(filters: readonly string[]): Record<string, string> {
  return { ...Object.fromEntries(filters.map((name) => [name, `Only items with this ${name}`])), ...PAGING };
}

/** The parameter `podm_id`; null: it is not given. @throws AppError pod-manager.not-found for what can be no id */
export function podManagerOf(query: URLSearchParams): string | null {
  const id = query.get("podm_id") || null;
  if (id?.includes("\0")) throw new AppError("pod-manager.not-found", "podm_id: no id contains the character NUL");
  return id;
}

/** A parameter that is true or false. @throws QueryError */
export function flag(query: URLSearchParams, name: string): boolean {
  const text = query.get(name) ?? "false";
  if (/^(true|1|yes|)$/i.test(text)) return true;
  if (/^(false|0|no)$/i.test(text)) return false;
  throw new QueryError(`${name}: expected true or false, got ${clip(text, 40)}`);
}

/** Which of the fields are wanted of one item; null: all. @throws QueryError */
export function fieldsOf(query: URLSearchParams, known: readonly string[]): readonly string[] | null {
  const text = query.get("fields");
  if (text === null) return null;
  const fields = text.split(",").map((name) => name.trim());
  for (const name of fields) known.includes(name) || unknown("fields", name, known);
  return fields;
}

/** Contract: valence-rest, section 1. @throws QueryError naming the parameter */
export function listRequest(query: URLSearchParams, form: ListForm, maxLimit: number): ListRequest {
  const { fields, reserved = [] } = form;
  const filters = new Map<string, string>();
  for (const [key, value] of query) {
    if (key in PAGING || reserved.includes(key) || filters.has(key)) continue;
    if (!fields.includes(key)) unknown("filter", key, fields);
    filters.set(key, value);
  }
  const sortKey = query.get("sort_key");
  if (sortKey !== null && !fields.includes(sortKey)) unknown("sort_key", sortKey, fields);
  const direction = query.get("sort_dir") ?? "asc";
  if (direction !== "asc" && direction !== "desc")
    throw new QueryError(`sort_dir: expected asc or desc, got ${clip(direction, 40)}`);
  const limit = query.get("limit") ?? String(maxLimit);
  if (!/^[1-9]\d{0,8}$/.test(limit)) throw new QueryError(`limit: expected a number from 1, got ${clip(limit, 40)}`);
  return {
    filters,
    fields: fieldsOf(query, fields),
    sortKey,
    descending: direction === "desc",
    limit: Math.min(Number(limit), maxLimit),
    marker: query.get("marker"),
  };
}

/** Those items of a list that were asked for, in the form of the version; a longer list says where it goes on. `more`: further headers. */
export function answerList(
  { c, base, version }: Pick<Call<unknown>, "c" | "base" | "version">,
  form: ListForm,
  request: ListRequest,
  items: readonly Item[],
  more: Readonly<Record<string, string>> = {},
): Answer {
  const { page, goesOn } = pageOf(items, form, request);
  const shown = page.map((item) => pick(item, request.fields ?? form.brief ?? null));
  const { envelope } = form;
  const wrapped = envelope !== undefined && (envelope.from === "1.0" || version !== "1.0");
  const link = goesOn
    ? { Link: `<${nextPage(base, c.req.url, String(page.at(-1)![form.key]), request)}>; rel="next"` }
    : {};
  return { status: 200, body: wrapped ? { [envelope.name]: shown } : shown, headers: { ...more, ...link } };
}

/** Without those fields that are not wanted. */
export function pick(item: Item, fields: readonly string[] | null): Item {
  if (fields === null) return item;
  return Object.fromEntries(Object.entries(item).filter(([key]) => fields.includes(key)));
}

function pageOf(items: readonly Item[], form: ListForm, request: ListRequest): { page: Item[]; goesOn: boolean } {
  const { filters, sortKey, descending, limit, marker } = request;
  const found = items.filter((item) => matches(item, [...filters]));
  if (sortKey !== null) found.sort((a, b) => compared(a[sortKey], b[sortKey]));
  if (descending) found.reverse();
  const before = marker === null ? -1 : found.findIndex((item) => item[form.key] === marker);
  if (marker !== null && before < 0)
    throw new QueryError(`marker: no item of this list has the ${form.key} ${clip(marker, 100)}`);
  return { page: found.slice(before + 1, before + 1 + limit), goesOn: found.length > before + 1 + limit };
}

/** Text is compared as it is; what is not set, an object or a list matches nothing. */
export function matches(item: Item, filters: readonly (readonly [field: string, wanted: string])[]): boolean {
  return filters.every(([field, wanted]) => {
    const value = item[field] ?? null;
    return value !== null && typeof value !== "object" && String(value) === wanted;
  });
}

function compared(a: unknown, b: unknown): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  const [left, right] = [String(a ?? ""), String(b ?? "")];
  return left < right ? -1 : left > right ? 1 : 0;
}

function nextPage(base: string, url: string, marker: string, { limit }: ListRequest): string {
  const { pathname, searchParams } = new URL(url);
  searchParams.set("marker", marker);
  searchParams.set("limit", String(limit));
  return `${base}${pathname}?${searchParams}`;
}

function unknown(what: string, name: string, known: readonly string[]): never {
  throw new QueryError(`${what}: there is no field ${clip(name, 100)}, but ${known.join(", ")}`);
}
