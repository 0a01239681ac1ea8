// Racks where the ends of a bundle's joins stand: those it should be near.

import { NONE } from "../abi";
import { rackCount, rackOf } from "../inventory";
import { get, put, reserve, words } from "../lib/arena";
import { joinFrom, joinRate, joinRow, joinsLooked, joinTo } from "../pipes";
import { bundleUnitFirst, bundleUnits } from "../units";

/** Racks with ends, in the order in which they were found. */
export let endRacks: usize = 0;
export let endRackCount = 0;

let rates: usize = 0; // rack -> kbit/s, i64; 0 but for racks with ends
let most: i64 = 0;

export function prepareEnds(): void {
  endRacks = words(rackCount, 0);
  endRackCount = 0;
  rates = reserve((<usize>rackCount) << 3);
  memory.fill(rates, 0, (<usize>rackCount) << 3);
}

/** Those of the bundle's ends that stand now, or live in the data center. */
export function findEnds(bundle: i32): void {
  for (let i = 0; i < endRackCount; i++) store<i64>(rates + ((<usize>get(endRacks, i)) << 3), 0);
  endRackCount = 0;
  most = 1;
  for (let i = get(bundleUnitFirst, bundle), last = get(bundleUnitFirst, bundle + 1); i < last; i++) {
    const unit = get(bundleUnits, i);
    const end = joinTo(unit);
    joinsLooked(end - joinFrom(unit));
    for (let j = joinFrom(unit); j < end; j++) {
      const row = joinRow(j);
      if (row == NONE) continue;
      const rack = rackOf(row);
      const before = rateTo(rack);
      if (before == 0) put(endRacks, endRackCount++, rack);
      store<i64>(rates + ((<usize>rack) << 3), before + joinRate(j));
      most = max(most, before + joinRate(j));
    }
  }
}

function rateTo(rack: i32): i64 {
  return load<i64>(rates + ((<usize>rack) << 3));
}

/** What goes to the rack, in parts of what goes to the rack with most, rounded up; 0: nothing. */
export function endsIn(rack: i32, parts: i32): i32 {
  return <i32>((rateTo(rack) * <i64>parts + most - 1) / most);
}
