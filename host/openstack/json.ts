// Reading JSON of others, field by field: what is not of the wanted form is null, and the reader decides what that means.

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Anything but a list is an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** What no store can keep and any user may send: NUL, and halves of characters. */
const UNKEEPABLE = /\0|\p{Surrogate}/gu;

/** Text with something in it, without what no store can keep. */
export function textOf(value: unknown): string | null {
  if (typeof value !== "string") return null;
  const text = value.replace(UNKEEPABLE, "");
  return text === "" ? null : text;
}

/** A finite number >= 0, also as text: some releases write sizes as text, and "" for none. */
export function amountOf(value: unknown): number | null {
  if (typeof value === "number") return Number.isFinite(value) && value >= 0 ? value : null;
  return typeof value === "string" && /^\d{1,15}(\.\d{1,15})?$/.test(value) ? Number(value) : null;
}

/** Text by key, as `textOf` has it; numbers and booleans as text, anything else is left out. */
export function textsOf(value: unknown): Record<string, string> {
  const texts: Record<string, string> = {};
  if (!isRecord(value)) return texts;
  for (const [key, item] of Object.entries(value)) {
    const name = textOf(key);
    if (name === null) continue;
    if (typeof item === "string") texts[name] = textOf(item) ?? "";
    else if (typeof item === "number" || typeof item === "boolean") texts[name] = String(item);
  }
  return texts;
}
