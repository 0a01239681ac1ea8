// How good a complete plan is, as one number: only to decide whether the search may wander on with it. What counts as
// better is the order of the levels in objective.ts; but levels alone do not tell plans that are about to need a host less
// from those that are not.

import { NONE } from "../abi";
import {
  activated,
  left,
  nextUnit,
  racksTouched,
  reserved,
  touchedCount,
  touchedFirst,
  touchedRow,
} from "../assignment";
import { freeDisk, freeRam, freeVcpus } from "../inventory";
import { get } from "../lib/arena";
import { exclusiveOf, needDisk, needRam, needVcpus, unitCount } from "../units";
import { bestLevels } from "./incumbent";
import { levelOf } from "./objective";
import { unitSizeOf } from "./order";

const PER_ACTIVATED: f32 = 4;
/** For as much bandwidth again as the best plan reserves. */
const PER_RESERVED: f32 = 16;
const PER_RACK: f32 = 0.25;
/** For a host that is touched and empty: 10,000 basis points in three resources. */
const PER_LEFT: f32 = 0.1 / 30000;
/** For room that would take what stands on a mean host: the next hosts to be closed need it. */
const PER_SLACK: f32 = 0.5;
/** Room beyond this many mean hosts is worth nothing. */
const MOST_SLACK: f32 = 2;
/** Of what stands on a mean host: a host with so much counts half a host in `unevenness`. */
const HALF: f32 = 0.25;

// Needs of all units, at least 1 each.
let wholeVcpus: f32 = 1;
let wholeRam: f32 = 1;
let wholeDisk: f32 = 1;
let wholeSize: f32 = 1;

export function prepareEnergy(): void {
  wholeVcpus = wholeRam = wholeDisk = wholeSize = 1;
  for (let u = 0; u < unitCount; u++) {
    wholeVcpus += <f32>get(needVcpus, u);
    wholeRam += <f32>get(needRam, u);
    wholeDisk += <f32>get(needDisk, u);
    wholeSize += <f32>unitSizeOf(u);
  }
}

/** Small is good; one more host touched is 1 to 2. */
export function energy(): f32 {
  return (
    countedEnergy() +
    (PER_RESERVED * <f32>reserved) / <f32>max<i64>(1, levelOf(bestLevels, 2)) +
    PER_LEFT * <f32>left() +
    unevenness() -
    PER_SLACK * slack()
  );
}

/** Of the counted levels alone: all that is not lost again when more units are placed. */
export function countedEnergy(): f32 {
  return PER_ACTIVATED * <f32>activated + <f32>touchedCount + PER_RACK * <f32>racksTouched;
}

/** Room on the touched hosts that are open to all, in mean hosts: each counts by its scarcest resource. */
function slack(): f32 {
  let sum: f32 = 0;
  for (let slot = 0; slot < touchedCount; slot++) {
    if (get(exclusiveOf, get(touchedFirst, slot)) > 0) continue;
    const row = get(touchedRow, slot);
    const vcpus = <f32>get(freeVcpus, row) / wholeVcpus;
    const ram = <f32>get(freeRam, row) / wholeRam;
    const disk = <f32>get(freeDisk, row) / wholeDisk;
    sum += max<f32>(0, min(min(vcpus, ram), disk));
  }
  return min(MOST_SLACK, sum * <f32>touchedCount);
}

/** The touched hosts, each as a part of one that grows ever slower with what stands there: few full ones and an almost empty one are less than as many equal ones. */
function unevenness(): f32 {
  if (touchedCount == 0) return 0;
  const half: f32 = (wholeSize * HALF) / <f32>touchedCount;
  let sum: f32 = 0;
  for (let slot = 0; slot < touchedCount; slot++) {
    let size: f32 = 0;
    for (let u = get(touchedFirst, slot); u != NONE; u = get(nextUnit, u)) size += <f32>unitSizeOf(u);
    sum += size / (size + half);
  }
  return sum;
}
