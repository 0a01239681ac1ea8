export const WHOLE_SHARE: i32 = 8;

/**
 * One way to change a plan. The driver (search/improve.ts) gives each move of moves/index.ts a turn after the other. A
 * move changes the assignment with `place` and `remove`, asks `allowed` before each placement, and leaves a plan that
 * keeps every rule, though perhaps not every VM a host; the driver keeps the best complete one.
 */
export abstract class Move {
  /** Eighths of a full turn that it gets at first; a turn that finds a better plan earns a full one, others halve it. */
  share: i32 = WHOLE_SHARE;

  /** Once per request, after the units are known: the only place that may allocate. */
  prepare(): void {}

  /** A turn of about this much work begins, from the best plan. False: nothing to gain this way. */
  abstract start(work: i32): bool;

  /** A bounded step, some ten microseconds. False: this turn has come to its end. */
  abstract step(): bool;
}
