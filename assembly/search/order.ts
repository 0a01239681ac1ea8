// In which order leagues are placed first: hardest first. Decided hosts and short candidate lists, ties to a cluster or
// rack, exclusivity, then size; where there are pipes, bandwidth with those before it instead of size (connected.ts).

import { LEVEL_COUNT, NONE, OWNER_NONE } from "../abi";
import { hostOf } from "../assignment";
import { classCount, classDisk, classRam, classVcpus } from "../inventory";
import { get, put, reserve, words } from "../lib/arena";
import {
  bundleCount,
  bundleTied,
  bundleUnitFirst,
  bundleUnits,
  leagueBundleFirst,
  leagueBundles,
  leagueCount,
  leagueTied,
  needDisk,
  needRam,
  needVcpus,
  unitCount,
  unitOwner,
} from "../units";
import { connectLeagues } from "./connected";
import { domainCount } from "./domain";

/** Leagues, hardest first. */
export let order: usize = 0;
/** League -> how hard, larger is harder. */
let hardness: usize = 0;
let unitHardness: usize = 0;
// Largest capacity of a host.
let mostVcpus = 1;
let mostRam = 1;
let mostDisk = 1;

const RESTRICTED: i64 = 1 << 60;
const LEAGUE_TIED: i64 = 1 << 59;
const BUNDLE_TIED: i64 = 1 << 58;
const EXCLUSIVE: i64 = 1 << 57;

export function prepareOrder(): void {
  hardness = reserve((<usize>leagueCount) << 3);
  unitHardness = reserve((<usize>unitCount) << 3);
  mostVcpus = mostRam = mostDisk = 1;
  for (let c = 0; c < classCount; c++) {
    mostVcpus = max(mostVcpus, get(classVcpus, c));
    mostRam = max(mostRam, get(classRam, c));
    mostDisk = max(mostDisk, get(classDisk, c));
  }
  for (let u = 0; u < unitCount; u++) {
    let value = sizeOf(get(needVcpus, u), get(needRam, u), get(needDisk, u));
    if (get(domainCount, u) != NONE) value |= RESTRICTED;
    for (let l = 0; l < LEVEL_COUNT; l++) if (unitOwner(u, l) != OWNER_NONE) value |= EXCLUSIVE;
    store<i64>(unitHardness + ((<usize>u) << 3), value);
  }
  for (let b = 0; b < bundleCount; b++) {
    const first = get(bundleUnitFirst, b);
    sortHardest(bundleUnits + ((<usize>first) << 2), get(bundleUnitFirst, b + 1) - first, unitHardness);
  }
  order = words(leagueCount, 0);
  for (let l = 0; l < leagueCount; l++) {
    put(order, l, l);
    let flags: i64 = get(leagueTied, l) ? LEAGUE_TIED : 0;
    let size: i64 = 0;
    for (let i = get(leagueBundleFirst, l), end = get(leagueBundleFirst, l + 1); i < end; i++) {
      const bundle = get(leagueBundles, i);
      if (get(bundleTied, bundle)) flags |= BUNDLE_TIED;
      for (let j = get(bundleUnitFirst, bundle), last = get(bundleUnitFirst, bundle + 1); j < last; j++) {
        const value = load<i64>(unitHardness + ((<usize>get(bundleUnits, j)) << 3));
        flags |= value & (RESTRICTED | EXCLUSIVE);
        size += value & (EXCLUSIVE - 1);
      }
    }
    store<i64>(hardness + ((<usize>l) << 3), flags | min<i64>(size, EXCLUSIVE - 1));
  }
  connectLeagues(hardness, RESTRICTED | LEAGUE_TIED | BUNDLE_TIED | EXCLUSIVE);
  sortHardest(order, leagueCount, hardness);
}

/** Against the largest host's capacity, in millionths, summed over the resources. */
export function sizeOf(vcpus: i32, ram: i32, disk: i32): i64 {
  const part = <f64>vcpus / <f64>mostVcpus + <f64>ram / <f64>mostRam + <f64>disk / <f64>mostDisk;
  return <i64>min<f64>(part * 1000000, 1e12);
}

/** Needs of a unit against the largest host's capacity, in millionths, summed over the resources. */
export function unitSizeOf(unit: i32): i64 {
  return load<i64>(unitHardness + ((<usize>unit) << 3)) & (EXCLUSIVE - 1);
}

/** The same, of all units without a host. */
export function unplacedSize(): i64 {
  let size: i64 = 0;
  for (let u = 0; u < unitCount; u++) if (get(hostOf, u) == NONE) size += unitSizeOf(u);
  return size;
}

/** Sorts `count` items by descending hardness, then ascending number: insertion sort, Shell's gaps for long lists. */
function sortHardest(items: usize, count: i32, keys: usize): void {
  for (let gap = count > 32 ? count / 3 : 1; gap > 0; gap = gap == 1 ? 0 : max(1, gap / 3)) {
    for (let i = gap; i < count; i++) {
      const item = get(items, i);
      let j = i;
      while (j >= gap && harder(keys, item, get(items, j - gap))) {
        put(items, j, get(items, j - gap));
        j -= gap;
      }
      put(items, j, item);
    }
  }
}

function harder(keys: usize, a: i32, b: i32): bool {
  const x = load<i64>(keys + ((<usize>a) << 3));
  const y = load<i64>(keys + ((<usize>b) << 3));
  return x > y || (x == y && a < b);
}

export function sortLeagues(items: usize, count: i32): void {
  sortHardest(items, count, hardness);
}
