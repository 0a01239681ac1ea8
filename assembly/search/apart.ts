// How many links a pipe between two units crosses at least, wherever they stand.

import { GROUP_LEVEL, KIND_DIVERSITY, LEVEL_HOST, LEVEL_RACK, NONE, VM_ZONE } from "../abi";
import { activeDisk, activeRam, activeVcpus, blockCount, emptyDisk, emptyRam, emptyVcpus } from "../inventory";
import { get } from "../lib/arena";
import { Membership, membershipsOf } from "../memberships";
import { linksBetween } from "../pipes";
import { groupWord, vmWord } from "../request";
import { needDisk, needRam, needVcpus, unitOwner, unitVmFirst, unitVms } from "../units";
import { domainCount, domainRows } from "./domain";

/** Pairs of rows that two short lists of candidates may make before they are not looked at. */
const MOST_PAIRS = 256;

let diversity: Membership = changetype<Membership>(0);
/** The most that any up host has free. */
export let roomiestVcpus = 0;
export let roomiestRam = 0;
export let roomiestDisk = 0;

export function prepareApart(): void {
  diversity = membershipsOf(KIND_DIVERSITY);
  roomiestVcpus = roomiest(activeVcpus, emptyVcpus);
  roomiestRam = roomiest(activeRam, emptyRam);
  roomiestDisk = roomiest(activeDisk, emptyDisk);
}

function roomiest(active: usize, empty: usize): i32 {
  let most = 0;
  for (let b = 0; b < blockCount; b++) most = max(most, max(get(active, b), get(empty, b)));
  return most;
}

/** 0, 2 or 4. */
export function linksAtLeast(a: i32, b: i32): i32 {
  return max(linksOfRows(a, b), max(linksOfGroups(a, b), max(linksOfOwners(a, b), fitTogether(a, b) ? 0 : 2)));
}

/** The same between a unit and the host where the other end lives. */
export function linksAtLeastTo(unit: i32, row: i32): i32 {
  const count = get(domainCount, unit);
  if (count == NONE || count > MOST_PAIRS) return 0;
  let least = count == 0 ? 0 : 4;
  for (let i = 0; i < count; i++) least = min(least, linksBetween(get(<usize>get(domainRows, unit), i), row));
  return least;
}

/** Two short lists of candidates. */
function linksOfRows(a: i32, b: i32): i32 {
  const count = get(domainCount, b);
  const others = get(domainCount, a);
  if (count <= 0 || others <= 0 || <i64>count * <i64>others > MOST_PAIRS) return 0;
  let least = 4;
  for (let i = 0; i < count; i++) least = min(least, linksAtLeastTo(a, get(<usize>get(domainRows, b), i)));
  return least;
}

/** Racks of different clusters differ, but hosts without a rack are one rack whatever their clusters. */
function linksOfGroups(a: i32, b: i32): i32 {
  let least = 0;
  for (let i = diversity.from(a), end = diversity.to(a); i < end; i++) {
    for (let j = diversity.from(b), last = diversity.to(b); j < last; j++) {
      if (diversity.group(i) != diversity.group(j) || diversity.ordinal(i) == diversity.ordinal(j)) continue;
      least = max(least, groupWord(diversity.group(i), GROUP_LEVEL) == LEVEL_RACK ? 4 : 2);
    }
  }
  return least;
}

function linksOfOwners(a: i32, b: i32): i32 {
  if (unitOwner(a, LEVEL_RACK) != unitOwner(b, LEVEL_RACK)) return 4;
  return unitOwner(a, LEVEL_HOST) != unitOwner(b, LEVEL_HOST) ? 2 : 0;
}

/** Zones that agree, and a host with room for both. */
function fitTogether(a: i32, b: i32): bool {
  const zone = vmWord(get(unitVms, get(unitVmFirst, a)), VM_ZONE);
  const other = vmWord(get(unitVms, get(unitVmFirst, b)), VM_ZONE);
  if (zone != NONE && other != NONE && zone != other) return false;
  return (
    <i64>get(needVcpus, a) + <i64>get(needVcpus, b) <= roomiestVcpus &&
    <i64>get(needRam, a) + <i64>get(needRam, b) <= roomiestRam &&
    <i64>get(needDisk, a) + <i64>get(needDisk, b) <= roomiestDisk
  );
}
