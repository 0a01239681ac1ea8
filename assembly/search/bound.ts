// Proven lower bounds of the objective's levels, from sums alone; that of bandwidth is in bound-reserved.ts.

import {
  BLOCK_ROWS,
  GROUP_KIND,
  GROUP_ORDINALS,
  KIND_DIVERSITY,
  LEVEL_HOST,
  OWNER_NONE,
  REQUEST_FRESH_OWNER,
} from "../abi";
import {
  activeDisk,
  activeRam,
  activeVcpus,
  blockCount,
  emptyDisk,
  emptyRam,
  emptyVcpus,
  totalDisk,
  totalRam,
  totalVcpus,
} from "../inventory";
import { get, put, words } from "../lib/arena";
import { groupCount, groupWord, request } from "../request";
import { exclusiveCount, exclusiveOf, needDisk, needRam, needVcpus, unitCount, unitOwner } from "../units";
import { reservedAtLeast } from "./bound-reserved";

/** Each holds for the plans that are best in all levels before it. */
export let boundActivated = 0;
export let boundReserved: i64 = 0;
export let boundTouched = 0;
export let boundRacks = 0;

/** What the exact search has proven. */
export function raiseActivated(to: i32): void {
  boundActivated = max(boundActivated, to);
}

export function raiseReserved(to: i64): void {
  boundReserved = max(boundReserved, to);
}

export function raiseTouched(to: i32): void {
  boundTouched = max(boundTouched, to);
}

export function raiseRacks(to: i32): void {
  boundRacks = max(boundRacks, to);
}

export function prepareBounds(): void {
  boundActivated = 0;
  boundReserved = reservedAtLeast();
  boundTouched = unitCount > 0 ? 1 : 0;
  boundRacks = boundTouched;
  resource(needVcpus, totalVcpus, activeVcpus, emptyVcpus);
  resource(needRam, totalRam, activeRam, emptyRam);
  resource(needDisk, totalDisk, activeDisk, emptyDisk);
  owners();
  // The members of a diversity group stand on different hosts, whatever its level.
  for (let g = 0; g < groupCount; g++) {
    if (groupWord(g, GROUP_KIND) == KIND_DIVERSITY) boundTouched = max(boundTouched, groupWord(g, GROUP_ORDINALS));
  }
  emptyAmongTouched();
}

/** Hosts touched beyond all that hold a VM are activated: a block counts whole as soon as one of its hosts holds one. */
function emptyAmongTouched(): void {
  let holding = 0;
  for (let b = 0; b < blockCount && holding < boundTouched; b++) if (get(activeVcpus, b) >= 0) holding += BLOCK_ROWS;
  boundActivated = max(boundActivated, boundTouched - holding);
}

/** What does not fit on all active hosts together needs empty ones, each at most as roomy as the roomiest. */
function resource(need: usize, total: usize, active: usize, empty: usize): void {
  let wanted: i64 = 0;
  for (let u = 0; u < unitCount; u++) wanted += get(need, u);
  let roomiestActive = 0;
  let roomiestEmpty = 0;
  for (let b = 0; b < blockCount; b++) {
    roomiestActive = max(roomiestActive, get(active, b));
    roomiestEmpty = max(roomiestEmpty, get(empty, b));
  }
  const roomiest = max(roomiestActive, roomiestEmpty);
  if (roomiest > 0) boundTouched = max(boundTouched, rounded(wanted, roomiest));
  const room = get(total, 0);
  if (room < i32.MAX_VALUE && wanted > room && roomiestEmpty > 0) {
    boundActivated = max(boundActivated, rounded(wanted - room, roomiestEmpty));
  }
}

function rounded(dividend: i64, divisor: i32): i32 {
  return <i32>((dividend + divisor - 1) / divisor);
}

/** Each class of host-level exclusivity needs a host of its own, and one that lives nowhere yet an empty one. */
function owners(): void {
  const seen = words(exclusiveCount + 1, 0);
  let classes = 0;
  let fresh = 0;
  let plain = 0;
  for (let u = 0; u < unitCount; u++) {
    const owner = unitOwner(u, LEVEL_HOST);
    if (owner <= OWNER_NONE) {
      plain = 1;
      continue;
    }
    if (get(seen, get(exclusiveOf, u))) continue;
    put(seen, get(exclusiveOf, u), 1);
    classes++;
    if (owner >= get(request, REQUEST_FRESH_OWNER)) fresh++;
  }
  boundActivated = max(boundActivated, fresh);
  boundTouched = max(boundTouched, classes + plain);
}
