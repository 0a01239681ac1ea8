// All fillings of a handful of units, of however many each: what one half of the handful needs in all its parts is put into
// a table, and what each part of the other half leaves of a host is looked up (Horowitz and Sahni 1974).

import { NONE } from "../abi";
import { get, put, room } from "../lib/arena";
import { exactDisk, exactRam, exactVcpus, hostDisk, hostRam, hostVcpus } from "./even";
import { diskOf, look, looks, ramOf, vcpusOf } from "./fillings";
import { addSum, clearSome, findSum, hashOf, openSums, wordOf } from "./sums";

export const MOST_IN_HANDFUL = 44;
/** Parts of a half that are put into the table, or looked up. */
export const MOST_HALVES = 1 << 18;

/** The handful: nths. */
export let handful: usize = 0;
export let held = 0;
/** The filling found: nths. */
export let filling: usize = 0;
export let fillingCount = 0;

let clearing = false;
let storing = false; // the first half is put into the table
let halves = 0; // parts seen
let from = 0; // the next unit of the half to be added
let set: u32 = 0; // what is in hand of the half, as bits
let vcpus = 0; // what it leaves of a host
let ram = 0;
let disk = 0;
let foundAt = NONE; // where to look on for what fills up the part in hand

export function prepareHalves(): void {
  handful = room(MOST_IN_HANDFUL);
  filling = room(MOST_IN_HANDFUL);
}

export function emptyHandful(): void {
  held = 0;
}

export function hold(nth: i32): void {
  put(handful, held++, nth);
}

export function beginHalves(): void {
  openSums(MOST_HALVES);
  clearing = storing = true;
  beginHalf();
}

function beginHalf(): void {
  halves = from = 0;
  set = 0;
  vcpus = hostVcpus;
  ram = hostRam;
  disk = hostDisk;
  foundAt = NONE;
}

/** 1: `filling` is one. 2: there are no more. 0: so many looks were taken. */
export function nextOfHandful(most: i32): i32 {
  while (clearing && looks < most) {
    clearing = !clearSome();
    look(most >> 1);
  }
  while (looks < most) {
    if (storing) {
      addSum(hashOf(hostVcpus - vcpus, hostRam - ram, hostDisk - disk), <i32>set);
      if (!nextPart()) {
        storing = false;
        beginHalf();
      }
      continue;
    }
    const hash = hashOf(vcpus, ram, disk);
    look(1);
    for (let at = findSum(hash, foundAt == NONE ? hash : foundAt + 1); at != NONE; at = findSum(hash, at + 1)) {
      look(2);
      if (!fillsUp(<u32>wordOf(at))) continue;
      foundAt = at;
      return 1;
    }
    foundAt = NONE;
    if (!nextPart()) return 2;
  }
  return 0;
}

/** Units of even places in the handful are the first half, the others the second one. */
function nthOf(i: i32): i32 {
  return get(handful, (i << 1) | (storing ? 0 : 1));
}

/** Goes on to the next part of the half. */
function nextPart(): bool {
  const size = storing ? (held + 1) >> 1 : held >> 1;
  if (++halves >= MOST_HALVES) return false;
  while (!addNext(size)) {
    if (set == 0) return false;
    const top = 31 - <i32>clz(set);
    const nth = nthOf(top);
    vcpus += get(vcpusOf, nth);
    ram += get(ramOf, nth);
    disk += get(diskOf, nth);
    set &= ~((<u32>1) << top);
    from = top + 1;
  }
  return true;
}

/** Adds the next unit that fits to what is in hand of the half. */
function addNext(size: i32): bool {
  while (from < size) {
    const at = from++;
    const nth = nthOf(at);
    look(1);
    if (get(vcpusOf, nth) > vcpus || get(ramOf, nth) > ram || get(diskOf, nth) > disk) continue;
    vcpus -= get(vcpusOf, nth);
    ram -= get(ramOf, nth);
    disk -= get(diskOf, nth);
    set |= (<u32>1) << at;
    return true;
  }
  return false;
}

/** Do these of the first half and what is in hand of the second fill a host? */
function fillsUp(first: u32): bool {
  let v = vcpus;
  let r = ram;
  let d = disk;
  fillingCount = 0;
  for (let rest = first; rest != 0; rest &= rest - 1) {
    const nth = get(handful, (<i32>ctz(rest)) << 1);
    v -= get(vcpusOf, nth);
    r -= get(ramOf, nth);
    d -= get(diskOf, nth);
    put(filling, fillingCount++, nth);
  }
  if ((exactVcpus ? v != 0 : v < 0) || (exactRam ? r != 0 : r < 0) || (exactDisk ? d != 0 : d < 0)) return false;
  for (let rest = set; rest != 0; rest &= rest - 1) put(filling, fillingCount++, nthOf(<i32>ctz(rest)));
  return true;
}
