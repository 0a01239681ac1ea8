// Reading resources of services that each have their own idea of Redfish: what is not of the wanted form is null or empty,
// and the reader decides what that means. Contract: drivers, 0.3.

export type Fields = Readonly<Record<string, unknown>>;

/** Longest text that is taken over; nothing real comes near. */
const LONGEST = 4096;
/** What no store can keep and any service may send: NUL, and halves of characters. */
const UNKEEPABLE = /\0|\p{Surrogate}/gu;

export function isRecord(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Anything but an object is an empty one. */
export function recordOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

/** A single thing is a list of one; null and undefined are an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === null || value === undefined ? [] : [value];
}

/** Text with something in it, without what no store can keep; numbers and booleans as text. */
export function textOf(value: unknown): string | null {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (typeof value !== "string") return null;
  const text = value.replace(UNKEEPABLE, "").slice(0, LONGEST);
  return text === "" ? null : text;
}

/** A finite number, also as text. */
export function numberOf(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  return typeof value === "string" && /^\s*-?\d{1,15}(\.\d{1,15})?\s*$/.test(value) ? Number(value) : null;
}

/** Also of services that write `"false"`. */
export function booleanOf(value: unknown): boolean | null {
  if (typeof value === "boolean") return value;
  return value === "true" || value === "True" ? true : value === "false" || value === "False" ? false : null;
}

/** What a reference says, whether `{"@odata.id": …}` or bare text; null for null, `{}` and everything else. */
export function link(value: unknown): string | null {
  const text = isRecord(value) ? value["@odata.id"] : value;
  return typeof text === "string" && text !== "" ? text : null;
}

/** Each reference of a list once; a single one is a list. */
export function links(value: unknown): string[] {
  const all = listOf(value).map(link);
  return [...new Set(all.filter((found) => found !== null))];
}

/** A member of a member: `at(body, "Status", "Health")`; undefined where there is none. */
export function at(value: unknown, ...keys: readonly string[]): unknown {
  let found = value;
  for (const key of keys) found = isRecord(found) && Object.hasOwn(found, key) ? found[key] : undefined;
  return found;
}

/** The last segment of a path, decoded where it can be: `/redfish/v1/Nodes/1` is node 1. */
export function lastSegment(path: string): string {
  const segment = path
    .replace(/[?#].*$/, "")
    .replace(/\/+$/, "")
    .split("/")
    .at(-1)!;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Its `Id`, as text also where it is a number; else the last segment of its path. */
export function idOf({ path, body }: { readonly path: string; readonly body: Fields }): string {
  return textOf(body.Id) ?? lastSegment(path);
}

/** As much of a client as it takes to read a resource that may not be there. */
interface Reader {
  find(reference: string, signal: AbortSignal): Promise<{ readonly body: Fields } | null>;
}

/**
 * What a property or a parameter of an action may be, from all places where services say so; null: it is not said, and the
 * service itself must decide.
 * @param owner the action, or the object that has the property
 * @throws AppError as `find`
 */
export async function allowable(
  client: Reader,
  owner: unknown,
  name: string,
  signal: AbortSignal,
): Promise<string[] | null> {
  const inline = at(owner, `${name}@Redfish.AllowableValues`) ?? at(owner, `${name}@DMTF.AllowableValues`);
  if (inline !== undefined) return textsOf(inline);
  const info = link(at(owner, "@Redfish.ActionInfo"));
  if (info === null) return null;
  const resource = await client.find(info, signal);
  const parameter = listOf(resource?.body.Parameters).find((one) => at(one, "Name") === name);
  const values = at(parameter, "AllowableValues");
  return values === undefined ? null : textsOf(values);
}

/** Values as text; references as what they refer to. Null for none, as services write an empty list for "ask me". */
function textsOf(values: unknown): string[] | null {
  const texts = listOf(values).map((value) => link(value) ?? textOf(value));
  const said = texts.filter((text) => text !== null);
  return said.length === 0 ? null : said;
}
