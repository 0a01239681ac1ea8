// Goal, figure and ratio side by side: for the terminal, and as Markdown for the README.

import { type Basis, type Figure, isMet, ratioOf } from "./goal.ts";
import { line } from "./table.ts";

const BASES: Record<Basis, string> = { measured: "measured", counted: "exact", recorded: "ratio to recorded" };
const SIGNIFICANT = 3;
const HEADINGS = ["what", "goal", "figure", "figure / goal", "", "basis"];

/** 3 significant digits, whole above that, thousands apart. */
export function number(value: number): string {
  const digits = value === 0 ? 0 : Math.max(0, SIGNIFICANT - 1 - Math.floor(Math.log10(Math.abs(value))));
  const rounded = Number.isInteger(value) ? value : Number(value.toFixed(Math.min(digits, 4)));
  return rounded.toLocaleString("en-US", { maximumFractionDigits: 4 });
}

/** One row of the table. */
export function cellsOf(figure: Figure): string[] {
  const { what, value, unit, basis, goal } = figure;
  const withUnit = (amount: number) => `${number(amount)}${unit === "" ? "" : ` ${unit === "x" ? "×" : unit}`}`;
  const wanted = goal === null ? "" : "atMost" in goal ? `≤ ${withUnit(goal.atMost)}` : `≥ ${withUnit(goal.atLeast)}`;
  const ratio = ratioOf(figure);
  const met = isMet(figure);
  return [
    what,
    wanted,
    withUnit(value),
    ratio === null ? "" : number(ratio),
    met === null ? "" : met ? "met" : "missed",
    BASES[basis],
  ];
}

/** For the terminal: `say` gets a line at a time. */
export function printFigures(figures: readonly Figure[], say: (line: string) => void): void {
  for (const figure of figures) {
    say(line(cellsOf(figure), WIDTHS));
    if (figure.remark) say(`    ${figure.remark}`);
  }
}

export const GOAL_HEADING = () => line(HEADINGS, WIDTHS);
const WIDTHS = [66, 12, 12, 13, 6];

/** With remarks in the first cell: a README is read, not scanned. */
export function markdownOf(figures: readonly Figure[]): string {
  const row = (cells: readonly string[]) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  const rows = figures.map((figure) => {
    const [what, ...rest] = cellsOf(figure);
    return row([figure.remark ? `${what} (${figure.remark})` : what!, ...rest]);
  });
  return [row(HEADINGS), row(HEADINGS.map(() => "---")), ...rows].join("\n");
}
