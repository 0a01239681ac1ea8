// The best host for one unit as things are now. Levels of the objective in their order: a touched host costs nothing, a
// host that already runs VMs costs less than an empty one. Among new hosts the one that can absorb the largest share of
// what still waits is taken (estimate-based greedy), then one in a touched rack, then the tightest fit, then the lowest row.

import { BLOCK_ROWS, BLOCK_SHIFT, LEVEL_HOST, NONE, OWNER_NONE, REQUEST_FRESH_OWNER } from "../abi";
import { touchedCount, touchedRow, waitingDisk, waitingOf, waitingRam, waitingVcpus } from "../assignment";
import {
  blockCount,
  blockRack,
  freeDisk,
  freeRam,
  freeVcpus,
  hostVms,
  rackBlock,
  rackCount,
  rackOf,
  rackTouched,
  touchedSlot,
} from "../inventory";
import { get, put, words } from "../lib/arena";
import { below } from "../lib/rng";
import { addedAt, gatherPeers, isJoined, joinsRead } from "../pipes";
import { request } from "../request";
import { allowed, diskMatters, mayEnter, permitted, ramMatters, vcpusMatter } from "../rules";
import { exclusiveOf, needDisk, needRam, needVcpus, unitOwner } from "../units";
import { domainCount, domainRows } from "./domain";
import { fit, fitWithin, prepareFit } from "./fit";
import { activeFrontier, emptyFrontier, Frontier, firstOfSpan, freshen, spanOf } from "./frontier";
import { chooseNearby, nearbyScanned, nearbyVisited } from "./nearby";
import { noteRefused, prepareRefusals, slotsRefusing } from "./refusals";

/** Steps in which a share of the waiting demand is measured: coarse, so that rack and fit can decide between near equals. */
const SHARES: f32 = 64;
/** Blocks looked into that can only equal the best share found: they may improve rack and fit, the last levels. */
const PATIENCE = 24;

/** Blocks of a rack that is looked at ahead of the others; a larger one (a data center without racks is one) has its turn. */
const SMALL_RACK = 8;

/** Cost of a host without VMs: more than any bandwidth. */
const EMPTY: i64 = 1 << 62;

/** Exact work counters. */
export let attempts = 0;
export let blocksVisited = 0;

/** One in this many hosts is overlooked during improvement, so that it does not repeat itself (blinks, Christiaens and Vanden Berghe 2020); 0: none. */
let blinkRate = 0;

let rackStamp: usize = 0;
let stamp = 0;

// The demand that a new host should absorb, as factors: share = min over resources of min(1, free x factor + offset).
let factorVcpus: f32 = 0;
let factorRam: f32 = 0;
let factorDisk: f32 = 0;
let offsetVcpus: f32 = 0;
let offsetRam: f32 = 0;
let offsetDisk: f32 = 0;

// Room a block or host must have to be looked at.
let wantVcpus = 0;
let wantRam = 0;
let wantDisk = 0;

let bestRow = NONE;
let bestShare: f32 = -1;
let bestRackTouched = false;
let bestFit: f32 = 0;

/** Blocks and spans of blocks whose bounds were read. */
let blocksScanned = 0;
let spent = 0;
/** Hosts, units and pairs of units that moves weighed against each other. */
let probes = 0;

/** How far a choice may reach. */
export const ANY_HOST: i32 = 0;
export const NO_EMPTY_HOST: i32 = 1;
export const TOUCHED_HOSTS: i32 = 2;
/** Hosts that run VMs and are not touched yet. */
export const NEW_HOSTS: i32 = 3;
let reach = ANY_HOST;

/**
 * What budgets are counted in: attempts, and one more for every 64 blocks looked into, 512 whose bounds were read, 512
 * joins between units (pipes.ts) or 128 probes of the moves.
 * So a unit of it takes about the same time on few hosts and on many.
 */
export function work(): i32 {
  return attempts + (blocksVisited >> 6) + (blocksScanned >> 9) + (joinsRead >> 9) + (probes >> 7) + spent;
}

/** Counts work that was done elsewhere. */
export function spend(amount: i32): void {
  spent += amount;
}

export function prepareChoice(): void {
  attempts = 0;
  blocksVisited = 0;
  blocksScanned = 0;
  spent = 0;
  probes = 0;
  reach = ANY_HOST;
  blinkRate = 0;
  rackStamp = words(rackCount, 0);
  stamp = 0;
  prepareFit();
  prepareRefusals();
}

/** Bounds that others read, in blocks, count as work too. */
export function readBounds(blocks: i32): void {
  blocksScanned += blocks;
}

export function probe(count: i32): void {
  probes += count;
}

/** From now on `choose` keeps to these hosts. */
export function confine(to: i32): void {
  reach = to;
}

/** Repair or improvement is going on, not the first plan. */
export function searching(): bool {
  return blinkRate > 0;
}

export function blink(rate: i32): void {
  blinkRate = rate;
}

/** The best host row among the blocks [from, to), NONE if every one is refused. */
export function choose(unit: i32, from: i32, to: i32): i32 {
  attempts++;
  bestRow = NONE;
  if (get(domainCount, unit) >= 0) return chooseFromDomain(unit, from, to);
  if (isJoined(unit)) {
    const row = chooseNearby(unit, from, to, blinkRate);
    blocksVisited += nearbyVisited;
    blocksScanned += nearbyScanned;
    return row;
  }
  wantVcpus = vcpusMatter ? get(needVcpus, unit) : i32.MIN_VALUE;
  wantRam = ramMatters ? get(needRam, unit) : i32.MIN_VALUE;
  wantDisk = diskMatters ? get(needDisk, unit) : i32.MIN_VALUE;
  if (reach != NEW_HOSTS && (chooseTouched(unit, from, to) != NONE || reach == TOUCHED_HOSTS)) return bestRow;

  freshen(from, to);
  measureDemand(unit);
  bestShare = -1;
  const owner = unitOwner(unit, LEVEL_HOST);
  // VMs of an exclusivity class that lives nowhere yet cannot join a host that runs VMs.
  if (owner == OWNER_NONE || (owner > 0 && owner < get(request, REQUEST_FRESH_OWNER))) {
    chooseNew(unit, from, to, activeFrontier, true);
  }
  if (bestRow == NONE && reach == ANY_HOST) chooseNew(unit, from, to, emptyFrontier, false);
  return bestRow;
}

function overlooked(): bool {
  return blinkRate > 0 && below(blinkRate) == 0;
}

function withinReach(row: i32): bool {
  if (get(touchedSlot, row)) return reach != NEW_HOSTS;
  return reach == ANY_HOST || (reach != TOUCHED_HOSTS && get(hostVms, row) > 0);
}

/** The few hosts that a candidate list, a fixed place or a living group leaves. */
function chooseFromDomain(unit: i32, from: i32, to: i32): i32 {
  const rows = <usize>get(domainRows, unit);
  const joined = isJoined(unit);
  let bestCost: i64 = 0;
  for (let i = 0, end = get(domainCount, unit); i < end; i++) {
    const row = get(rows, i);
    const block = row >> BLOCK_SHIFT;
    if (block < from || block >= to || !allowed(unit, block, 1 << (row & 15))) continue;
    if (bestRow != NONE && overlooked()) continue;
    if (!withinReach(row)) continue;
    let cost: i64 = get(touchedSlot, row) ? 0 : get(hostVms, row) ? (get(rackTouched, rackOf(row)) ? 1 : 2) : EMPTY;
    if (joined) {
      gatherPeers(unit);
      cost += addedAt(row) << 2;
    }
    const tightness = fit(unit, row);
    if (bestRow != NONE && (cost > bestCost || (cost == bestCost && tightness >= bestFit))) continue;
    bestRow = row;
    bestCost = cost;
    bestFit = tightness;
  }
  return bestRow;
}

function chooseTouched(unit: i32, from: i32, to: i32): i32 {
  // Chance may overlook a host that would take the unit, so only the first plan remembers.
  const everywhere = from == 0 && to == blockCount && !searching();
  const asked = everywhere ? slotsRefusing(unit) : 0;
  if (CHECK) assert(allRefuse(unit, asked), "a host that refused a unit takes one that is alike");
  for (let slot = asked; slot < touchedCount; slot++) {
    const row = get(touchedRow, slot);
    const block = row >> BLOCK_SHIFT;
    if (block < from || block >= to) continue;
    if (get(freeVcpus, row) < wantVcpus || get(freeRam, row) < wantRam || get(freeDisk, row) < wantDisk) continue;
    const tightness = fit(unit, row);
    if (bestRow != NONE && (tightness > bestFit || (tightness == bestFit && row > bestRow))) continue;
    if (overlooked() || !permitted(unit, block, 1 << (row & 15))) continue;
    bestRow = row;
    bestFit = tightness;
  }
  if (everywhere && bestRow == NONE) noteRefused(unit);
  return bestRow;
}

/** For the check build: does none of the first touched hosts take the unit? */
function allRefuse(unit: i32, slots: i32): bool {
  for (let slot = 0; slot < slots; slot++) {
    const row = get(touchedRow, slot);
    if (allowed(unit, row >> BLOCK_SHIFT, 1 << (row & 15))) return false;
  }
  return true;
}

function measureDemand(unit: i32): void {
  let vcpus = waitingVcpus;
  let ram = waitingRam;
  let disk = waitingDisk;
  const exclusive = get(exclusiveOf, unit);
  if (exclusive > 0) {
    const at = waitingOf(exclusive);
    vcpus = load<i64>(at);
    ram = load<i64>(at, 8);
    disk = load<i64>(at, 16);
  }
  factorVcpus = vcpus > 0 ? 1 / <f32>vcpus : 0;
  factorRam = ram > 0 ? 1 / <f32>ram : 0;
  factorDisk = disk > 0 ? 1 / <f32>disk : 0;
  offsetVcpus = vcpus > 0 ? 0 : 1;
  offsetRam = ram > 0 ? 0 : 1;
  offsetDisk = disk > 0 ? 0 : 1;
}

/** Share of the waiting demand that this much room absorbs, in whole steps. */
function shareOf(vcpus: i32, ram: i32, disk: i32): f32 {
  const share = min(
    min(<f32>vcpus * factorVcpus + offsetVcpus, <f32>ram * factorRam + offsetRam),
    min(<f32>disk * factorDisk + offsetDisk, <f32>1),
  );
  return floor(share * SHARES);
}

/** Hosts that are not touched yet: those that run VMs (`active`) or the empty ones. Blocks whose bounds cannot win are not looked into. */
function chooseNew(unit: i32, from: i32, to: i32, frontier: Frontier, active: bool): void {
  const maxVcpus = frontier.vcpus.blocks;
  const maxRam = frontier.ram.blocks;
  const maxDisk = frontier.disk.blocks;
  // Racks that are touched already come first: with equal shares they win anyway.
  stamp++;
  let patience = PATIENCE;
  for (let slot = 0; slot < touchedCount; slot++) {
    const rack = rackOf(get(touchedRow, slot));
    if (get(rackStamp, rack) == stamp || get(rackBlock, rack + 1) - get(rackBlock, rack) > SMALL_RACK) continue;
    put(rackStamp, rack, stamp);
    const end = min(to, get(rackBlock, rack + 1));
    for (let block = max(from, get(rackBlock, rack)); block < end; block++) {
      if (
        get(maxVcpus, block) >= wantVcpus &&
        get(maxRam, block) >= wantRam &&
        get(maxDisk, block) >= wantDisk &&
        shareOf(get(maxVcpus, block), get(maxRam, block), get(maxDisk, block)) >=
          (patience > 0 ? bestShare : bestShare + 1)
      ) {
        const before = bestShare;
        visit(unit, block, active);
        if (bestShare == before && bestRow != NONE) patience--;
      }
    }
  }
  patience = PATIENCE;
  const endSpan = spanOf(to - 1) + 1;
  blocksScanned += endSpan - spanOf(from);
  for (let span = spanOf(from); span < endSpan; span++) {
    const spanVcpus = get(frontier.vcpus.spans, span);
    const spanRam = get(frontier.ram.spans, span);
    const spanDisk = get(frontier.disk.spans, span);
    if (spanVcpus < wantVcpus || spanRam < wantRam || spanDisk < wantDisk) continue;
    if (shareOf(spanVcpus, spanRam, spanDisk) < (patience > 0 ? bestShare : bestShare + 1)) continue;
    const first = max(from, firstOfSpan(span));
    const end = min(to, firstOfSpan(span + 1));
    blocksScanned += end - first;
    for (let block = first & ~3; block < end; block += 4) {
      const at = (<usize>block) << 2;
      const vcpus = v128.load(maxVcpus + at);
      const ram = v128.load(maxRam + at);
      const disk = v128.load(maxDisk + at);
      // Once patience is over only a larger share is worth a look.
      const enough = f32x4.splat(patience > 0 ? bestShare : bestShare + 1);
      let hits = i32x4.bitmask(v128.and(roomFor(vcpus, ram, disk), f32x4.ge(sharesOf(vcpus, ram, disk), enough)));
      while (hits) {
        const hit = block + ctz(hits);
        hits &= hits - 1;
        if (hit < first || hit >= end) continue;
        const rack = get(blockRack, hit);
        if (get(rackStamp, rack) == stamp || !mayEnter(unit, rack)) continue;
        const before = bestShare;
        visit(unit, hit, active);
        if (bestShare == before && bestRow != NONE) patience--;
      }
    }
  }
}

function visit(unit: i32, block: i32, active: bool): void {
  blocksVisited++;
  const rackIsTouched = get(rackTouched, get(blockRack, block)) > 0;
  let left = contenders(unit, block, active, rackIsTouched);
  if (left) left = permitted(unit, block, left);
  for (; left; left &= left - 1) {
    const row = (block << BLOCK_SHIFT) + ctz(left);
    const share = shareOf(get(freeVcpus, row), get(freeRam, row), get(freeDisk, row));
    if (share < bestShare) continue;
    const tightness = fit(unit, row);
    if (share == bestShare) {
      if (bestRackTouched && !rackIsTouched) continue;
      if (bestRackTouched == rackIsTouched && (tightness > bestFit || (tightness == bestFit && row > bestRow)))
        continue;
    }
    if (overlooked()) continue;
    bestRow = row;
    bestShare = share;
    bestRackTouched = rackIsTouched;
    bestFit = tightness;
  }
}

/** Untouched hosts of the kind that have room for the unit and are better than the best, if the other rules allow them. */
function contenders(unit: i32, block: i32, active: bool, rackIsTouched: bool): i32 {
  const zero = i32x4.splat(0);
  const kind = i32x4.splat(active ? -1 : 0);
  // With the best's share a host wins by its rack, or in a rack like the best's by its fit.
  const atShare = f32x4.splat(bestShare);
  const byFit = rackIsTouched == bestRackTouched;
  const atLeast = f32x4.splat(bestRackTouched && !rackIsTouched ? bestShare + 1 : bestShare);
  let found = 0;
  for (let lane = 0; lane < BLOCK_ROWS; lane += 4) {
    const row = (block << BLOCK_SHIFT) + lane;
    const at = (<usize>row) << 2;
    const vcpus = v128.load(freeVcpus + at);
    const ram = v128.load(freeRam + at);
    const disk = v128.load(freeDisk + at);
    const shares = sharesOf(vcpus, ram, disk);
    let better = i32x4.bitmask(
      v128.and(
        v128.and(i32x4.eq(v128.load(touchedSlot + at), zero), i32x4.eq(i32x4.ne(v128.load(hostVms + at), zero), kind)),
        v128.and(roomFor(vcpus, ram, disk), f32x4.ge(shares, atLeast)),
      ),
    );
    if (byFit && better) better &= i32x4.bitmask(f32x4.gt(shares, atShare)) | fitWithin(unit, row, bestFit);
    found |= better << lane;
  }
  return found;
}

/** Of four hosts (bounds of four blocks): has each room for the unit? */
function roomFor(vcpus: v128, ram: v128, disk: v128): v128 {
  return v128.and(
    v128.and(i32x4.ge_s(vcpus, i32x4.splat(wantVcpus)), i32x4.ge_s(ram, i32x4.splat(wantRam))),
    i32x4.ge_s(disk, i32x4.splat(wantDisk)),
  );
}

/** `shareOf` of four hosts (bounds of four blocks). */
function sharesOf(vcpus: v128, ram: v128, disk: v128): v128 {
  const share = f32x4.min(
    f32x4.min(partOf(vcpus, factorVcpus, offsetVcpus), partOf(ram, factorRam, offsetRam)),
    f32x4.min(partOf(disk, factorDisk, offsetDisk), f32x4.splat(1)),
  );
  return f32x4.floor(f32x4.mul(share, f32x4.splat(SHARES)));
}

function partOf(free: v128, factor: f32, offset: f32): v128 {
  return f32x4.add(f32x4.mul(f32x4.convert_i32x4_s(free), f32x4.splat(factor)), f32x4.splat(offset));
}
