// Where a better plan must fill equal empty hosts to the last unit: what has to come out even.

import { NONE } from "../abi";
import { activated, firstUnit, nextUnit, touchedCount, touchedRow, unplacedVms } from "../assignment";
import { blockCount, emptyDisk, emptyRam, emptyVcpus, freeDisk, freeRam, freeVcpus } from "../inventory";
import { get, put, words } from "../lib/arena";
import { boundActivated } from "../search/bound";
import { probe } from "../search/choose";
import { needDisk, needRam, needVcpus, unitCount } from "../units";

export let rows: usize = 0; // the hosts to be filled
export let hosts = 0; // how many of them

// Resources of which nothing may be left over, and what an empty host has.
export let exactVcpus = false;
export let exactRam = false;
export let exactDisk = false;
export let hostVcpus = 0;
export let hostRam = 0;
export let hostDisk = 0;
export let key: usize = 0; // needs of one resource that must come out even

/** Every move that asks `mustBeEven` calls it; they take turns, so they share one. */
export function prepareEven(): void {
  rows = words(unitCount, 0);
}

/** Could it ever be asked for: would as many of the roomiest hosts as the bound says be full of a resource? */
export function mayBeEven(): bool {
  return (
    boundActivated > 0 &&
    (comesOut(needVcpus, emptyVcpus) || comesOut(needRam, emptyRam) || comesOut(needDisk, emptyDisk))
  );
}

function comesOut(need: usize, empty: usize): bool {
  let wanted: i64 = 0;
  for (let u = 0; u < unitCount; u++) wanted += get(need, u);
  let roomiest = 0;
  for (let b = 0; b < blockCount; b++) roomiest = max(roomiest, get(empty, b));
  return wanted > 0 && wanted == <i64>boundActivated * <i64>roomiest;
}

/** Is the plan on empty, equal hosts only, and must fewer of them be full? */
export function mustBeEven(): bool {
  hosts = boundActivated;
  if (hosts == 0 || touchedCount < hosts || activated != touchedCount || (unplacedVms == 0 && activated == hosts))
    return false;
  probe(unitCount);
  let wantVcpus: i64 = 0;
  let wantRam: i64 = 0;
  let wantDisk: i64 = 0;
  for (let u = 0; u < unitCount; u++) {
    wantVcpus += get(needVcpus, u);
    wantRam += get(needRam, u);
    wantDisk += get(needDisk, u);
  }
  for (let slot = 0; slot < touchedCount; slot++) {
    const row = get(touchedRow, slot);
    let allVcpus = get(freeVcpus, row);
    let allRam = get(freeRam, row);
    let allDisk = get(freeDisk, row);
    for (let u = firstUnit(row); u != NONE; u = get(nextUnit, u)) {
      allVcpus += get(needVcpus, u);
      allRam += get(needRam, u);
      allDisk += get(needDisk, u);
    }
    if (slot > 0 && (allVcpus != hostVcpus || allRam != hostRam || allDisk != hostDisk)) return false;
    hostVcpus = allVcpus;
    hostRam = allRam;
    hostDisk = allDisk;
    put(rows, slot, row);
  }
  exactVcpus = wantVcpus == <i64>hosts * <i64>hostVcpus;
  exactRam = wantRam == <i64>hosts * <i64>hostRam;
  exactDisk = wantDisk == <i64>hosts * <i64>hostDisk;
  key = exactRam ? needRam : exactVcpus ? needVcpus : needDisk;
  return exactVcpus || exactRam || exactDisk;
}

export function exactResources(): i32 {
  return (exactVcpus ? 1 : 0) + (exactRam ? 1 : 0) + (exactDisk ? 1 : 0);
}

/** Of the three that of the key resource. */
export function keyOf(ofVcpus: i32, ofRam: i32, ofDisk: i32): i32 {
  return key == needRam ? ofRam : key == needVcpus ? ofVcpus : ofDisk;
}
