// What the search places: units. VMs tied to one host (host-level affinity, closed transitively) are one unit. Units
// tied to one rack are a bundle, bundles tied to one cluster a league; a unit without such ties is a bundle of its own,
// a bundle without them a league of its own. All numbering follows the lowest VM, so it is the same on every machine.

import {
  GROUP_KIND,
  GROUP_LEVEL,
  GROUP_MEMBER_COUNT,
  GROUP_MEMBERS,
  KIND_AFFINITY,
  LEVEL_CLUSTER,
  LEVEL_COUNT,
  LEVEL_HOST,
  LEVEL_RACK,
  NONE,
  OWNER_NONE,
  VM_DISK,
  VM_RAM,
  VM_VCPUS,
} from "./abi";
import { add, get, put, words } from "./lib/arena";
import { groupCount, groupWord, vmCount, vmOwner, vmWord, wordAt } from "./request";

/** An owner that no container has: VMs of one unit that can never share a container. */
const CONTRADICTION = -2;

export let unitCount = 0;
export let unitOf: usize = 0; // VM -> unit
export let unitVmFirst: usize = 0; // unit -> index of its first VM in unitVms; one row more than units
export let unitVms: usize = 0;
export let needVcpus: usize = 0; // unit -> sums over its VMs
export let needRam: usize = 0;
export let needDisk: usize = 0;
let unitOwners: usize = 0; // unit x level -> exclusivity class, or CONTRADICTION

/** Unit -> number of its class of host-level exclusivity, from 1; 0: it is in none. */
export let exclusiveOf: usize = 0;
export let exclusiveCount = 0;

export let bundleCount = 0;
export let bundleOf: usize = 0; // unit -> bundle
export let bundleUnitFirst: usize = 0;
export let bundleUnits: usize = 0;
export let bundleTied: usize = 0; // 1: all in one rack

export let leagueCount = 0;
export let leagueOf: usize = 0; // bundle -> league
export let leagueBundleFirst: usize = 0;
export let leagueBundles: usize = 0;
export let leagueTied: usize = 0; // 1: all in one cluster

// The result of the last `number` call.
let numbered = 0;
let first: usize = 0;
let members: usize = 0;

function find(parent: usize, i: i32): i32 {
  while (get(parent, i) != i) {
    put(parent, i, get(parent, get(parent, i)));
    i = get(parent, i);
  }
  return i;
}

function identity(count: i32): usize {
  const parent = words(count, 0);
  for (let i = 0; i < count; i++) put(parent, i, i);
  return parent;
}

/** Joins what affinity groups of `level` hold together; `thing` maps a VM to what is joined (0: the VM itself). */
function joinAffinity(level: i32, count: i32, thing: usize, tied: usize): usize {
  const parent = identity(count);
  for (let g = 0; g < groupCount; g++) {
    if (groupWord(g, GROUP_KIND) != KIND_AFFINITY || groupWord(g, GROUP_LEVEL) != level) continue;
    const list = wordAt(groupWord(g, GROUP_MEMBERS));
    const size = groupWord(g, GROUP_MEMBER_COUNT);
    for (let i = 0; i < size; i++) {
      const a = get(list, 0);
      const b = get(list, i << 1);
      const x = find(parent, thing ? get(thing, a) : a);
      const y = find(parent, thing ? get(thing, b) : b);
      if (tied) put(tied, thing ? get(thing, b) : b, 1);
      if (x < y) put(parent, y, x);
      else put(parent, x, y);
    }
  }
  return parent;
}

/** Numbers the sets of a forest by their lowest member and lists the members of each. Returns thing -> set. */
function number(parent: usize, count: i32): usize {
  const set = words(count, -1);
  numbered = 0;
  for (let i = 0; i < count; i++) {
    const root = find(parent, i);
    if (root == i) put(set, i, numbered++);
    else put(set, i, get(set, root));
  }
  first = words(numbered + 1, 0);
  members = words(count, 0);
  for (let i = 0; i < count; i++) add(first, get(set, i) + 1, 1);
  for (let s = 0; s < numbered; s++) add(first, s + 1, get(first, s));
  const next = words(numbered, 0);
  for (let s = 0; s < numbered; s++) put(next, s, get(first, s));
  for (let i = 0; i < count; i++) {
    const s = get(set, i);
    put(members, get(next, s), i);
    add(next, s, 1);
  }
  return set;
}

/** `tied` of the things -> of their sets. */
function tiedSets(set: usize, count: i32, tied: usize): usize {
  const answer = words(numbered, 0);
  for (let i = 0; i < count; i++) if (get(tied, i)) put(answer, get(set, i), 1);
  return answer;
}

/** `affinity` false: as if there were no affinity groups (the rule is switched off in a test). */
export function buildUnits(affinity: bool): void {
  unitOf = number(affinity ? joinAffinity(LEVEL_HOST, vmCount, 0, 0) : identity(vmCount), vmCount);
  unitCount = numbered;
  unitVmFirst = first;
  unitVms = members;

  let tied = words(unitCount, 0);
  bundleOf = number(affinity ? joinAffinity(LEVEL_RACK, unitCount, unitOf, tied) : identity(unitCount), unitCount);
  bundleCount = numbered;
  bundleUnitFirst = first;
  bundleUnits = members;
  bundleTied = tiedSets(bundleOf, unitCount, tied);

  const vmBundle = words(vmCount, 0);
  for (let vm = 0; vm < vmCount; vm++) put(vmBundle, vm, get(bundleOf, get(unitOf, vm)));
  tied = words(bundleCount, 0);
  leagueOf = number(
    affinity ? joinAffinity(LEVEL_CLUSTER, bundleCount, vmBundle, tied) : identity(bundleCount),
    bundleCount,
  );
  leagueCount = numbered;
  leagueBundleFirst = first;
  leagueBundles = members;
  leagueTied = tiedSets(leagueOf, bundleCount, tied);

  needVcpus = words(unitCount, 0);
  needRam = words(unitCount, 0);
  needDisk = words(unitCount, 0);
  unitOwners = words(unitCount * LEVEL_COUNT, 0);
  for (let u = 0; u < unitCount; u++) {
    const head = get(unitVms, get(unitVmFirst, u));
    for (let l = 0; l < LEVEL_COUNT; l++) put(unitOwners, u * LEVEL_COUNT + l, vmOwner(head, l));
  }
  for (let vm = 0; vm < vmCount; vm++) {
    const u = get(unitOf, vm);
    addCapped(needVcpus, u, vmWord(vm, VM_VCPUS));
    addCapped(needRam, u, vmWord(vm, VM_RAM));
    addCapped(needDisk, u, vmWord(vm, VM_DISK));
    for (let l = 0; l < LEVEL_COUNT; l++) {
      const at = u * LEVEL_COUNT + l;
      if (get(unitOwners, at) != vmOwner(vm, l)) put(unitOwners, at, CONTRADICTION);
    }
  }
  numberOwners();
}

/** Numbers the classes of host-level exclusivity that units are in, from 1. */
function numberOwners(): void {
  let places = 4;
  while (places < unitCount << 1) places <<= 1;
  const examples = words(places, NONE); // hash table: a unit of each class
  exclusiveOf = words(unitCount, 0);
  exclusiveCount = 0;
  for (let u = 0; u < unitCount; u++) {
    const owner = unitOwner(u, LEVEL_HOST);
    if (owner == OWNER_NONE) continue;
    let at = (owner * 0x61c88647) & (places - 1);
    while (get(examples, at) != NONE && unitOwner(get(examples, at), LEVEL_HOST) != owner) at = (at + 1) & (places - 1);
    if (get(examples, at) == NONE) {
      put(examples, at, u);
      put(exclusiveOf, u, ++exclusiveCount);
    } else put(exclusiveOf, u, get(exclusiveOf, get(examples, at)));
  }
}

/** Sums of needs stop at 2^31-1, which no host has free. */
function addCapped(column: usize, row: i32, by: i32): void {
  put(column, row, <i32>min<i64>(i32.MAX_VALUE, <i64>get(column, row) + <i64>by));
}

export function unitOwner(unit: i32, level: i32): i32 {
  return get(unitOwners, unit * LEVEL_COUNT + level);
}

/** Number of VMs of a unit. */
export function unitSize(unit: i32): i32 {
  return get(unitVmFirst, unit + 1) - get(unitVmFirst, unit);
}
