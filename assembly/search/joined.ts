// What moves of units with pipes have in common: which units are joined, and how much bandwidth a step may cost. They
// never wander with a plan that activates more hosts than the best one: bandwidth comes after those.

import { activated, reserved, touchedCount, unplacedVms } from "../assignment";
import { put, words } from "../lib/arena";
import { next } from "../lib/rng";
import { isJoined, joinFrom, joinRate, joinTo } from "../pipes";
import { unitCount } from "../units";
import { work } from "./choose";
import { bestLevels } from "./incumbent";
import { levelOf } from "./objective";

/** One touched host counts as this part of a mean join: only where bandwidth hardly differs. */
const HOSTS_PER_JOIN = 16;

/** Units with joins. */
export let joined: usize = 0;
export let joinedCount = 0;

/** kbit/s of a join. */
let meanRate: i64 = 0;

let from = 0; // work at the start of the turn
let span = 1; // and in it
let hottest: f32 = 0; // kbit/s x links

export function prepareJoined(): void {
  joined = words(unitCount, 0);
  joinedCount = 0;
  let sum: i64 = 0;
  let joins = 0;
  for (let u = 0; u < unitCount; u++) {
    if (!isJoined(u)) continue;
    put(joined, joinedCount++, u);
    for (let j = joinFrom(u), end = joinTo(u); j < end; j++) sum += joinRate(j);
    joins += joinTo(u) - joinFrom(u);
  }
  meanRate = sum / max(1, joins);
}

/** Nothing is to be gained: no bandwidth is reserved. */
export function isStill(): bool {
  return joinedCount == 0 || reserved == 0;
}

/** A turn of so much work begins; a step may cost about `means` mean joins at its start, and nothing at its end. */
export function heat(turn: i32, means: f32): void {
  from = work();
  span = turn;
  hottest = means * <f32>meanRate;
}

export function isCold(): bool {
  return work() - from >= span;
}

/**
 * How much higher a step may make the plan: exponentially distributed, which is simulated annealing (Kirkpatrick, Gelatt
 * and Vecchi 1983), but known before the step, so that most steps are refused before anything has moved.
 */
export function allowance(): i64 {
  const left = <f32>(span - (work() - from)) / <f32>span;
  if (left <= 0) return 0;
  const uniform = <f32>((next() >> 8) + 1) / <f32>(1 << 24);
  return <i64>(-Mathf.log(uniform) * hottest * left * left);
}

/** What annealing lowers, kbit/s x links. */
export function height(): i64 {
  return reserved + (meanRate * <i64>touchedCount) / HOSTS_PER_JOIN;
}

/** May the search wander on with the plan as it is now? While some VM has no host, hosts are activated freely. */
export function mayGoOn(highest: i64): bool {
  return (unplacedVms > 0 || <i64>activated <= levelOf(bestLevels, 1)) && height() <= highest;
}
