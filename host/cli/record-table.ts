// Records of an API as people read them.
import { columns } from "./columns.ts";

type JsonRecord = Readonly<Record<string, unknown>>;

/** A line a record; `fields` are the columns, by what stands above them. */
export function recordTable(records: readonly JsonRecord[], fields: Readonly<Record<string, string>>): string {
  const rows = records.map((record) => Object.values(fields).map((field) => cell(record[field])));
  return columns([Object.keys(fields), ...rows]).join("\n");
}

/** A line a field, a line each sentence of a list of them; links are for programs. */
export function recordLines(record: JsonRecord): string {
  const fields = Object.entries(record).filter(([field]) => field !== "links");
  const rows = fields.flatMap(([field, value]) =>
    isTexts(value) ? value.map((text, at) => [at === 0 ? field : "", cell(text)]) : [[field, cell(value)]],
  );
  return columns(rows).join("\n");
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((text) => typeof text === "string");
}

function cell(value: unknown): string {
  if (value === null || value === undefined || value === "") return "-";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  // What a device or another user called something must not steer the terminal.
  return text.replaceAll(/\p{Cc}+/gu, " ");
}
