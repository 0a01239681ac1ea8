// Pipes as the search sees them: a unit is joined with other units and with VMs that live in the data center. Pipes
// inside a unit never leave its host and are forgotten; parallel ones add up. A join reserves bandwidth while both its
// ends stand, on every link between them: none on one host, both NICs in one rack, and both uplinks between racks. Hosts
// without a rack are in one rack that has no uplink.

import { LEVEL_RACK, NONE, PIPE_A, PIPE_B, PIPE_KBPS, PIPE_ROW } from "./abi";
import { containerOf } from "./inventory";
import { add, get, put, reserve, words } from "./lib/arena";
import { pipeCount, pipeWord } from "./request";
import { needDisk, needRam, needVcpus, unitCount, unitOf } from "./units";

let first: usize = 0; // unit -> its first join; one row more than units
let ends: usize = 0; // unit -> behind its last join: those that others were added to leave gaps
let others: usize = 0; // join -> unit at the other end, or ~row of the host where it lives
let rates: usize = 0; // join -> kbit/s, i64: sums may pass 2^31
let rows: usize = 0; // unit -> host row or NONE, as the assignment keeps it

/** What is known of the placed ends is out of date. */
let stamp = 0;
/** Exact work counter: joins looked at. */
export let joinsRead = 0;

/** Joins that others look at count as work too. */
export function joinsLooked(count: i32): void {
  joinsRead += count;
}

export function preparePipes(): void {
  stamp++;
  joinsRead = 0;
  gathered = NONE;
  first = words(unitCount + 1, 0);
  for (let pipe = 0; pipe < pipeCount; pipe++) {
    const a = get(unitOf, pipeWord(pipe, PIPE_A));
    const b = otherEnd(pipe);
    if (a == b) continue;
    add(first, a + 1, 1);
    if (b >= 0) add(first, b + 1, 1);
  }
  let most = 0;
  for (let u = 0; u < unitCount; u++) {
    most = max(most, get(first, u + 1));
    add(first, u + 1, get(first, u));
  }
  const total = get(first, unitCount);
  ends = words(unitCount, 0);
  memory.copy(ends, first, (<usize>unitCount) << 2);
  others = words(total, 0);
  rates = reserve((<usize>total) << 3);
  for (let pipe = 0; pipe < pipeCount; pipe++) {
    const a = get(unitOf, pipeWord(pipe, PIPE_A));
    const b = otherEnd(pipe);
    if (a == b) continue;
    join(a, b, pipeWord(pipe, PIPE_KBPS));
    if (b >= 0) join(b, a, pipeWord(pipe, PIPE_KBPS));
  }
  prepareComponents();
  peerRows = words(most, 0);
  peerRacks = words(most, 0);
  rowRates = reserve((<usize>most) << 3);
  rackRates = reserve((<usize>most) << 3);
}

/** `hostOf`: unit -> host row, as the assignment keeps it up to date. */
export function followHosts(hostOf: usize): void {
  rows = hostOf;
}

function otherEnd(pipe: i32): i32 {
  const b = pipeWord(pipe, PIPE_B);
  return b == NONE ? ~pipeWord(pipe, PIPE_ROW) : get(unitOf, b);
}

function join(unit: i32, other: i32, kbps: i32): void {
  const end = get(ends, unit);
  for (let j = get(first, unit); j < end; j++) {
    if (get(others, j) != other) continue;
    addRate(rates, j, kbps);
    return;
  }
  put(others, end, other);
  store<i64>(rates + ((<usize>end) << 3), kbps);
  put(ends, unit, end + 1);
}

/** Is the unit at an end of any pipe that may leave its host? */
export function isJoined(unit: i32): bool {
  return get(first, unit) < get(ends, unit);
}

export function joinFrom(unit: i32): i32 {
  return get(first, unit);
}

export function joinTo(unit: i32): i32 {
  return get(ends, unit);
}

/** The unit at the other end, negative: it lives in the data center. */
export function joinUnit(join: i32): i32 {
  return get(others, join);
}

/** Host row of the other end now, NONE: it waits for a host. */
export function joinRow(join: i32): i32 {
  const other = get(others, join);
  return other < 0 ? ~other : get(rows, other);
}

/** kbit/s. */
export function joinRate(join: i32): i64 {
  return rateAt(rates, join);
}

/** Links that a pipe between two hosts crosses. */
export function linksBetween(a: i32, b: i32): i32 {
  return a == b ? 0 : containerOf(LEVEL_RACK, a) == containerOf(LEVEL_RACK, b) ? 2 : 4;
}

/** What the joins of a unit with placed ends reserve while it stands on the host, kbit/s x links. */
export function reservedAt(unit: i32, row: i32): i64 {
  let sum: i64 = 0;
  for (let j = get(first, unit), end = get(ends, unit); j < end; j++) {
    const there = joinRow(j);
    if (there != NONE) sum += rateAt(rates, j) * linksBetween(row, there);
  }
  return sum;
}

/** A joined unit has come (`by` 1) or gone (-1). */
export function joinedMoved(unit: i32, by: i32): void {
  waits(unit, -by);
  stamp++;
  joinsRead += get(ends, unit) - get(first, unit);
}

// ---- Components: units that pipes hold together, however many others are between them -----------------------------------

let componentOf: usize = 0; // unit -> its lowest unit's number
// Component -> needs of its units that wait for a host, i64.
let waitingVcpus: usize = 0;
let waitingRam: usize = 0;
let waitingDisk: usize = 0;

function prepareComponents(): void {
  componentOf = words(unitCount, 0);
  for (let u = 0; u < unitCount; u++) put(componentOf, u, u);
  for (let u = 0; u < unitCount; u++) {
    for (let j = get(first, u), end = get(ends, u); j < end; j++) {
      if (get(others, j) < 0) continue;
      const a = root(u);
      const b = root(get(others, j));
      put(componentOf, max(a, b), min(a, b));
    }
  }
  for (let u = 0; u < unitCount; u++) put(componentOf, u, root(u));
  waitingVcpus = words(unitCount << 1, 0);
  waitingRam = words(unitCount << 1, 0);
  waitingDisk = words(unitCount << 1, 0);
  for (let u = 0; u < unitCount; u++) waits(u, 1);
}

function root(unit: i32): i32 {
  while (get(componentOf, unit) != unit) unit = get(componentOf, unit);
  return unit;
}

function waits(unit: i32, by: i32): void {
  const component = get(componentOf, unit);
  addRate(waitingVcpus, component, <i64>by * <i64>get(needVcpus, unit));
  addRate(waitingRam, component, <i64>by * <i64>get(needRam, unit));
  addRate(waitingDisk, component, <i64>by * <i64>get(needDisk, unit));
}

/** Needs of the units of its component that wait for a host, itself among them. */
export function waitingVcpusWith(unit: i32): i64 {
  return rateAt(waitingVcpus, get(componentOf, unit));
}

export function waitingRamWith(unit: i32): i64 {
  return rateAt(waitingRam, get(componentOf, unit));
}

export function waitingDiskWith(unit: i32): i64 {
  return rateAt(waitingDisk, get(componentOf, unit));
}

// ---- The placed ends around one unit, gathered once for all hosts it is tried on ---------------------------------------

let gathered = NONE;
let gatheredAt = 0;
/** Counts gatherings, so that rules know whether what they derived from one is still right. */
export let gathering = 0;
/** kbit/s to all placed ends together. */
export let peerRate: i64 = 0;
export let peerHostCount = 0;
export let peerRackCount = 0;
let peerRows: usize = 0;
let rowRates: usize = 0;
let peerRacks: usize = 0; // rack rows, NONE: hosts without a rack
let rackRates: usize = 0;

export function gatherPeers(unit: i32): void {
  if (gathered == unit && gatheredAt == stamp) return;
  gathered = unit;
  gatheredAt = stamp;
  gathering++;
  peerRate = 0;
  peerHostCount = 0;
  peerRackCount = 0;
  for (let j = get(first, unit), end = get(ends, unit); j < end; j++) {
    const row = joinRow(j);
    if (row == NONE) continue;
    const rate = rateAt(rates, j);
    peerRate += rate;
    peerHostCount = note(peerRows, rowRates, peerHostCount, row, rate);
    peerRackCount = note(peerRacks, rackRates, peerRackCount, containerOf(LEVEL_RACK, row), rate);
  }
  joinsRead += get(ends, unit) - get(first, unit);
}

/** Adds to the entry of a place, or makes one; returns the number of entries. */
function note(places: usize, sums: usize, count: i32, place: i32, rate: i64): i32 {
  for (let i = 0; i < count; i++) {
    if (get(places, i) != place) continue;
    addRate(sums, i, rate);
    return count;
  }
  put(places, count, place);
  store<i64>(sums + ((<usize>count) << 3), rate);
  return count + 1;
}

export function peerRow(i: i32): i32 {
  return get(peerRows, i);
}

export function peerRowRate(i: i32): i64 {
  return rateAt(rowRates, i);
}

/** NONE: hosts without a rack. */
export function peerRack(i: i32): i32 {
  return get(peerRacks, i);
}

export function peerRackRate(i: i32): i64 {
  return rateAt(rackRates, i);
}

/** kbit/s to placed ends on the host. */
export function rateOnHost(row: i32): i64 {
  for (let i = 0; i < peerHostCount; i++) if (get(peerRows, i) == row) return rateAt(rowRates, i);
  return 0;
}

/** kbit/s to placed ends in the rack, NONE: on hosts without a rack. */
export function rateInRack(rack: i32): i64 {
  for (let i = 0; i < peerRackCount; i++) if (get(peerRacks, i) == rack) return rateAt(rackRates, i);
  return 0;
}

/** What the gathered unit would reserve on the host, kbit/s x links. */
export function addedAt(row: i32): i64 {
  return addedInRack(containerOf(LEVEL_RACK, row)) - 2 * rateOnHost(row);
}

/** The same on a host of the rack where none of its ends stands; NONE: a host without a rack. */
export function addedInRack(rack: i32): i64 {
  return 4 * peerRate - 2 * rateInRack(rack);
}

function rateAt(column: usize, row: i32): i64 {
  return load<i64>(column + ((<usize>row) << 3));
}

function addRate(column: usize, row: i32, by: i64): void {
  const at = column + ((<usize>row) << 3);
  store<i64>(at, load<i64>(at) + by);
}
