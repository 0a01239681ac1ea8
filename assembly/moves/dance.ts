// Exact cover: which of the fillings listed hold each unit once? Depth first, always going on with the unit that is in the
// fewest that are still possible (Knuth 2000, "Dancing links"); a count for each filling of the units that were taken away
// from it stands for the links. Complete: of two to three thousand fillings of 250 units it needs mostly a hundred nodes.

import { NONE } from "../abi";
import { add, get, put, room } from "../lib/arena";
import { unitCount } from "../units";
import { binOf, look, looks } from "./fillings";

/** Fillings that are listed at most, and their units in all. */
export const MOST_LISTED = 4096;
const MOST_WORDS = MOST_LISTED * 12;
/** Choices that are put in order. */
const MOST_ORDERED = 64;

export let listed = 0;
let starts: usize = 0; // filling -> its first word; one row more than fillings
let members: usize = 0; // nths
let memberFirst: usize = 0; // nth -> its first word in `memberOf`; one row more than units
let memberOf: usize = 0; // fillings
let taken: usize = 0; // filling -> units of it that are in a chosen one, counted once for each chosen one
let counts: usize = 0; // nth -> fillings still possible
let covered: usize = 0; // nth -> 1
let uncovered = 0;

let depth = 0;
let chosen: usize = 0; // depth -> filling
let choices: usize = 0; // fillings to choose from, depth after depth
let choiceNext: usize = 0; // depth -> the choice to be tried next
let choiceEnd: usize = 0; // depth -> the first one that is none of its

export function prepareDance(): void {
  starts = room(MOST_LISTED + 1);
  members = room(MOST_WORDS);
  memberFirst = room(unitCount + 2);
  memberOf = room(MOST_WORDS);
  taken = room(MOST_LISTED);
  counts = room(unitCount);
  covered = room(unitCount);
  chosen = room(unitCount + 1);
  choices = room(MOST_LISTED);
  choiceNext = room(unitCount + 1);
  choiceEnd = room(unitCount + 1);
}

export function clearList(): void {
  listed = 0;
  put(starts, 0, 0);
}

/** Adds a filling of so many nths. False: there is no more room. */
export function list(nths: usize, count: i32): bool {
  const at = get(starts, listed);
  if (listed == MOST_LISTED || at + count > MOST_WORDS) return false;
  memory.copy(members + ((<usize>at) << 2), nths, (<usize>count) << 2);
  put(starts, ++listed, at + count);
  return true;
}

/** Whoever is in no host has to be covered. False: some unit is in no filling. */
export function beginDance(): bool {
  memory.fill(memberFirst, 0, (<usize>(unitCount + 2)) << 2);
  const words = get(starts, listed);
  // Counted two rows on, summed up, and moved back by one while they are written.
  for (let i = 0; i < words; i++) add(memberFirst, get(members, i) + 2, 1);
  uncovered = 0;
  let all = true;
  for (let nth = 0; nth < unitCount; nth++) {
    const count = get(memberFirst, nth + 2);
    const held = get(binOf, nth) != NONE;
    put(counts, nth, count);
    put(covered, nth, held ? 1 : 0);
    if (!held) uncovered++;
    if (!held && count == 0) all = false;
    add(memberFirst, nth + 2, get(memberFirst, nth + 1));
  }
  for (let filling = 0; filling < listed; filling++) {
    put(taken, filling, 0);
    for (let i = get(starts, filling); i < get(starts, filling + 1); i++) {
      const at = get(memberFirst, get(members, i) + 1);
      put(memberOf, at, filling);
      put(memberFirst, get(members, i) + 1, at + 1);
    }
  }
  look(words + unitCount);
  depth = 0;
  put(choiceEnd, 0, 0);
  put(choiceNext, 0, 0);
  if (all) branch();
  return all;
}

/** True: it has come to an end; `solved` says to which. */
export function dance(most: i32): bool {
  while (uncovered > 0 && looks < most) {
    if (get(choiceNext, depth) < get(choiceEnd, depth)) {
      const at = get(choiceNext, depth);
      put(choiceNext, depth, at + 1);
      cover(get(choices, at), 1);
      put(chosen, depth++, get(choices, at));
      branch();
    } else {
      if (depth == 0) return true;
      cover(get(chosen, --depth), -1);
    }
  }
  return uncovered == 0;
}

export function solved(): bool {
  return uncovered == 0;
}

/** Writes the hosts of the units covered: `host` and those that follow. Returns the next free one. */
export function settleCover(host: i32): i32 {
  for (let d = 0; d < depth; d++) {
    const filling = get(chosen, d);
    for (let i = get(starts, filling); i < get(starts, filling + 1); i++) put(binOf, get(members, i), host + d);
  }
  return host + depth;
}

/** Takes a filling, and all that share a unit with it are out; or gives it back. */
function cover(filling: i32, by: i32): void {
  for (let i = get(starts, filling); i < get(starts, filling + 1); i++) {
    const nth = get(members, i);
    put(covered, nth, by > 0 ? 1 : 0);
    uncovered -= by;
    const end = get(memberFirst, nth + 1);
    look(end - get(memberFirst, nth));
    for (let m = get(memberFirst, nth); m < end; m++) {
      const other = get(memberOf, m);
      const was = get(taken, other);
      put(taken, other, was + by);
      if (was != 0 && was + by != 0) continue;
      for (let j = get(starts, other); j < get(starts, other + 1); j++) add(counts, get(members, j), -by);
    }
  }
}

/** The choices of this depth: the fillings of the scarcest unit, those first whose units are in few others. */
function branch(): void {
  const from = depth == 0 ? 0 : get(choiceEnd, depth - 1);
  let end = from;
  let scarcest = NONE;
  for (let nth = 0; nth < unitCount; nth++) {
    if (!get(covered, nth) && (scarcest == NONE || get(counts, nth) < get(counts, scarcest))) scarcest = nth;
  }
  look(unitCount >> 3);
  if (scarcest != NONE && get(counts, scarcest) > 0) {
    for (let m = get(memberFirst, scarcest); m < get(memberFirst, scarcest + 1); m++) {
      const filling = get(memberOf, m);
      if (get(taken, filling) == 0) put(choices, end++, filling);
    }
    for (let i = from + 1; i < min(end, from + MOST_ORDERED); i++) {
      const filling = get(choices, i);
      const value = abundance(filling);
      let j = i;
      while (j > from && abundance(get(choices, j - 1)) > value) {
        put(choices, j, get(choices, j - 1));
        j--;
      }
      put(choices, j, filling);
    }
  }
  put(choiceNext, depth, from);
  put(choiceEnd, depth, end);
}

function abundance(filling: i32): i32 {
  let sum = 0;
  for (let i = get(starts, filling); i < get(starts, filling + 1); i++) sum += get(counts, get(members, i));
  return sum;
}
