// Pigeonhole bounds of a node: units of which no two may share a container need as many containers as they are.

import {
  GROUP_KIND,
  GROUP_LEVEL,
  GROUP_MEMBER_COUNT,
  GROUP_MEMBERS,
  KIND_DIVERSITY,
  LEVEL_CLUSTER,
  LEVEL_COUNT,
  LEVEL_HOST,
  LEVEL_RACK,
  NONE,
  OWNER_NONE,
} from "../abi";
import { hostOf } from "../assignment";
import { clusterCount, containerOf, rackCount, rackOf, rackTouched } from "../inventory";
import { add, get, put, words } from "../lib/arena";
import { groupCount, groupWord, wordAt } from "../request";
import { unitCount, unitOf, unitOwner } from "../units";
import { classCount, commonClass, emptyNeededBy, exclusivityClass, hostsNeededBy } from "./crowding";
import { isEmptyHost, isTouched, rowList, rowsListed } from "./measures";
import { clearSet, drop, emptySet, has, putWord, setOf, setWords, wordOf } from "./options";
import { untouchedOf, want } from "./wants";

/** The units found, one for each container they would need, and the level. */
export let apartUnits: usize = 0;
export let apartCount = 0;
export let apartLevel = 0;

let union: usize = 0;
let seen: usize = 0; // rack or cluster -> the count in which it was seen last
let stamp = 0;
let classSeen: usize = 0; // exclusivity class -> the count in which it was seen last
let besideHosts = 0;
let besideEmpty = 0;
let memberUnit: usize = 0; // ordinal -> a waiting unit below it
let memberPlaced: usize = 0; // ordinal -> units below it that stand somewhere

export function prepareApart(): void {
  apartUnits = words(unitCount, 0);
  union = emptySet();
  seen = words(max(rackCount, clusterCount), 0);
  stamp = 0;
  classSeen = words(unitCount, 0);
  let most = 0;
  for (let g = 0; g < groupCount; g++) most = max(most, groupWord(g, GROUP_MEMBER_COUNT));
  memberUnit = words(most, 0);
  memberPlaced = words(most, 0);
}

// Hosts, empty hosts and racks that may be touched beyond those that are.
let moreHosts = 0;
let moreEmpty = 0;
let moreRacks = 0;

/** True: some units that must be apart have too few containers, when so many more may be touched. Within limits after `crowded`. */
export function tooClose(depth: i32, hosts: i32, empty: i32, racks: i32): bool {
  moreHosts = hosts;
  moreEmpty = empty;
  moreRacks = racks;
  for (let g = 0; g < groupCount; g++) {
    if (groupWord(g, GROUP_KIND) == KIND_DIVERSITY && membersTooClose(depth, g)) return true;
  }
  for (let level = 0; level < LEVEL_COUNT; level++) if (ownersTooClose(depth, level)) return true;
  return false;
}

function membersTooClose(depth: i32, group: i32): bool {
  const pairs = wordAt(groupWord(group, GROUP_MEMBERS));
  const size = groupWord(group, GROUP_MEMBER_COUNT);
  memory.fill(memberPlaced, 0, (<usize>size) << 2);
  memory.fill(memberUnit, 0xff, (<usize>size) << 2);
  for (let i = 0; i < size; i++) {
    const unit = get(unitOf, get(pairs, i << 1));
    const ordinal = get(pairs, (i << 1) + 1);
    if (get(hostOf, unit) != NONE) add(memberPlaced, ordinal, 1);
    else put(memberUnit, ordinal, unit);
  }
  apartCount = 0;
  for (let ordinal = 0; ordinal < size; ordinal++) {
    const unit = get(memberUnit, ordinal);
    if (unit != NONE && get(memberPlaced, ordinal) == 0) put(apartUnits, apartCount++, unit);
  }
  return fewerContainers(depth, groupWord(group, GROUP_LEVEL));
}

/** A waiting unit of each exclusivity class of the level none of whose units stands anywhere. */
function ownersTooClose(depth: i32, level: i32): bool {
  apartCount = 0;
  for (let u = 0; u < unitCount; u++) {
    const owner = unitOwner(u, level);
    if (owner <= OWNER_NONE || get(hostOf, u) != NONE) continue;
    let first = true;
    for (let v = 0; v < unitCount && first; v++) {
      if (unitOwner(v, level) == owner && (v < u || get(hostOf, v) != NONE)) first = false;
    }
    if (first) put(apartUnits, apartCount++, u);
  }
  return fewerContainers(depth, level);
}

function fewerContainers(depth: i32, level: i32): bool {
  if (apartCount < 2) return false;
  apartLevel = level;
  clearSet(union);
  for (let i = 0; i < apartCount; i++) {
    const set = setOf(depth, get(apartUnits, i));
    for (let w = 0; w < setWords; w++) putWord(union, w, wordOf(union, w) | wordOf(set, w));
  }
  countBeside();
  stamp++;
  let old = 0;
  let active = 0; // untouched containers, with a host that runs VMs or without
  let empty = 0;
  // Hosts that run VMs first, so that a rack with such a host is not counted as one without.
  for (let pass = 0; pass < 2; pass++) {
    for (let i = 0; i < rowsListed; i++) {
      const row = get(rowList, i);
      const idle = isEmptyHost(row) ? 1 : 0;
      if (idle != pass || !has(union, row)) continue;
      const container = containerOf(level, row);
      if (container == NONE) continue;
      if (level != LEVEL_HOST) {
        if (get(seen, container) == stamp) continue;
        put(seen, container, stamp);
      }
      if (level == LEVEL_HOST ? isTouched(row) : level == LEVEL_CLUSTER || get(rackTouched, container) > 0) old++;
      else if (idle) empty++;
      else active++;
    }
  }
  if (level != LEVEL_CLUSTER && allCommon()) {
    const set = untouchedOf(union);
    if (level == LEVEL_RACK) keepFreshRacks(set);
    want(apartCount - old);
  }
  let fresh = active + min(empty, max(0, moreEmpty - besideEmpty));
  fresh = min(fresh, max(0, moreHosts - besideHosts));
  if (level == LEVEL_RACK) fresh = min(fresh, moreRacks);
  return old + fresh < apartCount;
}

/** Hosts in racks that are touched already are no more racks. */
function keepFreshRacks(set: usize): void {
  for (let i = 0; i < rowsListed; i++) {
    const row = get(rowList, i);
    if (get(rackTouched, rackOf(row)) > 0) drop(set, row);
  }
}

function allCommon(): bool {
  for (let i = 0; i < apartCount; i++) if (exclusivityClass(get(apartUnits, i)) != commonClass) return false;
  return true;
}

/** Counts what the exclusivity classes none of which is among the units found need for themselves. */
function countBeside(): void {
  besideHosts = 0;
  besideEmpty = 0;
  stamp++;
  for (let i = 0; i < apartCount; i++) put(classSeen, exclusivityClass(get(apartUnits, i)), stamp);
  for (let c = 0; c < classCount; c++) {
    if (get(classSeen, c) == stamp) continue;
    besideHosts += hostsNeededBy(c);
    besideEmpty += emptyNeededBy(c);
  }
}
