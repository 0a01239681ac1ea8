// Complete search for a plan within limits: depth first, the unit with the fewest hosts first, a node or a host at each
// step. It either finds such a plan or shows that there is none. It knows no rule: `allowed` says where a unit may
// stand, and bounds (crowding.ts, apart.ts) see early that a node has no plan.

import {
  BLOCK_SHIFT,
  GROUP_MEMBER_COUNT,
  GROUP_MEMBERS,
  LEVEL_CLUSTER,
  LEVEL_RACK,
  NONE,
  OWNER_NONE,
  PIPE_A,
  PIPE_B,
} from "../abi";
import {
  activated,
  forget,
  hostOf,
  place,
  racksTouched,
  remove,
  reserved,
  touchedCount,
  unplacedVms,
} from "../assignment";
import {
  clusterRack,
  freeDisk,
  freeRam,
  freeVcpus,
  hostVms,
  rackBlock,
  rackCluster,
  rackCount,
  rackOf,
  rackReal,
  rackTouched,
} from "../inventory";
import { add, get, put, reserve, words } from "../lib/arena";
import { groupCount, groupWord, pipeCount, pipeWord, wordAt } from "../request";
import { unitSizeOf } from "../search/order";
import { unitCount, unitOf, unitOwner } from "../units";
import { apartCount, apartUnits, tooClose } from "./apart";
import { leastReserved } from "./bandwidth";
import {
  commonClass,
  crowded,
  emptyNeededBy,
  hostsNeededBy,
  moreEmptyNeeded,
  moreHostsNeeded,
  UNLIMITED,
} from "./crowding";
import { noteApart, noteBranch, noteChild, noteCrowd, noteEnd, noteNowhere } from "./leaves";
import { clearLog } from "./log";
import { isEmptyHost, isTouched, measureCount, rowList, rowsListed } from "./measures";
import {
  clearSet,
  copyDown,
  drop,
  fitsDeep,
  join,
  putWord,
  refresh,
  sameSet,
  setOf,
  setWords,
  stillAllowed,
  wordOf,
} from "./options";
import { hostTwin, hostTwinOf, unitTwin } from "./twins";
import { forgetWants, wantTooMuch } from "./wants";

/** Nodes before the search begins anew; twice as many each time. */
const FIRST_PATIENCE = 200;

/** Calls of rules in a unit of work, as a power of two. */
const EFFORT_SHIFT = 4;

export const RUNNING: i32 = 0;
export const FOUND: i32 = 1;
export const REFUTED: i32 = 2;

// Limits of the plan that is looked for.
export let maxActivated = UNLIMITED;
export let maxReserved: i64 = i64.MAX_VALUE;
export let maxTouched = UNLIMITED;
export let maxRacks = UNLIMITED;
/** Rack -> 1: none of its hosts may be used. */
export let barred: usize = 0;

/** Units placed by the search. */
export let depth = 0;
let branchUnit: usize = 0; // depth -> unit
let branchRow: usize = 0; // depth -> host row it stands on
let candidates: usize = 0; // depth -> set of hosts to be tried: the open ones, of twins one
let open: usize = 0; // hosts that the limits leave
let entering = true; // the node at `depth` has not been looked at yet
let writing = false; // the tree is logged

let twinSeen: usize = 0; // index of a listed row -> look in which a row alike was seen
let look = 0;

/** Unit -> how often it had no place or was one of too many: such units are placed early (Boussemart et al. 2004). */
let weight: usize = 0;
let nodes = 0; // since the search began at the root
let patience = 0; // nodes after which it begins anew with what the weights have learnt

let related: usize = 0; // unit x unit -> byte: 1 if the place of one may matter to the other, whatever their hosts
/** Hosts whose options change when a unit comes to one of them: its block, its rack or its cluster. */
let reach = 0;

/** What was done, in calls of rules; bounds count what takes as long. */
let effort = 0;

export function prepareRefutation(rows: i32): void {
  barred = words(rackCount, 0);
  branchUnit = words(unitCount + 1, 0);
  branchRow = words(unitCount + 1, 0);
  const depths = fitsDeep ? unitCount + 1 : 1;
  candidates = reserve((<usize>(depths * setWords)) << 3);
  open = reserve((<usize>setWords) << 3);
  twinSeen = words(rows, 0);
  look = 0;
  related = fitsDeep ? reserve(<usize>(unitCount * unitCount)) : 0;
  weight = words(unitCount, 1);
  depth = 0;
  effort = 0;
}

/** Which units' places depend on each other, and how far. */
export function findRelations(): void {
  memory.fill(related, 0, <usize>(unitCount * unitCount));
  for (let g = 0; g < groupCount; g++) relateMembers(g);
  for (let p = 0; p < pipeCount; p++) {
    if (pipeWord(p, PIPE_B) == NONE) continue;
    joinUnits(get(unitOf, pipeWord(p, PIPE_A)), get(unitOf, pipeWord(p, PIPE_B)));
  }
  reach = 0;
  for (let u = 0; u < unitCount; u++) {
    if (unitOwner(u, LEVEL_RACK) != OWNER_NONE) reach = max(reach, LEVEL_RACK);
    if (unitOwner(u, LEVEL_CLUSTER) != OWNER_NONE) reach = max(reach, LEVEL_CLUSTER);
  }
}

function relateMembers(group: i32): void {
  const pairs = wordAt(groupWord(group, GROUP_MEMBERS));
  for (let i = 0, size = groupWord(group, GROUP_MEMBER_COUNT); i < size; i++) {
    for (let j = 0; j < i; j++) joinUnits(get(unitOf, get(pairs, i << 1)), get(unitOf, get(pairs, j << 1)));
  }
}

function joinUnits(a: i32, b: i32): void {
  store<u8>(related + <usize>(a * unitCount + b), 1);
  store<u8>(related + <usize>(b * unitCount + a), 1);
}

export function exert(amount: i32): void {
  effort += amount;
}

/** Work for what was done since the last call, in the unit of all budgets. */
export function takeEffort(): i32 {
  const work = effort >> EFFORT_SHIFT;
  effort -= work << EFFORT_SHIFT;
  return work;
}

/** Begins at the root. Generation 0 stays as the rules made it; the node of depth d has generation d + 1. */
export function start(log: bool): void {
  assert(depth == 0);
  copyDown(0);
  entering = true;
  writing = log;
  patience = FIRST_PATIENCE;
  nodes = 0;
  if (log) clearLog();
}

export function setLimits(activate: i32, reserve: i64, touch: i32, racks: i32): void {
  maxActivated = activate;
  maxReserved = reserve;
  maxTouched = touch;
  maxRacks = racks;
}

/** One node or one host. FOUND: a plan within the limits stands; the next step goes on behind it. */
export function step(): i32 {
  if (!entering) return tryNext();
  entering = false;
  if (++nodes > patience) beginAnew();
  if (unplacedVms == 0) {
    // Nobody waits, so no unit branches here and the next step goes back.
    put(branchUnit, depth, NONE);
    return withinLimits() ? FOUND : RUNNING;
  }
  put(branchUnit, depth, withinLimits() ? examine() : NONE);
  return RUNNING;
}

function beginAnew(): void {
  suspend();
  depth = 0;
  const next = patience << 1;
  start(writing);
  entering = false;
  patience = next;
}

function withinLimits(): bool {
  return activated <= maxActivated && reserved <= maxReserved && touchedCount <= maxTouched && racksTouched <= maxRacks;
}

/** Bandwidth that the root shows every plan within the limits to reserve. */
export function rootReserves(): i64 {
  return rootFails(false) ? maxReserved : leastReserved(1);
}

/** Whether the root alone shows that there is no plan within the limits. */
export function rootFails(log: bool): bool {
  start(log);
  return examine() == NONE;
}

/** Narrows the options of the node to what the limits leave and returns the unit to branch on, NONE: there is no plan below. */
function examine(): i32 {
  findOpen();
  const generation = depth + 1;
  const candidate = candidateSet(depth);
  let best = NONE;
  let fewest = i32.MAX_VALUE;
  let waiting = 0;
  for (let u = 0; u < unitCount; u++) {
    if (get(hostOf, u) != NONE) continue;
    waiting++;
    const set = setOf(generation, u);
    let options = 0;
    for (let w = 0; w < setWords; w++) {
      const left = wordOf(set, w) & wordOf(open, w);
      putWord(set, w, left);
      options += <i32>popcnt<u64>(left & wordOf(candidate, w));
    }
    if (options == 0) {
      add(weight, u, 1);
      if (writing) noteNowhere(u);
      return NONE;
    }
    const mine = <i64>options * <i64>get(weight, best == NONE ? u : best);
    const theirs = <i64>fewest * <i64>get(weight, u);
    if (best == NONE || mine < theirs || (mine == theirs && unitSizeOf(u) > unitSizeOf(best))) {
      best = u;
      fewest = options;
    }
  }
  // Sets are compared pair by pair, needs weighed by every measure.
  effort += ((waiting * waiting) >> 3) + ((waiting * measureCount) >> 5) + rowsListed;
  const moreHosts = maxTouched == UNLIMITED ? UNLIMITED : maxTouched - touchedCount;
  const moreEmpty = maxActivated == UNLIMITED ? UNLIMITED : maxActivated - activated;
  if (maxReserved != i64.MAX_VALUE && leastReserved(generation) > maxReserved) return NONE;
  const limited = moreHosts != UNLIMITED || moreEmpty != UNLIMITED || maxRacks != UNLIMITED;
  forgetWants();
  // Without limits the shorter reason first.
  if (!limited && unitsTooClose(generation)) return NONE;
  if (crowded(generation, moreHosts, moreEmpty)) {
    if (writing) noteCrowd(generation);
    return NONE;
  }
  if (limited) {
    if (unitsTooClose(generation)) return NONE;
    const besideHosts = moreHostsNeeded - hostsNeededBy(commonClass);
    const besideEmpty = moreEmptyNeeded - emptyNeededBy(commonClass);
    if (wantTooMuch(moreHosts - besideHosts, moreEmpty - besideEmpty)) return NONE;
  }
  if (writing) {
    noteBranch(best);
  }
  return best;
}

function unitsTooClose(generation: i32): bool {
  const hosts = maxTouched == UNLIMITED ? UNLIMITED : maxTouched - touchedCount;
  const empty = maxActivated == UNLIMITED ? UNLIMITED : maxActivated - activated;
  if (!tooClose(generation, hosts, empty, maxRacks - racksTouched)) return false;
  for (let i = 0; i < apartCount; i++) add(weight, get(apartUnits, i), 1);
  if (writing) noteApart();
  return true;
}

function candidateSet(at: i32): usize {
  return candidates + ((<usize>(at * setWords)) << 3);
}

/** Hosts that the limits leave, and of untouched twins the first. */
function findOpen(): void {
  const candidate = candidateSet(depth);
  clearSet(open);
  clearSet(candidate);
  look++;
  let racklessTouched = false;
  for (let r = 0; r < rackCount; r++) if (!get(rackReal, r) && get(rackTouched, r)) racklessTouched = true;
  for (let i = 0; i < rowsListed; i++) {
    const row = get(rowList, i);
    if (!isTouched(row)) {
      const rack = rackOf(row);
      if (touchedCount >= maxTouched || get(barred, rack)) continue;
      if (activated >= maxActivated && isEmptyHost(row)) continue;
      if (racksTouched >= maxRacks && !get(rackTouched, rack) && (get(rackReal, rack) || !racklessTouched)) continue;
      join(open, row);
      const twin = hostTwin(i);
      if (get(twinSeen, twin) == look) continue;
      put(twinSeen, twin, look);
    } else join(open, row);
    join(candidate, row);
  }
}

function tryNext(): i32 {
  const unit = get(branchUnit, depth);
  if (unit == NONE) return goBack();
  const set = setOf(depth + 1, unit);
  let row = cheapest(set);
  while (row != NONE) {
    effort++;
    if (stillAllowed(unit, row)) {
      descend(unit, row);
      return RUNNING;
    }
    drop(set, row);
    row = cheapest(set);
  }
  if (writing) noteEnd();
  return goBack();
}

/** Of the candidates that are left to a unit. */
function cheapest(set: usize): i32 {
  const candidate = candidateSet(depth);
  let best = NONE;
  let bestCost: i64 = 0;
  for (let w = 0; w < setWords; w++) {
    for (let left = wordOf(set, w) & wordOf(candidate, w); left; left &= left - 1) {
      const row = (w << 6) + <i32>ctz<u64>(left);
      const cost = costOf(row);
      if (best == NONE || cost < bestCost) {
        best = row;
        bestCost = cost;
      }
    }
  }
  return best;
}

/** Touched hosts first, the tightest leading; then those that run VMs, then empty ones, the roomiest leading. */
function costOf(row: i32): i64 {
  const room = ((<i64>get(freeVcpus, row)) << 12) + <i64>get(freeRam, row) + ((<i64>get(freeDisk, row)) << 4);
  if (isTouched(row)) return room;
  return ((<i64>1) << (get(hostVms, row) > 0 ? 60 : 61)) - room;
}

function descend(unit: i32, row: i32): void {
  if (writing) noteChild(row);
  put(branchRow, depth, row);
  copyDown(depth + 1);
  place(unit, row);
  forget();
  depth++;
  entering = true;
  const generation = depth + 1;
  const rack = rackOf(row);
  let from = row >> BLOCK_SHIFT;
  let to = from + 1;
  const cluster = get(rackCluster, rack);
  if (reach == LEVEL_CLUSTER && cluster != NONE) {
    from = get(rackBlock, get(clusterRack, cluster));
    to = get(rackBlock, get(clusterRack, cluster + 1));
  } else if (reach >= LEVEL_RACK) {
    from = get(rackBlock, rack);
    to = get(rackBlock, rack + 1);
  }
  for (let u = 0; u < unitCount; u++) {
    if (get(hostOf, u) != NONE) continue;
    const all = load<u8>(related + <usize>(unit * unitCount + u));
    const first = all ? 0 : from;
    const last = all ? setWords << 2 : to;
    for (let block = first; block < last; block++) effort += refresh(generation, u, block);
  }
}

/** Takes back the last placement: what it refutes holds for the unit's twins and the host's too. */
function goBack(): i32 {
  if (depth == 0) return REFUTED;
  depth--;
  const unit = get(branchUnit, depth);
  const row = get(branchRow, depth);
  remove(unit);
  forget();
  const generation = depth + 1;
  const own = setOf(generation, unit);
  for (let u = 0; u < unitCount; u++) {
    if (u == unit || get(hostOf, u) != NONE || get(unitTwin, u) != get(unitTwin, unit)) continue;
    const set = setOf(generation, u);
    if (sameSet(set, own)) dropAlike(set, row);
  }
  dropAlike(own, row);
  return RUNNING;
}

function dropAlike(set: usize, row: i32): void {
  drop(set, row);
  if (isTouched(row)) return;
  const twin = hostTwinOf(row);
  for (let i = 0; i < rowsListed; i++) {
    if (hostTwin(i) == twin && !isTouched(get(rowList, i))) drop(set, get(rowList, i));
  }
}

/** Takes off what the search has placed, to put it back with `resume`. */
export function suspend(): void {
  for (let d = depth - 1; d >= 0; d--) remove(get(branchUnit, d));
  forget();
}

export function resume(): void {
  for (let d = 0; d < depth; d++) {
    place(get(branchUnit, d), get(branchRow, d));
    forget();
  }
}

/** Gives the search up; nothing of it may stand any more. */
export function abandon(): void {
  depth = 0;
}
