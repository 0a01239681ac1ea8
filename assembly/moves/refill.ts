import { BLOCK_SHIFT, NONE } from "../abi";
import { activated, forget, place, rollback, touchedCount, touchedRow } from "../assignment";
import { freeDisk, freeRam, freeVcpus } from "../inventory";
import { get, put, words } from "../lib/arena";
import { below } from "../lib/rng";
import { allowed, diskMatters, ramMatters, vcpusMatter } from "../rules";
import { probe, work } from "../search/choose";
import { startOver } from "../search/incumbent";
import { sizeOf, unitSizeOf, unplacedSize } from "../search/order";
import { needDisk, needRam, needVcpus, unitCount } from "../units";
import { Move } from "./move";
import { draw, empty, openPool, pool, pooled, putBack, refillPool, settle } from "./pool";

/** Hosts that are taken apart in a step: at least 2, at most one more than this. */
const MOST_HOSTS = 4;
/** Looks of one search for the best filling. */
const MOST_LOOKS = 1500;
const ATTEMPTS = 3;
/** Turns at once where the plan stands on empty hosts. */
const PACKING_TURNS = 8;
/** Most hosts of which the roomiest is taken apart. */
const ROOMY_TRIES = 16;

let turnEnds = 0;
let attemptEnds = 0;
let attempt = 0;
let rows: usize = 0; // the hosts taken apart
let kept: usize = 0; // the pool before the step
let chosen: usize = 0; // units, hardest first, of which the search has some in hand
let inHand: usize = 0; // 1: in the filling that is looked at
let best: usize = 0; // 1: in the best filling
let rest: usize = 0; // size of this unit and all after it, i64
let least: i64 = 0; // the smallest pool of this attempt
let candidates = 0;
let looks = 0;
let bestSize: i64 = 0;
// Resources that some of them need: the others need not be used up.
let someVcpus = false;
let someRam = false;
let someDisk = false;

/**
 * Closes a host and then takes a few others apart again and again, filling each as full as can be from all that is in
 * hand: the minimum bin slack heuristic (Gupta and Ho 1999; Fleszar and Hindi 2002) inside ruin and recreate. Stays if
 * what finds no place got no larger.
 */
export class Refill extends Move {
  prepare(): void {
    this.share = 1;
    rows = words(MOST_HOSTS + 2, 0);
    kept = words(unitCount, 0);
    chosen = words(unitCount, 0);
    inHand = words(unitCount, 0);
    best = words(unitCount, 0);
    rest = words((unitCount + 1) << 1, 0);
  }

  start(span: i32): bool {
    // On empty hosts alone what counts is to fill them.
    const whole = activated == touchedCount ? PACKING_TURNS * span : span;
    turnEnds = work() + whole;
    attempt = max(100, whole / ATTEMPTS);
    return begin();
  }

  step(): bool {
    if (pooled == 0 || work() >= attemptEnds) {
      if (work() >= turnEnds) return false;
      startOver();
      if (!begin()) return false;
    }
    const was = unplacedSize();
    const before = pooled;
    probe(unitCount); // for the sizes before and after
    memory.copy(kept, pool, (<usize>before) << 2);
    let count = 0;
    for (let more = 2 + below(MOST_HOSTS); more > 0 && touchedCount > 0; more--) {
      const slot = count == 0 ? roomy() : below(touchedCount);
      const row = get(touchedRow, slot);
      put(rows, count++, row);
      empty(slot);
    }
    for (let i = 0; i < count; i++) fill(get(rows, i));
    for (let i = pooled - 1; i >= 0; i--) {
      const unit = draw(i);
      if (!settle(unit)) putBack(unit);
    }
    const now = unplacedSize();
    if (now <= was) {
      forget();
      if (now < least) {
        least = now;
        attemptEnds = work() + attempt;
      }
    } else {
      rollback(0);
      refillPool(kept, before);
    }
    return true;
  }
}

function roomOf(row: i32): i64 {
  return sizeOf(get(freeVcpus, row), get(freeRam, row), get(freeDisk, row));
}

function begin(): bool {
  attemptEnds = work() + attempt;
  least = i64.MAX_VALUE;
  return openPool();
}

/** Of a few touched hosts at random the slot of the one with the most room for what is in hand. */
function roomy(): i32 {
  let slot = NONE;
  let most: i64 = -1;
  for (let tries = below(ROOMY_TRIES) + 1; tries > 0; tries--) {
    const one = below(touchedCount);
    const row = get(touchedRow, one);
    const room = roomOf(row);
    if (room <= most) continue;
    slot = one;
    most = room;
  }
  return slot;
}

/** Fills a host with the hardest unit in hand that it may take, and with others so that little is left. */
function fill(row: i32): void {
  if (!gather(row)) return;
  looks = 0;
  bestSize = 0;
  const hardest = get(chosen, 0);
  put(inHand, 0, 1);
  search(
    1,
    unitSizeOf(hardest),
    (vcpusMatter ? get(freeVcpus, row) : i32.MAX_VALUE) - get(needVcpus, hardest),
    (ramMatters ? get(freeRam, row) : i32.MAX_VALUE) - get(needRam, hardest),
    (diskMatters ? get(freeDisk, row) : i32.MAX_VALUE) - get(needDisk, hardest),
  );
  probe(looks << 1);
  for (let i = 0; i < candidates; i++) put(inHand, i, 0);
  for (let i = pooled - 1; i >= 0; i--) {
    const unit = get(pool, i);
    for (let j = 0; j < candidates; j++) {
      if (get(chosen, j) != unit || !get(best, j)) continue;
      // The others in the filling may be what a rule minds.
      if (mayStand(unit, row)) place(draw(i), row);
      break;
    }
  }
}

function mayStand(unit: i32, row: i32): bool {
  return allowed(unit, row >> BLOCK_SHIFT, 1 << (row & 15)) != 0;
}

/** Lists what of the pool may stand on the host, hardest first. False: nothing. */
function gather(row: i32): bool {
  candidates = 0;
  someVcpus = someRam = someDisk = false;
  for (let p = 0; p < pooled; p++) {
    const unit = get(pool, p);
    if (!mayStand(unit, row)) continue;
    const size = unitSizeOf(unit);
    let i = candidates++;
    while (i > 0 && unitSizeOf(get(chosen, i - 1)) < size) {
      put(chosen, i, get(chosen, i - 1));
      i--;
    }
    put(chosen, i, unit);
    someVcpus = someVcpus || get(needVcpus, unit) > 0;
    someRam = someRam || get(needRam, unit) > 0;
    someDisk = someDisk || get(needDisk, unit) > 0;
  }
  probe(pooled << 3);
  let after: i64 = 0;
  for (let i = candidates - 1; i >= 0; i--) {
    after += unitSizeOf(get(chosen, i));
    store<i64>(rest + ((<usize>i) << 3), after);
  }
  return candidates > 0;
}

/** Tries units from the ith on beside those in hand. True: enough has been seen. */
function search(from: i32, size: i64, vcpus: i32, ram: i32, disk: i32): bool {
  if (size > bestSize) {
    bestSize = size;
    memory.copy(best, inHand, (<usize>candidates) << 2);
    if ((vcpus == 0 || !someVcpus) && (ram == 0 || !someRam) && (disk == 0 || !someDisk)) return true;
  }
  for (let i = from; i < candidates; i++) {
    if (size + load<i64>(rest + ((<usize>i) << 3)) <= bestSize) return false;
    if (++looks > MOST_LOOKS) return true;
    const unit = get(chosen, i);
    if (get(needVcpus, unit) > vcpus || get(needRam, unit) > ram || get(needDisk, unit) > disk) continue;
    put(inHand, i, 1);
    if (
      search(
        i + 1,
        size + unitSizeOf(unit),
        vcpus - get(needVcpus, unit),
        ram - get(needRam, unit),
        disk - get(needDisk, unit),
      )
    ) {
      return true;
    }
    put(inHand, i, 0);
  }
  return false;
}
