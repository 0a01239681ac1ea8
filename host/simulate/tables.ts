// The figures of a replay as rows of text, for the terminal and the report alike.

import type { Level } from "./history.ts";
import type { Summary } from "./summary.ts";

type Row = readonly string[];

/** What happened: name, figure. */
export function outcomeRows(summary: Summary): Row[] {
  const { arrived, placed, refused, departed, running, applications } = summary;
  const grouped = applications === arrived ? "" : ` in ${count(applications)} applications`;
  return [
    ["arrived", `${count(arrived)} VMs${grouped} over ${duration(summary.seconds)}`],
    ["placed", `${count(placed)} (${share(placed, arrived)})`],
    ["refused", `${count(refused)} (${share(refused, arrived)})${refusedBy(summary)}`],
    ["departed", `${count(departed)}, ${count(running)} still run at the end`],
  ];
}

/** What was in use: a line of heads, then one a measure. */
export function levelRows({ levels, hosts }: Summary): Row[] {
  const row = (name: string, { mean, peak, end }: Level, show: (value: number) => string): Row => [
    name,
    ...[mean, peak, end].map(show),
  ];
  const percent = (value: number) => `${(value * 100).toFixed(1)} %`;
  const one = (value: number) => (Number.isInteger(value) ? count(value) : value.toFixed(1));
  return [
    ["IN USE", "MEAN", "PEAK", "AT THE END"],
    row("vCPU", levels.vcpus, percent),
    row("RAM", levels.ram, percent),
    row("disk", levels.disk, percent),
    row(`hosts (of ${count(hosts)})`, levels.hosts, one),
    row("fewest hosts that could do", levels.least_hosts, one),
  ];
}

/** How long plans took. */
export function timeRows({ ms }: Summary): Row[] {
  const { p50, p90, p99, p99_9, max } = ms.plan;
  return [
    ["PLAN TIME", "MEDIAN", "90 %", "99 %", "99.9 %", "LONGEST"],
    ["ms", ...[p50, p90, p99, p99_9, max].map((value) => value.toPrecision(3))],
  ];
}

export function speed({ ms }: Summary): string {
  return `${count(ms.events_per_second)} arrivals and departures a second, ${(ms.total / 1000).toFixed(1)} s in all`;
}

/** `2 d 3 h`, the two largest units. */
function duration(seconds: number): string {
  const units = [
    ["d", 86_400],
    ["h", 3_600],
    ["min", 60],
  ] as const;
  const at = units.findIndex(([, size]) => seconds >= size);
  if (at === -1) return `${Number(seconds.toFixed(3))} s`;
  const [unit, size] = units[at]!;
  const whole = Math.floor(seconds / size);
  const [smaller, smallerSize] = units[at + 1] ?? ["s", 1];
  const rest = Math.floor((seconds - whole * size) / smallerSize);
  return rest > 0 ? `${whole} ${unit} ${rest} ${smaller}` : `${whole} ${unit}`;
}

function refusedBy({ refused_by, refused, refused_proven: proven }: Summary): string {
  if (refused === 0) return "";
  const rules = Object.entries(refused_by).map(([rule, vms]) => `${rule} ${count(vms)}`);
  const gaveUp = refused - proven;
  const certainty = gaveUp === 0 ? "all proven" : `${count(gaveUp)} gave up within the budget, the others proven`;
  return `: ${rules.join(", ")}; ${certainty}`;
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function share(part: number, whole: number): string {
  return `${whole === 0 ? 0 : Number(((part / whole) * 100).toFixed(2))} %`;
}
