// Exact counters of every case that has some, against bench/expected.json. Equal on every machine, so any difference is
// a change of ours, wanted or not; `npm run bench -- --accept` writes the new ones down, and the diff is reviewed.

import { readFileSync, writeFileSync } from "node:fs";
import type { BenchCase, Counters } from "../case.ts";
import { inRepository } from "../paths.ts";

export type Expected = Readonly<Record<string, Counters>>;

const FILE = inRepository("bench/expected.json");

export async function countersOf(cases: readonly BenchCase[]): Promise<Expected> {
  const found: Record<string, Counters> = {};
  for (const one of cases) {
    if (!one.gated) continue;
    const open = await one.open("full");
    try {
      found[one.name] = (await open.verify())!;
    } catch (cause) {
      throw new Error(`${one.name}: ${(cause as Error).message}`, { cause });
    } finally {
      await open.close();
    }
  }
  return found;
}

export function readExpected(): Expected {
  return JSON.parse(readFileSync(FILE, "utf8"));
}

export function writeExpected(counters: Expected): void {
  writeFileSync(FILE, `${JSON.stringify(counters, null, 2)}\n`);
}

/** One line a difference. */
export function differences(expected: Expected, found: Expected): string[] {
  const lines: string[] = [];
  for (const name of new Set([...Object.keys(expected), ...Object.keys(found)])) {
    const before = expected[name];
    const now = found[name];
    if (!before || !now) {
      lines.push(`${name}: ${before ? "is expected but no longer a case" : "is new"}`);
      continue;
    }
    for (const key of new Set([...Object.keys(before), ...Object.keys(now)])) {
      if (before[key] !== now[key]) lines.push(`${name}: ${key} was ${before[key]}, is ${now[key]}`);
    }
  }
  return lines;
}
