// A table from what units need together to these units: open addressing, linear probing, two words a place. It holds pairs
// of units, or parts of a handful; one at a time.

import { NONE } from "../abi";
import { get, room } from "../lib/arena";
import { exactDisk, exactRam, exactVcpus } from "./even";

/** Bytes that are cleared in a step. */
const CLEARED = 1 << 16;

let places: usize = 0; // hash, word (NONE: free)
let most = 0; // places there are
let last = 0; // places in use - 1; a power of two of places
let cleared = 0;

/** `count`: entries at most; places are twice as many at least. */
export function prepareSums(count: i32): void {
  most = placesFor(count);
  places = room(most << 1);
}

function placesFor(count: i32): i32 {
  let size = 1024;
  while (size < count << 1) size <<= 1;
  return size;
}

/** Begins anew, for `count` entries; `clearSome` has to be called until it says that it is done. */
export function openSums(count: i32): void {
  last = min(most, placesFor(count)) - 1;
  cleared = 0;
}

export function clearSome(): bool {
  const bytes = (last + 1) << 3;
  const now = min(CLEARED, bytes - cleared);
  memory.fill(places + <usize>cleared, 0xff, <usize>now);
  cleared += now;
  return cleared == bytes;
}

/** By the resources that must come out even. */
export function hashOf(vcpus: i32, ram: i32, disk: i32): i32 {
  let hash: u32 = 0;
  if (exactVcpus) hash = (hash + <u32>vcpus) * 0x9e3779b1;
  if (exactRam) hash = (hash + <u32>ram) * 0x85ebca6b;
  if (exactDisk) hash = (hash + <u32>disk) * 0xc2b2ae35;
  return <i32>(hash ^ (hash >> 15));
}

/** `word` is not negative. */
export function addSum(hash: i32, word: i32): void {
  let at = hash & last;
  while (wordOf(at) != NONE) at = (at + 1) & last;
  const to = places + ((<usize>at) << 3);
  store<i32>(to, hash);
  store<i32>(to, word, 4);
}

/** The first place from this one on with an entry of that hash, NONE: there is no further one. */
export function findSum(hash: i32, from: i32): i32 {
  for (let at = from & last; wordOf(at) != NONE; at = (at + 1) & last) {
    if (get(places, at << 1) == hash) return at;
  }
  return NONE;
}

export function wordOf(place: i32): i32 {
  return load<i32>(places + ((<usize>place) << 3), 4);
}
