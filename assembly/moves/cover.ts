import { BLOCK_SHIFT, NONE } from "../abi";
import { firstUnit, forget, hostOf, nextUnit, place, remove, touchedCount, touchedRow } from "../assignment";
import { freeDisk, freeRam, freeVcpus } from "../inventory";
import { add, get, put, words } from "../lib/arena";
import { below } from "../lib/rng";
import { allowed } from "../rules";
import { probe, work } from "../search/choose";
import { startOver } from "../search/incumbent";
import { needDisk, needRam, needVcpus, unitCount } from "../units";
import {
  exactDisk,
  exactRam,
  exactResources,
  exactVcpus,
  hostDisk,
  hostRam,
  hostVcpus,
  key,
  keyOf,
  mustBeEven,
  prepareEven,
  rows,
} from "./even";
import { Move, WHOLE_SHARE } from "./move";

/** Units in hand at most: the bits of a filling. */
const MOST_IN_HAND = 64;
const FEWEST_IN_HAND = 16;
/** Fillings of them that are listed, and units of one. */
const MOST_FILLINGS = 1536;
const MOST_UNITS = 10;
/** Fillings that are listed if so many units can be had. */
const ENOUGH = 400;
/** Looks of a step: while fillings are listed, and while they are put together. */
const LIST_LOOKS = 20000;
const COVER_LOOKS = 50000;

/** Turns at once. */
const TURNS = 16;

let inFull: usize = 0; // unit -> 1: in a full host
let bins: usize = 0; // full host -> its units, MOST_UNITS words each
let sizes: usize = 0; // full host -> number of them
let full = 0; // hosts
let waiting: usize = 0; // units that are in none
let waitingCount = 0;
let begun = false;
let turnEnds = 0;

let inHand: usize = 0; // units by falling need of the key resource
let handful = 0;
let held = FEWEST_IN_HAND; // how many are taken in hand: more where fillings are rare
let keys: usize = 0; // their needs of it
let rests: usize = 0; // sum of the needs from the nth on
let fillings: usize = 0; // sets of them that fill a host, as bits: i64
let listed = 0;
let lists: usize = 0; // depth -> fillings that are still possible, MOST_FILLINGS words each
let counts: usize = 0; // nth in hand -> how many of these it is in
let chosen: usize = 0; // depth -> filling
let best: usize = 0;
let bestDepth = 0;
let wanted = 0; // fillings that would be a success
let all: u64 = 0; // as bits
let looks = 0;

/**
 * Where equal empty hosts must be filled to the last unit: beside the plan it keeps a set of full hosts. It takes some of
 * them apart, beside the units that are in none, lists all fillings of these few units and puts them together as an exact
 * cover, always going on with the unit that has the fewest (Knuth 2000, "Dancing links"). A handful of hosts is mostly
 * enough: of 48 units in triplets with sizes of 1 in 1,000 there are some hundred covers in a good 100 fillings.
 */
export class Cover extends Move {
  prepare(): void {
    this.share = WHOLE_SHARE;
    prepareEven();
    inFull = words(unitCount, 0);
    bins = words((unitCount + 1) * MOST_UNITS, 0);
    sizes = words(unitCount + 1, 0);
    waiting = words(unitCount, 0);
    inHand = words(MOST_IN_HAND, 0);
    keys = words(MOST_IN_HAND, 0);
    rests = words(MOST_IN_HAND + 1, 0);
    fillings = words(MOST_FILLINGS << 1, 0);
    lists = words(MOST_FILLINGS * (MOST_IN_HAND + 1), 0);
    counts = words(MOST_IN_HAND, 0);
    chosen = words(MOST_IN_HAND + 1, 0);
    best = words(MOST_IN_HAND + 1, 0);
    begun = false;
    held = (FEWEST_IN_HAND + MOST_IN_HAND) >> 1;
  }

  start(span: i32): bool {
    // Of a few dozen units hardly any set fills a host in several resources at once.
    if (!mustBeEven() || exactResources() > 1) return false;
    this.share = WHOLE_SHARE; // nothing else finds them
    turnEnds = work() + TURNS * span;
    if (!begun) readPlan();
    begun = true;
    return true;
  }

  step(): bool {
    looks = 0;
    const opened = takeInHand();
    listFillings();
    probe(looks >> 1);
    if (looks > LIST_LOOKS || listed > ENOUGH) held = max(FEWEST_IN_HAND, held - 1);
    else if (listed < ENOUGH) held = min(MOST_IN_HAND, held + 1);
    looks = 0;
    bestDepth = 0;
    wanted = opened + 1;
    for (let i = 0; i < listed; i++) put(lists, i, i);
    cover(0, listed, all);
    probe(looks >> 2);
    if (bestDepth >= opened) adoptBest(opened);
    if (waitingCount == 0) {
      build();
      begun = false;
      return false;
    }
    return work() < turnEnds;
  }
}

/** The full hosts of the plan, and the units of all others. */
function readPlan(): void {
  full = 0;
  waitingCount = 0;
  for (let u = 0; u < unitCount; u++) put(inFull, u, 0);
  for (let slot = 0; slot < touchedCount; slot++) {
    const row = get(touchedRow, slot);
    if (
      (exactVcpus && get(freeVcpus, row) > 0) ||
      (exactRam && get(freeRam, row) > 0) ||
      (exactDisk && get(freeDisk, row) > 0)
    ) {
      continue;
    }
    let size = 0;
    for (let u = firstUnit(row); u != NONE; u = get(nextUnit, u)) {
      if (size < MOST_UNITS) put(bins, full * MOST_UNITS + size, u);
      size++;
    }
    if (size > MOST_UNITS) continue;
    for (let i = 0; i < size; i++) put(inFull, get(bins, full * MOST_UNITS + i), 1);
    put(sizes, full++, size);
  }
  for (let u = 0; u < unitCount; u++) if (!get(inFull, u)) put(waiting, waitingCount++, u);
}

/** Takes units that wait in hand, then full hosts at random. Returns how many of these. */
function takeInHand(): i32 {
  const most = held - below(held >> 2);
  handful = 0;
  const left = min(waitingCount, most >> 1); // those that wait alone may well have no filling
  for (let i = 0; i < left; i++) {
    const other = i + below(waitingCount - i);
    const unit = get(waiting, other);
    put(waiting, other, get(waiting, i));
    put(waiting, i, unit);
    hold(unit);
  }
  // The first `left` of the list of full hosts are the ones taken apart.
  let opened = 0;
  while (opened < full) {
    const other = opened + below(full - opened);
    if (handful + get(sizes, other) > most) break;
    swapBins(opened, other);
    for (let i = 0; i < get(sizes, opened); i++) hold(get(bins, opened * MOST_UNITS + i));
    opened++;
  }
  all = handful == 64 ? u64.MAX_VALUE : ((<u64>1) << handful) - 1;
  put(rests, handful, 0);
  for (let i = handful - 1; i >= 0; i--) {
    put(keys, i, get(key, get(inHand, i)));
    put(rests, i, <i32>min<i64>(i32.MAX_VALUE, <i64>get(rests, i + 1) + <i64>get(keys, i)));
  }
  looks += handful << 3;
  return opened;
}

function hold(unit: i32): void {
  const needed = get(key, unit);
  let i = handful++;
  while (i > 0 && get(key, get(inHand, i - 1)) < needed) {
    put(inHand, i, get(inHand, i - 1));
    i--;
  }
  put(inHand, i, unit);
}

function swapBins(a: i32, b: i32): void {
  if (a == b) return;
  for (let i = 0; i < MOST_UNITS; i++) {
    const unit = get(bins, a * MOST_UNITS + i);
    put(bins, a * MOST_UNITS + i, get(bins, b * MOST_UNITS + i));
    put(bins, b * MOST_UNITS + i, unit);
  }
  const size = get(sizes, a);
  put(sizes, a, get(sizes, b));
  put(sizes, b, size);
}

function listFillings(): void {
  listed = 0;
  extend(0, 0, 0, hostVcpus, hostRam, hostDisk);
}

/** Lists the fillings of what is in hand with units from the nth on. */
function extend(from: i32, count: i32, set: u64, vcpus: i32, ram: i32, disk: i32): void {
  const left = keyOf(vcpus, ram, disk);
  if (left == 0) {
    if ((exactVcpus && vcpus > 0) || (exactRam && ram > 0) || (exactDisk && disk > 0)) return;
    store<u64>(fillings + ((<usize>listed) << 3), set);
    listed++;
    return;
  }
  if (count == MOST_UNITS) return;
  // The next is the largest of those that follow.
  const least = (left + MOST_UNITS - count - 1) / (MOST_UNITS - count);
  for (let i = from; i < handful; i++) {
    if (get(rests, i) < left || get(keys, i) < least) return;
    if (++looks > LIST_LOOKS || listed == MOST_FILLINGS) return;
    if (get(keys, i) > left) continue;
    const unit = get(inHand, i);
    if (get(needVcpus, unit) > vcpus || get(needRam, unit) > ram || get(needDisk, unit) > disk) continue;
    extend(
      i + 1,
      count + 1,
      set | ((<u64>1) << i),
      vcpus - get(needVcpus, unit),
      ram - get(needRam, unit),
      disk - get(needDisk, unit),
    );
  }
}

function fillingOf(i: i32): u64 {
  return load<u64>(fillings + ((<usize>i) << 3));
}

/** Puts fillings of the list of this depth together, so that they cover the units that are left. True: enough has been seen. */
function cover(depth: i32, possible: i32, left: u64): bool {
  if (depth > bestDepth) {
    bestDepth = depth;
    memory.copy(best, chosen, (<usize>depth) << 2);
    if (depth == wanted) return true;
  }
  const list = lists + ((<usize>(depth * MOST_FILLINGS)) << 2);
  const after = list + ((<usize>MOST_FILLINGS) << 2);
  memory.fill(counts, 0, (<usize>handful) << 2);
  for (let i = 0; i < possible; i++) {
    for (let set = fillingOf(get(list, i)); set != 0; set &= set - 1) add(counts, <i32>ctz(set), 1);
  }
  looks += possible << 1;
  let scarcest = NONE;
  let fewest = i32.MAX_VALUE;
  let coverable: i64 = 0;
  for (let set = left; set != 0; set &= set - 1) {
    const nth = <i32>ctz(set);
    const count = get(counts, nth);
    if (count == 0) continue;
    coverable += get(keys, nth);
    if (count >= fewest) continue;
    fewest = count;
    scarcest = nth;
  }
  if (coverable < <i64>(wanted - depth) * <i64>keyOf(hostVcpus, hostRam, hostDisk)) return false;
  const bit = (<u64>1) << scarcest;
  const first = below(possible);
  for (let i = 0; i < possible; i++) {
    const at = first + i;
    const filling = get(list, at < possible ? at : at - possible);
    const set = fillingOf(filling);
    if ((set & bit) == 0) continue;
    put(chosen, depth, filling);
    let still = 0;
    for (let j = 0; j < possible; j++) {
      const other = get(list, j);
      if ((fillingOf(other) & set) == 0) put(after, still++, other);
    }
    looks += possible;
    if (cover(depth + 1, still, left & ~set)) return true;
    if (looks > COVER_LOOKS) return true;
  }
  return false;
}

/** The hosts taken apart make way for the fillings found. */
function adoptBest(opened: i32): void {
  for (let bin = 0; bin < opened; bin++) {
    for (let i = 0; i < get(sizes, bin); i++) put(inFull, get(bins, bin * MOST_UNITS + i), 0);
  }
  for (let d = 0; d < bestDepth; d++) {
    const bin = d < opened ? d : full++;
    let size = 0;
    for (let set = fillingOf(get(best, d)); set != 0; set &= set - 1) {
      const unit = get(inHand, <i32>ctz(set));
      put(inFull, unit, 1);
      put(bins, bin * MOST_UNITS + size++, unit);
    }
    put(sizes, bin, size);
  }
  waitingCount = 0;
  for (let u = 0; u < unitCount; u++) if (!get(inFull, u)) put(waiting, waitingCount++, u);
  probe(unitCount >> 2);
}

/** Puts the units on the hosts that they fill; where a rule is against it the plan stays as it was. */
function build(): void {
  for (let u = 0; u < unitCount; u++) if (get(hostOf, u) != NONE) remove(u);
  let placed = 0;
  for (let bin = 0; bin < full; bin++) {
    const row = get(rows, bin);
    for (let i = 0; i < get(sizes, bin); i++) {
      const unit = get(bins, bin * MOST_UNITS + i);
      if (!allowed(unit, row >> BLOCK_SHIFT, 1 << (row & 15))) continue;
      place(unit, row);
      placed++;
    }
  }
  forget();
  if (placed < unitCount) startOver();
}
