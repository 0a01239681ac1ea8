// The plainest reason for a refusal: all units together need more of a resource than all hosts have free.

import { rackCount, rackDisk, rackRam, rackVcpus } from "../inventory";
import { get } from "../lib/arena";
import { undisturbed } from "../rules";
import { needDisk, needRam, needVcpus, unitCount } from "../units";

/** Sums of racks stop here: then there is no telling. */
const MOST = i32.MAX_VALUE;

/** The first of vCPU (0), RAM (1) and disk (2) of which there is too little, -1: there may be enough. */
export function exceeded(): i32 {
  if (!undisturbed()) return -1;
  if (exceeds(needVcpus, rackVcpus)) return 0;
  if (exceeds(needRam, rackRam)) return 1;
  return exceeds(needDisk, rackDisk) ? 2 : -1;
}

export function needOf(resource: i32, unit: i32): i32 {
  return get(resource == 0 ? needVcpus : resource == 1 ? needRam : needDisk, unit);
}

/** Every need is a multiple of it; 1 if nobody needs any. */
export function stepOfNeeds(resource: i32): i32 {
  let step = 0;
  for (let u = 0; u < unitCount; u++) {
    let rest = needOf(resource, u);
    while (rest != 0) {
      const next = step % rest;
      step = rest;
      rest = next;
    }
  }
  return max(step, 1);
}

/** The sums of racks are over up hosts as they were before anything was placed, and stay so while a plan is made. */
function exceeds(needs: usize, room: usize): bool {
  let left: i64 = 0;
  for (let rack = 0; rack < rackCount; rack++) {
    if (get(room, rack) == MOST) return false;
    left += get(room, rack);
  }
  for (let u = 0; u < unitCount; u++) left -= get(needs, u);
  return left < 0;
}
