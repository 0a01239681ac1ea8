import { NONE } from "../abi";
import {
  firstUnit,
  forget,
  hostOf,
  nextUnit,
  place,
  remove,
  rollback,
  touchedCount,
  touchedRow,
  unplacedVms,
} from "../assignment";
import { rackBlock, rackCount, rackOf } from "../inventory";
import { get, put, words } from "../lib/arena";
import { below, next } from "../lib/rng";
import { joinFrom, joinRate, joinTo, joinUnit } from "../pipes";
import { placeLeague } from "../search/bundle";
import { choose, probe } from "../search/choose";
import { allowance, heat, height, isCold, isStill, joined, joinedCount, mayGoOn } from "../search/joined";
import { unplacedSize } from "../search/order";
import { bundleOf, bundleTied, bundleUnitFirst, bundleUnits, leagueOf, unitCount } from "../units";
import { Move, WHOLE_SHARE } from "./move";

/** Units of a cluster: at least 2, at most one more than this. */
const MOST_UNITS = 16;
/** Mean joins that a step may cost at first. */
const WARMTH: f32 = 0.4;

let cluster: usize = 0; // units taken off, in the order of the walk
let rows: usize = 0; // where they stood
let size = 0;

/**
 * Takes a connected cluster off, grown from a joined unit by a random walk that prefers heavy joins, and places it again
 * in the order of the walk: half of the time its first unit goes to a rack where it was not, and pipes draw the others
 * there. What is tied to a unit goes with it. So a cluster moves as one where each of its units alone would only lose.
 */
export class Cluster extends Move {
  prepare(): void {
    this.share = WHOLE_SHARE;
    cluster = words(unitCount, NONE);
    rows = words(unitCount, NONE);
    size = 0;
  }

  start(span: i32): bool {
    if (unplacedVms > 0 ? joinedCount == 0 : isStill()) return false;
    heat(span, WARMTH);
    return true;
  }

  step(): bool {
    if (unplacedVms > 0) repair();
    else improve();
    return !isCold();
  }
}

function improve(): void {
  const highest = height() + allowance();
  size = 0;
  takeWith(get(joined, below(joinedCount)));
  grow(2 + below(MOST_UNITS));
  if (below(2) == 0) seed(get(cluster, 0));
  for (let i = 0; i < size; i++) if (!settle(get(cluster, i))) break;
  if (unplacedVms == 0 && mayGoOn(highest)) forget();
  else rollback(0);
}

/** Of a plan in which VMs have no host: around one of them, since full links of its ends may be what refuses it. */
function repair(): void {
  const was = unplacedSize();
  const highest = height() + allowance();
  size = 0;
  const unit = waiting();
  put(cluster, size++, unit);
  takeWith(unit);
  grow(2 + below(MOST_UNITS));
  if (size > 1 && below(2) == 0) clear(get(rows, 1 + below(size - 1)));
  if (below(2) == 0) seed(unit);
  let all = true;
  for (let i = 0; i < size; i++) all = settle(get(cluster, i)) && all;
  if (all) for (let u = 0; u < unitCount; u++) settle(u);
  const now = unplacedSize();
  if (now < was || (now == was && height() <= highest)) forget();
  else rollback(0);
}

/** One of the units without a host. */
function waiting(): i32 {
  let found = NONE;
  let count = 0;
  for (let u = 0; u < unitCount; u++) if (get(hostOf, u) == NONE && below(++count) == 0) found = u;
  probe(unitCount >> 2);
  return found;
}

/** Takes off what still stands on the host. */
function clear(row: i32): void {
  for (let u = firstUnit(row), after = NONE; u != NONE; u = after) {
    after = get(nextUnit, u);
    take(u);
  }
}

/** Places the unit, unless it stands, with all that waits of its league. */
function settle(unit: i32): bool {
  return get(hostOf, unit) != NONE || placeLeague(get(leagueOf, get(bundleOf, unit)));
}

/** Takes units off until there are enough, or the walk finds no more. */
function grow(most: i32): void {
  for (let tries = 2 * most; tries > 0 && size < most; tries--) {
    const unit = neighbour(get(cluster, below(size)));
    if (unit != NONE) takeWith(unit);
  }
  probe(size << 6);
}

/** The unit, or all that is tied to one rack with it. */
function takeWith(unit: i32): void {
  const bundle = get(bundleOf, unit);
  if (!get(bundleTied, bundle)) {
    take(unit);
    return;
  }
  take(unit);
  for (let i = get(bundleUnitFirst, bundle), end = get(bundleUnitFirst, bundle + 1); i < end; i++) {
    take(get(bundleUnits, i));
  }
}

function take(unit: i32): void {
  if (get(hostOf, unit) == NONE) return;
  put(rows, size, get(hostOf, unit));
  remove(unit);
  put(cluster, size++, unit);
}

/** A unit that stands and is joined with this one, by chance in proportion to the rate; NONE: there is none. */
function neighbour(unit: i32): i32 {
  let found = NONE;
  let sum: i64 = 0;
  for (let j = joinFrom(unit), end = joinTo(unit); j < end; j++) {
    const other = joinUnit(j);
    if (other < 0 || get(hostOf, other) == NONE) continue;
    const rate = joinRate(j);
    sum += rate;
    if (<i64>(<f64>next() * (1.0 / 4294967296.0) * <f64>sum) < rate) found = other;
  }
  return found;
}

/** Places the unit in a rack that the plan touches, or in any. */
function seed(unit: i32): void {
  if (get(bundleTied, get(bundleOf, unit))) return;
  const rack = touchedCount > 0 && below(4) > 0 ? rackOf(get(touchedRow, below(touchedCount))) : below(rackCount);
  const row = choose(unit, get(rackBlock, rack), get(rackBlock, rack + 1));
  if (row != NONE) place(unit, row);
}
