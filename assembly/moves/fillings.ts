// Sets of units that fill an equal empty host to the last unit, one after the other, of a number of units that is given.

import { NONE } from "../abi";
import { get, put, room } from "../lib/arena";
import { needDisk, needRam, needVcpus, unitCount } from "../units";
import { exactDisk, exactRam, exactVcpus, hostDisk, hostRam, hostVcpus, key, keyOf } from "./even";
import { addSum, clearSome, findSum, hashOf, openSums, wordOf } from "./sums";

/** Units of one filling that is looked for here at most. */
export const MOST_PARTS = 8;
export const MORE = 0;
export const FOUND = 1;
export const DONE = 2;
/** The last two have not been looked up. */
const NOT_YET: i32 = -2;

// Units by falling need of the key resource; "nth" is a place in these columns.
export let sorted: usize = 0; // nth -> unit
export let vcpusOf: usize = 0;
export let ramOf: usize = 0;
export let diskOf: usize = 0;
let keys: usize = 0;
/** nth -> host that it helps to fill, NONE. */
export let binOf: usize = 0;
/** The filling found: nths. */
export let parts: usize = 0;
export let partCount = 0;
/** What was looked at since this was set to 0. */
export let looks = 0;

let waiting: usize = 0; // the nths that are in none, as they stood when the search began
let waitingKeys: usize = 0; // their needs of the key resource
let waitingCount = 0;
let cursors: usize = 0; // depth -> the one of them to be looked at next
let least = 0; // need of the key resource
let paired = 0; // units whose pairs are in the table
let clearing = false;

// The filling in hand, and what it leaves.
let fixed = NONE; // the nth that must be in it
let depth = 0;
let vcpus = 0;
let ram = 0;
let disk = 0;
let pairAt = NOT_YET; // place in the table
let onlyFixed = false; // a filling of one unit has not been looked at

export function prepareFillings(): void {
  sorted = room(unitCount);
  vcpusOf = room(unitCount);
  ramOf = room(unitCount);
  diskOf = room(unitCount);
  keys = room(unitCount);
  binOf = room(unitCount);
  parts = room(MOST_PARTS);
  waiting = room(unitCount);
  waitingKeys = room(unitCount);
  cursors = room(MOST_PARTS + 1);
}

export function look(count: i32): void {
  looks += count;
}

export function lookAfresh(): void {
  looks = 0;
}

export function sortUnits(): void {
  for (let u = 0; u < unitCount; u++) put(sorted, u, u);
  for (let gap = unitCount >> 1; gap > 0; gap >>= 1) {
    for (let i = gap; i < unitCount; i++) {
      const unit = get(sorted, i);
      let j = i;
      while (j >= gap && before(unit, get(sorted, j - gap))) {
        put(sorted, j, get(sorted, j - gap));
        j -= gap;
      }
      put(sorted, j, unit);
    }
  }
  for (let nth = 0; nth < unitCount; nth++) {
    const unit = get(sorted, nth);
    put(vcpusOf, nth, get(needVcpus, unit));
    put(ramOf, nth, get(needRam, unit));
    put(diskOf, nth, get(needDisk, unit));
    put(keys, nth, get(key, unit));
  }
  least = get(keys, unitCount - 1);
}

function before(a: i32, b: i32): bool {
  const x = get(key, a);
  const y = get(key, b);
  return x > y || (x == y && a < b);
}

/** Puts all pairs into the table; `pairSome` has to be called until it says that it is done. */
export function pairUp(): void {
  openSums((unitCount * (unitCount - 1)) >> 1);
  clearing = true;
  paired = 0;
}

export function pairSome(most: i32): bool {
  while (clearing && looks < most) {
    clearing = !clearSome();
    looks += most >> 1;
  }
  while (paired < unitCount && looks < most) {
    const b = paired++;
    looks += b;
    for (let a = 0; a < b; a++) {
      const sumVcpus = get(vcpusOf, a) + get(vcpusOf, b);
      const sumRam = get(ramOf, a) + get(ramOf, b);
      const sumDisk = get(diskOf, a) + get(diskOf, b);
      if (sumVcpus > hostVcpus || sumRam > hostRam || sumDisk > hostDisk) continue;
      addSum(hashOf(sumVcpus, sumRam, sumDisk), (a << 16) | b);
    }
  }
  return !clearing && paired == unitCount;
}

/** From now on `nextFilling` looks for those of `count` units that are in none, among them this one (NONE: any). */
export function beginFillings(first: i32, count: i32): void {
  partCount = count;
  fixed = first;
  depth = 0;
  vcpus = hostVcpus;
  ram = hostRam;
  disk = hostDisk;
  onlyFixed = first != NONE && count == 1;
  waitingCount = 0;
  for (let nth = 0; nth < unitCount; nth++) {
    if (get(binOf, nth) != NONE || nth == first) continue;
    put(waiting, waitingCount, nth);
    put(waitingKeys, waitingCount++, get(keys, nth));
  }
  looks += unitCount >> 2;
  if (first != NONE) push(first);
  descend(0);
}

/** FOUND: `parts` are one. DONE: there are no more of them. MORE: so many looks were taken. */
export function nextFilling(most: i32): i32 {
  if (onlyFixed) {
    onlyFixed = false;
    return even() ? FOUND : DONE;
  }
  const floor = fixed == NONE ? 0 : 1;
  while (looks < most) {
    const others = partCount - depth;
    if (others == 2) {
      if (pairUsesUp()) return FOUND;
    } else if (others > 0 && extend(others)) {
      if (others > 1) continue;
      const full = even();
      pop();
      if (full) return FOUND;
      continue;
    }
    if (depth == floor) return DONE;
    pop();
  }
  return MORE;
}

/** Is nothing left of what must come out even? */
function even(): bool {
  return (!exactVcpus || vcpus == 0) && (!exactRam || ram == 0) && (!exactDisk || disk == 0);
}

/** Takes the next unit in hand that leaves something for `others - 1` more, none of them larger. */
function extend(others: i32): bool {
  const left = keyOf(vcpus, ram, disk);
  for (let i = get(cursors, depth); i < waitingCount; i++) {
    looks++;
    if (get(waitingKeys, i) * others < left) break;
    const nth = get(waiting, i);
    if (get(vcpusOf, nth) > vcpus || get(ramOf, nth) > ram || get(diskOf, nth) > disk) continue;
    put(cursors, depth, i + 1);
    push(nth);
    descend(i + 1);
    return true;
  }
  return false;
}

function push(nth: i32): void {
  vcpus -= get(vcpusOf, nth);
  ram -= get(ramOf, nth);
  disk -= get(diskOf, nth);
  put(parts, depth++, nth);
}

/** What comes next is one of those that wait from this one on, small enough to leave something for the others. */
function descend(from: i32): void {
  pairAt = NOT_YET;
  const others = partCount - depth;
  if (others == 2) return;
  const most = keyOf(vcpus, ram, disk) - (others - 1) * least;
  let to = waitingCount;
  let at = from;
  while (at < to) {
    const middle = (at + to) >> 1;
    if (get(waitingKeys, middle) > most) at = middle + 1;
    else to = middle;
  }
  put(cursors, depth, at);
}

function pop(): void {
  const nth = get(parts, --depth);
  vcpus += get(vcpusOf, nth);
  ram += get(ramOf, nth);
  disk += get(diskOf, nth);
}

/** Looks up the next pair that uses up what is left. */
function pairUsesUp(): bool {
  looks++;
  const hash = hashOf(vcpus, ram, disk);
  const after = depth > (fixed == NONE ? 0 : 1) ? get(parts, depth - 1) : NONE;
  for (let at = findSum(hash, pairAt == NOT_YET ? hash : pairAt + 1); at != NONE; at = findSum(hash, at + 1)) {
    looks++;
    const a = wordOf(at) >> 16;
    const b = wordOf(at) & 0xffff;
    if (a <= after || a == fixed || b == fixed || get(binOf, a) != NONE || get(binOf, b) != NONE) continue;
    if (!usesUp(vcpus - get(vcpusOf, a) - get(vcpusOf, b), exactVcpus)) continue;
    if (!usesUp(ram - get(ramOf, a) - get(ramOf, b), exactRam)) continue;
    if (!usesUp(disk - get(diskOf, a) - get(diskOf, b), exactDisk)) continue;
    pairAt = at;
    put(parts, depth, a);
    put(parts, depth + 1, b);
    return true;
  }
  return false;
}

function usesUp(left: i32, exact: bool): bool {
  return exact ? left == 0 : left >= 0;
}
