// A whole plan on its way between searches, one of which goes on from where another is: the levels of its objective and
// a host row per VM, in words that the host reads and writes.

import { BLOCK_SHIFT, NONE } from "../abi";
import { clear, forget, hostOf, place } from "../assignment";
import { rowCount } from "../inventory";
import { get, put, words } from "../lib/arena";
import { vmCount } from "../request";
import { allowed } from "../rules";
import { unitCount, unitOf, unitVmFirst, unitVms } from "../units";
import { ALL_LEVELS, captureInto, objectiveRecord } from "./objective";

/** ALL_LEVELS words of eight bytes, as of objective.ts. */
export let levels: usize = 0;
/** Host row per VM. */
export let rows: usize = 0;
let own: usize = 0; // unit -> row, while another plan is tried

export function prepareHandover(): void {
  levels = objectiveRecord();
  rows = words(vmCount, NONE);
  own = words(unitCount, NONE);
}

/** Writes down the plan as it stands. */
export function capture(): void {
  captureInto(levels, ALL_LEVELS);
  for (let vm = 0; vm < vmCount; vm++) put(rows, vm, get(hostOf, get(unitOf, vm)));
}

/**
 * Goes over to the plan in `rows`. Every unit is asked for by the rules, so that rows of anybody do no harm; if one is
 * refused, as when the inventory has changed since, everything stays as it was.
 */
export function takeOver(): bool {
  memory.copy(own, hostOf, (<usize>unitCount) << 2);
  clear();
  for (let u = 0; u < unitCount; u++) {
    const row = rowOf(u);
    if (row >= 0 && row < rowCount && allowed(u, row >> BLOCK_SHIFT, 1 << (row & 15))) {
      place(u, row);
      continue;
    }
    clear();
    for (let back = 0; back < unitCount; back++) if (get(own, back) != NONE) place(back, get(own, back));
    forget();
    return false;
  }
  forget();
  return true;
}

/** The row of all VMs of the unit; NONE if they differ or there is none. */
function rowOf(unit: i32): i32 {
  const first = get(unitVmFirst, unit);
  const row = get(rows, get(unitVms, first));
  for (let i = first + 1, end = get(unitVmFirst, unit + 1); i < end; i++) {
    if (get(rows, get(unitVms, i)) != row) return NONE;
  }
  return row;
}
