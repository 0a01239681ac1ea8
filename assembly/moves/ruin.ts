import { NONE } from "../abi";
import {
  activated,
  firstUnit,
  forget,
  hostOf,
  nextUnit,
  place,
  remove,
  rollback,
  touchedCount,
  touchedFresh,
  touchedRow,
  touchedUnits,
  unplacedVms,
} from "../assignment";
import { blockCount, rackOf } from "../inventory";
import { get, put, words } from "../lib/arena";
import { below } from "../lib/rng";
import { boundActivated } from "../search/bound";
import { placeLeague } from "../search/bundle";
import { ANY_HOST, choose, confine, NEW_HOSTS, work } from "../search/choose";
import { countedEnergy, energy } from "../search/energy";
import { sortLeagues, unplacedSize } from "../search/order";
import {
  bundleOf,
  bundleTied,
  bundleUnitFirst,
  bundleUnits,
  exclusiveOf,
  leagueBundleFirst,
  leagueBundles,
  leagueCount,
  leagueOf,
  leagueTied,
  unitCount,
} from "../units";
import { Move, WHOLE_SHARE } from "./move";

/** Emptied hosts in one step. */
const MOST_HOSTS = 4;
/** Most hosts of which the one with the fewest units is emptied. */
const TRIES = 4;
/** Most hosts that are emptied onto a new one and others, at least 2. */
const MOST_MERGED = 4;
/** How much worse a step may make the plan at the start of a turn, see energy.ts; falls to 0 at its end. */
const WARMTH: f32 = 1;
/** A step ends early when hosts and racks alone make the plan this much worse: what else counts rarely makes up for it. */
const HOPELESS: f32 = 2;

let queue: usize = 0; // leagues to place again
let queued = 0;
let inQueue: usize = 0; // league -> step in which it was queued
let there: usize = 0; // units of the host that is emptied
let steps = 0;
let from = 0; // work at the start of the turn
let span = 1; // and in it

/**
 * Ruin and recreate (Schrimpf et al. 2000; Shaw 1998): a few hosts are emptied, their leagues and those without a place
 * are placed again in another order. In every other step the hosts are those with the least, and a new one may take it all. Threshold accepting (Dueck and Scheuer 1990) lets the plan get a little worse.
 */
export class RuinAndRecreate extends Move {
  prepare(): void {
    this.share = WHOLE_SHARE;
    queue = words(leagueCount, 0);
    inQueue = words(leagueCount, 0);
    there = words(unitCount, 0);
    steps = 0;
  }

  start(work_: i32): bool {
    from = work();
    span = work_;
    return true;
  }

  step(): bool {
    const repair = unplacedVms > 0;
    const wasUnplaced = repair ? unplacedSize() : 0;
    const was = repair ? <f32>0 : energy();
    const counted = countedEnergy();
    steps++;
    queued = 0;
    if (repair) {
      for (let u = 0; u < unitCount; u++) if (get(hostOf, u) == NONE) enqueue(get(leagueOf, get(bundleOf, u)));
    }
    if (!repair && touchedCount > 2 && below(2) == 0) {
      merge();
    } else {
      if (touchedCount > 0) ruin();
      arrange();
    }
    let hopeless = false;
    for (let i = 0; i < queued && !hopeless; i++) {
      placeLeague(get(queue, i));
      hopeless = !repair && countedEnergy() > counted + HOPELESS;
    }
    // While some VM has no host only the size of those without counts: among equals the search may wander.
    const keep = repair
      ? unplacedVms == 0 || unplacedSize() <= wasUnplaced
      : unplacedVms == 0 && energy() <= was + warmth();
    if (keep) forget();
    else rollback(0);
    return work() - from < span;
  }
}

function warmth(): f32 {
  const left = <f32>(span - (work() - from)) / <f32>span;
  return (max<f32>(left, 0) * WARMTH * <f32>below(1024)) / 1024;
}

/**
 * Takes everything off a few hosts that have little and puts the hardest of it on a new host, which is as roomy as all of
 * it needs: two hosts that are full with little become one.
 */
function merge(): void {
  for (let more = 2 + below(MOST_MERGED - 1); more > 0 && touchedCount > 1; more--) {
    const row = get(touchedRow, pickSlot());
    for (let u = firstUnit(row), after = NONE; u != NONE; u = after) {
      after = get(nextUnit, u);
      remove(u);
      enqueue(get(leagueOf, get(bundleOf, u)));
    }
  }
  sortLeagues(queue, queued);
  for (let i = 0; i < queued && !open(get(queue, i)); i++);
}

/** Puts the league's first unit on a new host. False: the unit is not free to go anywhere. */
function open(league: i32): bool {
  const bundle = get(leagueBundles, get(leagueBundleFirst, league));
  if (get(leagueTied, league) || get(bundleTied, bundle)) return false;
  const unit = get(bundleUnits, get(bundleUnitFirst, bundle));
  if (get(hostOf, unit) != NONE || get(exclusiveOf, unit) > 0) return false;
  confine(NEW_HOSTS);
  const row = choose(unit, 0, blockCount);
  confine(ANY_HOST);
  if (row != NONE) place(unit, row);
  return true;
}

function ruin(): void {
  const first = pickHost();
  const sameRack = below(3) == 0;
  const rack = rackOf(first);
  empty(first);
  for (let more = below(MOST_HOSTS); more > 0 && touchedCount > 0; more--) {
    const row = get(touchedRow, pickSlot());
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
  return get(touchedRow, pickSlot());
}

/** No plan activates fewer hosts. */
function needed(slot: i32): bool {
  return get(touchedFresh, slot) != 0 && activated <= boundActivated;
}

/** Rather one with few units: it is empty soonest. */
function pickSlot(): i32 {
  let slot = below(touchedCount);
  for (let tries = below(TRIES); tries > 0; tries--) {
    const other = below(touchedCount);
    if (needed(slot) || (!needed(other) && get(touchedUnits, other) < get(touchedUnits, slot))) slot = other;
  }
  return slot;
}

/**
 * Takes all units off a host, sometimes about half of them; half of the time together with those tied to them, so that
 * they may leave the rack.
 */
function empty(row: i32): void {
  const whole = below(2) == 0;
  const some = below(3) > 0;
  let count = 0;
  for (let u = firstUnit(row); u != NONE; u = get(nextUnit, u)) put(there, count++, u);
  for (let i = 0; i < count; i++) {
    const u = get(there, i);
    // A tie may have taken it off already.
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
  if (get(inQueue, league) == steps) return;
  put(inQueue, league, steps);
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
