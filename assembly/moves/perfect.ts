import { BLOCK_SHIFT, NONE } from "../abi";
import { forget, hostOf, place, remove } from "../assignment";
import { get, put, words } from "../lib/arena";
import { below } from "../lib/rng";
import { allowed } from "../rules";
import { probe, work } from "../search/choose";
import { startOver } from "../search/incumbent";
import { needDisk, needRam, needVcpus, unitCount } from "../units";
import {
  exactDisk,
  exactRam,
  exactResources,
  exactVcpus,
  hostDisk,
  hostRam,
  hosts,
  hostVcpus,
  key,
  keyOf,
  mustBeEven,
  prepareEven,
  rows,
} from "./even";
import { Move, WHOLE_SHARE } from "./move";

/** Units of one host that are looked for at most. */
const MOST_UNITS = 6;
/** Looks of one step. */
const LOOKS = 2048;
/** Turns at once where nothing else finds them. */
const RARE_TURNS = 8;
const FROM_THE_SMALLEST: i32 = -2;
/** Pairs that are counted, and units of which, once no more are left, each is looked at. */
const MOST_PAIRS = 8;
const FEW = 60;
/** Looks of the first try; each further one has half as many more, and */
const FIRST_TRY = 500000;
/** passes over one filling in this many, so that it differs. */
const PASS_RATE = 8;

let sorted: usize = 0; // units by falling need of the key resource; what follows says "nth" for a place in it
let used: usize = 0; // nth -> 1: in a filling
let bucket: usize = 0; // hash of needs -> the last nth with them, NONE
let chain: usize = 0; // nth -> the one before it in the bucket
let buckets = 0;
let fillings: usize = 0; // host -> its units as nth, MOST_UNITS words each
let sizes: usize = 0; // host -> number of them
let scanned: usize = 0; // host -> the first nth for which its search has not been in vain, with `wanted` units
let branched: usize = 0; // host -> 1: one filling of its first unit has led nowhere
let tries = 0;
let tryLooks = 0; // that are left to this try
let looks = 0; // in this step
let turnEnds = 0;

// What the filling in hand leaves.
let vcpus = 0;
let ram = 0;
let disk = 0;
let leastKey = 0;

// The filling in hand: its host, the number of units wanted, how many are in hand, and the nth to look at next.
let host = 0;
let wanted = 0;
let inFillings = 0; // units in the fillings of the hosts before
let mostPerHost = 0;
let depth = 0;
let next = 0;

/**
 * Where the bound leaves no room at all (equal empty hosts that must be filled to the last unit), fillings are not searched
 * for by their slack but by equality: the largest unit that has one, first with few others, then with more; the last of
 * them is looked up by what is missing. Depth first with backtracking: such fillings are rare (with three resources
 * mostly the only one), so that one leads to the next, as in an exact cover (Knuth 2000, "Dancing links").
 */
export class PerfectFilling extends Move {
  prepare(): void {
    this.share = WHOLE_SHARE;
    prepareEven();
    sorted = words(unitCount, 0);
    used = words(unitCount, 0);
    buckets = 16;
    while (buckets < unitCount << 1) buckets <<= 1;
    bucket = words(buckets, NONE);
    chain = words(unitCount, NONE);
    fillings = words((unitCount + 1) * MOST_UNITS, 0);
    sizes = words(unitCount + 1, 0);
    scanned = words(unitCount + 1, 0);
    branched = words(unitCount + 1, 0);
    tries = 0;
  }

  start(span: i32): bool {
    if (!mustBeEven()) return false;
    turnEnds = work() + (rare() ? RARE_TURNS * span : span);
    if (tries == 0) {
      index();
      again();
    }
    return true;
  }

  step(): bool {
    looks = 0;
    while (looks < LOOKS && host >= 0 && host < hosts) advance();
    probe(looks);
    tryLooks -= looks;
    if (host == hosts) {
      if (build()) return false;
      again();
    } else if (host < 0 && tries == 1) return false;
    else if (host < 0 || (tryLooks <= 0 && exactResources() == 1)) again();
    return work() < turnEnds;
  }
}

/** Fillings are few where two resources must come out even, or where no host holds more than three units or four of the least. */
function rare(): bool {
  return exactResources() > 1 || leastKey >= keyOf(hostVcpus, hostRam, hostDisk) >> 2;
}

/** Sorts the units and puts them into buckets. */
function index(): void {
  for (let u = 0; u < unitCount; u++) put(sorted, u, u);
  for (let gap = unitCount >> 1; gap > 0; gap >>= 1) {
    for (let i = gap; i < unitCount; i++) {
      const unit = get(sorted, i);
      let j = i;
      while (j >= gap && before(unit, get(sorted, j - gap))) {
        put(sorted, j, get(sorted, j - gap));
        j -= gap;
      }
      put(sorted, j, unit);
    }
  }
  memory.fill(bucket, 0xff, (<usize>buckets) << 2);
  for (let nth = 0; nth < unitCount; nth++) {
    const unit = get(sorted, nth);
    const at = bucketOf(get(needVcpus, unit), get(needRam, unit), get(needDisk, unit));
    put(chain, nth, get(bucket, at));
    put(bucket, at, nth);
  }
  leastKey = get(key, get(sorted, unitCount - 1));
  let sum: i64 = 0;
  mostPerHost = 0;
  while (mostPerHost < unitCount) {
    sum += get(key, get(sorted, unitCount - 1 - mostPerHost));
    if (sum > keyOf(hostVcpus, hostRam, hostDisk)) break;
    mostPerHost++;
  }
}

function before(a: i32, b: i32): bool {
  const x = get(key, a);
  const y = get(key, b);
  return x > y || (x == y && a < b);
}

/** By the resources that must come out even. */
function bucketOf(needed: i32, neededRam: i32, neededDisk: i32): i32 {
  let hash: u32 = 0;
  if (exactVcpus) hash = (hash + <u32>needed) * 0x9e3779b1;
  if (exactRam) hash = (hash + <u32>neededRam) * 0x85ebca6b;
  if (exactDisk) hash = (hash + <u32>neededDisk) * 0xc2b2ae35;
  return (hash ^ (hash >> 15)) & (buckets - 1);
}

/** A new try, from the first host. */
function again(): void {
  tryLooks = FIRST_TRY;
  for (let t = 0; t < min(tries, 20); t++) tryLooks += tryLooks >> 2;
  tries++;
  memory.fill(used, 0, (<usize>unitCount) << 2);
  host = 0;
  inFillings = 0;
  wanted = 1;
  open(0);
}

/** Begins the filling of a host: with the unit that has the fewest choices, else the first from this one on that has any. */
function open(from: i32): void {
  depth = 0;
  next = from;
  vcpus = hostVcpus;
  ram = hostRam;
  disk = hostDisk;
  put(branched, host, 0);
  put(scanned, host, from);
  if (wanted == 3) {
    const scarce = scarcest();
    if (scarce != NONE) next = scarce;
  }
}

/**
 * Of the units that need exactly two others the one with the fewest pairs of them: the largest or the smallest, of the
 * last few units any.
 */
function scarcest(): i32 {
  const unused = unitCount - inFillings;
  let best = NONE;
  let fewest = MOST_PAIRS;
  let first = NONE;
  let last = NONE;
  for (let nth = 0; nth < unitCount; nth++) {
    if (get(used, nth)) continue;
    if (takesMore(nth)) {
      if (first == NONE) return NONE;
      continue;
    }
    last = nth;
    if (first == NONE) first = nth;
    else if (unused > FEW) continue;
    const pairs = pairsOf(nth, fewest);
    if (pairs >= fewest) continue;
    fewest = pairs;
    best = nth;
    if (fewest < 2) return best;
  }
  looks += unitCount >> 3;
  if (unused > FEW && last != NONE && pairsOf(last, fewest) < fewest) best = last;
  if (best != NONE) return best;
  // From that end which is farther from the middle: what is left in the end is of middle size, and goes together best.
  const large = 3 * get(key, get(sorted, first)) - keyOf(hostVcpus, hostRam, hostDisk);
  const small = keyOf(hostVcpus, hostRam, hostDisk) - 3 * get(key, get(sorted, last));
  // How far is too far differs from problem to problem, so it differs from try to try.
  const lean = tries % 3;
  return small << (lean == 2 ? 1 : 0) > large << (lean == 0 ? 1 : 0) ? last : first;
}

/** Could the filling of a unit be of more than `wanted`? */
function takesMore(nth: i32): bool {
  let least: i64 = get(key, get(sorted, nth));
  for (let i = 1; i <= wanted && i <= unitCount; i++) least += get(key, get(sorted, unitCount - i));
  return least <= keyOf(hostVcpus, hostRam, hostDisk);
}

/** Pairs of unused units that fill a host with this one, up to `most`. */
function pairsOf(nth: i32, most: i32): i32 {
  take(nth);
  let pairs = 0;
  for (let nth_ = lastOfAtLeast((left_() + 1) >> 1); nth_ >= 0 && pairs < most; nth_--) {
    looks++;
    const unit = get(sorted, nth_);
    if (get(key, unit) > left_() - leastKey) break;
    if (get(used, nth_) || !fits(nth_)) continue;
    vcpus -= get(needVcpus, unit);
    ram -= get(needRam, unit);
    disk -= get(needDisk, unit);
    if (lookUp(nth_) != NONE) pairs++;
    vcpus += get(needVcpus, unit);
    ram += get(needRam, unit);
    disk += get(needDisk, unit);
  }
  release();
  return pairs;
}

function nthOf(place_: i32): i32 {
  return get(fillings, host * MOST_UNITS + place_);
}

/** One step of the search: takes a unit in hand, or puts one back. */
function advance(): void {
  looks++;
  if (depth == wanted - 1) {
    const last = lookUp(depth < 2 ? NONE : nthOf(depth - 1));
    if (last == NONE || !leavesEnough() || (tries > 1 && below(PASS_RATE) == 0)) giveUp();
    else {
      take(last);
      put(sizes, host++, wanted);
      inFillings += wanted;
      if (host < hosts) open(get(scanned, host - 1));
    }
    return;
  }
  if (depth == 0) {
    while (next < unitCount && (get(used, next) || !fits(next))) {
      next++;
      looks++;
    }
    put(scanned, host, next);
    if (next < unitCount) take(next);
    else giveUp();
    return;
  }
  // The others by falling size; the largest of them first as small as it can be, so that the first unit, a large one, takes
  // small ones along and those of middle size, which go together best, stay till the end.
  const others = wanted - depth;
  const stop = depth == 1 ? NONE : nthOf(depth - 1);
  if (next == FROM_THE_SMALLEST) {
    next = lastOfAtLeast((left_() + others - 1) / others);
  }
  while (next > stop && (get(used, next) || !fits(next))) {
    next--;
    looks++;
  }
  if (next > stop && get(key, get(sorted, next)) <= left_() - (others - 1) * leastKey) take(next);
  else giveUp();
}

/** The last nth that needs at least as much of the key resource. */
function lastOfAtLeast(least: i32): i32 {
  let from = 0;
  let to = unitCount;
  while (from < to) {
    const middle = (from + to) >> 1;
    if (get(key, get(sorted, middle)) >= least) from = middle + 1;
    else to = middle;
  }
  return from - 1;
}

/** Do the hosts after this one hold as many units as are left? */
function leavesEnough(): bool {
  const left = unitCount - inFillings - wanted;
  return left <= (hosts - host - 1) * mostPerHost;
}

/** What the filling in hand leaves of the resource that units are sorted by. */
function left_(): i32 {
  return keyOf(vcpus, ram, disk);
}

function fits(nth: i32): bool {
  const unit = get(sorted, nth);
  return get(needVcpus, unit) <= vcpus && get(needRam, unit) <= ram && get(needDisk, unit) <= disk;
}

/** A unit after the nth that uses up what is left. */
function lookUp(nth: i32): i32 {
  for (let i = get(bucket, bucketOf(vcpus, ram, disk)); i > nth; i = get(chain, i)) {
    looks++;
    if (get(used, i)) continue;
    const unit = get(sorted, i);
    if (exactVcpus ? get(needVcpus, unit) != vcpus : get(needVcpus, unit) > vcpus) continue;
    if (exactRam ? get(needRam, unit) != ram : get(needRam, unit) > ram) continue;
    if (exactDisk ? get(needDisk, unit) != disk : get(needDisk, unit) > disk) continue;
    return i;
  }
  return NONE;
}

function take(nth: i32): void {
  const unit = get(sorted, nth);
  put(used, nth, 1);
  vcpus -= get(needVcpus, unit);
  ram -= get(needRam, unit);
  disk -= get(needDisk, unit);
  put(fillings, host * MOST_UNITS + depth++, nth);
  next = FROM_THE_SMALLEST;
}

/** Puts the unit taken last back; the next one to look at differs from it. */
function release(): void {
  const nth = nthOf(--depth);
  const unit = get(sorted, nth);
  put(used, nth, 0);
  vcpus += get(needVcpus, unit);
  ram += get(needRam, unit);
  disk += get(needDisk, unit);
  const step = depth == 0 ? 1 : -1;
  next = nth + step;
  while (next >= 0 && next < unitCount && equal(get(sorted, next), unit)) next += step;
}

function equal(a: i32, b: i32): bool {
  return (
    get(needVcpus, a) == get(needVcpus, b) && get(needRam, a) == get(needRam, b) && get(needDisk, a) == get(needDisk, b)
  );
}

/** Nothing more comes of what is in hand: another last one, another first one, more of them, or another host before. */
function giveUp(): void {
  if (depth > 0) {
    const first = nthOf(0);
    release();
    if (depth > 0) return;
    // The first unit must stand somewhere: if not with so many others, then with more, now or later.
    const more = takesMore(first);
    if (more && !get(branched, host)) return;
    next = first;
    if (more && ++wanted <= MOST_UNITS) return;
  } else if (wanted < MOST_UNITS) {
    wanted++;
    next = 0;
    return;
  }
  if (--host < 0) return;
  depth = wanted = get(sizes, host);
  inFillings -= wanted;
  vcpus = hostVcpus;
  ram = hostRam;
  disk = hostDisk;
  for (let i = 0; i < depth; i++) {
    const unit = get(sorted, nthOf(i));
    vcpus -= get(needVcpus, unit);
    ram -= get(needRam, unit);
    disk -= get(needDisk, unit);
  }
  put(branched, host, 1);
  // Units equal to the last one would make the same filling.
  release();
  if (depth > 0) giveUp();
}

/** Puts the fillings on the hosts. False: a rule is against it. */
function build(): bool {
  for (let u = 0; u < unitCount; u++) if (get(hostOf, u) != NONE) remove(u);
  let placed = 0;
  for (host = 0; host < hosts; host++) {
    const row = get(rows, host);
    for (let i = 0; i < get(sizes, host); i++) {
      const unit = get(sorted, nthOf(i));
      if (!allowed(unit, row >> BLOCK_SHIFT, 1 << (row & 15))) continue;
      place(unit, row);
      placed++;
    }
  }
  forget();
  if (placed == unitCount) return true;
  startOver();
  return false;
}
