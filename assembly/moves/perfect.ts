import { BLOCK_SHIFT, NONE } from "../abi";
import { forget, hostOf, place, remove } from "../assignment";
import { get, put, room } from "../lib/arena";
import { below } from "../lib/rng";
import { allowed } from "../rules";
import { probe, work } from "../search/choose";
import { startOver } from "../search/incumbent";
import { unitCount } from "../units";
import { beginDance, clearList, dance, list, prepareDance, settleCover, solved } from "./dance";
import { hostDisk, hostRam, hostVcpus, mayBeEven, mustBeEven, prepareEven, rows } from "./even";
import {
  beginFillings,
  binOf,
  DONE,
  diskOf,
  FOUND,
  lookAfresh,
  looks,
  MORE,
  MOST_PARTS,
  nextFilling,
  pairSome,
  pairUp,
  partCount,
  parts,
  prepareFillings,
  ramOf,
  sorted,
  sortUnits,
  vcpusOf,
} from "./fillings";
import {
  beginHalves,
  emptyHandful,
  filling,
  fillingCount,
  handful,
  held,
  hold,
  MOST_HALVES,
  MOST_IN_HANDFUL,
  nextOfHandful,
  prepareHalves,
} from "./halves";
import { Move, WHOLE_SHARE } from "./move";
import { prepareSums } from "./sums";

/** Units at most: the table of their pairs takes 8 MiB. */
const MOST_UNITS = 1024;
/** Looks of one step. */
const LOOKS = 4096;
/** Turns at once. */
const TURNS = 24;
/** Units of the fillings that are all listed, at most, and the looks that this and their cover may take, in steps. */
const MOST_LISTED_PARTS = 6;
const LIST_STEPS = 12000;
const DANCE_STEPS = 25000;
/** Steps for the filling of one unit, */
const UNIT_STEPS = 1000;
/** and for the last cover. */
const LAST_STEPS = 1000;
/** From so few units on fillings are looked for in a handful, */
const LAST_UNITS = 60;
/** which is tried so many times, with others in hand. */
const LAST_TRIES = 8;

const ONE: f32 = 1;

// What is being done.
const PAIRING = 0;
const LISTING = 1;
const DANCING = 2;
const FILLING = 3;
const HALVING = 4;
const LAST_DANCE = 5;
const COMPLETE = 6;
let doing = PAIRING;

let begun = false;
let possible = false;
let pairs = false; // the table holds them
let tries = 0; // of filling host after host
let steps = 0; // of what is being done
let turnEnds = 0;
let hardest: usize = 0; // nths, that first which leaves others the least
let sizes: usize = 0; // nth -> sum of the squares of its needs, each as a part of the host's: f32
let order: usize = 0; // nth -> what it leaves of a host: f32
let bin = 0; // hosts filled
let binned = 0; // units on them
let firm = 0; // hosts filled before the last units
let lastTries = 0;
let best: usize = 0; // the best filling for the next host
let bestCount = 0; // 0: none
let bestValue: f32 = 0;

/**
 * Where a better plan must fill equal empty hosts to the last unit, and few sets of units do. Fillings of two units, three,
 * and so on to six are listed, all there are, and put together as an exact cover. Where they are too many, or too few to
 * find the others among, hosts are filled one after the other: the unit that goes with the fewest others first, with as
 * few and as large others as can be. So the last units are small, and of them many go onto a host: then there are plenty
 * of ways to fill it, although there were hardly any before, and an exact cover of all fillings of the last few dozen
 * ends it.
 */
export class PerfectFilling extends Move {
  prepare(): void {
    this.share = WHOLE_SHARE;
    prepareEven();
    begun = false;
    tries = 0;
    possible = unitCount <= MOST_UNITS && mayBeEven();
    if (!possible) return;
    prepareFillings();
    prepareDance();
    prepareHalves();
    prepareSums(max((unitCount * unitCount) >> 1, MOST_HALVES));
    hardest = room(unitCount);
    sizes = room(unitCount);
    order = room(unitCount);
    best = room(MOST_IN_HANDFUL);
  }

  start(span: i32): bool {
    if (!possible || !mustBeEven()) return false;
    this.share = WHOLE_SHARE;
    turnEnds = work() + TURNS * span;
    if (!begun) {
      begun = true;
      sortUnits();
      sortHardest();
      pairs = false;
      goTo(PAIRING);
      pairUp();
    }
    return true;
  }

  step(): bool {
    lookAfresh();
    steps++;
    if (doing == PAIRING) pair();
    else if (doing == LISTING) listAll();
    else if (doing == DANCING) coverAll();
    else if (doing == FILLING) fill();
    else if (doing == HALVING) halve();
    else if (doing == LAST_DANCE) coverLast();
    probe(looks);
    if (doing == COMPLETE) {
      if (build()) {
        begun = false;
        return false;
      }
      again();
    }
    return work() < turnEnds;
  }
}

function goTo(next: i32): void {
  doing = next;
  steps = 0;
}

function pair(): void {
  if (!pairSome(LOOKS)) return;
  pairs = true;
  if (tries > 0 || unitCount <= MOST_IN_HANDFUL) {
    again();
    return;
  }
  clearBins();
  clearList();
  goTo(LISTING);
  beginFillings(NONE, 1);
}

function clearBins(): void {
  memory.fill(binOf, 0xff, (<usize>unitCount) << 2);
  bin = binned = firm = lastTries = 0;
}

/** Lists fillings, and covers the units each time all of so many units are listed. */
function listAll(): void {
  for (;;) {
    const outcome = nextFilling(LOOKS);
    if (outcome == MORE) {
      if (steps > LIST_STEPS) again();
      return;
    }
    if (outcome == FOUND) {
      if (list(parts, partCount)) continue;
      again();
      return;
    }
    if (beginDance()) doing = DANCING;
    else if (partCount < MOST_LISTED_PARTS) beginFillings(NONE, partCount + 1);
    else again();
    return;
  }
}

function coverAll(): void {
  if (dance(LOOKS)) {
    if (solved()) {
      settleCover(0);
      doing = COMPLETE;
    } else if (partCount < MOST_LISTED_PARTS) {
      doing = LISTING;
      beginFillings(NONE, partCount + 1);
    } else again();
  } else if (steps > LIST_STEPS + DANCE_STEPS) again();
}

/** Begins to fill host after host, from the first one on. */
function again(): void {
  clearBins();
  if (pairs) {
    tries++;
    openHost();
  } else {
    goTo(PAIRING);
    pairUp();
  }
}

/** Goes on to the next host. */
function openHost(): void {
  bestCount = 0;
  if (unitCount - binned <= LAST_UNITS) {
    takeHandful();
    return;
  }
  firm = bin + 1;
  goTo(FILLING);
  beginFillings(first(), 1);
}

/** The last units have another try, with others in hand; after some of them all hosts are filled anew. */
function retry(): void {
  if (++lastTries >= LAST_TRIES) {
    again();
    return;
  }
  for (let nth = 0; nth < unitCount; nth++) {
    if (get(binOf, nth) < firm) continue;
    put(binOf, nth, NONE);
    binned--;
  }
  bin = firm;
  openHost();
}

/** The unit that waits and goes with the fewest others. */
function first(): i32 {
  let i = 0;
  while (get(binOf, get(hardest, i)) != NONE) i++;
  return get(hardest, i);
}

/** Looks for the filling of the hardest unit, with one more each time there is none. */
function fill(): void {
  for (;;) {
    const outcome = nextFilling(LOOKS);
    if (outcome == FOUND) {
      offer(parts, partCount);
      continue;
    }
    if (outcome == MORE && steps <= UNIT_STEPS) return;
    if (bestCount > 0) closeHost();
    else if (outcome == DONE && partCount < MOST_PARTS) beginFillings(first(), partCount + 1);
    else again();
    return;
  }
}

/** The fewest units are the best, of equally many the largest. */
function offer(nths: usize, count: i32): void {
  if (bestCount > 0 && count > bestCount) return;
  let value: f32 = 0;
  for (let i = 0; i < count; i++) value += load<f32>(sizes + ((<usize>get(nths, i)) << 2));
  if (tries > 1) value += <f32>below(1024) * <f32>0.0001;
  if (count == bestCount && value <= bestValue) return;
  bestCount = count;
  bestValue = value;
  memory.copy(best, nths, (<usize>count) << 2);
}

function closeHost(): void {
  for (let i = 0; i < bestCount; i++) put(binOf, get(best, i), bin);
  bin++;
  binned += bestCount;
  openHost();
}

/** The hardest unit that waits and others, if they are more than a handful some of them. */
function takeHandful(): void {
  emptyHandful();
  clearList();
  hold(first());
  let left = unitCount - binned - 1;
  for (let i = 0; i < unitCount; i++) {
    const nth = get(hardest, i);
    if (get(binOf, nth) != NONE || nth == get(handful, 0)) continue;
    if (below(left--) < MOST_IN_HANDFUL - held) hold(nth);
  }
  goTo(HALVING);
  beginHalves();
  pairs = false;
}

/** Lists all fillings of the handful: the last units are covered by them, of more the hardest has one. */
function halve(): void {
  const isLast = held == unitCount - binned;
  for (;;) {
    const outcome = nextOfHandful(LOOKS);
    if (outcome == MORE) return;
    if (outcome == FOUND) {
      if (!isLast) {
        if (get(filling, 0) == get(handful, 0)) offer(filling, fillingCount);
        continue;
      }
      if (list(filling, fillingCount)) continue;
    }
    if (isLast) {
      if (beginDance()) goTo(LAST_DANCE);
      else retry();
    } else if (bestCount > 0) closeHost();
    else retry();
    return;
  }
}

function coverLast(): void {
  const ended = dance(LOOKS);
  if (ended && solved()) {
    settleCover(bin);
    doing = COMPLETE;
  } else if (ended || steps > LAST_STEPS) retry();
}

/** What a unit leaves of a host, resource by resource multiplied, says how few others go with it. */
function sortHardest(): void {
  for (let nth = 0; nth < unitCount; nth++) {
    const byVcpus = shareOf(get(vcpusOf, nth), hostVcpus);
    const byRam = shareOf(get(ramOf, nth), hostRam);
    const byDisk = shareOf(get(diskOf, nth), hostDisk);
    store<f32>(sizes + ((<usize>nth) << 2), byVcpus * byVcpus + byRam * byRam + byDisk * byDisk);
    const leaves = (ONE - byVcpus) * (ONE - byRam) * (ONE - byDisk);
    put(hardest, nth, nth);
    store<f32>(order + ((<usize>nth) << 2), leaves);
  }
  for (let gap = unitCount >> 1; gap > 0; gap >>= 1) {
    for (let i = gap; i < unitCount; i++) {
      const nth = get(hardest, i);
      let j = i;
      while (j >= gap && leavesMore(get(hardest, j - gap), nth)) {
        put(hardest, j, get(hardest, j - gap));
        j -= gap;
      }
      put(hardest, j, nth);
    }
  }
}

function leavesMore(a: i32, b: i32): bool {
  const x = load<f32>(order + ((<usize>a) << 2));
  const y = load<f32>(order + ((<usize>b) << 2));
  return x > y || (x == y && a > b);
}

function shareOf(need: i32, capacity: i32): f32 {
  return capacity > 0 ? <f32>need / <f32>capacity : 0;
}

/** Puts the units on the hosts that they fill. False: a rule is against it. */
function build(): bool {
  for (let u = 0; u < unitCount; u++) if (get(hostOf, u) != NONE) remove(u);
  let placed = 0;
  for (let nth = 0; nth < unitCount; nth++) {
    const unit = get(sorted, nth);
    const row = get(rows, get(binOf, nth));
    if (!allowed(unit, row >> BLOCK_SHIFT, 1 << (row & 15))) continue;
    place(unit, row);
    placed++;
  }
  forget();
  if (placed == unitCount) return true;
  startOver();
  return false;
}
