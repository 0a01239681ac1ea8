// The order of leagues that pipes join: as in Prim's algorithm (1957) the next one is what has most bandwidth with those
// before it, so that a host's room goes to what belongs there while it is free.

import { NONE } from "../abi";
import { get, put, reserve, words } from "../lib/arena";
import { isJoined, joinFrom, joinRate, joinTo, joinUnit } from "../pipes";
import {
  bundleOf,
  bundleUnitFirst,
  bundleUnits,
  leagueBundleFirst,
  leagueBundles,
  leagueCount,
  leagueOf,
  unitCount,
} from "../units";

/** Leagues beyond which the order stays as it is: this takes time with their square, four million steps at most. */
const MOST_LEAGUES = 2048;

let rates: usize = 0; // league -> kbit/s to those that are in order already, i64
let done: usize = 0;

/** Hardness keeps its `flags`, which come first; what is below them becomes the place in the order. */
export function connectLeagues(hardness: usize, flags: i64): void {
  if (leagueCount > MOST_LEAGUES || !anyJoined()) return;
  rates = reserve((<usize>leagueCount) << 3);
  memory.fill(rates, 0, (<usize>leagueCount) << 3);
  done = words(leagueCount, 0);
  for (let place = leagueCount; place > 0; place--) {
    let next = NONE;
    for (let l = 0; l < leagueCount; l++) {
      if (!get(done, l) && (next == NONE || precedes(hardness, flags, l, next))) next = l;
    }
    put(done, next, 1);
    reach(next);
    const at = hardness + ((<usize>next) << 3);
    store<i64>(at, (load<i64>(at) & flags) | place);
  }
}

function anyJoined(): bool {
  for (let u = 0; u < unitCount; u++) if (isJoined(u)) return true;
  return false;
}

function precedes(hardness: usize, flags: i64, a: i32, b: i32): bool {
  const hardA = load<i64>(hardness + ((<usize>a) << 3));
  const hardB = load<i64>(hardness + ((<usize>b) << 3));
  if ((hardA & flags) != (hardB & flags)) return (hardA & flags) > (hardB & flags);
  const rateA = load<i64>(rates + ((<usize>a) << 3));
  const rateB = load<i64>(rates + ((<usize>b) << 3));
  return rateA > rateB || (rateA == rateB && hardA > hardB);
}

/** The league is in order: its joins count for the others. */
function reach(league: i32): void {
  for (let i = get(leagueBundleFirst, league), end = get(leagueBundleFirst, league + 1); i < end; i++) {
    const bundle = get(leagueBundles, i);
    for (let k = get(bundleUnitFirst, bundle), last = get(bundleUnitFirst, bundle + 1); k < last; k++) {
      const unit = get(bundleUnits, k);
      for (let j = joinFrom(unit), behind = joinTo(unit); j < behind; j++) {
        if (joinUnit(j) < 0) continue;
        const at = rates + ((<usize>get(leagueOf, get(bundleOf, joinUnit(j)))) << 3);
        store<i64>(at, load<i64>(at) + joinRate(j));
      }
    }
  }
}
