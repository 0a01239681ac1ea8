// Which hosts each unit may still use, as bit sets over host rows: one generation for each depth of the exact search, so
// that going back costs nothing. A set may hold a host that some rule refuses by now, never lack one that all allow:
// placing more units never opens a host again.

import { BLOCK_SHIFT } from "../abi";
import { ALL_ROWS, blockCount, blockRack, rowCount } from "../inventory";
import { get, reserve } from "../lib/arena";
import { allowed, mayEnter } from "../rules";
import { unitCount } from "../units";

/** Bytes that all generations together may take, and host rows: beyond, only the root is looked at, */
const DEEP_BYTES: usize = 4 << 20;
const DEEP_ROWS = 2048;
/** and beyond these not even that. */
const ROOT_BYTES: usize = 8 << 20;
const ROOT_ROWS = 1 << 14;

/** 64-bit words of one set; 0 where there is no room for the root, so that nothing is laid out for 100,000 hosts. */
export let setWords = 0;
/** There is room for the root. */
export let fitsRoot = false;
/** There is room for a generation a unit. */
export let fitsDeep = false;

let sets: usize = 0;
let generationBytes: usize = 0;

export function prepareOptions(): void {
  setWords = (blockCount + 3) >> 2;
  generationBytes = (<usize>(unitCount * setWords)) << 3;
  fitsRoot = rowCount <= ROOT_ROWS && generationBytes * 2 <= ROOT_BYTES;
  fitsDeep = rowCount <= DEEP_ROWS && generationBytes * <usize>(unitCount + 2) <= DEEP_BYTES;
  if (!fitsRoot) setWords = 0;
  sets = fitsRoot ? reserve((fitsDeep ? <usize>unitCount + 2 : 2) * generationBytes) : 0;
}

export function setOf(depth: i32, unit: i32): usize {
  return sets + <usize>depth * generationBytes + ((<usize>(unit * setWords)) << 3);
}

/** The hosts that the rules allow the unit while nothing is placed. */
export function fillRoot(unit: i32): void {
  const at = setOf(0, unit);
  memory.fill(at, 0, (<usize>setWords) << 3);
  for (let block = 0; block < blockCount; block++) {
    if (!mayEnter(unit, get(blockRack, block))) continue;
    store<u16>(at + ((<usize>block) << 1), <u16>allowed(unit, block, ALL_ROWS));
  }
}

/** Starts the generation below `depth` as a copy of it. */
export function copyDown(depth: i32): void {
  memory.copy(setOf(depth + 1, 0), setOf(depth, 0), generationBytes);
}

/** Asks the rules again about one block. Returns how many calls that took. */
export function refresh(depth: i32, unit: i32, block: i32): i32 {
  const at = setOf(depth, unit) + ((<usize>block) << 1);
  const mask = <i32>load<u16>(at);
  if (mask == 0) return 0;
  store<u16>(at, <u16>allowed(unit, block, mask));
  return 1;
}

export function wordOf(set: usize, word: i32): u64 {
  return load<u64>(set + ((<usize>word) << 3));
}

export function putWord(set: usize, word: i32, bits: u64): void {
  store<u64>(set + ((<usize>word) << 3), bits);
}

export function has(set: usize, row: i32): bool {
  return ((wordOf(set, row >> 6) >> <u64>(row & 63)) & 1) != 0;
}

export function drop(set: usize, row: i32): void {
  putWord(set, row >> 6, wordOf(set, row >> 6) & ~((<u64>1) << (<u64>(row & 63))));
}

export function join(set: usize, row: i32): void {
  putWord(set, row >> 6, wordOf(set, row >> 6) | ((<u64>1) << (<u64>(row & 63))));
}

export function sameSet(a: usize, b: usize): bool {
  return memory.compare(a, b, (<usize>setWords) << 3) == 0;
}

export function within(inner: usize, outer: usize): bool {
  for (let w = 0; w < setWords; w++) if (wordOf(inner, w) & ~wordOf(outer, w)) return false;
  return true;
}

export function emptySet(): usize {
  const at = reserve((<usize>setWords) << 3);
  clearSet(at);
  return at;
}

export function clearSet(set: usize): void {
  memory.fill(set, 0, (<usize>setWords) << 3);
}

export function sizeOf(set: usize): i32 {
  let size = 0;
  for (let w = 0; w < setWords; w++) size += <i32>popcnt<u64>(wordOf(set, w));
  return size;
}

/** Of the block that holds the row. */
export function stillAllowed(unit: i32, row: i32): bool {
  return allowed(unit, row >> BLOCK_SHIFT, 1 << (row & 15)) != 0;
}
