import { BLOCK_SHIFT, NONE } from "../abi";
import {
  activated,
  firstUnit,
  forget,
  hostOf,
  nextUnit,
  place,
  remove,
  rollback,
  touchedCount,
  touchedRow,
} from "../assignment";
import { freeDisk, freeRam, freeVcpus, hostVms, rackBlock, rackOf } from "../inventory";
import { get } from "../lib/arena";
import { below } from "../lib/rng";
import { joinFrom, joinRate, joinRow, joinTo, joinUnit, linksBetween, reservedAt } from "../pipes";
import { allowed, diskMatters, ramMatters, vcpusMatter } from "../rules";
import { probe } from "../search/choose";
import { domainCount, domainRows } from "../search/domain";
import { bestLevels } from "../search/incumbent";
import { allowance, heat, height, isCold, isStill, joined, joinedCount, mayGoOn } from "../search/joined";
import { levelOf } from "../search/objective";
import { needDisk, needRam, needVcpus, unitSize } from "../units";
import { Move } from "./move";

/** Mean joins that a try may cost at first. */
const WARMTH: f32 = 1;
/** Tries in one step. */
const TRIES = 8;
/** What a try, a unit weighed, and a try that moves units cost in probes. */
const TRY_COST = 8;
const WEIGH_COST = 4;
const MOVE_COST = 64;

/**
 * Simulated annealing of bandwidth: a joined unit goes to the host of one of its ends, near to it or to where the plan is
 * already, or changes places with a unit there. What that costs follows from the joins of the two alone, so most tries
 * are refused before a unit is taken off.
 */
export class Anneal extends Move {
  start(span: i32): bool {
    if (isStill()) return false;
    heat(span, WARMTH);
    return true;
  }

  step(): bool {
    for (let tries = 0; tries < TRIES; tries++) attempt();
    return !isCold();
  }
}

function attempt(): void {
  probe(TRY_COST);
  const unit = get(joined, below(joinedCount));
  const from = get(hostOf, unit);
  const to = target(unit, from);
  if (to == from) return;
  const cost = reservedAt(unit, to) - reservedAt(unit, from);
  const most = allowance();
  if (fits(unit, to, NONE)) {
    if (cost <= most && !opens(unit, from, to)) relocate(unit, to, height() + most);
  } else swap(unit, from, to, cost, most);
}

/** A host to which the unit might go. */
function target(unit: i32, from: i32): i32 {
  const count = get(domainCount, unit);
  if (count >= 0) return count == 0 ? from : get(<usize>get(domainRows, unit), below(count));
  const way = below(8);
  if (way == 0) return get(touchedRow, below(touchedCount));
  if (way == 1) return anyInRackOf(from);
  const first = joinFrom(unit);
  const row = joinRow(first + below(joinTo(unit) - first));
  return row == NONE ? from : way < 6 ? row : anyInRackOf(row);
}

function anyInRackOf(row: i32): i32 {
  const rack = rackOf(row);
  const first = get(rackBlock, rack) << BLOCK_SHIFT;
  return first + below((get(rackBlock, rack + 1) << BLOCK_SHIFT) - first);
}

/** Has the host room for the unit once the other one, if any, has left? Pads have none. */
function fits(unit: i32, row: i32, other: i32): bool {
  const vcpus = get(freeVcpus, row) + (other == NONE ? 0 : get(needVcpus, other));
  const ram = get(freeRam, row) + (other == NONE ? 0 : get(needRam, other));
  const disk = get(freeDisk, row) + (other == NONE ? 0 : get(needDisk, other));
  return (
    (vcpus >= get(needVcpus, unit) || !vcpusMatter) &&
    (ram >= get(needRam, unit) || !ramMatters) &&
    (disk >= get(needDisk, unit) || !diskMatters)
  );
}

/** Would it activate one host more than the best plan does? */
function opens(unit: i32, from: i32, to: i32): bool {
  return get(hostVms, to) == 0 && <i64>activated >= levelOf(bestLevels, 1) && get(hostVms, from) > unitSize(unit);
}

function mayStand(unit: i32, row: i32): bool {
  return allowed(unit, row >> BLOCK_SHIFT, 1 << (row & 15)) != 0;
}

function relocate(unit: i32, to: i32, highest: i64): void {
  probe(MOVE_COST);
  remove(unit);
  if (mayStand(unit, to)) {
    place(unit, to);
    if (mayGoOn(highest)) {
      forget();
      return;
    }
  }
  rollback(0);
}

/** With the unit there with which it costs least. */
function swap(unit: i32, from: i32, to: i32, cost: i64, most: i64): void {
  let partner = NONE;
  let least: i64 = most + 1;
  for (let other = firstUnit(to); other != NONE; other = get(nextUnit, other)) {
    probe(WEIGH_COST);
    if (!fits(unit, to, other) || !fits(other, from, unit)) continue;
    const both = cost + reservedAt(other, from) - reservedAt(other, to) + 2 * between(unit, other, from, to);
    if (both >= least) continue;
    partner = other;
    least = both;
  }
  if (partner == NONE) return;
  probe(MOVE_COST << 1);
  const highest = height() + most;
  remove(unit);
  remove(partner);
  if (mayStand(unit, to)) {
    place(unit, to);
    if (mayStand(partner, from)) {
      place(partner, from);
      if (mayGoOn(highest)) {
        forget();
        return;
      }
    }
  }
  rollback(0);
}

/** What joins of the two with each other reserve: as much after the swap as before, but each counts them as gone. */
function between(unit: i32, other: i32, from: i32, to: i32): i64 {
  for (let j = joinFrom(unit), end = joinTo(unit); j < end; j++) {
    if (joinUnit(j) == other) return joinRate(j) * linksBetween(from, to);
  }
  return 0;
}
