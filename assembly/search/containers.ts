// Which racks and clusters may take what is tied, and in which order they are tried.

import { NONE } from "../abi";
import { touchedCount, touchedRow, waitingDisk, waitingRam, waitingVcpus } from "../assignment";
import {
  activeDisk,
  activeRam,
  activeVcpus,
  clusterCount,
  clusterRack,
  emptyDisk,
  emptyRam,
  emptyVcpus,
  rackBlock,
  rackCount,
  rackDisk,
  rackOf,
  rackRam,
  rackTouched,
  rackVcpus,
} from "../inventory";
import { add, get, put, words } from "../lib/arena";
import { BitMatrix, bitMatrix } from "../lib/bit-matrix";
import { below } from "../lib/rng";
import { diskMatters, mayEnter, ramMatters, vcpusMatter } from "../rules";
import {
  bundleCount,
  bundleOf,
  bundleTied,
  bundleUnitFirst,
  bundleUnits,
  leagueCount,
  leagueOf,
  leagueTied,
  unitCount,
} from "../units";
import { readBounds, searching } from "./choose";
import { endRackCount, endRacks, endsIn, findEnds, prepareEnds } from "./ends";
import { Needs, needsOf } from "./needs";

/**
 * Racks that are ranked together; the next ones are when all of these were asked. The first that take a bundle are as
 * good as any, and ranking all of 3,600 racks takes 90 us.
 */
const WINDOW = 128;
/** What of all that waits a rack could take: quarters of the eight doublings up to the whole. */
const LEAST_SHARE: f32 = 1 / 256;
const SHARE_SHIFT = 21; // the exponent of an f32 and two more bits
const SHARE_RANKS = 33;
/** Of racks that are touched, and of the others. */
const ROOM_RANKS = 2 * SHARE_RANKS;
/** Ranks with what chance or ends in the rack may add, and 0: not to be tried. */
const RANKS = 2 * ROOM_RANKS + 1;
/** What ranking a rack, and counting the room in a block, cost in blocks whose bounds are read. */
const RANK_COST = 12;
const COUNT_COST = 48;

let bundleNeeds: Needs = changetype<Needs>(0);
let leagueNeeds: Needs = changetype<Needs>(0);

// Racks (columns) and tied bundles (rows). `Hopeless`: too small for the bundle even with no other unit there. `Failed`:
// did not take it although no unit was placed anywhere: in the first plan it is not asked again while none stands there.
// The same for clusters and tied leagues.
let hopelessRacks: BitMatrix = changetype<BitMatrix>(0);
let failedRacks: BitMatrix = changetype<BitMatrix>(0);
let hopelessClusters: BitMatrix = changetype<BitMatrix>(0);
let failedClusters: BitMatrix = changetype<BitMatrix>(0);
let bundleRow: usize = 0; // bundle -> its row, tied ones only
let leagueRow: usize = 0;

// The racks being ranked: those of [rangeFrom, rangeTo), a window at a time from rangeStart on, round the end.
let bundle = NONE;
let rangeFrom = 0;
let rangeTo = 0;
let rangeStart = 0;
let rangeDone = 0;
let rankedIn: usize = 0; // rack -> the call of rankRacks that ranked it last
let calls = 0;

let considered: usize = 0; // racks of the window that may take the bundle
let consideredRank: usize = 0;
let consideredCount = 0;
let rankFirst: usize = 0; // place of the first rack of each rank
let ranked: usize = 0; // best first
let rankedAt = 0;

export function prepareContainers(): void {
  prepareEnds();
  bundleNeeds = needsOf(bundleCount, bundleOf);
  const leagueOfUnit = words(unitCount, 0);
  for (let u = 0; u < unitCount; u++) put(leagueOfUnit, u, get(leagueOf, get(bundleOf, u)));
  leagueNeeds = needsOf(leagueCount, leagueOfUnit);
  bundleRow = words(bundleCount, 0);
  const bundles = numberTied(bundleTied, bundleCount, bundleRow);
  hopelessRacks = bitMatrix(bundles, rackCount);
  failedRacks = bitMatrix(bundles, rackCount);
  leagueRow = words(leagueCount, 0);
  const leagues = numberTied(leagueTied, leagueCount, leagueRow);
  hopelessClusters = bitMatrix(leagues, clusterCount);
  failedClusters = bitMatrix(leagues, clusterCount);
  rankedIn = words(rackCount, 0);
  calls = 0;
  considered = words(rackCount, 0);
  consideredRank = words(rackCount, 0);
  ranked = words(rackCount, 0);
  rankFirst = words(RANKS, 0);
}

/** Numbers the tied ones; returns how many there are. */
function numberTied(tied: usize, count: i32, numbers: usize): i32 {
  let next = 0;
  for (let i = 0; i < count; i++) if (get(tied, i)) put(numbers, i, next++);
  return next;
}

// ---- Clusters ----

/** False: what is free in the cluster shows that it cannot take the whole league, or it has shown before. */
export function mayTake(league: i32, cluster: i32): bool {
  const row = get(leagueRow, league);
  if (hopelessClusters.has(row, cluster)) return false;
  const from = get(clusterRack, cluster);
  const to = get(clusterRack, cluster + 1);
  readBounds(to - from);
  const fresh = clusterFresh(cluster);
  if (fresh && !searching() && failedClusters.has(row, cluster)) return false;
  if (sumsSuffice(league, from, to) && roomFor(leagueNeeds, league, from, to)) return true;
  if (fresh) hopelessClusters.add(row, cluster);
  return false;
}

/** The cluster did not take the league, and nothing has changed. */
export function clusterRefused(league: i32, cluster: i32): void {
  if (!searching() && touchedCount == 0) failedClusters.add(get(leagueRow, league), cluster);
}

/** The hosts of the racks [from, to) can take as many units. */
function roomFor(needs: Needs, thing: i32, from: i32, to: i32): bool {
  const first = get(rackBlock, from);
  const end = get(rackBlock, to);
  readBounds((end - first) * COUNT_COST);
  return needs.fits(thing, first, end);
}

/** No unit stands there. */
function clusterFresh(cluster: i32): bool {
  for (let rack = get(clusterRack, cluster), end = get(clusterRack, cluster + 1); rack < end; rack++) {
    if (get(rackTouched, rack)) return false;
  }
  return true;
}

function sumsSuffice(league: i32, from: i32, to: i32): bool {
  let vcpus: i64 = 0;
  let ram: i64 = 0;
  let disk: i64 = 0;
  for (let rack = from; rack < to; rack++) {
    vcpus += get(rackVcpus, rack);
    ram += get(rackRam, rack);
    disk += get(rackDisk, rack);
  }
  return (
    (vcpus >= get(leagueNeeds.vcpus.sum, league) || !vcpusMatter) &&
    (ram >= get(leagueNeeds.ram.sum, league) || !ramMatters) &&
    (disk >= get(leagueNeeds.disk.sum, league) || !diskMatters)
  );
}

// ---- Racks ----

// What the bundle needs in all, and its largest unit; nothing where the capacity is switched off.
let sumVcpus = 0;
let sumRam = 0;
let sumDisk = 0;
let mostVcpus = 0;
let mostRam = 0;
let mostDisk = 0;
// 1 / what waits in all.
let perVcpus: f32 = 1;
let perRam: f32 = 1;
let perDisk: f32 = 1;

function readNeeds(): void {
  sumVcpus = vcpusMatter ? get(bundleNeeds.vcpus.sum, bundle) : i32.MIN_VALUE;
  sumRam = ramMatters ? get(bundleNeeds.ram.sum, bundle) : i32.MIN_VALUE;
  sumDisk = diskMatters ? get(bundleNeeds.disk.sum, bundle) : i32.MIN_VALUE;
  mostVcpus = vcpusMatter ? get(bundleNeeds.vcpus.most, bundle) : 0;
  mostRam = ramMatters ? get(bundleNeeds.ram.most, bundle) : 0;
  mostDisk = diskMatters ? get(bundleNeeds.disk.most, bundle) : 0;
  perVcpus = 1 / <f32>max<i64>(1, waitingVcpus);
  perRam = 1 / <f32>max<i64>(1, waitingRam);
  perDisk = 1 / <f32>max<i64>(1, waitingDisk);
}

/**
 * Ranks the racks [from, to): those where ends of the bundle's pipes stand, then those that are touched, then those whose
 * hosts could take most of all that waits, for what else is tied follows the first that is placed: so 24 problems of
 * 100 and 280 VMs touch 380 hosts after 10,000 work, and 396 in the order of the room for the bundle alone.
 */
export function rankRacks(tied: i32, from: i32, to: i32): void {
  bundle = tied;
  readNeeds();
  calls++;
  rangeFrom = from;
  rangeTo = to;
  rangeDone = 0;
  // Beside the first plan the search starts anywhere, so that no rack is out of its reach.
  rangeStart = searching() && to - from > WINDOW ? from + below(to - from) : from;
  consideredCount = 0;
  rankedAt = 0;
  findEnds(bundle);
  for (let i = 0; i < endRackCount; i++) considerWithin(get(endRacks, i));
  for (let slot = 0; slot < touchedCount; slot++) considerWithin(rackOf(get(touchedRow, slot)));
  rankWindow();
}

function considerWithin(rack: i32): void {
  if (rack >= rangeFrom && rack < rangeTo) consider(rack);
}

/** The best rack that was not asked for yet, NONE: there is none. */
export function nextRanked(): i32 {
  while (rankedAt < consideredCount || rangeDone < rangeTo - rangeFrom) {
    if (rankedAt == consideredCount) {
      consideredCount = 0;
      rankedAt = 0;
      rankWindow();
      continue;
    }
    const rack = get(ranked, rankedAt++);
    if (roomFor(bundleNeeds, bundle, rack, rack + 1)) return rack;
    if (get(rackTouched, rack) == 0) hopelessRacks.add(get(bundleRow, bundle), rack);
  }
  return NONE;
}

/** The rack did not take the bundle, and nothing has changed. */
export function rackRefused(tied: i32, rack: i32): void {
  if (!searching() && touchedCount == 0) failedRacks.add(get(bundleRow, tied), rack);
}

function rankWindow(): void {
  const racks = rangeTo - rangeFrom;
  for (const end = min(racks, rangeDone + WINDOW); rangeDone < end; rangeDone++) {
    const rack = rangeStart + rangeDone;
    consider(rack < rangeTo ? rack : rack - racks);
  }
  sortConsidered();
}

/** Notes the rack with its rank, unless a bound or a rule shows that it cannot take the bundle. */
function consider(rack: i32): void {
  if (get(rankedIn, rack) == calls) return;
  put(rankedIn, rack, calls);
  const row = get(bundleRow, bundle);
  if (hopelessRacks.has(row, rack)) return;
  readBounds(RANK_COST);
  if (
    get(rackVcpus, rack) < sumVcpus ||
    get(rackRam, rack) < sumRam ||
    get(rackDisk, rack) < sumDisk ||
    (!searching() && get(rackTouched, rack) == 0 && failedRacks.has(row, rack)) ||
    !mayEnter(get(bundleUnits, get(bundleUnitFirst, bundle)), rack)
  ) {
    return;
  }
  // What the roomiest host has of each resource.
  const first = get(rackBlock, rack);
  const end = get(rackBlock, rack + 1);
  let vcpus = 0;
  let ram = 0;
  let disk = 0;
  for (let block = first; block < end; block++) {
    vcpus = max(vcpus, max(get(activeVcpus, block), get(emptyVcpus, block)));
    ram = max(ram, max(get(activeRam, block), get(emptyRam, block)));
    disk = max(disk, max(get(activeDisk, block), get(emptyDisk, block)));
  }
  if (vcpus < mostVcpus || ram < mostRam || disk < mostDisk) return;
  // What the roomiest active host of each block could take of all that waits.
  let share: f32 = 0;
  for (let block = first; block < end; block++) {
    share += min(
      min(<f32>get(activeVcpus, block) * perVcpus, <f32>get(activeRam, block) * perRam),
      <f32>get(activeDisk, block) * perDisk,
    );
  }
  let rank = 1 + shareRank(share) + (get(rackTouched, rack) ? SHARE_RANKS : 0);
  const ends = endsIn(rack, ROOM_RANKS);
  if (ends > 0) rank = ROOM_RANKS + ends;
  // Beside the first plan any rack may come early.
  else if (searching() && below(8) == 0) rank += below(ROOM_RANKS);
  put(considered, consideredCount, rack);
  put(consideredRank, consideredCount++, rank);
}

/** 0 to SHARE_RANKS - 1, as many for each doubling: tells racks apart however much waits. */
function shareRank(share: f32): i32 {
  const within = max<f32>(LEAST_SHARE, min<f32>(share, 1));
  return (reinterpret<i32>(within) - reinterpret<i32>(LEAST_SHARE)) >> SHARE_SHIFT;
}

/** By descending rank, then in the order in which they were considered: a counting sort. */
function sortConsidered(): void {
  memory.fill(rankFirst, 0, RANKS << 2);
  for (let i = 0; i < consideredCount; i++) add(rankFirst, RANKS - get(consideredRank, i), 1);
  for (let place = 0, before = 0; place < RANKS; place++) {
    const racks = get(rankFirst, place);
    put(rankFirst, place, before);
    before += racks;
  }
  for (let i = 0; i < consideredCount; i++) {
    const place = RANKS - get(consideredRank, i);
    put(ranked, get(rankFirst, place), get(considered, i));
    add(rankFirst, place, 1);
  }
}
