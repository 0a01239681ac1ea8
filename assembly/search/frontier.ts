// Upper bounds of what is free on up hosts that the plan does not touch yet: per block, and per span of 64 blocks, so
// that a choice among 100,000 hosts reads some 150 spans and the few of their blocks that may win, not 9,000 blocks.
// Exact when they are read: that a host is touched or given back is only noted, since most of what a search places is
// taken back before anybody looks. The columns of the inventory itself stay as the host wrote them.

import { BLOCK_ROWS, BLOCK_SHIFT } from "../abi";
import {
  activeDisk,
  activeRam,
  activeVcpus,
  blockCount,
  classUp,
  emptyDisk,
  emptyRam,
  emptyVcpus,
  freeDisk,
  freeRam,
  freeVcpus,
  hostClass,
  hostVms,
  touchedSlot,
} from "../inventory";
import { add, get, put, reserve, words } from "../lib/arena";

const SPAN_SHIFT = 6;
const NOTHING_FREE = -1;

let turned: usize = 0; // block -> its hosts that were touched or given back since it was measured, as bits of 16
let staleBlocks: usize = 0; // span -> blocks with such hosts

/** One resource: the most that an untouched up host of the block (span) has free, -1 if it has no such host. */
@unmanaged
export class Bounds {
  blocks: usize = 0;
  spans: usize = 0;

  /** Everything as the host wrote it. */
  open(column: usize): void {
    memory.copy(this.blocks, column, (<usize>blockCount) << 2);
    for (let span = 0, count = spanOf(blockCount - 1) + 1; span < count; span++) put(this.spans, span, this.most(span));
  }

  set(block: i32, value: i32): void {
    const before = get(this.blocks, block);
    if (value == before) return;
    put(this.blocks, block, value);
    const span = spanOf(block);
    const most = get(this.spans, span);
    if (value >= most) put(this.spans, span, value);
    else if (before == most) put(this.spans, span, this.most(span));
  }

  private most(span: i32): i32 {
    let most = i32x4.splat(NOTHING_FREE);
    const from = this.blocks + ((<usize>span) << (SPAN_SHIFT + 2));
    const end = this.blocks + ((<usize>min(blockCount, (span + 1) << SPAN_SHIFT)) << 2);
    let at = from;
    for (; at + 16 <= end; at += 16) most = i32x4.max_s(most, v128.load(at));
    let answer = highest(most);
    for (; at < end; at += 4) answer = max(answer, load<i32>(at));
    return answer;
  }
}

/** The three resources of one kind of hosts. */
@unmanaged
export class Frontier {
  vcpus: Bounds = changetype<Bounds>(0);
  ram: Bounds = changetype<Bounds>(0);
  disk: Bounds = changetype<Bounds>(0);
}

/** Hosts that run VMs, and hosts that run none. */
export let activeFrontier: Frontier = changetype<Frontier>(0);
export let emptyFrontier: Frontier = changetype<Frontier>(0);

export function spanOf(block: i32): i32 {
  return block >> SPAN_SHIFT;
}

export function firstOfSpan(span: i32): i32 {
  return span << SPAN_SHIFT;
}

export function prepareFrontier(): void {
  const spans = spanOf(blockCount) + 1;
  turned = words(spans << (SPAN_SHIFT - 1), 0);
  staleBlocks = words(spans, 0);
  activeFrontier = frontier(activeVcpus, activeRam, activeDisk);
  emptyFrontier = frontier(emptyVcpus, emptyRam, emptyDisk);
}

function frontier(vcpus: usize, ram: usize, disk: usize): Frontier {
  const made = changetype<Frontier>(reserve(offsetof<Frontier>()));
  made.vcpus = bounds(vcpus);
  made.ram = bounds(ram);
  made.disk = bounds(disk);
  return made;
}

function bounds(column: usize): Bounds {
  const made = changetype<Bounds>(reserve(offsetof<Bounds>()));
  // Whole vectors are read, so the last one is there in full.
  made.blocks = words((blockCount + 3) & ~3, NOTHING_FREE);
  made.spans = words(spanOf(blockCount) + 1, NOTHING_FREE);
  made.open(column);
  return made;
}

/** The host was touched, or given back. Done twice it is as if nothing had happened. */
export function turn(row: i32): void {
  const block = row >> BLOCK_SHIFT;
  const at = turnedAt(block);
  const before = <i32>load<u16>(at);
  const now = before ^ (1 << (row & 15));
  store<u16>(at, <u16>now);
  if (before == 0) add(staleBlocks, spanOf(block), 1);
  else if (now == 0) add(staleBlocks, spanOf(block), -1);
}

/** Before bounds of the blocks [from, to) are read. */
export function freshen(from: i32, to: i32): void {
  for (let span = spanOf(from), end = spanOf(to - 1); span <= end; span++) {
    let left = get(staleBlocks, span);
    if (left == 0) continue;
    put(staleBlocks, span, 0);
    for (let block = firstOfSpan(span); left; block++) {
      if (load<u16>(turnedAt(block)) == 0) continue;
      store<u16>(turnedAt(block), 0);
      measureBlock(block);
      left--;
    }
  }
}

function turnedAt(block: i32): usize {
  return turned + ((<usize>block) << 1);
}

function measureBlock(block: i32): void {
  let runVcpus = i32x4.splat(NOTHING_FREE);
  let runRam = runVcpus;
  let runDisk = runVcpus;
  let idleVcpus = runVcpus;
  let idleRam = runVcpus;
  let idleDisk = runVcpus;
  const zero = i32x4.splat(0);
  const nothing = i32x4.splat(NOTHING_FREE);
  for (let lane = 0; lane < BLOCK_ROWS; lane += 4) {
    const row = (block << BLOCK_SHIFT) + lane;
    const at = (<usize>row) << 2;
    let up = i32x4.splat(get(classUp, get(hostClass, row)));
    up = i32x4.replace_lane(up, 1, get(classUp, get(hostClass, row + 1)));
    up = i32x4.replace_lane(up, 2, get(classUp, get(hostClass, row + 2)));
    up = i32x4.replace_lane(up, 3, get(classUp, get(hostClass, row + 3)));
    const untouched = v128.andnot(i32x4.eq(v128.load(touchedSlot + at), zero), i32x4.eq(up, zero));
    const idle = i32x4.eq(v128.load(hostVms + at), zero);
    const runs = v128.andnot(untouched, idle);
    const empty = v128.and(untouched, idle);
    const vcpus = v128.load(freeVcpus + at);
    const ram = v128.load(freeRam + at);
    const disk = v128.load(freeDisk + at);
    runVcpus = i32x4.max_s(runVcpus, v128.bitselect(vcpus, nothing, runs));
    runRam = i32x4.max_s(runRam, v128.bitselect(ram, nothing, runs));
    runDisk = i32x4.max_s(runDisk, v128.bitselect(disk, nothing, runs));
    idleVcpus = i32x4.max_s(idleVcpus, v128.bitselect(vcpus, nothing, empty));
    idleRam = i32x4.max_s(idleRam, v128.bitselect(ram, nothing, empty));
    idleDisk = i32x4.max_s(idleDisk, v128.bitselect(disk, nothing, empty));
  }
  activeFrontier.vcpus.set(block, highest(runVcpus));
  activeFrontier.ram.set(block, highest(runRam));
  activeFrontier.disk.set(block, highest(runDisk));
  emptyFrontier.vcpus.set(block, highest(idleVcpus));
  emptyFrontier.ram.set(block, highest(idleRam));
  emptyFrontier.disk.set(block, highest(idleDisk));
}

/** For the check build: is a bound that counts as exact not what the hosts say, or are blocks that do not miscounted? */
export function frontierDrifted(): bool {
  let stale = 0;
  for (let block = 0; block < blockCount; block++) {
    if (load<u16>(turnedAt(block))) {
      stale++;
      continue;
    }
    const before = sumOf(block);
    measureBlock(block);
    if (sumOf(block) != before) return true;
  }
  for (let span = 0, end = spanOf(blockCount); span <= end; span++) stale -= get(staleBlocks, span);
  return stale != 0;
}

/** Of all bounds that a block enters into. */
function sumOf(block: i32): i64 {
  return frontierSum(activeFrontier, block) + frontierSum(emptyFrontier, block);
}

function frontierSum(frontier: Frontier, block: i32): i64 {
  return boundsSum(frontier.vcpus, block) + boundsSum(frontier.ram, block) + boundsSum(frontier.disk, block);
}

function boundsSum(bounds: Bounds, block: i32): i64 {
  return <i64>get(bounds.blocks, block) + <i64>get(bounds.spans, spanOf(block));
}

function highest(four: v128): i32 {
  return max(
    max(i32x4.extract_lane(four, 0), i32x4.extract_lane(four, 1)),
    max(i32x4.extract_lane(four, 2), i32x4.extract_lane(four, 3)),
  );
}
