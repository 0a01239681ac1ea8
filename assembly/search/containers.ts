// Which racks and clusters may take what is tied, and in which order they are tried.

import { NONE } from "../abi";
import {
  activeDisk,
  activeRam,
  activeVcpus,
  clusterRack,
  rackBlock,
  rackCount,
  rackDisk,
  rackRam,
  rackTouched,
  rackVcpus,
} from "../inventory";
import { add, get, put, words } from "../lib/arena";
import { below } from "../lib/rng";
import { diskMatters, mayEnter, ramMatters, vcpusMatter } from "../rules";
import {
  bundleCount,
  bundleUnitFirst,
  bundleUnits,
  leagueBundleFirst,
  leagueBundles,
  needDisk,
  needRam,
  needVcpus,
} from "../units";
import { searching } from "./choose";

/** Sixteenths of the need that the best host of a rack has room for, twice, and whether the rack is touched. */
const ROOM_RANKS = 34;
/** Ranks with what chance may add, and 0: not to be tried. */
const RANKS = 2 * ROOM_RANKS + 1;

let bundleVcpus: usize = 0; // bundle -> sums of its units, at most 2^31-1
let bundleRam: usize = 0;
let bundleDisk: usize = 0;

let rackRank: usize = 0; // rack -> larger is better, 0: not to be tried
let rankFirst: usize = 0; // rank -> where its racks begin in `ranked`
let ranked: usize = 0; // racks, best first
let rankedCount = 0;
let taken = 0;

export function prepareContainers(): void {
  rackRank = words(rackCount, 0);
  rankFirst = words(RANKS + 1, 0);
  ranked = words(rackCount, 0);
  bundleVcpus = words(bundleCount, 0);
  bundleRam = words(bundleCount, 0);
  bundleDisk = words(bundleCount, 0);
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

/** False: the free capacity of the whole cluster is less than the league needs. */
export function clusterHolds(league: i32, cluster: i32): bool {
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

/** Ranks the racks [from, to) by an estimate of how well each would take the whole bundle; leaves out those that a bound or a rule shows to be unable. */
export function rankRacks(bundle: i32, from: i32, to: i32): void {
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
      if (searching() && below(8) == 0) rank += below(ROOM_RANKS);
    }
    put(rackRank, rack, rank);
  }
  sortRanked(from, to);
}

/** Racks by descending rank, then ascending row: a counting sort. */
function sortRanked(from: i32, to: i32): void {
  memory.fill(rankFirst, 0, (RANKS + 1) << 2);
  for (let rack = from; rack < to; rack++) add(rankFirst, RANKS - get(rackRank, rack), 1);
  // Rank 0 counts into the last place, so it stays outside the list.
  rankedCount = 0;
  for (let place = 0; place < RANKS; place++) {
    const racks = get(rankFirst, place);
    put(rankFirst, place, rankedCount);
    rankedCount += racks;
  }
  for (let rack = from; rack < to; rack++) {
    const rank = get(rackRank, rack);
    if (rank == 0) continue;
    put(ranked, get(rankFirst, RANKS - rank), rack);
    add(rankFirst, RANKS - rank, 1);
  }
  taken = 0;
}

/** The best ranked rack that was not asked for yet, NONE: there is none. */
export function nextRanked(): i32 {
  return taken < rankedCount ? get(ranked, taken++) : NONE;
}
