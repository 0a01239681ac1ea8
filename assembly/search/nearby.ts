// The best host for a unit with pipes, by the levels of the objective: a host that runs VMs costs less than an empty
// one; then the bandwidth that its pipes to placed ends would reserve; then the host that can absorb the largest share of
// what its component still waits with, since what ends up beside it reserves nothing; then touched hosts and racks, the
// tightest fit, the lowest row.
//
// What a host costs in bandwidth follows from where it is: the ends' own hosts cost least, then each rack with ends in
// it, then everything else. They are asked in this order, and the rest is not asked once it can only be worse.

import { BLOCK_SHIFT, LEVEL_HOST, LEVEL_RACK, NONE, OWNER_NONE, REQUEST_FRESH_OWNER } from "../abi";
import { touchedCount, touchedRow } from "../assignment";
import {
  ALL_ROWS,
  containerOf,
  freeDisk,
  freeRam,
  freeVcpus,
  hostVms,
  rackBlock,
  rackCount,
  rackOf,
  rackReal,
  rackTouched,
  touchedSlot,
} from "../inventory";
import { get } from "../lib/arena";
import { below } from "../lib/rng";
import {
  addedAt,
  addedInRack,
  gatherPeers,
  peerHostCount,
  peerRack,
  peerRackCount,
  peerRackRate,
  peerRate,
  peerRow,
  waitingDiskWith,
  waitingRamWith,
  waitingVcpusWith,
} from "../pipes";
import { request } from "../request";
import { allowed, diskMatters, mayEnter, ramMatters, vcpusMatter } from "../rules";
import { needDisk, needRam, needVcpus, unitOwner } from "../units";
import { fit } from "./fit";
import { activeFrontier, emptyFrontier, Frontier, firstOfSpan, freshen, spanOf } from "./frontier";

/** Steps in which a share of what waits is measured. */
const SHARES: f32 = 64;
/** Blocks looked into that can only equal the best share found. */
const PATIENCE = 24;

/** Blocks looked into, and blocks and spans whose bounds were read, by the last choice. */
export let nearbyVisited = 0;
export let nearbyScanned = 0;

let who = NONE;
let firstBlock = 0;
let endBlock = 0;
let blinkRate = 0;
let patience = 0;

// Room a block or host must have to be looked at, and what a host should absorb.
let wantVcpus = 0;
let wantRam = 0;
let wantDisk = 0;
let waitingVcpus: f32 = 0;
let waitingRam: f32 = 0;
let waitingDisk: f32 = 0;

let bestRow = NONE;
let bestAdded: i64 = 0;
let bestShare: f32 = -1;
let bestTouch = 0;
let bestFit: f32 = 0;

/** The best host row among the blocks [from, to), NONE if every one is refused. `blink`: one in this many hosts is overlooked, 0: none. */
export function chooseNearby(unit: i32, from: i32, to: i32, blink: i32): i32 {
  who = unit;
  firstBlock = from;
  endBlock = to;
  blinkRate = blink;
  nearbyVisited = 0;
  nearbyScanned = 0;
  bestRow = NONE;
  wantVcpus = vcpusMatter ? get(needVcpus, unit) : i32.MIN_VALUE;
  wantRam = ramMatters ? get(needRam, unit) : i32.MIN_VALUE;
  wantDisk = diskMatters ? get(needDisk, unit) : i32.MIN_VALUE;
  waitingVcpus = <f32>max<i64>(1, waitingVcpusWith(unit));
  waitingRam = <f32>max<i64>(1, waitingRamWith(unit));
  waitingDisk = <f32>max<i64>(1, waitingDiskWith(unit));
  gatherPeers(unit);
  for (let i = 0; i < peerHostCount; i++) {
    const row = peerRow(i);
    if (get(touchedSlot, row) || get(hostVms, row)) consider(row, addedAt(row));
  }
  const owner = unitOwner(unit, LEVEL_HOST);
  // VMs of an exclusivity class that lives nowhere yet cannot join a host that runs VMs, but one of their own.
  const joins = owner == OWNER_NONE || (owner > 0 && owner < get(request, REQUEST_FRESH_OWNER));
  search(activeFrontier, true, joins);
  if (bestRow == NONE) search(emptyFrontier, false, true);
  return bestRow;
}

/** Racks with ends, those with most first, then everywhere; `touched`: touched hosts too, `others`: untouched ones. */
function search(frontier: Frontier, touched: bool, others: bool): void {
  let above: i64 = i64.MAX_VALUE;
  for (;;) {
    // The racks with the largest rate below `above`; equal ones are asked together.
    let rate: i64 = -1;
    for (let i = 0; i < peerRackCount; i++) {
      if (peerRackRate(i) < above && peerRackRate(i) > rate) rate = peerRackRate(i);
    }
    if (rate < 0) break;
    above = rate;
    if (bestRow != NONE && bestAdded < 4 * peerRate - 2 * rate) return;
    for (let i = 0; i < peerRackCount; i++) {
      if (peerRackRate(i) == rate) searchRack(peerRack(i), frontier, touched, others);
    }
  }
  if (bestRow != NONE && bestAdded < 4 * peerRate) return;
  if (touched) considerTouched(NONE, true);
  if (others) scan(firstBlock, endBlock, 4 * peerRate, frontier, touched);
}

/** NONE: hosts without a rack, which are one rack to a pipe, though each cluster has a row for its own. */
function searchRack(rack: i32, frontier: Frontier, touched: bool, others: bool): void {
  if (touched) considerTouched(rack, false);
  if (!others) return;
  const added = addedInRack(rack);
  for (let r = rack == NONE ? 0 : rack, end = rack == NONE ? rackCount : rack + 1; r < end; r++) {
    if (rack == NONE && get(rackReal, r)) continue;
    const from = max(firstBlock, get(rackBlock, r));
    const to = min(endBlock, get(rackBlock, r + 1));
    if (from < to && mayEnter(who, r)) scan(from, to, added, frontier, touched);
  }
}

function considerTouched(rack: i32, everywhere: bool): void {
  for (let slot = 0; slot < touchedCount; slot++) {
    const row = get(touchedRow, slot);
    if (everywhere || containerOf(LEVEL_RACK, row) == rack) consider(row, addedAt(row));
  }
}

/** Untouched hosts of the blocks [from, to) whose bounds let them win. */
function scan(from: i32, to: i32, added: i64, frontier: Frontier, active: bool): void {
  freshen(from, to);
  patience = PATIENCE;
  const endSpan = spanOf(to - 1) + 1;
  nearbyScanned += endSpan - spanOf(from);
  for (let span = spanOf(from); span < endSpan; span++) {
    if (!promises(frontier.vcpus.spans, frontier.ram.spans, frontier.disk.spans, span, added)) continue;
    const first = max(from, firstOfSpan(span));
    const end = min(to, firstOfSpan(span + 1));
    nearbyScanned += end - first;
    for (let block = first; block < end; block++) {
      if (promises(frontier.vcpus.blocks, frontier.ram.blocks, frontier.disk.blocks, block, added)) {
        visit(block, added, active);
      }
    }
  }
}

/** Has the span or block room for the unit, and enough to be better than the best? */
function promises(vcpus: usize, ram: usize, disk: usize, at: i32, added: i64): bool {
  if (get(vcpus, at) < wantVcpus || get(ram, at) < wantRam || get(disk, at) < wantDisk) return false;
  if (bestRow == NONE || added < bestAdded) return true;
  const share = shareOf(get(vcpus, at), get(ram, at), get(disk, at));
  return share > bestShare || (share == bestShare && patience > 0);
}

function visit(block: i32, added: i64, active: bool): void {
  const rack = rackOf(block << BLOCK_SHIFT);
  if (!mayEnter(who, rack)) return;
  nearbyVisited++;
  const before = bestShare;
  for (let left = allowed(who, block, ALL_ROWS); left; left &= left - 1) {
    const row = (block << BLOCK_SHIFT) + ctz(left);
    if (get(hostVms, row) > 0 == active && !get(touchedSlot, row)) weigh(row, added);
  }
  if (bestShare == before) patience--;
}

function consider(row: i32, added: i64): void {
  const block = row >> BLOCK_SHIFT;
  if (block < firstBlock || block >= endBlock || (bestRow != NONE && added > bestAdded)) return;
  if (get(freeVcpus, row) < wantVcpus || get(freeRam, row) < wantRam || get(freeDisk, row) < wantDisk) return;
  if (allowed(who, block, 1 << (row & 15))) weigh(row, added);
}

/** Share of what waits that this much room absorbs, in whole steps. */
function shareOf(vcpus: i32, ram: i32, disk: i32): f32 {
  const share = min(min(<f32>vcpus / waitingVcpus, <f32>ram / waitingRam), min(<f32>disk / waitingDisk, <f32>1));
  return floor(share * SHARES);
}

/** 2: the host is touched, 1: its rack is. */
function touchOf(row: i32): i32 {
  return get(touchedSlot, row) ? 2 : get(rackTouched, rackOf(row)) ? 1 : 0;
}

function weigh(row: i32, added: i64): void {
  const share = shareOf(get(freeVcpus, row), get(freeRam, row), get(freeDisk, row));
  const touch = touchOf(row);
  const tightness = fit(who, row);
  if (bestRow != NONE && !wins(row, added, share, touch, tightness)) return;
  if (blinkRate > 0 && below(blinkRate) == 0) return;
  bestRow = row;
  bestAdded = added;
  bestShare = share;
  bestTouch = touch;
  bestFit = tightness;
}

function wins(row: i32, added: i64, share: f32, touch: i32, tightness: f32): bool {
  if (added != bestAdded) return added < bestAdded;
  if (share != bestShare) return share > bestShare;
  if (touch != bestTouch) return touch > bestTouch;
  return tightness < bestFit || (tightness == bestFit && row < bestRow);
}
