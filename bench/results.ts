// What the goals' last written measurement says: bench/results.json. README.md and the plot are made from it alone, so
// that both can be made again without measuring.

import { readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { type Panel, plotSvg } from "../host/plot.ts";
import type { Figure } from "./goal.ts";
import { markdownOf } from "./goal-table.ts";
import { GOALS } from "./goals/index.ts";
import { inRepository } from "./paths.ts";

export interface Results {
  readonly machine: string;
  /** By the name of the goal. */
  readonly goals: Readonly<Record<string, readonly Figure[]>>;
  readonly plot: readonly Panel[];
}

const FILE = inRepository("bench/results.json");
const PLOT_FILE = inRepository("bench/plot.svg");
const README = inRepository("README.md");
const SECTION = /(<!-- goals: [^\n]*-->\n)([\s\S]*?)(<!-- \/goals -->)/;
const PLOT_OPTIONS = { columns: 2, width: 440, height: 260 };

export function readResults(): Results {
  return JSON.parse(readFileSync(FILE, "utf8"));
}

/** What was measured now replaces what was, goal by goal; the rest stays. README and plot follow. */
export async function writeResults(measured: Pick<Results, "goals"> & Partial<Results>): Promise<void> {
  const before = readResults();
  const known = { ...before.goals, ...measured.goals };
  const goals = Object.fromEntries(GOALS.flatMap(({ name }) => (known[name] ? [[name, known[name]]] : [])));
  const results: Results = { machine: machine(), goals, plot: measured.plot ?? before.plot };
  writeFileSync(FILE, `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(README, withTable(readFileSync(README, "utf8"), results));
  writeFileSync(PLOT_FILE, await plotOf(results));
}

function machine(): string {
  const [cpu] = cpus();
  return `${cpus().length} cores (${cpu?.model.trim() ?? "unknown"}), Node ${process.versions.node}`;
}

export function tableOf({ machine, goals }: Results): string {
  return `Measured on ${machine}.\n\n${markdownOf(Object.values(goals).flat())}`;
}

export function withTable(readme: string, results: Results): string {
  return readme.replace(SECTION, (_, open: string, __, close: string) => `${open}${tableOf(results)}\n${close}`);
}

export function plotOf({ plot }: Results): Promise<string> {
  return plotSvg(plot, PLOT_OPTIONS);
}
