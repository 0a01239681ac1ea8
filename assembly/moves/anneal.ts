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
import { get, put, words } from "../lib/arena";
import { below } from "../lib/rng";
import { joinFrom, joinRate, joinRow, joinTo, joinUnit, linksBetween, reservedAt } from "../pipes";
import { allowed, diskMatters, ramMatters, vcpusMatter } from "../rules";
import { placeLeague } from "../search/bundle";
import { probe } from "../search/choose";
import { domainCount, domainRows } from "../search/domain";
import { bestLevels } from "../search/incumbent";
import { allowance, heat, height, isCold, isStill, joined, joinedCount, mayGoOn } from "../search/joined";
import { levelOf } from "../search/objective";
import { bundleOf, leagueOf, needDisk, needRam, needVcpus, unitCount, unitSize } from "../units";
import { Move, WHOLE_SHARE } from "./move";

/** Mean joins that a try may cost at first. */
const WARMTH: f32 = 1;
/** Tries in one step. */
const TRIES = 8;
/** One try of so many is for all the plan's units on a host. */
const EXCHANGE_RATE = 16;
/** What a try, a unit weighed, and a try that moves units cost in probes. */
const TRY_COST = 8;
const WEIGH_COST = 4;
const MOVE_COST = 64;

let taken: usize = 0; // units of two hosts that are exchanged
let size = 0;

/**
 * Simulated annealing of bandwidth: a joined unit goes to the host of one of its ends, near to it or to where the plan is
 * already, or changes places with a unit there, or two hosts exchange all that the plan put there. What that costs follows from the joins of those alone, so most tries
 * are refused before a unit is taken off.
 */
export class Anneal extends Move {
  prepare(): void {
    this.share = WHOLE_SHARE;
    taken = words(unitCount, NONE);
    size = 0;
  }

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
  if (from == NONE) {
    insert(unit);
    return;
  }
  const to = target(unit, from);
  if (to == from) return;
  if (below(EXCHANGE_RATE) == 0) {
    exchange(from, to);
    return;
  }
  const cost = reservedAt(unit, to) - reservedAt(unit, from);
  const most = allowance();
  if (fits(unit, to, NONE)) {
    if (cost <= most && !opens(unit, from, to)) relocate(unit, to, height() + most);
  } else swap(unit, from, to, cost, most);
}

/** Of a plan in which VMs have no host: the others may have left room on hosts and links by now. */
function insert(unit: i32): void {
  if (placeLeague(get(leagueOf, get(bundleOf, unit)))) forget();
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

/** All that the plan put on the one host goes to the other, and the other way round. */
function exchange(a: i32, b: i32): void {
  if (!areInterchangeable(a, b)) return;
  const most = allowance();
  if (costOfAll(a, b) + costOfAll(b, a) > most) return;
  const highest = height() + most;
  size = 0;
  takeAll(a);
  const fromA = size;
  takeAll(b);
  probe(MOVE_COST * size);
  for (let i = 0; i < size; i++) {
    const to = i < fromA ? b : a;
    if (!mayStand(get(taken, i), to)) {
      rollback(0);
      return;
    }
    place(get(taken, i), to);
  }
  if (mayGoOn(highest)) forget();
  else rollback(0);
}

/** Have the hosts room for each other's units? */
function areInterchangeable(a: i32, b: i32): bool {
  // What b would have to take more than it gives.
  let vcpus = 0;
  let ram = 0;
  let disk = 0;
  for (let unit = firstUnit(a); unit != NONE; unit = get(nextUnit, unit)) {
    vcpus += get(needVcpus, unit);
    ram += get(needRam, unit);
    disk += get(needDisk, unit);
  }
  for (let unit = firstUnit(b); unit != NONE; unit = get(nextUnit, unit)) {
    vcpus -= get(needVcpus, unit);
    ram -= get(needRam, unit);
    disk -= get(needDisk, unit);
  }
  return (
    ((get(freeVcpus, b) >= vcpus && get(freeVcpus, a) >= -vcpus) || !vcpusMatter) &&
    ((get(freeRam, b) >= ram && get(freeRam, a) >= -ram) || !ramMatters) &&
    ((get(freeDisk, b) >= disk && get(freeDisk, a) >= -disk) || !diskMatters)
  );
}

/** What joins of the units on a host reserve more when they stand on the other host; those between the two stay as they are. */
function costOfAll(from: i32, to: i32): i64 {
  let cost: i64 = 0;
  for (let unit = firstUnit(from); unit != NONE; unit = get(nextUnit, unit)) {
    probe(WEIGH_COST);
    for (let j = joinFrom(unit), end = joinTo(unit); j < end; j++) {
      const row = joinRow(j);
      if (row == NONE || (joinUnit(j) >= 0 && (row == from || row == to))) continue;
      cost += joinRate(j) * (linksBetween(to, row) - linksBetween(from, row));
    }
  }
  return cost;
}

function takeAll(row: i32): void {
  for (let unit = firstUnit(row), after = NONE; unit != NONE; unit = after) {
    after = get(nextUnit, unit);
    remove(unit);
    put(taken, size++, unit);
  }
}
