// Where the units stand, and everything that follows from it. `place` and `remove` undo each other exactly; the log of
// them is the undo log of the search, so no state is ever copied.

import { NONE } from "./abi";
import { audit } from "./audit";
import {
  classDisk,
  classRam,
  classVcpus,
  clusterVms,
  freeDisk,
  freeRam,
  freeVcpus,
  hostClass,
  hostVms,
  rackCluster,
  rackOf,
  rackReal,
  rackTouched,
  rackVms,
  touchedSlot,
} from "./inventory";
import { add, get, put, words } from "./lib/arena";
import { followHosts, isJoined, joinedMoved, reservedAt } from "./pipes";
import { vmCount } from "./request";
import { movedRules } from "./rules";
import { turn } from "./search/frontier";
import { exclusiveCount, exclusiveOf, needDisk, needRam, needVcpus, unitCount, unitSize } from "./units";

/** Unit -> host row, NONE: not placed. */
export let hostOf: usize = 0;

/** Touched hosts, in no order: row, units on it, the first of them, whether it held no VM before. */
export let touchedCount = 0;
export let touchedRow: usize = 0;
export let touchedUnits: usize = 0;
export let touchedFirst: usize = 0;
export let touchedFresh: usize = 0;

/** Unit -> the next unit on its host, NONE: the last. In no order. */
export let nextUnit: usize = 0;
let previousUnit: usize = 0;

// Levels of the objective, kept up to date.
export let unplacedVms = 0;
export let activated = 0;
/** Bandwidth reserved by pipes, kbit/s x links crossed (0 same host, 2 same rack, 4 other rack). */
export let reserved: i64 = 0;
export let racksTouched = 0;
let racklessTouched = 0;

/** Needs of the units without exclusivity that wait for a host: what a newly opened host may yet absorb. */
export let waitingVcpus: i64 = 0;
export let waitingRam: i64 = 0;
export let waitingDisk: i64 = 0;

/** Class of host-level exclusivity -> the same for its units. */
let waitingOwners: usize = 0;

/** Exact work counter. */
export let moves = 0;
/** How often a unit was taken off a host. */
export let removals = 0;

// Undo log: a placed unit, or a removed one with the row it stood on, as (unit, row or ~row).
let log: usize = 0;
let logEnd = 0;
let logCapacity = 0;

export function prepareAssignment(): void {
  waitingOwners = words((exclusiveCount + 1) * 6, 0);
  nextUnit = words(unitCount, NONE);
  previousUnit = words(unitCount, NONE);
  hostOf = words(unitCount, NONE);
  followHosts(hostOf);
  touchedCount = 0;
  touchedRow = words(unitCount, 0);
  touchedUnits = words(unitCount, 0);
  touchedFirst = words(unitCount, 0);
  touchedFresh = words(unitCount, 0);
  unplacedVms = vmCount;
  activated = 0;
  reserved = 0;
  racksTouched = 0;
  racklessTouched = 0;
  waitingVcpus = waitingRam = waitingDisk = 0;
  for (let u = 0; u < unitCount; u++) waits(u, 1);
  moves = 0;
  removals = 0;
  // An iteration of the search removes and places each unit at most once beyond what it takes back at once.
  logCapacity = 4 * unitCount + 16;
  log = words(logCapacity << 1, 0);
  logEnd = 0;
}

/** Needs of the units of a class of host-level exclusivity that wait for a host: vCPU, MiB, GiB, i64 each. */
export function waitingOf(exclusive: i32): usize {
  return waitingOwners + <usize>(exclusive * 24);
}

function waits(unit: i32, by: i32): void {
  const exclusive = get(exclusiveOf, unit);
  if (exclusive > 0) {
    const at = waitingOf(exclusive);
    store<i64>(at, load<i64>(at) + <i64>(by * get(needVcpus, unit)));
    store<i64>(at, load<i64>(at, 8) + <i64>by * <i64>get(needRam, unit), 8);
    store<i64>(at, load<i64>(at, 16) + <i64>by * <i64>get(needDisk, unit), 16);
    return;
  }
  waitingVcpus += <i64>(by * get(needVcpus, unit));
  waitingRam += <i64>by * <i64>get(needRam, unit);
  waitingDisk += <i64>by * <i64>get(needDisk, unit);
}

function put_(unit: i32, row: i32): void {
  movedRules(unit, row, 1);
  const size = unitSize(unit);
  const rack = rackOf(row);
  const cluster = get(rackCluster, rack);
  let slot = get(touchedSlot, row) - 1;
  if (slot < 0) {
    slot = touchedCount++;
    put(touchedSlot, row, slot + 1);
    put(touchedRow, slot, row);
    put(touchedUnits, slot, 0);
    put(touchedFirst, slot, NONE);
    const fresh = get(hostVms, row) == 0 ? 1 : 0;
    put(touchedFresh, slot, fresh);
    activated += fresh;
    const touched = get(rackTouched, rack) + 1;
    put(rackTouched, rack, touched);
    if (touched == 1) countRack(rack, 1);
    turn(row);
  }
  add(touchedUnits, slot, 1);
  link(unit, slot);
  add(hostVms, row, size);
  add(rackVms, rack, size);
  if (cluster != NONE) add(clusterVms, cluster, size);
  if (isJoined(unit)) {
    reserved += reservedAt(unit, row);
    joinedMoved(unit, 1);
  }
  put(hostOf, unit, row);
  unplacedVms -= size;
  waits(unit, -1);
  moves++;
  if (CHECK) audit();
}

function link(unit: i32, slot: i32): void {
  const first = get(touchedFirst, slot);
  put(nextUnit, unit, first);
  put(previousUnit, unit, NONE);
  if (first != NONE) put(previousUnit, first, unit);
  put(touchedFirst, slot, unit);
}

function unlink(unit: i32, slot: i32): void {
  const next = get(nextUnit, unit);
  const previous = get(previousUnit, unit);
  if (next != NONE) put(previousUnit, next, previous);
  if (previous != NONE) put(nextUnit, previous, next);
  else put(touchedFirst, slot, next);
  put(nextUnit, unit, NONE);
  put(previousUnit, unit, NONE);
}

/** The first unit on a host, NONE if it is not touched. */
export function firstUnit(row: i32): i32 {
  const slot = get(touchedSlot, row) - 1;
  return slot < 0 ? NONE : get(touchedFirst, slot);
}

/** All hosts without a rack count as one rack, whatever their clusters. */
function countRack(rack: i32, by: i32): void {
  if (get(rackReal, rack)) racksTouched += by;
  else {
    if (racklessTouched + max(by, 0) == 1) racksTouched += by;
    racklessTouched += by;
  }
}

/** Would the first unit on a host of this rack count one more rack? */
export function opensRack(rack: i32): bool {
  return (get(rackReal, rack) ? get(rackTouched, rack) : racklessTouched) == 0;
}

function take(unit: i32, row: i32): void {
  const size = unitSize(unit);
  const rack = rackOf(row);
  const cluster = get(rackCluster, rack);
  add(hostVms, row, -size);
  add(rackVms, rack, -size);
  if (cluster != NONE) add(clusterVms, cluster, -size);
  const slot = get(touchedSlot, row) - 1;
  add(touchedUnits, slot, -1);
  unlink(unit, slot);
  if (get(touchedUnits, slot) == 0) {
    activated -= get(touchedFresh, slot);
    put(touchedSlot, row, 0);
    turn(row);
    const touched = get(rackTouched, rack) - 1;
    put(rackTouched, rack, touched);
    if (touched == 0) countRack(rack, -1);
    const last = --touchedCount;
    if (slot != last) {
      const moved = get(touchedRow, last);
      put(touchedRow, slot, moved);
      put(touchedUnits, slot, get(touchedUnits, last));
      put(touchedFirst, slot, get(touchedFirst, last));
      put(touchedFresh, slot, get(touchedFresh, last));
      put(touchedSlot, moved, slot + 1);
    }
  }
  put(hostOf, unit, NONE);
  unplacedVms += size;
  waits(unit, 1);
  movedRules(unit, row, -1);
  if (isJoined(unit)) {
    reserved -= reservedAt(unit, row);
    joinedMoved(unit, -1);
  }
  moves++;
  removals++;
  if (CHECK) audit();
}

function note(unit: i32, entry: i32): void {
  assert(logEnd < logCapacity);
  put(log, logEnd << 1, unit);
  put(log, (logEnd << 1) + 1, entry);
  logEnd++;
}

export function place(unit: i32, row: i32): void {
  put_(unit, row);
  note(unit, ~row);
}

export function remove(unit: i32): void {
  const row = get(hostOf, unit);
  take(unit, row);
  note(unit, row);
}

/** A point to come back to. */
export function markLog(): i32 {
  return logEnd;
}

/** Back to the point, exactly. */
export function rollback(mark: i32): void {
  while (logEnd > mark) {
    logEnd--;
    const unit = get(log, logEnd << 1);
    const entry = get(log, (logEnd << 1) + 1);
    if (entry < 0) take(unit, ~entry);
    else put_(unit, entry);
  }
}

/** What was done so far can no longer be undone, except by removing each unit. */
export function forget(): void {
  logEnd = 0;
}

/** Takes every unit off: the inventory is as the host wrote it. */
export function clear(): void {
  for (let u = 0; u < unitCount; u++) {
    const row = get(hostOf, u);
    if (row != NONE) take(u, row);
  }
  logEnd = 0;
}

/** The last level of the objective: free vCPU, RAM and disk of the touched hosts in basis points of capacity. */
export function left(): i64 {
  let sum: i64 = 0;
  for (let slot = 0; slot < touchedCount; slot++) sum += leftOn(get(touchedRow, slot), 0, 0, 0);
  return sum;
}

/** What a host counts there with so much taken of it. */
export function leftOn(row: i32, vcpus: i32, ram: i32, disk: i32): i64 {
  const hardware = get(hostClass, row);
  return (
    basisPoints(get(freeVcpus, row) - vcpus, get(classVcpus, hardware)) +
    basisPoints(get(freeRam, row) - ram, get(classRam, hardware)) +
    basisPoints(get(freeDisk, row) - disk, get(classDisk, hardware))
  );
}

/** Rounded down, also below zero: a host may be over its disk while it takes a VM that needs none. */
function basisPoints(free: i32, capacity: i32): i64 {
  if (capacity <= 0) return 0;
  const product = 10000 * <i64>free;
  const quotient = product / <i64>capacity;
  return product % <i64>capacity < 0 ? quotient - 1 : quotient;
}
