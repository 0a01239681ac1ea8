import { stringify } from "yaml";
import type { Reading } from "../openstack/messages.ts";
import type { Format } from "./listen-options.ts";

/** What a message said, as a YAML document, a line of JSON, or a line as Python prints a dict. */
export function printed(format: Format, exchange: string, { name, changes }: Reading, now: number): string {
  // Never the message itself: it holds tokens, and the passwords of new servers.
  const document = { timestamp: new Date(now).toISOString(), exchange, method: name, changes };
  if (format === "yaml") return `---\n${stringify(document)}`;
  return `${format === "json" ? JSON.stringify(document) : python(document)}\n`;
}

function python(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "string") return quoted(value);
  if (Array.isArray(value)) return `[${value.map(python).join(", ")}]`;
  if (typeof value !== "object") return String(value);
  return `{${Object.entries(value)
    .map(([key, inside]) => `${quoted(key)}: ${python(inside)}`)
    .join(", ")}}`;
}

/** JSON's escapes are Python's as well. */
function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}
