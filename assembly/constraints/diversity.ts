import {
  BLOCK_SHIFT,
  GROUP_KIND,
  GROUP_LEVEL,
  GROUP_LIVING,
  GROUP_LIVING_COUNT,
  GROUP_ORDINALS,
  KIND_DIVERSITY,
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

// A member of a diversity group is a VM or an affinity group of the same or a lower level, so it stands in one container
// at a time. Each group has a slot per member, then one per container where it lives already, then pads.
let memberships: Membership = changetype<Membership>(0);
let slots: usize = 0; // group -> address of its slots
let slotCount: usize = 0; // group -> number of slots, a multiple of 4
let counts: usize = 0; // group -> address of the number of placed units per member

/** Hard. Any two members of a diversity group are in different containers of its level, and apart from those that live there. */
export class Diversity extends Constraint {
  get spec(): string {
    return '{"name":"diversity","text":"diversity"}';
  }

  prepare(): void {
    memberships = membershipsOf(KIND_DIVERSITY);
    slots = words(groupCount, 0);
    slotCount = words(groupCount, 0);
    counts = words(groupCount, 0);
    for (let g = 0; g < groupCount; g++) {
      if (groupWord(g, GROUP_KIND) != KIND_DIVERSITY) continue;
      const members = groupWord(g, GROUP_ORDINALS);
      const living = groupWord(g, GROUP_LIVING_COUNT);
      const size = (members + living + 3) & ~3;
      const at = words(size, NONE);
      for (let i = 0; i < living; i++) put(at, members + i, get(wordAt(groupWord(g, GROUP_LIVING)), i));
      put(slots, g, <i32>at);
      put(slotCount, g, size);
      put(counts, g, <i32>words(members, 0));
    }
  }

  concerns(unit: i32): bool {
    return memberships.has(unit);
  }

  allows(unit: i32, row: i32): bool {
    for (let i = memberships.from(unit), end = memberships.to(unit); i < end; i++) {
      const g = memberships.group(i);
      if (!apart(g, memberships.ordinal(i), containerOf(groupWord(g, GROUP_LEVEL), row))) return false;
    }
    return true;
  }

  filter(unit: i32, block: i32, mask: i32): i32 {
    const row = block << BLOCK_SHIFT;
    for (let i = memberships.from(unit), end = memberships.to(unit); i < end && mask; i++) {
      const g = memberships.group(i);
      const ordinal = memberships.ordinal(i);
      const level = groupWord(g, GROUP_LEVEL);
      if (level != LEVEL_HOST) {
        if (!apart(g, ordinal, containerOf(level, row))) return 0;
      } else if (ordinal == NONE) return 0;
      else mask &= ~taken(g, ordinal, block);
    }
    return mask;
  }

  mayEnter(unit: i32, rack: i32): bool {
    const row = get(rackBlock, rack) << BLOCK_SHIFT;
    for (let i = memberships.from(unit), end = memberships.to(unit); i < end; i++) {
      const g = memberships.group(i);
      const level = groupWord(g, GROUP_LEVEL);
      if (level != LEVEL_HOST && !apart(g, memberships.ordinal(i), containerOf(level, row))) return false;
    }
    return true;
  }

  moved(unit: i32, row: i32, by: i32): void {
    for (let i = memberships.from(unit), end = memberships.to(unit); i < end; i++) {
      const g = memberships.group(i);
      const ordinal = memberships.ordinal(i);
      if (ordinal == NONE) continue;
      const count = <usize>get(counts, g);
      if (by > 0 && get(count, ordinal) == 0)
        put(<usize>get(slots, g), ordinal, containerOf(groupWord(g, GROUP_LEVEL), row));
      add(count, ordinal, by);
      if (get(count, ordinal) == 0) put(<usize>get(slots, g), ordinal, NONE);
    }
  }

  drifted(): bool {
    for (let g = 0; g < groupCount; g++) if (groupWord(g, GROUP_KIND) == KIND_DIVERSITY && strayed(g)) return true;
    return false;
  }
}

/** Are the slots of the group's members not where their placed units are, or the others not where it lives? */
function strayed(group: i32): bool {
  const members = groupWord(group, GROUP_ORDINALS);
  const living = groupWord(group, GROUP_LIVING_COUNT);
  const at = <usize>get(slots, group);
  for (let ordinal = 0; ordinal < members; ordinal++) {
    let where = NONE;
    let placed = 0;
    for (let u = 0; u < unitCount; u++) {
      if (hostNow(u) == NONE) continue;
      for (let i = memberships.from(u), end = memberships.to(u); i < end; i++) {
        if (memberships.group(i) != group || memberships.ordinal(i) != ordinal) continue;
        placed++;
        where = containerOf(groupWord(group, GROUP_LEVEL), hostNow(u));
      }
    }
    if (where != get(at, ordinal) || placed != get(<usize>get(counts, group), ordinal)) return true;
  }
  for (let i = members, end = get(slotCount, group); i < end; i++) {
    const home = i - members < living ? get(wordAt(groupWord(group, GROUP_LIVING)), i - members) : NONE;
    if (get(at, i) != home) return true;
  }
  return false;
}

/** No other member of the group is in the container. */
function apart(group: i32, ordinal: i32, container: i32): bool {
  if (ordinal == NONE || container == NONE) return false;
  const at = <usize>get(slots, group);
  if (get(at, ordinal) == container) return true; // its own VMs got in, so nobody else is there
  const wanted = i32x4.splat(container);
  for (let i: usize = 0, end = (<usize>get(slotCount, group)) << 2; i < end; i += 16) {
    if (v128.any_true(i32x4.eq(v128.load(at + i), wanted))) return false;
  }
  return true;
}

/** The hosts of a block on which other members of the group stand. */
function taken(group: i32, ordinal: i32, block: i32): i32 {
  const at = <usize>get(slots, group);
  const wanted = i32x4.splat(block);
  let mask = 0;
  for (let i = 0, end = get(slotCount, group); i < end; i += 4) {
    let hits = i32x4.bitmask(i32x4.eq(i32x4.shr_s(v128.load(at + ((<usize>i) << 2)), BLOCK_SHIFT), wanted));
    while (hits) {
      const slot = i + ctz(hits);
      hits &= hits - 1;
      if (slot != ordinal) mask |= 1 << (get(at, slot) & 15);
    }
  }
  return mask;
}
