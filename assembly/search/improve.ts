// Repair and improvement by ruin and recreate (Schrimpf et al. 2000; Shaw 1998): a few hosts are emptied, their leagues
// and those without a place are placed again in another order, and the result stays unless a level of the objective got
// worse. Undone by the log otherwise.

import { NONE } from "../abi";
import {
  activated,
  forget,
  hostOf,
  racksTouched,
  remove,
  rollback,
  touchedCount,
  touchedFresh,
  touchedRow,
  unplacedVms,
} from "../assignment";
import { rackOf } from "../inventory";
import { get, put, words } from "../lib/arena";
import { below } from "../lib/rng";
import {
  bundleOf,
  bundleTied,
  bundleUnitFirst,
  bundleUnits,
  leagueBundleFirst,
  leagueBundles,
  leagueCount,
  leagueOf,
  leagueTied,
  unitCount,
} from "../units";
import { boundActivated, boundTouched } from "./bound";
import { placeLeague } from "./bundle";
import { blink, work } from "./choose";
import { ALL_LEVELS, captureInto, compareNow, objectiveRecord } from "./objective";
import { sortLeagues, unitSizeOf } from "./order";

const BLINK_RATE = 24;
const MOST_IDLE = 64;
/** Emptied hosts in one iteration. */
const MOST_HOSTS = 4;

let queue: usize = 0; // leagues to place again
let queued = 0;
let inQueue: usize = 0; // league -> iteration in which it was queued
let iteration = 0;
let before: usize = 0; // levels of the objective before an iteration

export function prepareImprovement(): void {
  queue = words(leagueCount, 0);
  inQueue = words(leagueCount, 0);
  iteration = 0;
  before = objectiveRecord();
}

/** Nothing better exists in the levels that have a bound. */
function proven(): bool {
  return unplacedVms == 0 && activated == boundActivated && touchedCount == boundTouched && racksTouched <= 1;
}

/** Iterates until `limit` of work is used up, or, if `untilPlaced`, until every VM has a host. */
export function improve(limit: i32, untilPlaced: bool): void {
  blink(BLINK_RATE);
  let idle = 0;
  while (work() < limit && !(untilPlaced && unplacedVms == 0) && !proven()) {
    const start = work();
    iterate();
    // An iteration may happen to take nothing apart; many in a row mean that there is nothing.
    idle = work() == start ? idle + 1 : 0;
    if (idle > MOST_IDLE) break;
  }
  blink(0);
}

function iterate(): void {
  const wasUnplaced = unplacedVms > 0 ? unplacedSize() : 0;
  if (unplacedVms == 0) captureInto(before, ALL_LEVELS);
  const repair = unplacedVms > 0;
  iteration++;
  queued = 0;
  if (repair) {
    for (let u = 0; u < unitCount; u++) if (get(hostOf, u) == NONE) enqueue(get(leagueOf, get(bundleOf, u)));
  }
  if (touchedCount > 0) ruin();
  arrange();
  for (let i = 0; i < queued; i++) placeLeague(get(queue, i));
  // While some VM has no host only the size of those without counts: among equals the search may wander.
  const keep = repair ? unplacedVms == 0 || unplacedSize() <= wasUnplaced : compareNow(before, ALL_LEVELS) <= 0;
  if (keep) forget();
  else rollback(0);
}

/** Of the units without a host, see order.ts. */
function unplacedSize(): i64 {
  let size: i64 = 0;
  for (let u = 0; u < unitCount; u++) if (get(hostOf, u) == NONE) size += unitSizeOf(u);
  return size;
}

function ruin(): void {
  const first = pickHost();
  const sameRack = below(3) == 0;
  const rack = rackOf(first);
  empty(first);
  for (let more = below(MOST_HOSTS); more > 0 && touchedCount > 0; more--) {
    const row = get(touchedRow, below(touchedCount));
    if (!sameRack || rackOf(row) == rack) empty(row);
  }
}

/** A touched host; half of the time one that this plan activates, if there is any. */
function pickHost(): i32 {
  if (activated > 0 && below(2) == 0) {
    let nth = below(activated);
    for (let slot = 0; slot < touchedCount; slot++) {
      if (get(touchedFresh, slot) && nth-- == 0) return get(touchedRow, slot);
    }
  }
  return get(touchedRow, below(touchedCount));
}

/**
 * Takes all units off a host, sometimes about half of them; half of the time together with those tied to them, so that
 * they may leave the rack.
 */
function empty(row: i32): void {
  const whole = below(2) == 0;
  const some = below(3) > 0;
  for (let u = 0; u < unitCount; u++) {
    if (get(hostOf, u) != row || (some && below(2) == 0)) continue;
    remove(u);
    const bundle = get(bundleOf, u);
    const league = get(leagueOf, bundle);
    enqueue(league);
    if (!whole) continue;
    if (get(leagueTied, league)) removeLeague(league);
    else if (get(bundleTied, bundle)) removeBundle(bundle);
  }
}

function removeBundle(bundle: i32): void {
  for (let i = get(bundleUnitFirst, bundle), end = get(bundleUnitFirst, bundle + 1); i < end; i++) {
    const unit = get(bundleUnits, i);
    if (get(hostOf, unit) != NONE) remove(unit);
  }
}

function removeLeague(league: i32): void {
  for (let i = get(leagueBundleFirst, league), end = get(leagueBundleFirst, league + 1); i < end; i++) {
    removeBundle(get(leagueBundles, i));
  }
}

function enqueue(league: i32): void {
  if (get(inQueue, league) == iteration) return;
  put(inQueue, league, iteration);
  put(queue, queued++, league);
}

/** Hardest first, or at random, or in the order in which they were queued (those without a place lead). */
function arrange(): void {
  const way = below(3);
  if (way == 0) sortLeagues(queue, queued);
  else if (way == 1) shuffle(queue, 0, queued);
  // What is tied is placed as a whole, so its inner order has to vary as well: some fit only in another one.
  if (below(2) == 0) for (let i = 0; i < queued; i++) shuffleLeague(get(queue, i));
}

function shuffleLeague(league: i32): void {
  const first = get(leagueBundleFirst, league);
  const end = get(leagueBundleFirst, league + 1);
  shuffle(leagueBundles, first, end);
  for (let i = first; i < end; i++) {
    const bundle = get(leagueBundles, i);
    shuffle(bundleUnits, get(bundleUnitFirst, bundle), get(bundleUnitFirst, bundle + 1));
  }
}

function shuffle(list: usize, from: i32, to: i32): void {
  for (let i = to - 1; i > from; i--) {
    const j = from + below(i - from + 1);
    const item = get(list, i);
    put(list, i, get(list, j));
    put(list, j, item);
  }
}
