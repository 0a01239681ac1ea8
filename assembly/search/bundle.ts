// Puts a league, a bundle, a unit somewhere, whole or not at all. Containers of tied ones are tried in the order of an
// estimate; the first TRIALS that take everything are compared, the cheapest stays.

import { NONE } from "../abi";
import { hostOf, markLog, place, rollback } from "../assignment";
import {
  activeDisk,
  activeRam,
  activeVcpus,
  blockCount,
  clusterCount,
  clusterRack,
  rackBlock,
  rackCluster,
  rackCount,
  rackDisk,
  rackOf,
  rackRam,
  rackTouched,
  rackVcpus,
} from "../inventory";
import { get, put, words } from "../lib/arena";
import { below } from "../lib/rng";
import { diskMatters, mayEnter, ramMatters, vcpusMatter } from "../rules";
import {
  bundleCount,
  bundleTied,
  bundleUnitFirst,
  bundleUnits,
  leagueBundleFirst,
  leagueBundles,
  leagueTied,
  needDisk,
  needRam,
  needVcpus,
} from "../units";
import { choose, searching, work } from "./choose";
import { COUNTED_LEVELS, captureInto, compareNow, objectiveRecord } from "./objective";

/** Racks (clusters) that took a whole bundle (league) before the cheapest is chosen. */
const TRIALS = 4;
/** Work that one tied bundle or league may spend on containers that do not take it, */
const CONTAINER_WORK = 10000;
/** less when the first plan has already cost this much, but never less than that. */
const PLAN_WORK = 100000;
const LEAST_CONTAINER_WORK = 256;

let rackRank: usize = 0; // rack -> estimate while a bundle looks for one: larger is better, 0: not to be tried
let bundleVcpus: usize = 0; // bundle -> sums of its units, at most 2^31-1
let bundleRam: usize = 0;
let bundleDisk: usize = 0;

// Levels of the objective at the best trial, for a league and for a bundle within it.
let leagueBest: usize = 0;
let bundleBest: usize = 0;

export function prepareBundles(): void {
  rackRank = words(rackCount, 0);
  bundleVcpus = words(bundleCount, 0);
  bundleRam = words(bundleCount, 0);
  bundleDisk = words(bundleCount, 0);
  leagueBest = objectiveRecord();
  bundleBest = objectiveRecord();
  for (let b = 0; b < bundleCount; b++) {
    let vcpus: i64 = 0;
    let ram: i64 = 0;
    let disk: i64 = 0;
    for (let i = get(bundleUnitFirst, b), end = get(bundleUnitFirst, b + 1); i < end; i++) {
      const unit = get(bundleUnits, i);
      vcpus += get(needVcpus, unit);
      ram += get(needRam, unit);
      disk += get(needDisk, unit);
    }
    put(bundleVcpus, b, capped(vcpus));
    put(bundleRam, b, capped(ram));
    put(bundleDisk, b, capped(disk));
  }
}

function capped(value: i64): i32 {
  return <i32>min<i64>(value, i32.MAX_VALUE);
}

/** The work at which a search for a container ends. */
function workLimit(): i32 {
  const done = work();
  return done + max(LEAST_CONTAINER_WORK, min(CONTAINER_WORK, PLAN_WORK - done));
}

/** Places the units of a league that have no host yet. False: impossible as things are, and nothing has changed. */
export function placeLeague(league: i32): bool {
  if (!get(leagueTied, league)) {
    return placeBundles(league, 0, rackCount);
  }
  const home = clusterOfLeague(league);
  if (home != NONE) return placeBundles(league, get(clusterRack, home), get(clusterRack, home + 1));
  const mark = markLog();
  const limit = workLimit();
  // Beside the first plan the search starts anywhere, so that no cluster is out of its reach.
  const first = searching() ? below(clusterCount) : 0;
  let best = NONE;
  let trials = 0;
  for (let i = 0; i < clusterCount && trials < TRIALS && work() < limit; i++) {
    const cluster = first + i < clusterCount ? first + i : first + i - clusterCount;
    if (!clusterHolds(league, cluster)) continue;
    if (placeBundles(league, get(clusterRack, cluster), get(clusterRack, cluster + 1))) {
      trials++;
      if (best == NONE || compareNow(leagueBest, COUNTED_LEVELS) < 0) {
        best = cluster;
        captureInto(leagueBest, COUNTED_LEVELS);
      }
      rollback(mark);
    }
  }
  return best != NONE && placeBundles(league, get(clusterRack, best), get(clusterRack, best + 1));
}

/** False: the free capacity of the whole cluster is less than the league needs. */
function clusterHolds(league: i32, cluster: i32): bool {
  let vcpus: i64 = 0;
  let ram: i64 = 0;
  let disk: i64 = 0;
  for (let rack = get(clusterRack, cluster), end = get(clusterRack, cluster + 1); rack < end; rack++) {
    vcpus += get(rackVcpus, rack);
    ram += get(rackRam, rack);
    disk += get(rackDisk, rack);
  }
  for (let i = get(leagueBundleFirst, league), end = get(leagueBundleFirst, league + 1); i < end; i++) {
    const bundle = get(leagueBundles, i);
    vcpus -= get(bundleVcpus, bundle);
    ram -= get(bundleRam, bundle);
    disk -= get(bundleDisk, bundle);
  }
  return (vcpus >= 0 || !vcpusMatter) && (ram >= 0 || !ramMatters) && (disk >= 0 || !diskMatters);
}

function clusterOfLeague(league: i32): i32 {
  for (let i = get(leagueBundleFirst, league), end = get(leagueBundleFirst, league + 1); i < end; i++) {
    const rack = rackOfBundle(get(leagueBundles, i));
    if (rack != NONE) return get(rackCluster, rack);
  }
  return NONE;
}

function placeBundles(league: i32, fromRack: i32, toRack: i32): bool {
  const mark = markLog();
  for (let i = get(leagueBundleFirst, league), end = get(leagueBundleFirst, league + 1); i < end; i++) {
    if (!placeBundle(get(leagueBundles, i), fromRack, toRack)) {
      rollback(mark);
      return false;
    }
  }
  return true;
}

/** The rack where some of its units stand already. */
function rackOfBundle(bundle: i32): i32 {
  for (let i = get(bundleUnitFirst, bundle), end = get(bundleUnitFirst, bundle + 1); i < end; i++) {
    const row = get(hostOf, get(bundleUnits, i));
    if (row != NONE) return rackOf(row);
  }
  return NONE;
}

function placeBundle(bundle: i32, fromRack: i32, toRack: i32): bool {
  if (!get(bundleTied, bundle)) return placeUnits(bundle, get(rackBlock, fromRack), get(rackBlock, toRack));
  const home = rackOfBundle(bundle);
  if (home != NONE) return placeUnits(bundle, get(rackBlock, home), get(rackBlock, home + 1));
  rankRacks(bundle, fromRack, toRack);
  const mark = markLog();
  const limit = workLimit();
  let best = NONE;
  let trials = 0;
  while (trials < TRIALS && work() < limit) {
    let rack = NONE;
    let rank = 0;
    for (let r = fromRack; r < toRack; r++) {
      if (get(rackRank, r) > rank) {
        rank = get(rackRank, r);
        rack = r;
      }
    }
    if (rack == NONE) break;
    put(rackRank, rack, 0);
    if (!placeUnits(bundle, get(rackBlock, rack), get(rackBlock, rack + 1))) continue;
    trials++;
    if (best == NONE || compareNow(bundleBest, COUNTED_LEVELS) < 0) {
      best = rack;
      captureInto(bundleBest, COUNTED_LEVELS);
    }
    rollback(mark);
  }
  return best != NONE && placeUnits(bundle, get(rackBlock, best), get(rackBlock, best + 1));
}

/** Estimates how well each rack would take the whole bundle; 0 where a bound or a rule shows that it cannot. */
function rankRacks(bundle: i32, from: i32, to: i32): void {
  const first = get(bundleUnits, get(bundleUnitFirst, bundle));
  const vcpus = get(bundleVcpus, bundle);
  const ram = get(bundleRam, bundle);
  const disk = get(bundleDisk, bundle);
  for (let rack = from; rack < to; rack++) {
    let rank = 0;
    if (
      (get(rackVcpus, rack) >= vcpus || !vcpusMatter) &&
      (get(rackRam, rack) >= ram || !ramMatters) &&
      (get(rackDisk, rack) >= disk || !diskMatters) &&
      mayEnter(first, rack)
    ) {
      // Room of its best active host against the whole need, in sixteenths.
      let room: f32 = 0;
      for (let block = get(rackBlock, rack), end = get(rackBlock, rack + 1); block < end; block++) {
        const share = min(
          min(<f32>get(activeVcpus, block) / <f32>max(1, vcpus), <f32>get(activeRam, block) / <f32>max(1, ram)),
          <f32>get(activeDisk, block) / <f32>max(1, disk),
        );
        room = max(room, share);
      }
      rank = 1 + <i32>(min<f32>(max<f32>(room, 0), 1) * 16) * 2 + (get(rackTouched, rack) ? 1 : 0);
      // Beside the first plan any rack may come early, so that none is out of the search's reach.
      if (searching() && below(8) == 0) rank += below(34);
    }
    put(rackRank, rack, rank);
  }
}

/** The units of a bundle that have no host yet, all within the blocks [from, to). */
function placeUnits(bundle: i32, from: i32, to: i32): bool {
  const mark = markLog();
  for (let i = get(bundleUnitFirst, bundle), end = get(bundleUnitFirst, bundle + 1); i < end; i++) {
    const unit = get(bundleUnits, i);
    if (get(hostOf, unit) != NONE) continue;
    const row = choose(unit, from, to);
    if (row == NONE) {
      rollback(mark);
      return false;
    }
    place(unit, row);
  }
  return true;
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
