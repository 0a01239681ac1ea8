// What bundles and leagues need in all, and what that says about a rack or cluster without placing anything: the sum of
// the needs against the sum of what is free, the largest unit against the roomiest host, the number of units against the
// hosts that could take the smallest. Each is necessary, none sufficient.

import {
  BLOCK_SHIFT,
  GROUP_KIND,
  GROUP_LEVEL,
  GROUP_MEMBER_COUNT,
  GROUP_MEMBERS,
  KIND_DIVERSITY,
  LEVEL_HOST,
  NONE,
} from "../abi";
import { freeDisk, freeRam, freeVcpus } from "../inventory";
import { add, get, put, reserve, words } from "../lib/arena";
import { groupCount, groupWord, wordAt } from "../request";
import { diskMatters, ramMatters, vcpusMatter } from "../rules";
import { needDisk, needRam, needVcpus, unitCount, unitOf } from "../units";

/** One resource: sum, largest and smallest need of the units of each thing. */
@unmanaged
export class Need {
  /** At most 2^31-1. */
  sum: usize = 0;
  most: usize = 0;
  least: usize = 0;
}

/** Of things that units make up: bundles, or leagues. Lives in the arena. */
@unmanaged
export class Needs {
  vcpus: Need = changetype<Need>(0);
  ram: Need = changetype<Need>(0);
  disk: Need = changetype<Need>(0);
  units: usize = 0;
  /** Members of the largest host-level diversity group: so many hosts are needed. */
  apart: usize = 0;

  /** False: the rows of the blocks [from, to) are too few for the units, however they are spread. */
  fits(thing: i32, from: i32, to: i32): bool {
    const vcpus = get(this.vcpus.least, thing);
    const ram = get(this.ram.least, thing);
    const disk = get(this.disk.least, thing);
    const units = get(this.units, thing);
    const apart = get(this.apart, thing);
    let hosts = 0;
    let places: i64 = 0;
    for (let row = from << BLOCK_SHIFT, end = to << BLOCK_SHIFT; row < end; row++) {
      const onHost = min(
        times(get(freeVcpus, row), vcpus, vcpusMatter),
        min(times(get(freeRam, row), ram, ramMatters), times(get(freeDisk, row), disk, diskMatters)),
      );
      if (onHost == 0) continue;
      places += onHost;
      if (++hosts >= apart && places >= units) return true;
    }
    return false;
  }
}

/** How often the need goes into what is free. */
function times(free: i32, need: i32, matters: bool): i32 {
  if (!matters) return i32.MAX_VALUE;
  if (free < need) return 0;
  return need == 0 ? i32.MAX_VALUE : free / need;
}

/** `thingOf`: unit -> thing. */
export function needsOf(count: i32, thingOf: usize): Needs {
  const needs = changetype<Needs>(reserve(offsetof<Needs>()));
  needs.vcpus = need(count, thingOf, needVcpus);
  needs.ram = need(count, thingOf, needRam);
  needs.disk = need(count, thingOf, needDisk);
  needs.units = words(count, 0);
  for (let u = 0; u < unitCount; u++) add(needs.units, get(thingOf, u), 1);
  needs.apart = words(count, 0);
  const members = words(count, 0); // of the group, within the thing
  const group = words(count, NONE); // the group that `members` counts
  const member = words(count, NONE); // the last one counted: a member's VMs stand beside each other in the list
  for (let g = 0; g < groupCount; g++) {
    if (groupWord(g, GROUP_KIND) != KIND_DIVERSITY || groupWord(g, GROUP_LEVEL) != LEVEL_HOST) continue;
    const pairs = wordAt(groupWord(g, GROUP_MEMBERS));
    for (let i = 0, size = groupWord(g, GROUP_MEMBER_COUNT); i < size; i++) {
      const thing = get(thingOf, get(unitOf, get(pairs, i << 1)));
      const ordinal = get(pairs, (i << 1) + 1);
      if (get(group, thing) != g) {
        put(group, thing, g);
        put(members, thing, 0);
      } else if (get(member, thing) == ordinal) continue;
      put(member, thing, ordinal);
      add(members, thing, 1);
      put(needs.apart, thing, max(get(needs.apart, thing), get(members, thing)));
    }
  }
  return needs;
}

function need(count: i32, thingOf: usize, needed: usize): Need {
  const made = changetype<Need>(reserve(offsetof<Need>()));
  made.sum = words(count, 0);
  made.most = words(count, 0);
  made.least = words(count, i32.MAX_VALUE);
  for (let u = 0; u < unitCount; u++) {
    const thing = get(thingOf, u);
    const one = get(needed, u);
    put(made.sum, thing, <i32>min<i64>(i32.MAX_VALUE, <i64>get(made.sum, thing) + <i64>one));
    put(made.most, thing, max(get(made.most, thing), one));
    put(made.least, thing, min(get(made.least, thing), one));
  }
  return made;
}
