// Weighted sums of the resources in which needs and room are compared: where the needs exceed the room in any of them,
// not all can be placed (a surrogate relaxation, Glover 1975). A host's room in one resource counts only as far as the
// needs can fill it: the largest sum of some of them that does not exceed it (subset sums, Martello and Toth 1990,
// section 4). Needs are divided by their greatest common divisor first.

import { freeDisk, freeRam, freeVcpus, hostVms, touchedSlot } from "../inventory";
import { get, put, room } from "../lib/arena";
import { needDisk, needRam, needVcpus, unitCount } from "../units";

const RESOURCES: i32 = 3;
/** Coefficients of a weighted sum run from 0 to this; proportional ones count once. */
const MOST_COEFFICIENT = 3;
const MOST_MEASURES: i32 = 64;
/** The sum of all needs weighs about this much in each resource. */
const SCALE = 1 << 20;
/** Beyond this sum of needs (divided) room is not rounded down to what they can fill. */
const MOST_SUM = 8192;

export let measureCount = 0;
/** The first measures: each resource alone, each pair, all three. */
export const SIMPLE_MEASURES: i32 = 7;

/** Host rows that some unit may use, and their number. */
export let rowList: usize = 0;
export let rowsListed = 0;

let weights: usize = 0; // measure x resource -> weight of one step
let steps: usize = 0; // resource -> greatest common divisor of the needs
let sums: usize = 0; // resource -> sum of the needs in steps
let fillable: usize = 0; // resource x room in steps -> as much of it as needs can fill
let unitSteps: usize = 0; // unit x resource -> need in steps
let roomSteps: usize = 0; // listed row x resource -> fillable room in steps while untouched
let roomOf: usize = 0; // measure x listed row -> weighted room while untouched
let sorted: usize = 0; // measure x rank -> index of a listed row, roomiest first
let rowLimit = 0;
let mostMeasures = 0;

/** `rows`: most host rows that may be listed. `all`: every measure, else the simple ones. */
export function prepareMeasures(rows: i32, all: bool): void {
  rowLimit = rows;
  mostMeasures = all ? MOST_MEASURES : SIMPLE_MEASURES;
  rowList = room(rows);
  weights = room(mostMeasures * RESOURCES);
  steps = room(RESOURCES);
  sums = room(RESOURCES);
  fillable = room(RESOURCES * (MOST_SUM + 1));
  unitSteps = room(unitCount * RESOURCES);
  roomSteps = room(rows * RESOURCES);
  roomOf = room(rows * mostMeasures);
  sorted = room(rows * mostMeasures);
  rowsListed = 0;
}

/** False: too many hosts to list. */
export function listRow(row: i32): bool {
  if (rowsListed == rowLimit) return false;
  put(rowList, rowsListed++, row);
  return true;
}

export function forgetRows(): void {
  rowsListed = 0;
}

function needOf(unit: i32, resource: i32): i32 {
  return get(resource == 0 ? needVcpus : resource == 1 ? needRam : needDisk, unit);
}

function freeOf(row: i32, resource: i32): i32 {
  return max(0, get(resource == 0 ? freeVcpus : resource == 1 ? freeRam : freeDisk, row));
}

function divisor(a: i32, b: i32): i32 {
  while (b) {
    const rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/** Needs in steps, and what they can fill. */
export function measureNeeds(): void {
  for (let r = 0; r < RESOURCES; r++) {
    let step = 0;
    for (let u = 0; u < unitCount; u++) step = divisor(needOf(u, r), step);
    step = max(1, step);
    put(steps, r, step);
    let sum: i64 = 0;
    for (let u = 0; u < unitCount; u++) {
      put(unitSteps, u * RESOURCES + r, needOf(u, r) / step);
      sum += needOf(u, r) / step;
    }
    put(sums, r, <i32>min<i64>(sum, i32.MAX_VALUE));
    if (sum <= MOST_SUM) fill(r);
  }
  measureCount = 0;
  for (let most = 1; most <= MOST_COEFFICIENT; most++) {
    for (let total = 1; total <= RESOURCES * most; total++) {
      for (let a = most; a >= 0; a--) {
        for (let b = most; b >= 0; b--) {
          const c = total - a - b;
          if (c >= 0 && c <= most && max(a, max(b, c)) == most && divisor(divisor(a, b), c) == 1) addMeasure(a, b, c);
        }
      }
    }
  }
}

/** Marks the sums that some of the needs have, then carries each mark up to the next. */
function fill(resource: i32): void {
  const at = fillable + ((<usize>(resource * (MOST_SUM + 1))) << 2);
  const sum = get(sums, resource);
  memory.fill(at, 0, (<usize>(sum + 1)) << 2);
  put(at, 0, 1);
  let reached = 0;
  for (let u = 0; u < unitCount; u++) {
    const need = get(unitSteps, u * RESOURCES + resource);
    if (need == 0) continue;
    for (let s = reached; s >= 0; s--) if (get(at, s)) put(at, s + need, 1);
    reached += need;
  }
  let last = 0;
  for (let s = 0; s <= sum; s++) {
    if (get(at, s)) last = s;
    put(at, s, last);
  }
}

function addMeasure(a: i32, b: i32, c: i32): void {
  if (measureCount == mostMeasures) return;
  const at = measureCount * RESOURCES;
  put(weights, at, a * scaleOf(0));
  put(weights, at + 1, b * scaleOf(1));
  put(weights, at + 2, c * scaleOf(2));
  measureCount++;
}

/** A resource whose needs sum up to more than 2^26 steps is left out, so that weighted room of a host fits 32 bits. */
function scaleOf(resource: i32): i32 {
  const sum = get(sums, resource);
  return sum > 1 << 26 ? 0 : max(1, SCALE / max(1, sum));
}

export function weightOf(measure: i32, resource: i32): i32 {
  return get(weights, measure * RESOURCES + resource);
}

export function stepOf(resource: i32): i32 {
  return get(steps, resource);
}

function fillableRoom(resource: i32, free: i32): i32 {
  const sum = get(sums, resource);
  const room = min(free / get(steps, resource), sum);
  return sum <= MOST_SUM ? get(fillable, resource * (MOST_SUM + 1) + room) : room;
}

/** Weighted need of a unit. */
export function needIn(measure: i32, unit: i32): i64 {
  return weighted(measure, unitSteps + ((<usize>(unit * RESOURCES)) << 2));
}

function weighted(measure: i32, amounts: usize): i64 {
  const at = measure * RESOURCES;
  return (
    <i64>get(weights, at) * <i64>get(amounts, 0) +
    <i64>get(weights, at + 1) * <i64>get(amounts, 1) +
    <i64>get(weights, at + 2) * <i64>get(amounts, 2)
  );
}

/** Writes the room that a host has now, in steps, to three words. */
export function roomInto(out: usize, row: i32): void {
  for (let r = 0; r < RESOURCES; r++) put(out, r, fillableRoom(r, freeOf(row, r)));
}

/** Weighted room, of the three words that `roomInto` wrote. */
export function roomIn(measure: i32, amounts: usize): i64 {
  return weighted(measure, amounts);
}

/** Once the listed rows are known and nothing is placed. */
export function measureRows(): void {
  for (let i = 0; i < rowsListed; i++) roomInto(roomSteps + ((<usize>(i * RESOURCES)) << 2), get(rowList, i));
}

/** `rank`: also in order, which a search within limits needs. */
export function weighRows(measure: i32, rank: bool): void {
  const rooms = roomOf + ((<usize>(measure * rowLimit)) << 2);
  const ranks = sorted + ((<usize>(measure * rowLimit)) << 2);
  for (let i = 0; i < rowsListed; i++) {
    put(rooms, i, <i32>weighted(measure, roomSteps + ((<usize>(i * RESOURCES)) << 2)));
    put(ranks, i, i);
  }
  if (!rank) return;
  for (let gap = max(1, rowsListed / 3); gap > 0; gap = gap == 1 ? 0 : max(1, gap / 3)) {
    for (let i = gap; i < rowsListed; i++) {
      const item = get(ranks, i);
      const room = get(rooms, item);
      let j = i;
      while (j >= gap && get(rooms, get(ranks, j - gap)) < room) {
        put(ranks, j, get(ranks, j - gap));
        j -= gap;
      }
      put(ranks, j, item);
    }
  }
}

/** Index of the listed row with this rank of room. */
export function rankedRow(measure: i32, rank: i32): i32 {
  return get(sorted, measure * rowLimit + rank);
}

export function untouchedRoom(measure: i32, index: i32): i64 {
  return get(roomOf, measure * rowLimit + index);
}

export function isEmptyHost(row: i32): bool {
  return get(hostVms, row) == 0;
}

export function isTouched(row: i32): bool {
  return get(touchedSlot, row) > 0;
}
