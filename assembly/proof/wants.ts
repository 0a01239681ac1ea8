// How many more hosts different units want together: each want is a number of untouched hosts out of a set, and wants in
// sets that do not overlap add up. Sets that a zone, a rack or an aggregate keeps apart are found as the bounds count
// them (apart.ts, crowding.ts); small sets first, a larger one replaces those it overlaps if it wants more than they do.

import { get, put, reserve, words } from "../lib/arena";
import { isEmptyHost, isTouched, rowList, rowsListed } from "./measures";
import { drop, has, putWord, setWords, sizeOf, wordOf } from "./options";

/** Further ones are left out. */
const MOST_WANTS = 64;

let sets: usize = 0; // want -> set of untouched hosts
let wanted: usize = 0; // want -> hosts
let sizes: usize = 0; // want -> hosts in its set
let active: usize = 0; // want -> those of them that run VMs
let chosen: usize = 0; // want -> 1 while it is one of the sum
let order: usize = 0;
let count = 0;

export function prepareWants(): void {
  sets = reserve((<usize>(MOST_WANTS * setWords)) << 3);
  wanted = words(MOST_WANTS, 0);
  sizes = words(MOST_WANTS, 0);
  active = words(MOST_WANTS, 0);
  chosen = words(MOST_WANTS, 0);
  order = words(MOST_WANTS, 0);
}

export function forgetWants(): void {
  count = 0;
}

/** A set to be filled for the next `want`: a copy of the hosts in `set` that are not touched. */
export function untouchedOf(set: usize): usize {
  const copy = setAt(min(count, MOST_WANTS - 1));
  for (let w = 0; w < setWords; w++) putWord(copy, w, wordOf(set, w));
  for (let i = 0; i < rowsListed; i++) if (isTouched(get(rowList, i))) drop(copy, get(rowList, i));
  return copy;
}

/** So many hosts of the set that `untouchedOf` gave. */
export function want(hosts: i32): void {
  if (hosts <= 0 || count == MOST_WANTS) return;
  const set = setAt(count);
  let busy = 0;
  for (let i = 0; i < rowsListed; i++) {
    const row = get(rowList, i);
    if (has(set, row) && !isEmptyHost(row)) busy++;
  }
  put(wanted, count, hosts);
  put(sizes, count, sizeOf(set));
  put(active, count, busy);
  count++;
}

function setAt(index: i32): usize {
  return sets + ((<usize>(index * setWords)) << 3);
}

/** True: together they want more than `hosts` hosts or more than `empty` empty ones. */
export function wantTooMuch(hosts: i32, empty: i32): bool {
  if (count < 2) return false;
  for (let i = 0; i < count; i++) {
    let j = i;
    while (j > 0 && get(sizes, get(order, j - 1)) > get(sizes, i)) {
      put(order, j, get(order, j - 1));
      j--;
    }
    put(order, j, i);
  }
  return sum(false) > hosts || sum(true) > empty;
}

function sum(ofEmpty: bool): i32 {
  memory.fill(chosen, 0, (<usize>count) << 2);
  let total = 0;
  for (let rank = 0; rank < count; rank++) {
    const next = get(order, rank);
    const more = amount(next, ofEmpty);
    let others = 0;
    for (let i = 0; i < count; i++) if (get(chosen, i) && overlap(i, next)) others += amount(i, ofEmpty);
    if (more <= others) continue;
    for (let i = 0; i < count; i++) if (get(chosen, i) && overlap(i, next)) put(chosen, i, 0);
    put(chosen, next, 1);
    total += more - others;
  }
  return total;
}

function amount(index: i32, ofEmpty: bool): i32 {
  return ofEmpty ? max(0, get(wanted, index) - get(active, index)) : get(wanted, index);
}

function overlap(a: i32, b: i32): bool {
  for (let w = 0; w < setWords; w++) if (wordOf(setAt(a), w) & wordOf(setAt(b), w)) return true;
  return false;
}
