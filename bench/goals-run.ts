// npm run bench -- --goals: measures what a filter leaves of the goals and prints them; writes them if asked to.

import { curves } from "./curves.ts";
import { type Figure, isMet } from "./goal.ts";
import { GOAL_HEADING, printFigures } from "./goal-table.ts";
import { GOALS } from "./goals/index.ts";
import { writeResults } from "./results.ts";

/** The plot's measurements go by this name. */
const CURVES = "curves";
const CLEAR_LINE = "\r\x1b[K";

export interface GoalOptions {
  /** Part of a goal's name, or of `curves`; empty: all. */
  readonly filter: string;
  readonly write: boolean;
  /** Random problems to try. */
  readonly random: number;
}

/** False when the filter leaves nothing. */
export async function runGoals({ filter, write, random }: GoalOptions): Promise<boolean> {
  const chosen = GOALS.filter(({ name }) => name.includes(filter));
  const withCurves = write && CURVES.includes(filter);
  if (chosen.length === 0 && !withCurves) return false;
  const goals: Record<string, readonly Figure[]> = {};
  console.log(GOAL_HEADING());
  for (const { name, measure } of chosen) {
    const figures = await measure({ random, progress });
    progress("");
    printFigures(figures, (line) => console.log(line));
    goals[name] = figures;
  }
  const all = Object.values(goals).flat();
  const [met, missed] = [true, false].map((wanted) => all.filter((figure) => isMet(figure) === wanted).length);
  console.log(`\n${met} goals met, ${missed} missed`);
  if (!write) return true;
  const plot = withCurves ? await curves(progress) : undefined;
  progress("");
  await writeResults({ goals, ...(plot && { plot }) });
  console.log("bench/results.json, bench/plot.svg and README.md are written: review their diff.");
  return true;
}

/** One line that the next replaces; for people at a terminal only. */
function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`${CLEAR_LINE}${text}`);
}
