// Times of things that are compared: taken by turns in one process, so that what disturbs the machine disturbs all.

import { medianOf } from "./gates/paired.ts";

/** Each returns the milliseconds of one round. Medians over the rounds, after one that does not count. */
export function byTurns<Name extends string>(runs: Readonly<Record<Name, () => number>>, rounds: number) {
  const names = Object.keys(runs) as Name[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  for (let round = 0; round <= rounds; round++)
    for (const name of names) {
      const ms = runs[name]();
      if (round > 0) times[name].push(ms);
    }
  return Object.fromEntries(names.map((name) => [name, medianOf(times[name])])) as Record<Name, number>;
}

/** Until the engine has compiled for speed what runs, as it has in a resident service; on a busy machine that takes long. */
const WARM_UP_MS = 400;

/** Runs something before its times count. */
export function warmUp(run: () => unknown): void {
  for (const end = performance.now() + WARM_UP_MS; performance.now() < end; ) run();
}

/** Median of so many calls. */
export function medianOfCalls(calls: number, run: () => number): number {
  return medianOf(Array.from({ length: calls }, run));
}

/** Slope of a straight line through the logarithms: y grows as x to the power of this. Least squares. */
export function exponentOf(points: readonly (readonly [x: number, y: number])[]): number {
  const logs = points.map(([x, y]) => [Math.log(x), Math.log(y)] as const);
  const mean = (at: 0 | 1) => logs.reduce((sum, point) => sum + point[at], 0) / logs.length;
  const [x0, y0] = [mean(0), mean(1)];
  const over = (of: (x: number, y: number) => number) => logs.reduce((sum, [x, y]) => sum + of(x - x0, y - y0), 0);
  return over((x, y) => x * y) / over((x) => x * x);
}
