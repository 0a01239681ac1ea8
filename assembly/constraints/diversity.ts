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
import { BitTable, bitTable } from "../lib/bit-table";
import { Membership, membershipsOf } from "../memberships";
import { hostNow } from "../pristine";
import { groupCount, groupWord, wordAt } from "../request";
import { unitCount } from "../units";

// A member of a diversity group is a VM or an affinity group of the same or a lower level, so it stands in one container
// at a time: no two members ever share one. The containers of all members of a group, and those where it lives already,
// are one set, so that a group of thousands is asked about 16 hosts with one look.
let memberships: Membership = changetype<Membership>(0);
let places: usize = 0; // group -> address of the container of each member, NONE: nowhere
let counts: usize = 0; // group -> address of the number of placed units of each member
let taken: BitTable = changetype<BitTable>(0); // group -> containers of its members and of where it lives

/** Hard. Any two members of a diversity group are in different containers of its level, and apart from those that live there. */
export class Diversity extends Constraint {
  get spec(): string {
    return '{"name":"diversity","text":"diversity"}';
  }

  prepare(): void {
    memberships = membershipsOf(KIND_DIVERSITY);
    places = words(groupCount, 0);
    counts = words(groupCount, 0);
    let most = 0;
    for (let g = 0; g < groupCount; g++) {
      if (groupWord(g, GROUP_KIND) != KIND_DIVERSITY) continue;
      const members = groupWord(g, GROUP_ORDINALS);
      most += members + groupWord(g, GROUP_LIVING_COUNT);
      put(places, g, <i32>words(members, NONE));
      put(counts, g, <i32>words(members, 0));
    }
    taken = bitTable(most);
    for (let g = 0; g < groupCount; g++) {
      if (groupWord(g, GROUP_KIND) != KIND_DIVERSITY) continue;
      const living = wordAt(groupWord(g, GROUP_LIVING));
      for (let i = 0, end = groupWord(g, GROUP_LIVING_COUNT); i < end; i++) taken.add(g, get(living, i));
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
      else mask &= ~takenByOthers(g, ordinal, block);
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
      const place = <usize>get(places, g);
      if (by > 0 && get(count, ordinal) == 0) {
        const container = containerOf(groupWord(g, GROUP_LEVEL), row);
        put(place, ordinal, container);
        taken.add(g, container);
      }
      add(count, ordinal, by);
      if (get(count, ordinal) == 0) {
        // With affinity switched off, in a test, a member may stand in several containers, of which one is known.
        taken.remove(g, get(place, ordinal));
        put(place, ordinal, NONE);
      }
    }
  }

  alike(one: i32, other: i32): bool {
    return memberships.sameGroups(one, other) && alone(other);
  }

  drifted(): bool {
    for (let g = 0; g < groupCount; g++) if (groupWord(g, GROUP_KIND) == KIND_DIVERSITY && strayed(g)) return true;
    return false;
  }
}

/** Are the places of the group's members not where their placed units are, or is the set of them another one? */
function strayed(group: i32): bool {
  const members = groupWord(group, GROUP_ORDINALS);
  const place = <usize>get(places, group);
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
    if (where != get(place, ordinal) || placed != get(<usize>get(counts, group), ordinal)) return true;
    if (where != NONE && !taken.has(group, where)) return true;
  }
  const living = wordAt(groupWord(group, GROUP_LIVING));
  const lives = groupWord(group, GROUP_LIVING_COUNT);
  let containers = lives;
  for (let i = 0; i < lives; i++) if (!taken.has(group, get(living, i))) return true;
  for (let ordinal = 0; ordinal < members; ordinal++) if (get(place, ordinal) != NONE) containers++;
  return containers != taken.count(group);
}

/** No unit below the same members has a host, so whoever stands in a container stands in the unit's way. */
function alone(unit: i32): bool {
  for (let i = memberships.from(unit), end = memberships.to(unit); i < end; i++) {
    const ordinal = memberships.ordinal(i);
    if (ordinal == NONE || get(<usize>get(places, memberships.group(i)), ordinal) != NONE) return false;
  }
  return true;
}

/** No other member of the group is in the container. */
function apart(group: i32, ordinal: i32, container: i32): bool {
  if (ordinal == NONE || container == NONE) return false;
  return !taken.has(group, container) || get(<usize>get(places, group), ordinal) == container;
}

/** The hosts of a block on which other members of the group stand, as bits. */
function takenByOthers(group: i32, ordinal: i32, block: i32): i32 {
  const mask = taken.chunk(group, block);
  const own = get(<usize>get(places, group), ordinal);
  return own != NONE && own >> BLOCK_SHIFT == block ? mask & ~(1 << (own & 15)) : mask;
}
