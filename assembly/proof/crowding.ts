// Volume bounds of a node of the exact search: how many hosts, and how many empty ones, the units that wait need beyond
// those touched already, by any measure (measures.ts). VMs of different exclusivity never share a host, so each such
// class is counted by itself and the counts are added. Within a class every set of units that is confined to the hosts
// of one of them is counted too (Hall's condition with room for marriage).

import { LEVEL_COUNT, NONE } from "../abi";
import { hostOf, touchedCount, touchedRow } from "../assignment";
import { get, put, reserve, words } from "../lib/arena";
import { unitCount, unitOwner } from "../units";
import {
  isEmptyHost,
  isTouched,
  measureCount,
  needIn,
  rankedRow,
  roomIn,
  roomInto,
  rowList,
  rowsListed,
  SIMPLE_MEASURES,
  untouchedRoom,
} from "./measures";
import { clearSet, emptySet, has, putWord, sameSet, setOf, setWords, within, wordOf } from "./options";
import { untouchedOf, want } from "./wants";

/** As many hosts as one likes. */
export const UNLIMITED: i32 = 1 << 28;
/** Units counted for the sets of one class, so that a node is a step of less than a millisecond; sets beyond are left out. */
const MOST_COUNTED = 4096;
const IMPOSSIBLE: i32 = UNLIMITED + 1;

let classOf: usize = 0; // unit -> exclusivity class: units of different ones never share a host
export let classCount = 0;
/** The class with the most units. */
export let commonClass = 0;
let waitingIn: usize = 0; // class -> units that wait
let housed: usize = 0; // class -> 1 if one of its units stands somewhere
let hostsNeeded: usize = 0; // class -> at least so many more hosts
let emptyNeeded: usize = 0;
let union: usize = 0; // hosts that some unit of the class may use
let touchedRoom: usize = 0; // slot x 3 -> room in steps
let demands: usize = 0; // measure -> weighted need of the class, i64

/** The set that cannot be placed: a class, narrowed to units within the options of `crowdedBy` (NONE: the whole class). */
export let crowdedClass = NONE;
export let crowdedBy = NONE;
export let crowdedMeasure = NONE;
/** Hosts, and empty hosts, that the waiting units need beyond the touched ones, by the last count. */
export let moreHostsNeeded = 0;
export let moreEmptyNeeded = 0;

export function prepareCrowding(): void {
  classOf = words(unitCount, 0);
  waitingIn = words(unitCount, 0);
  housed = words(unitCount, 0);
  hostsNeeded = words(unitCount, 0);
  emptyNeeded = words(unitCount, 0);
  union = emptySet();
  touchedRoom = words(unitCount * 3, 0);
  demands = reserve(64 << 3);
}

export function findClasses(): void {
  const first = waitingIn; // class -> its first unit, until the first count
  classCount = 0;
  for (let u = 0; u < unitCount; u++) {
    let c = 0;
    while (c < classCount && !sameOwners(get(first, c), u)) c++;
    if (c == classCount) put(first, classCount++, u);
    put(classOf, u, c);
  }
  commonClass = 0;
  memory.fill(housed, 0, (<usize>classCount) << 2);
  for (let u = 0; u < unitCount; u++) put(housed, get(classOf, u), get(housed, get(classOf, u)) + 1);
  for (let c = 1; c < classCount; c++) if (get(housed, c) > get(housed, commonClass)) commonClass = c;
}

/** Units of different classes never share a host. */
export function exclusivityClass(unit: i32): i32 {
  return get(classOf, unit);
}

/** What a class needs beyond the touched hosts, by the last count. */
export function hostsNeededBy(c: i32): i32 {
  return get(hostsNeeded, c);
}

export function emptyNeededBy(c: i32): i32 {
  return get(emptyNeeded, c);
}

function sameOwners(a: i32, b: i32): bool {
  for (let l = 0; l < LEVEL_COUNT; l++) if (unitOwner(a, l) != unitOwner(b, l)) return false;
  return true;
}

/** Is the unit one of the set that was found crowded? */
export function inCrowd(depth: i32, unit: i32): bool {
  if (get(hostOf, unit) != NONE || get(classOf, unit) != crowdedClass) return false;
  return crowdedBy == NONE || within(setOf(depth, unit), setOf(depth, crowdedBy));
}

/** True: the waiting units cannot be placed on the touched hosts and `hosts` more, at most `empty` of them empty. */
export function crowded(depth: i32, hosts: i32, empty: i32): bool {
  for (let c = 0; c < classCount; c++) {
    put(waitingIn, c, 0);
    put(housed, c, 0);
    put(hostsNeeded, c, 0);
    put(emptyNeeded, c, 0);
  }
  for (let u = 0; u < unitCount; u++) {
    if (get(hostOf, u) == NONE) put(waitingIn, get(classOf, u), get(waitingIn, get(classOf, u)) + 1);
    else put(housed, get(classOf, u), 1);
  }
  for (let slot = 0; slot < touchedCount; slot++) {
    roomInto(touchedRoom + ((<usize>(slot * 3)) << 2), get(touchedRow, slot));
  }
  crowdedBy = NONE;
  moreHostsNeeded = 0;
  moreEmptyNeeded = 0;
  let classes = 0;
  for (let c = 0; c < classCount; c++) {
    if (get(waitingIn, c) == 0) continue;
    classes++;
    if (countClass(depth, c, hosts, empty)) return true;
    moreHostsNeeded += get(hostsNeeded, c);
    moreEmptyNeeded += get(emptyNeeded, c);
  }
  if (moreHostsNeeded > hosts || moreEmptyNeeded > empty) return true;
  // What the other classes need is not there for this one.
  if (classes > 1 && (hosts != UNLIMITED || empty != UNLIMITED)) {
    for (let c = 0; c < classCount; c++) {
      if (get(waitingIn, c) == 0) continue;
      const left = hosts == UNLIMITED ? hosts : hosts - moreHostsNeeded + get(hostsNeeded, c);
      const leftEmpty = empty == UNLIMITED ? empty : empty - moreEmptyNeeded + get(emptyNeeded, c);
      if (countClass(depth, c, left, leftEmpty)) return true;
    }
  }
  return false;
}

function countClass(depth: i32, c: i32, hosts: i32, empty: i32): bool {
  crowdedClass = c;
  clearSet(union);
  for (let u = 0; u < unitCount; u++) {
    if (get(hostOf, u) != NONE || get(classOf, u) != c) continue;
    const set = setOf(depth, u);
    for (let w = 0; w < setWords; w++) putWord(union, w, wordOf(union, w) | wordOf(set, w));
  }
  crowdedBy = NONE;
  if (countSet(depth, union, measureCount, hosts, empty)) return true;
  if (get(waitingIn, c) == 1) return false;
  let tried = 0;
  for (let u = 0; u < unitCount; u++) {
    if (get(hostOf, u) != NONE || get(classOf, u) != c) continue;
    const set = setOf(depth, u);
    if (sameSet(set, union) || seenBefore(depth, u)) continue;
    tried += get(waitingIn, c);
    if (tried > MOST_COUNTED) break;
    crowdedBy = u;
    if (countSet(depth, set, SIMPLE_MEASURES, hosts, empty)) return true;
  }
  crowdedBy = NONE;
  return false;
}

function seenBefore(depth: i32, unit: i32): bool {
  for (let v = 0; v < unit; v++) {
    if (get(hostOf, v) == NONE && get(classOf, v) == get(classOf, unit) && sameSet(setOf(depth, v), setOf(depth, unit)))
      return true;
  }
  return false;
}

/** Counts the units of the class that are confined to `rows`, by the first measures. */
function countSet(depth: i32, rows: usize, measures: i32, hosts: i32, empty: i32): bool {
  memory.fill(demands, 0, (<usize>measures) << 3);
  for (let u = 0; u < unitCount; u++) {
    if (get(hostOf, u) != NONE || get(classOf, u) != crowdedClass) continue;
    if (crowdedBy != NONE && !within(setOf(depth, u), rows)) continue;
    for (let m = 0; m < measures; m++) {
      const at = demands + ((<usize>m) << 3);
      store<i64>(at, load<i64>(at) + needIn(m, u));
    }
  }
  let most = get(housed, crowdedClass) ? 0 : 1;
  let mostEmpty = 0;
  for (let m = 0; m < measures; m++) {
    const wanted = load<i64>(demands + ((<usize>m) << 3));
    if (wanted == 0) continue;
    crowdedMeasure = m;
    let room: i64 = 0;
    for (let slot = 0; slot < touchedCount && room < wanted; slot++) {
      if (has(rows, get(touchedRow, slot))) room += roomIn(m, touchedRoom + ((<usize>(slot * 3)) << 2));
    }
    if (room >= wanted) continue;
    const more =
      hosts == UNLIMITED && empty == UNLIMITED
        ? allRoom(m, rows, wanted, room)
        : rankedRoom(m, rows, wanted, room, empty);
    if (more > hosts) return true;
    most = max(most, more);
    if (empty == UNLIMITED) continue;
    const moreEmpty = emptyRoom(m, rows, wanted, room);
    if (moreEmpty > empty) return true;
    mostEmpty = max(mostEmpty, moreEmpty);
  }
  crowdedMeasure = NONE;
  if (crowdedClass == commonClass) {
    untouchedOf(rows);
    want(most);
  }
  put(hostsNeeded, crowdedClass, max(get(hostsNeeded, crowdedClass), most));
  put(emptyNeeded, crowdedClass, max(get(emptyNeeded, crowdedClass), mostEmpty));
  return most > hosts;
}

/** Zero if all untouched hosts together have the room. */
function allRoom(measure: i32, rows: usize, wanted: i64, room: i64): i32 {
  for (let i = 0; i < rowsListed; i++) {
    const row = get(rowList, i);
    if (!has(rows, row) || isTouched(row)) continue;
    room += untouchedRoom(measure, i);
    if (room >= wanted) return 0;
  }
  return IMPOSSIBLE;
}

/** Fewest untouched hosts, at most `empty` of them empty, that have the room. */
function rankedRoom(measure: i32, rows: usize, wanted: i64, room: i64, empty: i32): i32 {
  let taken = 0;
  for (let rank = 0; rank < rowsListed; rank++) {
    const i = rankedRow(measure, rank);
    const row = get(rowList, i);
    if (!has(rows, row) || isTouched(row)) continue;
    if (isEmptyHost(row) && --empty < 0) continue;
    room += untouchedRoom(measure, i);
    taken++;
    if (room >= wanted) return taken;
  }
  return IMPOSSIBLE;
}

/** Fewest empty hosts that have the room beside all the others. */
function emptyRoom(measure: i32, rows: usize, wanted: i64, room: i64): i32 {
  for (let i = 0; i < rowsListed && room < wanted; i++) {
    const row = get(rowList, i);
    if (has(rows, row) && !isTouched(row) && !isEmptyHost(row)) room += untouchedRoom(measure, i);
  }
  let taken = 0;
  for (let rank = 0; rank < rowsListed && room < wanted; rank++) {
    const i = rankedRow(measure, rank);
    const row = get(rowList, i);
    if (!has(rows, row) || isTouched(row) || !isEmptyHost(row)) continue;
    room += untouchedRoom(measure, i);
    taken++;
  }
  return room >= wanted ? taken : IMPOSSIBLE;
}
