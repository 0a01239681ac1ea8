// Names of traits, as Placement tells them of hosts: hosts of one kind have the same hundred.
import { createHash } from "node:crypto";

/** So many different sets are remembered at most; beyond, equal ones are no longer one object. */
const MOST_SETS = 1024;
const sets = new Map<string, readonly string[]>();
const marks = new WeakMap<readonly string[], string>();

/** Sorted, each once. Equal sets are one object, so that many hosts hold their names once. */
export function traitSet(names: Iterable<string>): readonly string[] {
  const sorted = [...new Set(names)].sort();
  const mark = markOf(sorted);
  const known = sets.get(mark);
  if (known !== undefined) return known;
  if (sets.size >= MOST_SETS) sets.clear();
  sets.set(mark, sorted);
  marks.set(sorted, mark);
  return sorted;
}

/** A short text, the same for equal sets alone; empty: not known. */
export function traitsMark(traits: readonly string[] | null | undefined): string {
  if (traits == null) return "";
  let mark = marks.get(traits);
  if (mark === undefined) {
    mark = markOf([...new Set(traits)].sort());
    marks.set(traits, mark);
  }
  return mark;
}

function markOf(sorted: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(sorted)).digest("base64");
}
