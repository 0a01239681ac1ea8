import { GROUP_KIND, GROUP_MEMBER_COUNT, GROUP_MEMBERS, NONE } from "./abi";
import { add, get, put, reserve, words } from "./lib/arena";
import { groupCount, groupWord, wordAt } from "./request";
import { unitCount, unitOf } from "./units";

/** Which groups of one kind each unit is in, and below which direct member of the group it stands. Lives in the arena. */
@unmanaged
export class Membership {
  first: usize = 0;
  groups: usize = 0;
  ordinals: usize = 0;

  has(unit: i32): bool {
    return this.from(unit) < this.to(unit);
  }

  from(unit: i32): i32 {
    return get(this.first, unit);
  }

  to(unit: i32): i32 {
    return get(this.first, unit + 1);
  }

  group(entry: i32): i32 {
    return get(this.groups, entry);
  }

  sameGroups(one: i32, other: i32): bool {
    const from = this.from(one);
    const shift = this.from(other) - from;
    const end = this.to(one);
    if (this.to(other) - shift != end) return false;
    for (let i = from; i < end; i++) if (this.group(i) != this.group(i + shift)) return false;
    return true;
  }

  /** NONE: its VMs stand below two different members, which no diversity can satisfy. */
  ordinal(entry: i32): i32 {
    return get(this.ordinals, entry);
  }
}

export function membershipsOf(kind: i32): Membership {
  const answer = changetype<Membership>(reserve(offsetof<Membership>()));
  const latest = words(unitCount, NONE); // unit -> the group seen last, then: the entry of that group
  answer.first = words(unitCount + 1, 0);
  for (let g = 0; g < groupCount; g++) {
    if (groupWord(g, GROUP_KIND) != kind) continue;
    const pairs = wordAt(groupWord(g, GROUP_MEMBERS));
    for (let i = 0, size = groupWord(g, GROUP_MEMBER_COUNT); i < size; i++) {
      const unit = get(unitOf, get(pairs, i << 1));
      if (get(latest, unit) == g) continue;
      put(latest, unit, g);
      add(answer.first, unit + 1, 1);
    }
  }
  for (let u = 0; u < unitCount; u++) add(answer.first, u + 1, get(answer.first, u));
  const total = get(answer.first, unitCount);
  answer.groups = words(total, 0);
  answer.ordinals = words(total, 0);
  const next = words(unitCount, 0);
  for (let u = 0; u < unitCount; u++) put(next, u, answer.from(u));
  for (let g = 0; g < groupCount; g++) {
    if (groupWord(g, GROUP_KIND) != kind) continue;
    const pairs = wordAt(groupWord(g, GROUP_MEMBERS));
    for (let i = 0, size = groupWord(g, GROUP_MEMBER_COUNT); i < size; i++) {
      const unit = get(unitOf, get(pairs, i << 1));
      const ordinal = get(pairs, (i << 1) + 1);
      const entry = get(next, unit) - 1;
      if (entry >= answer.from(unit) && answer.group(entry) == g) {
        if (answer.ordinal(entry) != ordinal) put(answer.ordinals, entry, NONE);
        continue;
      }
      put(answer.groups, entry + 1, g);
      put(answer.ordinals, entry + 1, ordinal);
      add(next, unit, 1);
    }
  }
  return answer;
}
