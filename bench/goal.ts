// What a goal is: figures with the value they should reach. One file a subject in goals/, one line in goals/index.ts.

/**
 * measured: here, in this run. counted: exact, equal in every run on every machine. recorded: a figure of ours as ratio
 * to one of reference.json, which was recorded elsewhere.
 */
export type Basis = "measured" | "counted" | "recorded";

export type Bound = { readonly atMost: number } | { readonly atLeast: number };

/** One row of the table. */
export interface Figure {
  /** Also its identity in results.json. */
  readonly what: string;
  readonly value: number;
  /** `ms`, `x`, `%`, or what is counted. */
  readonly unit: string;
  readonly basis: Basis;
  /** null: shown beside the others, without a goal of its own. */
  readonly goal: Bound | null;
  /** What else a reader must know. */
  readonly remark?: string;
}

export interface GoalContext {
  /** Random problems to try. */
  readonly random: number;
  /** One line about what is going on. */
  readonly progress: (text: string) => void;
}

export interface Goal {
  readonly name: string;
  measure(context: GoalContext): Promise<readonly Figure[]>;
}

/** null: without goal. */
export function isMet({ value, goal }: Figure): boolean | null {
  if (goal === null) return null;
  return "atMost" in goal ? value <= goal.atMost : value >= goal.atLeast;
}

/** Figure / goal; null without goal, and where the goal is 0. */
export function ratioOf({ value, goal }: Figure): number | null {
  if (goal === null) return null;
  const wanted = "atMost" in goal ? goal.atMost : goal.atLeast;
  return wanted === 0 ? null : value / wanted;
}

/**
 * Of search in one millisecond. Limits of time are given to the core as work (assembly/search/choose.ts), so that what
 * they allow is the same on every machine; `one unit of work` in the table says how long one really takes.
 */
export const WORK_PER_MS = 1000;
