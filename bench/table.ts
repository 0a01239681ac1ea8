// What `npm run bench` prints.

import type { Counters } from "./case.ts";
import type { Timing } from "./measure.ts";

export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly timing: Timing;
  readonly counters: Counters | null;
}

export const HEADINGS = ["CASE", "MEDIAN", "P99", "PER", "SAMPLES", "COUNTERS"];
const WIDTHS = [40, 10, 10, 10, 7];
/** The rest is in the JSON. */
const SHOWN_COUNTERS = 3;
const SIGNIFICANT = 3;

/** One line of the table, or its headings. */
export function line(cells: readonly string[], widths: readonly number[] = WIDTHS): string {
  return cells
    .map((cell, at) => (at === 0 || at > 3 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at]!)))
    .join("  ")
    .trimEnd();
}

export function cellsOf({ name, unit, timing, counters }: Row): string[] {
  const numbers = Object.entries(counters ?? {}).filter(([, value]) => typeof value === "number");
  const text = numbers.slice(0, SHOWN_COUNTERS).map(([key, value]) => `${key} ${value}`);
  return [name, time(timing.p50), time(timing.p99), unit, String(timing.samples), text.join(", ")];
}

/** 3 significant digits in the unit that suits. */
export function time(ms: number): string {
  const [value, unit] =
    ms >= 1000 ? [ms / 1000, "s"] : ms >= 1 ? [ms, "ms"] : ms >= 1e-3 ? [ms * 1e3, "µs"] : [ms * 1e6, "ns"];
  const digits = Math.max(0, SIGNIFICANT - 1 - Math.floor(Math.log10(Math.max(value, 1e-9))));
  return `${value.toFixed(Math.min(digits, 3))} ${unit}`;
}
