import type { Store } from "../../db/store.ts";
import type { Operations, PodManager } from "../../host/drivers/driver.ts";

export interface Around {
  readonly store: Store;
  readonly connect: (podManagerId: string) => Promise<PodManager>;
}

export interface Point {
  readonly kind: keyof Operations;
  readonly step: string;
  readonly method: "run" | "undo";
  /** Before it begins, after it ended, after that was recorded. */
  readonly when: "before" | "after" | "recorded";
}

export function mortal(around: Around, point: Point, die: () => Promise<never>): Around;
export function failing(podManager: PodManager, kind: keyof Operations, step: string, error: Error): PodManager;
export function pointsOf(kind: keyof Operations, names: readonly string[], undoable: boolean): Point[];
