// The levels of the objective as one record, compared in order: unplaced VMs, hosts activated, reserved bandwidth, hosts
// touched, racks touched, left. All are to be small.

import { activated, left, racksTouched, reserved, touchedCount, unplacedVms } from "../assignment";
import { reserve } from "../lib/arena";

/** Counted levels: all but the last, which costs a walk over the touched hosts. */
export const COUNTED_LEVELS: i32 = 5;
export const ALL_LEVELS: i32 = 6;

/** Room for one record; before the search only. */
export function objectiveRecord(): usize {
  return reserve((<usize>ALL_LEVELS) << 3);
}

function levelNow(level: i32): i64 {
  switch (level) {
    case 0:
      return unplacedVms;
    case 1:
      return activated;
    case 2:
      return reserved;
    case 3:
      return touchedCount;
    case 4:
      return racksTouched;
    default:
      return left();
  }
}

export function levelOf(record: usize, level: i32): i64 {
  return load<i64>(record + ((<usize>level) << 3));
}

/** Keeps the first `levels` levels as they are now. */
export function captureInto(record: usize, levels: i32): void {
  for (let level = 0; level < levels; level++) store<i64>(record + ((<usize>level) << 3), levelNow(level));
}

/** How the plan compares with a record of at least as many levels: -1 it is better now, 0 equal, 1 worse. */
export function compareNow(record: usize, levels: i32): i32 {
  for (let level = 0; level < levels; level++) {
    const now = levelNow(level);
    const was = levelOf(record, level);
    if (now != was) return now < was ? -1 : 1;
  }
  return 0;
}
