// A proven lower bound of the bandwidth reserved, kbit/s x links. Each join counts half at either of its ends: there
// either the two units can never share a host, and it crosses at least so many links (apart.ts), or it may, and then the
// unit keeps beside it at most what the roomiest host has room for (the value of a fractional knapsack, Dantzig 1957); the
// other joins leave the host and cross two links. Joins with VMs that live in the data center count in full.

import { NONE } from "../abi";
import { get, put, words } from "../lib/arena";
import { isJoined, joinFrom, joinRate, joinTo, joinUnit } from "../pipes";
import { needDisk, needRam, needVcpus, unitCount } from "../units";
import { linksAtLeast, linksAtLeastTo, prepareApart, roomiestDisk, roomiestRam, roomiestVcpus } from "./apart";

/** Joins of a unit beyond which its knapsack is not packed: that takes time with their square. */
const MOST_JOINS = 128;

let loose: usize = 0; // joins of one unit that may stay on its host
let looseCount = 0;

/** Once per request: it lays out memory. */
export function reservedAtLeast(): i64 {
  let joined = false;
  let most = 0;
  for (let u = 0; u < unitCount; u++) {
    joined = joined || isJoined(u);
    most = max(most, joinTo(u) - joinFrom(u));
  }
  if (!joined) return 0;
  prepareApart();
  loose = words(most, 0);
  let halves: i64 = 0;
  for (let u = 0; u < unitCount; u++) halves += halvesAt(u);
  return (halves + 1) / 2;
}

/** Twice the share of one unit. */
function halvesAt(unit: i32): i64 {
  let halves: i64 = 0;
  let rate: i64 = 0;
  looseCount = 0;
  for (let j = joinFrom(unit), end = joinTo(unit); j < end; j++) {
    const other = joinUnit(j);
    if (other < 0) {
      halves += 2 * joinRate(j) * linksAtLeastTo(unit, ~other);
      continue;
    }
    const links = linksAtLeast(unit, other);
    halves += joinRate(j) * links;
    if (links > 0) continue;
    rate += joinRate(j);
    put(loose, looseCount++, j);
  }
  if (looseCount == 0 || looseCount > MOST_JOINS) return halves;
  const kept = min(
    keptWith(needVcpus, roomiestVcpus - get(needVcpus, unit)),
    min(keptWith(needRam, roomiestRam - get(needRam, unit)), keptWith(needDisk, roomiestDisk - get(needDisk, unit))),
  );
  return halves + 2 * max<i64>(0, rate - kept);
}

/** The largest rate of joins whose other ends have room in one resource, the last of them in part. */
function keptWith(need: usize, room: i32): i64 {
  let kept: i64 = 0;
  let left = <f64>max(0, room);
  for (let packed = 0; packed < looseCount; packed++) {
    // Most rate for its need first; what needs nothing before all.
    let best = NONE;
    for (let i = packed; i < looseCount; i++) if (best == NONE || denser(need, i, best)) best = i;
    const join = get(loose, best);
    put(loose, best, get(loose, packed));
    put(loose, packed, join);
    const needed = <f64>get(need, joinUnit(join));
    if (needed > left) return kept + <i64>Math.ceil((<f64>joinRate(join) * left) / needed);
    left -= needed;
    kept += joinRate(join);
  }
  return kept;
}

function denser(need: usize, i: i32, j: i32): bool {
  const a = get(loose, i);
  const b = get(loose, j);
  return <f64>joinRate(a) * <f64>get(need, joinUnit(b)) > <f64>joinRate(b) * <f64>get(need, joinUnit(a));
}
