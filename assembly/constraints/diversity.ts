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
import { get, put, words } from "../lib/arena";
import { BitTable, bitTable } from "../lib/bit-table";
import { Membership, membershipsOf } from "../memberships";
import { hostNow } from "../pristine";
import { groupCount, groupWord, wordAt } from "../request";
import { unitCount } from "../units";

// A member of a diversity group is a VM or an affinity group of the same or a lower level, so it stands in one container
// at a time: no two members ever share one. The containers of all members of a group, and those where it lives already,
// are one set, so that a group of thousands is asked about 16 hosts with one look.
let memberships: Membership = changetype<Membership>(0);
let seats: usize = 0; // group -> address of a seat for each member
let seatOf: usize = 0; // entry of a membership -> address of the member's seat, 0: it is below two members
let taken: BitTable = changetype<BitTable>(0); // group -> containers of its members and of where it lives

/** A seat: the container of the member, NONE: nowhere, and the number of its placed units. */
const SEAT_WORDS = 2;
const UNITS = 4;

/** Hard. Any two members of a diversity group are in different containers of its level, and apart from those that live there. */
export class Diversity extends Constraint {
  get spec(): string {
    return '{"name":"diversity","text":"diversity"}';
  }

  prepare(): void {
    memberships = membershipsOf(KIND_DIVERSITY);
    seats = words(groupCount, 0);
    let most = 0;
    for (let g = 0; g < groupCount; g++) {
      if (groupWord(g, GROUP_KIND) != KIND_DIVERSITY) continue;
      const members = groupWord(g, GROUP_ORDINALS);
      most += members + groupWord(g, GROUP_LIVING_COUNT);
      put(seats, g, <i32>words(members * SEAT_WORDS, 0));
      for (let i = 0; i < members; i++) store<i32>(seatAt(g, i), NONE);
    }
    const entries = memberships.from(unitCount);
    seatOf = words(entries, 0);
    for (let i = 0; i < entries; i++) {
      const ordinal = memberships.ordinal(i);
      if (ordinal != NONE) put(seatOf, i, <i32>seatAt(memberships.group(i), ordinal));
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
      if (!apart(g, seat(i), containerOf(groupWord(g, GROUP_LEVEL), row))) return false;
    }
    return true;
  }

  filter(unit: i32, block: i32, mask: i32): i32 {
    const row = block << BLOCK_SHIFT;
    for (let i = memberships.from(unit), end = memberships.to(unit); i < end && mask; i++) {
      const g = memberships.group(i);
      const level = groupWord(g, GROUP_LEVEL);
      if (level != LEVEL_HOST) {
        if (!apart(g, seat(i), containerOf(level, row))) return 0;
      } else if (seat(i) == 0) return 0;
      else mask &= ~takenByOthers(g, seat(i), block);
    }
    return mask;
  }

  mayEnter(unit: i32, rack: i32): bool {
    const row = get(rackBlock, rack) << BLOCK_SHIFT;
    for (let i = memberships.from(unit), end = memberships.to(unit); i < end; i++) {
      const g = memberships.group(i);
      const level = groupWord(g, GROUP_LEVEL);
      if (level != LEVEL_HOST && !apart(g, seat(i), containerOf(level, row))) return false;
    }
    return true;
  }

  moved(unit: i32, row: i32, by: i32): void {
    for (let i = memberships.from(unit), end = memberships.to(unit); i < end; i++) {
      const g = memberships.group(i);
      const at = seat(i);
      if (at == 0) continue;
      const units = load<i32>(at, UNITS) + by;
      store<i32>(at, units, UNITS);
      if (by > 0 && units == 1) {
        const container = containerOf(groupWord(g, GROUP_LEVEL), row);
        store<i32>(at, container);
        taken.add(g, container);
      } else if (units == 0) {
        // With affinity switched off, in a test, a member may stand in several containers, of which one is known.
        taken.remove(g, load<i32>(at));
        store<i32>(at, NONE);
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
    const at = seatAt(group, ordinal);
    if (where != load<i32>(at) || placed != load<i32>(at, UNITS)) return true;
    if (where != NONE && !taken.has(group, where)) return true;
  }
  const living = wordAt(groupWord(group, GROUP_LIVING));
  const lives = groupWord(group, GROUP_LIVING_COUNT);
  let containers = lives;
  for (let i = 0; i < lives; i++) if (!taken.has(group, get(living, i))) return true;
  for (let ordinal = 0; ordinal < members; ordinal++) if (load<i32>(seatAt(group, ordinal)) != NONE) containers++;
  return containers != taken.count(group);
}

/** No unit below the same members has a host, so whoever stands in a container stands in the unit's way. */
function alone(unit: i32): bool {
  for (let i = memberships.from(unit), end = memberships.to(unit); i < end; i++) {
    if (seat(i) == 0 || load<i32>(seat(i)) != NONE) return false;
  }
  return true;
}

function seat(entry: i32): usize {
  return <usize>get(seatOf, entry);
}

function seatAt(group: i32, ordinal: i32): usize {
  return <usize>get(seats, group) + ((<usize>(ordinal * SEAT_WORDS)) << 2);
}

/** No other member of the group is in the container. */
function apart(group: i32, seat: usize, container: i32): bool {
  if (seat == 0 || container == NONE) return false;
  return !taken.has(group, container) || load<i32>(seat) == container;
}

/** The hosts of a block on which other members of the group stand, as bits. */
function takenByOthers(group: i32, seat: usize, block: i32): i32 {
  const mask = taken.chunk(group, block);
  const own = load<i32>(seat);
  return own != NONE && own >> BLOCK_SHIFT == block ? mask & ~(1 << (own & 15)) : mask;
}
