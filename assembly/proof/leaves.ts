// Writes the nodes of a refutation to the log (log.ts): units by their first VM, hosts by their rows.

import { NONE } from "../abi";
import { get } from "../lib/arena";
import { stepOfNeeds } from "../search/volume";
import { unitCount, unitVmFirst, unitVms } from "../units";
import { apartCount, apartLevel, apartUnits } from "./apart";
import { crowdedMeasure, inCrowd } from "./crowding";
import { note } from "./log";
import { isTouched, rowList, rowsListed, stepOf, weightOf } from "./measures";
import { hostTwin, hostTwinOf } from "./twins";

// host/core/certificate.ts has the same numbers.
const LOG_BRANCH: i32 = 1;
const LOG_CHILD: i32 = 2;
const LOG_END: i32 = 3;
const LOG_NOWHERE: i32 = 4;
const LOG_CROWDED: i32 = 5;
const LOG_APART: i32 = 6;

function vmOf(unit: i32): i32 {
  return get(unitVms, get(unitVmFirst, unit));
}

export function noteBranch(unit: i32): void {
  note(LOG_BRANCH);
  note(vmOf(unit));
}

/** Of a branch, before the host is taken: which hosts it stands for. */
export function noteChild(row: i32): void {
  note(LOG_CHILD);
  note(row);
  const twin = isTouched(row) ? NONE : hostTwinOf(row);
  let alike = 0;
  for (let i = 0; i < rowsListed; i++) if (standsFor(i, twin, row)) alike++;
  note(alike);
  for (let i = 0; i < rowsListed; i++) if (standsFor(i, twin, row)) note(get(rowList, i));
}

function standsFor(index: i32, twin: i32, row: i32): bool {
  const other = get(rowList, index);
  return other != row && hostTwin(index) == twin && !isTouched(other);
}

/** The last child of a branch is written. */
export function noteEnd(): void {
  note(LOG_END);
}

export function noteNowhere(unit: i32): void {
  note(LOG_NOWHERE);
  note(vmOf(unit));
}

/** What `tooClose` has found. */
export function noteApart(): void {
  note(LOG_APART);
  note(apartLevel);
  note(apartCount);
  for (let i = 0; i < apartCount; i++) note(vmOf(get(apartUnits, i)));
}

/** All units, for the one resource of which they need too much. */
export function noteVolume(resource: i32): void {
  note(LOG_CROWDED);
  for (let r = 0; r < 3; r++) {
    note(r == resource ? 1 : 0);
    note(r == resource ? stepOfNeeds(r) : 1);
  }
  note(unitCount);
  for (let u = 0; u < unitCount; u++) note(vmOf(u));
}

/** What `crowded` has found. */
export function noteCrowd(generation: i32): void {
  note(LOG_CROWDED);
  for (let r = 0; r < 3; r++) {
    note(weightOf(crowdedMeasure, r));
    note(stepOf(r));
  }
  let count = 0;
  for (let u = 0; u < unitCount; u++) if (inCrowd(generation, u)) count++;
  note(count);
  for (let u = 0; u < unitCount; u++) if (inCrowd(generation, u)) note(vmOf(u));
}
