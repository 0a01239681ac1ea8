// The bandwidth that a node must reserve at least: each pipe with an end that waits crosses as few links as the hosts
// left to its ends allow, and more where a rule keeps them apart.

import { GROUP_KIND, GROUP_LEVEL, GROUP_MEMBER_COUNT, GROUP_MEMBERS, KIND_DIVERSITY, LEVEL_RACK, NONE } from "../abi";
import { hostOf, reserved } from "../assignment";
import { blockCount, blockRack, rackCount, rackOf, rackReal } from "../inventory";
import { get, put, reserve, words } from "../lib/arena";
import { isJoined, joinFrom, joinRate, joinTo, joinUnit } from "../pipes";
import { groupCount, groupWord, pipeCount, wordAt } from "../request";
import { unitCount, unitOf, unitOwner } from "../units";
import { exclusivityClass } from "./crowding";
import { fitsDeep, has, setOf, setWords, wordOf } from "./options";

/** Links that a pipe crosses between hosts of one rack, and of two. */
const WITHIN_RACK: i64 = 2;
const BETWEEN_RACKS: i64 = 4;

const SAME_HOST: u8 = 0;
const OTHER_HOST: u8 = 1;
const OTHER_RACK: u8 = 2;

let apart: usize = 0; // unit x unit -> byte: how far a rule keeps them apart
let rackSets: usize = 0; // unit -> bits of racks left to it; those without a rack have one bit in all
let rackWords = 0;
let rackBit: usize = 0; // rack -> its bit

export function preparePipeBounds(): void {
  const wanted = pipeCount > 0 && fitsDeep;
  rackWords = (rackCount + 63) >> 6;
  apart = wanted ? reserve(<usize>(unitCount * unitCount)) : 0;
  rackSets = wanted ? reserve((<usize>(unitCount * rackWords)) << 3) : 0;
  rackBit = wanted ? words(rackCount, 0) : 0;
}

/** Once the exclusivity classes are known. */
export function findDistances(): void {
  if (apart == 0) return;
  let rackless = NONE;
  for (let r = 0; r < rackCount; r++) {
    if (!get(rackReal, r) && rackless == NONE) rackless = r;
    put(rackBit, r, get(rackReal, r) ? r : rackless);
  }
  for (let a = 0; a < unitCount; a++) {
    for (let b = 0; b < unitCount; b++) {
      const far =
        unitOwner(a, LEVEL_RACK) != unitOwner(b, LEVEL_RACK)
          ? OTHER_RACK
          : exclusivityClass(a) != exclusivityClass(b)
            ? OTHER_HOST
            : SAME_HOST;
      store<u8>(apart + <usize>(a * unitCount + b), far);
    }
  }
  for (let g = 0; g < groupCount; g++) {
    if (groupWord(g, GROUP_KIND) != KIND_DIVERSITY) continue;
    const far = groupWord(g, GROUP_LEVEL) == LEVEL_RACK ? OTHER_RACK : OTHER_HOST;
    const pairs = wordAt(groupWord(g, GROUP_MEMBERS));
    const size = groupWord(g, GROUP_MEMBER_COUNT);
    for (let i = 0; i < size; i++) {
      for (let j = 0; j < size; j++) {
        if (get(pairs, (i << 1) + 1) == get(pairs, (j << 1) + 1)) continue;
        const at = apart + <usize>(get(unitOf, get(pairs, i << 1)) * unitCount + get(unitOf, get(pairs, j << 1)));
        store<u8>(at, max(load<u8>(at), far));
      }
    }
  }
}

/** Of any plan below the node whose options are `generation`. */
export function leastReserved(generation: i32): i64 {
  if (apart == 0) return reserved;
  for (let u = 0; u < unitCount; u++) if (isJoined(u)) fillRacks(generation, u);
  let least = reserved;
  for (let u = 0; u < unitCount; u++) {
    for (let j = joinFrom(u), end = joinTo(u); j < end; j++) {
      const other = joinUnit(j);
      if (get(hostOf, u) != NONE && (other < 0 || get(hostOf, other) != NONE)) continue;
      if (other < 0) least += joinRate(j) * linksToRow(generation, u, ~other);
      else if (u < other) least += joinRate(j) * linksBetween(generation, u, other);
    }
  }
  return least;
}

function racksOf(unit: i32): usize {
  return rackSets + ((<usize>(unit * rackWords)) << 3);
}

function fillRacks(generation: i32, unit: i32): void {
  const at = racksOf(unit);
  memory.fill(at, 0, (<usize>rackWords) << 3);
  const row = get(hostOf, unit);
  if (row != NONE) {
    mark(at, rackOf(row));
    return;
  }
  const set = setOf(generation, unit);
  for (let block = 0; block < blockCount; block++) {
    if (load<u16>(set + ((<usize>block) << 1))) mark(at, get(blockRack, block));
  }
}

function mark(set: usize, rack: i32): void {
  const bit = get(rackBit, rack);
  const at = set + ((<usize>(bit >> 6)) << 3);
  store<u64>(at, load<u64>(at) | ((<u64>1) << (<u64>(bit & 63))));
}

function linksToRow(generation: i32, unit: i32, row: i32): i64 {
  if (has(setOf(generation, unit), row)) return 0;
  const bit = get(rackBit, rackOf(row));
  return (load<u64>(racksOf(unit) + ((<usize>(bit >> 6)) << 3)) >> <u64>(bit & 63)) & 1 ? WITHIN_RACK : BETWEEN_RACKS;
}

function linksBetween(generation: i32, a: i32, b: i32): i64 {
  const far = load<u8>(apart + <usize>(a * unitCount + b));
  if (far == OTHER_RACK) return BETWEEN_RACKS;
  if (far == SAME_HOST && shareHost(generation, a, b)) return 0;
  for (let w = 0; w < rackWords; w++) {
    const at = (<usize>w) << 3;
    if (load<u64>(racksOf(a) + at) & load<u64>(racksOf(b) + at)) return WITHIN_RACK;
  }
  return BETWEEN_RACKS;
}

function shareHost(generation: i32, a: i32, b: i32): bool {
  const there = get(hostOf, a);
  if (there != NONE) return has(setOf(generation, b), there);
  const here = get(hostOf, b);
  if (here != NONE) return has(setOf(generation, a), here);
  const x = setOf(generation, a);
  const y = setOf(generation, b);
  for (let w = 0; w < setWords; w++) if (wordOf(x, w) & wordOf(y, w)) return true;
  return false;
}
