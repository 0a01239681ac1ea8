// What moves that close hosts have in common: the units in hand, which wait for a place on the hosts that are left.

import { NONE } from "../abi";
import {
  activated,
  forget,
  hostOf,
  nextUnit,
  place,
  remove,
  touchedCount,
  touchedFirst,
  touchedFresh,
  unplacedVms,
} from "../assignment";
import { blockCount, hostVms, touchedSlot } from "../inventory";
import { get, put, words } from "../lib/arena";
import { below } from "../lib/rng";
import { boundActivated, boundTouched } from "../search/bound";
import { ANY_HOST, choose, confine, NO_EMPTY_HOST, probe, TOUCHED_HOSTS } from "../search/choose";
import { unitSizeOf } from "../search/order";
import { unitCount } from "../units";

/** Touched hosts of which the one with the least on it is closed. */
const CANDIDATES = 3;

export let pool: usize = 0; // units without a host
export let pooled = 0;
let reach = ANY_HOST;

/** Every move that has a pool calls it; they take turns, so they share one. */
export function preparePool(): void {
  pool = words(unitCount, 0);
  pooled = 0;
}

/**
 * Fills the pool from a complete plan by closing a host: one that the plan activates, after which no further one may be
 * activated, or any touched one, after which none may be touched. From a plan that is not complete with what it lacks.
 * False: no host can be spared.
 */
export function openPool(): bool {
  pooled = 0;
  if (unplacedVms > 0) {
    reach = ANY_HOST;
    for (let u = 0; u < unitCount; u++) if (get(hostOf, u) == NONE) put(pool, pooled++, u);
    return true;
  }
  const fresh = activated > boundActivated && (touchedCount <= boundTouched || below(2) == 0);
  if (!fresh && touchedCount <= boundTouched) return false;
  reach = fresh ? NO_EMPTY_HOST : TOUCHED_HOSTS;
  empty(pickVictim(fresh));
  forget();
  return true;
}

function pickVictim(fresh: bool): i32 {
  let victim = NONE;
  let least: i64 = 0;
  for (let tries = 0; tries < CANDIDATES || victim == NONE; tries++) {
    const slot = below(touchedCount);
    if (fresh && !get(touchedFresh, slot)) continue;
    let size: i64 = 0;
    for (let u = get(touchedFirst, slot); u != NONE; u = get(nextUnit, u)) size += unitSizeOf(u);
    if (victim != NONE && size >= least) continue;
    victim = slot;
    least = size;
  }
  return victim;
}

/** Takes everything off the host of a slot. */
export function empty(slot: i32): void {
  for (let u = get(touchedFirst, slot), after = NONE; u != NONE; u = after) {
    after = get(nextUnit, u);
    takeOff(u);
  }
}

export function takeOff(unit: i32): void {
  remove(unit);
  putBack(unit);
}

export function putBack(unit: i32): void {
  put(pool, pooled++, unit);
}

/** Takes the nth unit out of the pool. */
export function draw(nth: i32): i32 {
  const unit = get(pool, nth);
  put(pool, nth, get(pool, --pooled));
  return unit;
}

/** Places the unit, which is not in the pool, on a host that is left. False: none takes it. */
export function settle(unit: i32): bool {
  probe(touchedCount >> 1);
  confine(reach);
  const row = choose(unit, 0, blockCount);
  confine(ANY_HOST);
  // A unit with pipes is drawn to its peers, wherever that is.
  if (
    row == NONE ||
    (get(touchedSlot, row) == 0 && (reach == TOUCHED_HOSTS || (reach == NO_EMPTY_HOST && get(hostVms, row) == 0)))
  ) {
    return false;
  }
  place(unit, row);
  return true;
}

/** Makes the pool what it was when it was copied. */
export function refillPool(from: usize, count: i32): void {
  memory.copy(pool, from, (<usize>count) << 2);
  pooled = count;
}
