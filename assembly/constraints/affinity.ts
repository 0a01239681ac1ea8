import {
  BLOCK_SHIFT,
  GROUP_KIND,
  GROUP_LEVEL,
  GROUP_LIVING,
  GROUP_LIVING_COUNT,
  KIND_AFFINITY,
  LEVEL_HOST,
  NONE,
} from "../abi";
import { Constraint } from "../constraint";
import { containerOf, rackBlock } from "../inventory";
import { add, get, put, words } from "../lib/arena";
import { Membership, membershipsOf } from "../memberships";
import { hostNow } from "../pristine";
import { groupCount, groupWord, wordAt } from "../request";
import { unitCount } from "../units";

/** A group that lives in two containers already: no VM can join it. */
const TORN = -2;

let memberships: Membership = changetype<Membership>(0);
let container: usize = 0; // group -> where its VMs are, NONE: nowhere yet
let count: usize = 0; // group -> what holds it there: placed units, and one for VMs that live in the data center

/** Hard. All VMs of an affinity group are in one container of its level, with those that live there already. */
export class Affinity extends Constraint {
  get spec(): string {
    return '{"name":"affinity","text":"affinity"}';
  }

  prepare(): void {
    memberships = membershipsOf(KIND_AFFINITY);
    container = words(groupCount, NONE);
    count = words(groupCount, 0);
    for (let g = 0; g < groupCount; g++) {
      if (groupWord(g, GROUP_KIND) != KIND_AFFINITY) continue;
      const living = groupWord(g, GROUP_LIVING_COUNT);
      if (living == 0) continue;
      put(container, g, living > 1 ? TORN : get(wordAt(groupWord(g, GROUP_LIVING)), 0));
      put(count, g, 1);
    }
  }

  concerns(unit: i32): bool {
    return memberships.has(unit);
  }

  allows(unit: i32, row: i32): bool {
    for (let i = memberships.from(unit), end = memberships.to(unit); i < end; i++) {
      const g = memberships.group(i);
      if (!fits(g, containerOf(groupWord(g, GROUP_LEVEL), row))) return false;
    }
    return true;
  }

  filter(unit: i32, block: i32, mask: i32): i32 {
    const row = block << BLOCK_SHIFT;
    for (let i = memberships.from(unit), end = memberships.to(unit); i < end && mask; i++) {
      const g = memberships.group(i);
      const level = groupWord(g, GROUP_LEVEL);
      const at = get(container, g);
      if (level != LEVEL_HOST) mask = fits(g, containerOf(level, row)) ? mask : 0;
      else if (at != NONE) mask = at >> BLOCK_SHIFT == block ? mask & (1 << (at & 15)) : 0;
    }
    return mask;
  }

  mayEnter(unit: i32, rack: i32): bool {
    const row = get(rackBlock, rack) << BLOCK_SHIFT;
    for (let i = memberships.from(unit), end = memberships.to(unit); i < end; i++) {
      const g = memberships.group(i);
      const level = groupWord(g, GROUP_LEVEL);
      if (level != LEVEL_HOST && !fits(g, containerOf(level, row))) return false;
    }
    return true;
  }

  moved(unit: i32, row: i32, by: i32): void {
    for (let i = memberships.from(unit), end = memberships.to(unit); i < end; i++) {
      const g = memberships.group(i);
      if (by > 0 && get(count, g) == 0) put(container, g, containerOf(groupWord(g, GROUP_LEVEL), row));
      add(count, g, by);
      if (get(count, g) == 0) put(container, g, NONE);
    }
  }

  alike(one: i32, other: i32): bool {
    return memberships.sameGroups(one, other);
  }

  drifted(): bool {
    for (let g = 0; g < groupCount; g++) if (groupWord(g, GROUP_KIND) == KIND_AFFINITY && strayed(g)) return true;
    return false;
  }
}

/** Are the group's container and count not those of its placed units and of where it lives? */
function strayed(group: i32): bool {
  const living = groupWord(group, GROUP_LIVING_COUNT);
  let where = living == 0 ? NONE : living > 1 ? TORN : get(wordAt(groupWord(group, GROUP_LIVING)), 0);
  let holders = living > 0 ? 1 : 0;
  for (let u = 0; u < unitCount; u++) {
    if (hostNow(u) == NONE) continue;
    for (let i = memberships.from(u), end = memberships.to(u); i < end; i++) {
      if (memberships.group(i) != group) continue;
      holders++;
      if (where == NONE) where = containerOf(groupWord(group, GROUP_LEVEL), hostNow(u));
    }
  }
  return holders != get(count, group) || where != get(container, group);
}

function fits(group: i32, candidate: i32): bool {
  const at = get(container, group);
  return candidate != NONE && (at == NONE || at == candidate);
}
