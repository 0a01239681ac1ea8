// Puts a league somewhere, whole or not at all, in steps of one choice of a host each, so that the caller can look at the
// clock between them. Containers of tied ones are tried in the order of an estimate; the first TRIALS that take
// everything are compared, the cheapest stays.
//
// A league tries clusters, in each of them its bundles one after the other; a bundle tries racks, in each of them its
// units one after the other. What is under way on each of the three levels stands in variables of its own.

import { NONE } from "../abi";
import { hostOf, markLog, place, rollback } from "../assignment";
import { blockCount, clusterCount, clusterRack, rackBlock, rackCluster, rackCount, rackOf } from "../inventory";
import { get, reserve } from "../lib/arena";
import { below } from "../lib/rng";
import { bundleTied, bundleUnitFirst, bundleUnits, leagueBundleFirst, leagueBundles, leagueTied } from "../units";
import { choose, searching, work } from "./choose";
import { clusterRefused, mayTake, nextRanked, prepareContainers, rackRefused, rankRacks } from "./containers";
import { COUNTED_LEVELS, captureInto, compareNow, objectiveRecord } from "./objective";

/** Racks (clusters) that took a whole bundle (league) before the cheapest is chosen. */
const TRIALS = 4;
/** Work that one tied bundle or league may spend on containers that do not take it, */
const CONTAINER_WORK = 10000;
/** less when the first plan has already cost this much, but never less than that. */
const PLAN_WORK = 100000;
const LEAST_CONTAINER_WORK = 256;

/** What a step says: something is left to do, all of it has a place, or it has none and nothing has changed. */
export const GOING_ON = 0;
export const STANDS = 1;
export const FAILED = 2;

/** The work at which a search for a container ends. */
function workLimit(): i32 {
  const done = work();
  return done + max(LEAST_CONTAINER_WORK, min(CONTAINER_WORK, PLAN_WORK - done));
}

/** The search of one level for a container: tried one after the other until TRIALS took everything. Lives in the arena. */
@unmanaged
class Trials {
  /** Containers are being tried; false: everything goes to where it has to. */
  open: bool = false;
  now: i32 = 0;
  /** The cheapest container that took everything, NONE: none did. */
  best: i32 = 0;
  count: i32 = 0;
  /** No further container once `work` has come this far. */
  limit: i32 = 0;
  mark: i32 = 0;
  /** Levels of the objective with the best. */
  record: usize = 0;

  start(): void {
    this.open = true;
    this.best = NONE;
    this.count = 0;
    this.limit = workLimit();
    this.mark = markLog();
  }

  wantsMore(): bool {
    return this.count < TRIALS && work() < this.limit;
  }

  /** The container took everything: that is noted and undone. */
  took(): void {
    this.count++;
    if (this.best == NONE || compareNow(this.record, COUNTED_LEVELS) < 0) {
      this.best = this.now;
      captureInto(this.record, COUNTED_LEVELS);
    }
    rollback(this.mark);
  }
}

function makeTrials(): Trials {
  const trials = changetype<Trials>(reserve(offsetof<Trials>()));
  trials.open = false;
  trials.record = objectiveRecord();
  return trials;
}

let clusters: Trials = changetype<Trials>(0);
let racks: Trials = changetype<Trials>(0);

export function prepareBundles(): void {
  prepareContainers();
  clusters = makeTrials();
  racks = makeTrials();
}

// ---- A league: a cluster, or all racks ----

let league = NONE;
let leagueOutcome = FAILED;
/** Clusters tried, and the first of them. */
let clusterAt = 0;
let firstCluster = 0;

/** Places the units of a league that have no host yet. False: impossible as things are, and nothing has changed. */
export function placeLeague(next: i32): bool {
  startLeague(next);
  let outcome = GOING_ON;
  while (outcome == GOING_ON) outcome = stepLeague();
  return outcome == STANDS;
}

/** Makes it the league that `stepLeague` places. */
export function startLeague(next: i32): void {
  league = next;
  clusters.open = false;
  if (!get(leagueTied, league)) {
    startBundles(0, rackCount);
    return;
  }
  const home = clusterOfLeague();
  if (home != NONE) {
    startBundles(get(clusterRack, home), get(clusterRack, home + 1));
    return;
  }
  clusters.start();
  clusterAt = 0;
  // Beside the first plan the search starts anywhere, so that no cluster is out of its reach.
  firstCluster = searching() ? below(clusterCount) : 0;
  nextCluster();
}

/** One choice of a host. */
export function stepLeague(): i32 {
  if (leagueOutcome == GOING_ON) stepBundles();
  if (leagueOutcome == GOING_ON || !clusters.open) return leagueOutcome;
  if (leagueOutcome == STANDS) clusters.took();
  else clusterRefused(league, clusters.now);
  nextCluster();
  return leagueOutcome;
}

function nextCluster(): void {
  while (clusterAt < clusterCount && clusters.wantsMore()) {
    const cluster =
      firstCluster + clusterAt < clusterCount ? firstCluster + clusterAt : firstCluster + clusterAt - clusterCount;
    clusterAt++;
    if (!mayTake(league, cluster)) continue;
    clusters.now = cluster;
    startBundles(get(clusterRack, cluster), get(clusterRack, cluster + 1));
    return;
  }
  clusters.open = false;
  if (clusters.best == NONE) leagueOutcome = FAILED;
  else startBundles(get(clusterRack, clusters.best), get(clusterRack, clusters.best + 1));
}

/** The cluster where some of the league stands already. */
function clusterOfLeague(): i32 {
  for (let i = get(leagueBundleFirst, league), end = get(leagueBundleFirst, league + 1); i < end; i++) {
    const rack = rackOfBundle(get(leagueBundles, i));
    if (rack != NONE) return get(rackCluster, rack);
  }
  return NONE;
}

// ---- The bundles of the league within the racks of a cluster ----

let bundlesMark = 0;
let bundleAt = 0;
let firstRack = 0;
let endRack = 0;

function startBundles(fromRack: i32, toRack: i32): void {
  bundlesMark = markLog();
  bundleAt = get(leagueBundleFirst, league);
  firstRack = fromRack;
  endRack = toRack;
  leagueOutcome = GOING_ON;
  startBundle();
}

function stepBundles(): void {
  stepBundle();
  if (bundleOutcome == STANDS) {
    bundleAt++;
    if (bundleAt < get(leagueBundleFirst, league + 1)) startBundle();
    else leagueOutcome = STANDS;
  } else if (bundleOutcome == FAILED) {
    rollback(bundlesMark);
    leagueOutcome = FAILED;
  }
}

// ---- One bundle: a rack, or anywhere within the racks ----

let bundle = NONE;
let bundleOutcome = FAILED;

function startBundle(): void {
  bundle = get(leagueBundles, bundleAt);
  bundleOutcome = GOING_ON;
  racks.open = false;
  if (!get(bundleTied, bundle)) {
    startUnits(get(rackBlock, firstRack), get(rackBlock, endRack));
    return;
  }
  const home = rackOfBundle(bundle);
  if (home != NONE) {
    startUnits(get(rackBlock, home), get(rackBlock, home + 1));
    return;
  }
  rankRacks(bundle, firstRack, endRack);
  racks.start();
  nextRack();
}

function stepBundle(): void {
  if (bundleOutcome != GOING_ON) return;
  const outcome = stepUnits();
  if (outcome == GOING_ON) return;
  if (!racks.open) {
    bundleOutcome = outcome;
    return;
  }
  if (outcome == STANDS) racks.took();
  else rackRefused(bundle, racks.now);
  nextRack();
}

function nextRack(): void {
  racks.now = racks.wantsMore() ? nextRanked() : NONE;
  if (racks.now == NONE) {
    racks.open = false;
    racks.now = racks.best;
  }
  if (racks.now == NONE) bundleOutcome = FAILED;
  else startUnits(get(rackBlock, racks.now), get(rackBlock, racks.now + 1));
}

/** The rack where some of its units stand already. */
function rackOfBundle(some: i32): i32 {
  for (let i = get(bundleUnitFirst, some), end = get(bundleUnitFirst, some + 1); i < end; i++) {
    const row = get(hostOf, get(bundleUnits, i));
    if (row != NONE) return rackOf(row);
  }
  return NONE;
}

// ---- The units of the bundle that have no host yet, all within the same blocks ----

let unitsMark = 0;
let unitAt = 0;
let firstBlock = 0;
let endBlock = 0;

function startUnits(from: i32, to: i32): void {
  unitsMark = markLog();
  unitAt = get(bundleUnitFirst, bundle);
  firstBlock = from;
  endBlock = to;
}

function stepUnits(): i32 {
  const end = get(bundleUnitFirst, bundle + 1);
  while (unitAt < end && get(hostOf, get(bundleUnits, unitAt)) != NONE) unitAt++;
  if (unitAt == end) return STANDS;
  const unit = get(bundleUnits, unitAt++);
  const row = choose(unit, firstBlock, endBlock);
  if (row == NONE) {
    rollback(unitsMark);
    return FAILED;
  }
  place(unit, row);
  return unitAt == end ? STANDS : GOING_ON;
}

/** As many of a league's units as find a host one by one; returns the first that does not, NONE if all did. */
export function placeLoosely(league: i32): i32 {
  for (let i = get(leagueBundleFirst, league), end = get(leagueBundleFirst, league + 1); i < end; i++) {
    const bundle = get(leagueBundles, i);
    for (let j = get(bundleUnitFirst, bundle), last = get(bundleUnitFirst, bundle + 1); j < last; j++) {
      const unit = get(bundleUnits, j);
      if (get(hostOf, unit) != NONE) continue;
      const row = choose(unit, 0, blockCount);
      if (row == NONE) return unit;
      place(unit, row);
    }
  }
  return NONE;
}
