// What is to be proven, one level of the objective after the other: that no plan has a host for every VM, or that none
// has fewer activated hosts than the best one known; with as many, less reserved bandwidth; then fewer touched hosts; then
// fewer racks. Each is a complete search for such a plan (refute.ts): it finds one, which is the best then, or refutes it
// and raises the bound.

import { NONE } from "../abi";
import {
  activated,
  clear,
  forget,
  hostOf,
  place,
  racksTouched,
  reserved,
  touchedCount,
  unplacedVms,
} from "../assignment";
import { blockCount, rackCount, rackOf, rackReal, rowCount } from "../inventory";
import { get, put, words } from "../lib/arena";
import { undisturbed } from "../rules";
import {
  boundActivated,
  boundRacks,
  boundReserved,
  boundTouched,
  raiseActivated,
  raiseRacks,
  raiseReserved,
  raiseTouched,
} from "../search/bound";
import { spend, work } from "../search/choose";
import { unitCount } from "../units";
import { prepareApart } from "./apart";
import { findDistances, preparePipeBounds } from "./bandwidth";
import { findClasses, prepareCrowding, UNLIMITED } from "./crowding";
import { noteNowhere, noteVolume } from "./leaves";
import { clearLog, logFull, prepareLog } from "./log";
import {
  forgetRows,
  listRow,
  measureCount,
  measureNeeds,
  measureRows,
  prepareMeasures,
  rowList,
  rowsListed,
  weighRows,
} from "./measures";
import { fillRoot, fitsDeep, fitsRoot, prepareOptions, setOf, setWords, wordOf } from "./options";
import {
  abandon,
  barred,
  exert,
  FOUND,
  findRelations,
  prepareRefutation,
  REFUTED,
  resume,
  rootFails,
  rootReserves,
  setLimits,
  start,
  step,
  suspend,
  takeEffort,
} from "./refute";
import { findHostTwins, findUnitTwins, prepareTwins } from "./twins";
import { prepareWants } from "./wants";

/** Sets of racks that are tried one after the other; with more of them the search counts racks as it goes. */
const MOST_RACK_SETS = 512;

const STAGE_NONE = 0;
const STAGE_PLACED = 1;
const STAGE_ACTIVATED = 2;
const STAGE_RESERVED = 3;
const STAGE_TOUCHED = 4;
const STAGE_RACKS = 5;

/** No plan gives every VM a host, and the log says why. */
export let refuted = false;
/** The plan is the best in all levels but the last. */
export let optimal = false;
/** Nothing more can be proven. */
export let ended = false;

let possible = false;
let deep = false;
let setup = 0; // pieces of the preparation that are done
let stage = STAGE_NONE;
let searching = false; // a tree is being searched for the stage

// The best plan known while the search's own units stand in the data center.
let bestHosts: usize = 0;
let bestUnplaced = 0;
let bestActivated = 0;
let bestReserved: i64 = 0;
let bestTouched = 0;
let bestRacks = 0;

// Sets of racks: `chosen` holds ascending indexes into `racks`.
const racks: usize = 0;
let rackSet: usize = 0; // rack -> index in `racks`, all without a rack in one
let chosen: usize = 0;
let rackTotal = 0;
let chosenCount = 0;

export function prepareProof(): void {
  prepareOptions();
  deep = fitsDeep;
  possible = fitsRoot && undisturbed();
  const rows = possible ? rowCount : 0;
  prepareMeasures(rows, deep);
  prepareCrowding();
  prepareApart();
  prepareTwins(rows);
  preparePipeBounds();
  prepareWants();
  prepareRefutation(rows);
  prepareLog(deep && possible);
  bestHosts = words(unitCount, NONE);
  rackSet = words(rackCount, NONE);
  chosen = words(rackCount, 0);
  setup = 0;
  stage = STAGE_NONE;
  searching = false;
  ended = !possible || unitCount == 0;
}

/** Of an earlier request. */
export function forgetProof(): void {
  refuted = false;
  optimal = false;
}

/** Goes on until `limit` of work is used up in all. The plan that stands afterwards is the best one known. */
export function prove(limit: i32): void {
  if (ended || refuted || work() >= limit || (unplacedVms == 0 && (optimal || !deep))) return;
  takeOver();
  while (work() < limit && !ended && !refuted && !optimal) {
    advance();
    spend(takeEffort());
  }
  handBack();
}

/** A unit that finds no host even with nobody else placed. */
export function proveHopeless(unit: i32): void {
  clearLog();
  noteNowhere(unit);
  refuted = true;
}

/** All units together need more of the resource than there is. */
export function proveExceeded(resource: i32): void {
  clearLog();
  noteVolume(resource);
  refuted = true;
}

function takeOver(): void {
  keepBest();
  clear();
  if (searching && stale()) giveUp();
  if (searching) {
    applyLimits();
    resume();
  }
}

function handBack(): void {
  suspend();
  for (let u = 0; u < unitCount; u++) if (get(bestHosts, u) != NONE) place(u, get(bestHosts, u));
  forget();
}

function keepBest(): void {
  for (let u = 0; u < unitCount; u++) put(bestHosts, u, get(hostOf, u));
  bestUnplaced = unplacedVms;
  bestActivated = activated;
  bestReserved = reserved;
  bestTouched = touchedCount;
  bestRacks = racksTouched;
}

/** Has the other search reached meanwhile what this stage is looking for at best? */
function stale(): bool {
  return stage != stageNow() || (stage == STAGE_RACKS && bestRacks - 1 < chosenCount);
}

function giveUp(): void {
  abandon();
  unbar();
  searching = false;
}

/** The first level in which the best plan known is not proven to be the best there is. */
function stageNow(): i32 {
  if (bestUnplaced > 0) return STAGE_PLACED;
  if (bestActivated > boundActivated) return STAGE_ACTIVATED;
  if (bestReserved > boundReserved) return STAGE_RESERVED;
  if (bestTouched > boundTouched) return STAGE_TOUCHED;
  if (bestRacks > boundRacks) return STAGE_RACKS;
  return STAGE_NONE;
}

function advance(): void {
  if (!prepared()) return;
  if (searching) {
    const outcome = step();
    if (outcome == FOUND) found();
    else if (outcome == REFUTED) refute();
    return;
  }
  stage = stageNow();
  if (stage == STAGE_NONE) optimal = true;
  else if (!deep) tryRoot();
  else if (!raised()) begin();
}

/** One piece of the preparation. */
function prepared(): bool {
  const piece = setup++;
  if (piece < unitCount) {
    fillRoot(piece);
    exert(blockCount);
    return false;
  }
  if (piece == unitCount) {
    listRows();
    measureNeeds();
    measureRows();
    findClasses();
    exert(unitCount * setWords);
    return false;
  }
  if (piece == unitCount + 1) {
    findHostTwins(deep);
    if (deep) {
      findDistances();
      findUnitTwins();
      findRelations();
    }
    exert(unitCount * unitCount);
    return false;
  }
  const measure = piece - unitCount - 2;
  if (measure < measureCount) {
    weighRows(measure, deep);
    exert(rowsListed >> 3);
    return false;
  }
  setup--;
  return true;
}

function listRows(): void {
  forgetRows();
  for (let w = 0; w < setWords; w++) {
    let any: u64 = 0;
    for (let u = 0; u < unitCount; u++) any |= wordOf(setOf(0, u), w);
    for (; any; any &= any - 1) listRow((w << 6) + <i32>ctz<u64>(any));
  }
}

/** Raises the bound of the stage if the root alone shows that it is not reached. */
function raised(): bool {
  switch (stage) {
    case STAGE_ACTIVATED:
      setLimits(boundActivated, i64.MAX_VALUE, UNLIMITED, UNLIMITED);
      if (!rootFails(false)) return false;
      raiseActivated(boundActivated + 1);
      return true;
    case STAGE_RESERVED: {
      setLimits(bestActivated, bestReserved, UNLIMITED, UNLIMITED);
      const least = rootReserves();
      if (least <= boundReserved) return false;
      raiseReserved(least);
      return true;
    }
    case STAGE_TOUCHED:
      setLimits(bestActivated, bestReserved, boundTouched, UNLIMITED);
      if (!rootFails(false)) return false;
      raiseTouched(boundTouched + 1);
      return true;
    case STAGE_RACKS:
      setLimits(bestActivated, bestReserved, bestTouched, boundRacks);
      if (!rootFails(false)) return false;
      raiseRacks(boundRacks + 1);
      return true;
    default:
      return false;
  }
}

/** Of a request too large for a tree: one leaf, or nothing. */
function tryRoot(): void {
  applyLimits();
  ended = true;
  refuted = stage == STAGE_PLACED && rootFails(true) && !logFull;
}

function begin(): void {
  if (stage == STAGE_RACKS) firstRacks();
  applyLimits();
  searching = true;
  start(stage == STAGE_PLACED);
}

function applyLimits(): void {
  const levels = stage;
  setLimits(
    levels == STAGE_ACTIVATED ? bestActivated - 1 : levels > STAGE_ACTIVATED ? bestActivated : UNLIMITED,
    levels == STAGE_RESERVED ? bestReserved - 1 : levels > STAGE_RESERVED ? bestReserved : i64.MAX_VALUE,
    levels == STAGE_TOUCHED ? bestTouched - 1 : levels > STAGE_TOUCHED ? bestTouched : UNLIMITED,
    levels == STAGE_RACKS ? bestRacks - 1 : UNLIMITED,
  );
}

function found(): void {
  keepBest();
  if (stageNow() != stage || stage == STAGE_RACKS) {
    suspend();
    giveUp();
  } else applyLimits();
}

function refute(): void {
  if (stage == STAGE_RACKS && nextRacks()) {
    start(false);
    return;
  }
  searching = false;
  switch (stage) {
    case STAGE_PLACED:
      refuted = !logFull;
      ended = true;
      return;
    case STAGE_ACTIVATED:
      raiseActivated(bestActivated);
      return;
    case STAGE_RESERVED:
      raiseReserved(bestReserved);
      return;
    case STAGE_TOUCHED:
      raiseTouched(bestTouched);
      return;
    default:
      raiseRacks(bestRacks);
  }
}

/** Bars all racks but the first of as many as a better plan may touch. */
function firstRacks(): void {
  rackTotal = 0;
  let rackless = NONE;
  for (let r = 0; r < rackCount; r++) put(rackSet, r, NONE);
  for (let i = 0; i < rowsListed; i++) {
    const rack = rackOf(get(rowList, i));
    if (get(rackSet, rack) != NONE) continue;
    if (!get(rackReal, rack)) {
      if (rackless == NONE) rackless = rackTotal++;
      put(rackSet, rack, rackless);
    } else put(rackSet, rack, rackTotal++);
  }
  chosenCount = bestRacks - 1;
  if (setsOfRacks(rackTotal, chosenCount) > MOST_RACK_SETS) {
    chosenCount = 0;
    return;
  }
  for (let i = 0; i < chosenCount; i++) put(chosen, i, i);
  bar();
}

function setsOfRacks(all: i32, count: i32): i32 {
  let sets: i64 = 1;
  for (let i = 1; i <= count && sets <= MOST_RACK_SETS; i++) sets = (sets * <i64>(all - count + i)) / <i64>i;
  return <i32>min<i64>(sets, MOST_RACK_SETS + 1);
}

/** The next set in lexicographic order. */
function nextRacks(): bool {
  let i = chosenCount - 1;
  while (i >= 0 && get(chosen, i) == rackTotal - chosenCount + i) i--;
  if (i < 0) {
    unbar();
    return false;
  }
  put(chosen, i, get(chosen, i) + 1);
  for (let j = i + 1; j < chosenCount; j++) put(chosen, j, get(chosen, j - 1) + 1);
  bar();
  return true;
}

function unbar(): void {
  memory.fill(barred, 0, (<usize>rackCount) << 2);
}

function bar(): void {
  for (let r = 0; r < rackCount; r++) {
    let free = get(rackSet, r) == NONE;
    for (let i = 0; i < chosenCount && !free; i++) free = get(chosen, i) == get(rackSet, r);
    put(barred, r, free ? 0 : 1);
  }
}
