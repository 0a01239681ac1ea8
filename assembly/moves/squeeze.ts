import { BLOCK_SHIFT, NONE } from "../abi";
import { firstUnit, forget, markLog, nextUnit, place, remove, rollback, touchedCount, touchedRow } from "../assignment";
import { freeDisk, freeRam, freeVcpus, rackOf } from "../inventory";
import { add, get, put, words } from "../lib/arena";
import { below } from "../lib/rng";
import { allowed, diskMatters, mayEnter, ramMatters, suits, vcpusMatter } from "../rules";
import { probe, work } from "../search/choose";
import { startOver } from "../search/incumbent";
import { unitSizeOf } from "../search/order";
import { needDisk, needRam, needVcpus, unitCount } from "../units";
import { Move } from "./move";
import { draw, openPool, pooled, putBack, settle, takeOff } from "./pool";

/** An attempt at one victim takes this share of a turn, at least. */
const ATTEMPTS = 3;
const TABU_LEAST = 4;
const TABU_MORE = 8;

let rows: usize = 0; // the touched hosts
let there: usize = 0; // units of one of them
let failures: usize = 0; // unit -> times it found no place
let tabuUntil: usize = 0; // unit -> step before which it is not taken off again
let steps = 0;
let turnEnds = 0;
let attemptEnds = 0;
let attempt = 0;

// The cheapest units to take off for the one in hand.
let bestRow = NONE;
let bestFirst = NONE;
let bestSecond = NONE;
let bestCost: f32 = 0;
let ties = 0;

/**
 * Empties a host and closes it: its units wait in a pool, and each that finds no place on the others takes that of one or
 * two units there, which are then in the pool in its stead: those that are smallest and have failed least often (Nagata
 * and Braysy 2009, "A powerful route minimization heuristic"; the pool of Buljubasic and Vasquez 2016 for bins). With an
 * empty pool the plan has one host less. While some VM has no host, those without are the pool and no host is closed.
 */
export class Squeeze extends Move {
  prepare(): void {
    this.share = 4;
    rows = words(unitCount, 0);
    there = words(unitCount, 0);
    failures = words(unitCount, 0);
    tabuUntil = words(unitCount, 0);
    steps = 0;
  }

  start(span: i32): bool {
    turnEnds = work() + span;
    attempt = max(100, span / ATTEMPTS);
    return begin();
  }

  step(): bool {
    if (pooled == 0 || work() >= attemptEnds) {
      if (work() >= turnEnds) return false;
      startOver();
      if (!begin()) return false;
    }
    steps++;
    const unit = draw(below(pooled));
    if (!settle(unit) && !displace(unit)) putBack(unit);
    put(tabuUntil, unit, steps + TABU_LEAST + below(TABU_MORE));
    forget();
    return true;
  }
}

function begin(): bool {
  attemptEnds = work() + attempt;
  memory.fill(failures, 0, (<usize>unitCount) << 2);
  return openPool();
}

/** Places the unit where the cheapest one or two others make room, and puts those into the pool. False: nowhere. */
function displace(unit: i32): bool {
  add(failures, unit, 1);
  bestRow = NONE;
  ties = 0;
  // Trying moves hosts and units to the ends of their lists, so both are read from copies.
  const count = touchedCount;
  memory.copy(rows, touchedRow, (<usize>count) << 2);
  for (let i = 0; i < count; i++) weigh(unit, get(rows, i));
  if (bestRow == NONE) return false;
  takeOff(bestFirst);
  if (bestSecond != NONE) takeOff(bestSecond);
  place(unit, bestRow);
  return true;
}

function costOf(unit: i32): f32 {
  if (get(tabuUntil, unit) > steps) return f32.MAX_VALUE;
  return <f32>(unitSizeOf(unit) + 1) * <f32>(get(failures, unit) + 4);
}

function weigh(unit: i32, row: i32): void {
  probe(4);
  if (!mayEnter(unit, rackOf(row)) || !suits(unit, row)) return;
  // What has to come free.
  const vcpus = vcpusMatter ? get(needVcpus, unit) - get(freeVcpus, row) : 0;
  const ram = ramMatters ? get(needRam, unit) - get(freeRam, row) : 0;
  const disk = diskMatters ? get(needDisk, unit) - get(freeDisk, row) : 0;
  let count = 0;
  for (let u = firstUnit(row); u != NONE; u = get(nextUnit, u)) put(there, count++, u);
  probe(count);
  for (let i = 0; i < count; i++) {
    const a = get(there, i);
    const cost = costOf(a);
    if (bestRow != NONE && cost > bestCost) continue;
    if (get(needVcpus, a) >= vcpus && get(needRam, a) >= ram && get(needDisk, a) >= disk) {
      propose(unit, row, a, NONE, cost);
      continue;
    }
    probe(count - i);
    for (let j = i + 1; j < count; j++) {
      const b = get(there, j);
      const both = cost + costOf(b);
      if (
        (bestRow == NONE || both <= bestCost) &&
        get(needVcpus, a) + get(needVcpus, b) >= vcpus &&
        get(needRam, a) + get(needRam, b) >= ram &&
        get(needDisk, a) + get(needDisk, b) >= disk
      ) {
        propose(unit, row, a, b, both);
      }
    }
  }
}

/** Takes it as the best if the rules agree; among equals each has the same chance. */
function propose(unit: i32, row: i32, first: i32, second: i32, cost: f32): void {
  if (cost >= f32.MAX_VALUE) return;
  if (bestRow != NONE && cost == bestCost) {
    if (below(++ties + 1) > 0) return;
  } else ties = 0;
  const mark = markLog();
  remove(first);
  if (second != NONE) remove(second);
  const agreed = allowed(unit, row >> BLOCK_SHIFT, 1 << (row & 15)) != 0;
  rollback(mark);
  probe(32);
  if (!agreed) return;
  bestRow = row;
  bestFirst = first;
  bestSecond = second;
  bestCost = cost;
}
