// Units alike often come one after the other: a diversity group of thousands. What refused one refuses the next, since
// placing only takes room away, so the touched hosts that refused one are not asked again while nothing is taken off.

import { NONE } from "../abi";
import { removals, touchedCount } from "../assignment";
import { get, put, words } from "../lib/arena";
import { alike } from "../rules";
import { needDisk, needRam, needVcpus } from "../units";

/** Units remembered, by their needs: enough for as many flavors to take turns. */
const PLACES = 64;

let unitAt: usize = 0; // place -> a unit that no touched host took, NONE
let slotsAt: usize = 0; // how many touched hosts there were
let removalsAt: usize = 0; // and how often a unit had been taken off

export function prepareRefusals(): void {
  unitAt = words(PLACES, NONE);
  slotsAt = words(PLACES, 0);
  removalsAt = words(PLACES, 0);
}

function placeOf(unit: i32): i32 {
  const mixed = <u32>(get(needVcpus, unit) * 31 + get(needRam, unit)) * 31 + <u32>get(needDisk, unit);
  return <i32>((mixed * 0x9e3779b9) >> 26);
}

/** So many slots from the first in the list of touched hosts refuse the unit for sure. */
export function slotsRefusing(unit: i32): i32 {
  const place = placeOf(unit);
  const other = get(unitAt, place);
  return other != NONE && get(removalsAt, place) == removals && alike(other, unit) ? get(slotsAt, place) : 0;
}

/** All touched hosts were asked, and refused the unit. */
export function noteRefused(unit: i32): void {
  if (!alike(unit, unit)) return;
  const place = placeOf(unit);
  put(unitAt, place, unit);
  put(slotsAt, place, touchedCount);
  put(removalsAt, place, removals);
}
