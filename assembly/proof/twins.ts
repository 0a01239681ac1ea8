// What the exact search need not tell apart: hosts of one rack that are equal in every respect while untouched, and
// units that can change places. Of such hosts one is tried, and what is refuted for one unit is refuted for its twins.

import {
  GROUP_KIND,
  GROUP_MEMBER_COUNT,
  GROUP_MEMBERS,
  KIND_AFFINITY,
  LEVEL_COUNT,
  NONE,
  PIPE_A,
  PIPE_B,
  PIPE_ROW,
  VM_CANDIDATE_COUNT,
  VM_EXCLUDED_COUNT,
  VM_FIXED,
  VM_SPECS,
  VM_ZONE,
} from "../abi";
import { freeDisk, freeNic, freeRam, freeVcpus, hostClass, hostOwner, hostVms, rackOf } from "../inventory";
import { add, get, put, room, words } from "../lib/arena";
import { groupCount, groupWord, pipeCount, pipeWord, vmWord, wordAt } from "../request";
import { needDisk, needRam, needVcpus, unitCount, unitOf, unitOwner, unitSize, unitVmFirst, unitVms } from "../units";
import { rowList, rowsListed } from "./measures";
import { has, setOf } from "./options";

/** Beyond this many words of group keys no units are compared. */
const MOST_KEYS = 1 << 16;

/** Unit -> the first unit it can change places with, itself if there is none before it. */
export let unitTwin: usize = 0;
let rowTwin: usize = 0; // index of a listed row -> index of the first one alike
let keys: usize = 0; // group x unit -> how the unit is in the group
let below: usize = 0; // ordinal -> units below that member, for one group
let withPipe: usize = 0; // unit -> 1 if a pipe ends at it

/** `rows`: most host rows that may be listed. */
export function prepareTwins(rows: i32): void {
  rowTwin = room(rows);
  unitTwin = words(unitCount, 0);
  keys = groupCount * unitCount <= MOST_KEYS ? room(groupCount * unitCount) : 0;
  let most = 0;
  for (let g = 0; g < groupCount; g++) most = max(most, groupWord(g, GROUP_MEMBER_COUNT));
  below = words(most, 0);
  withPipe = words(unitCount, 0);
}

const INSIDE = 1;
const ALONE = 2;
const FIRST_ORDINAL = 3;

export function findUnitTwins(): void {
  for (let u = 0; u < unitCount; u++) put(unitTwin, u, u);
  if (keys == 0) return;
  memory.fill(keys, 0, (<usize>(groupCount * unitCount)) << 2);
  for (let g = 0; g < groupCount; g++) fillKeys(g);
  memory.fill(withPipe, 0, (<usize>unitCount) << 2);
  for (let p = 0; p < pipeCount; p++) {
    put(withPipe, get(unitOf, pipeWord(p, PIPE_A)), 1);
    if (pipeWord(p, PIPE_B) != NONE) put(withPipe, get(unitOf, pipeWord(p, PIPE_B)), 1);
  }
  for (let u = 1; u < unitCount; u++) {
    for (let v = 0; v < u; v++) {
      if (get(unitTwin, v) == v && exchangeable(u, v)) {
        put(unitTwin, u, v);
        break;
      }
    }
  }
}

function fillKeys(group: i32): void {
  const pairs = wordAt(groupWord(group, GROUP_MEMBERS));
  const size = groupWord(group, GROUP_MEMBER_COUNT);
  memory.fill(below, 0, (<usize>size) << 2);
  const affinity = groupWord(group, GROUP_KIND) == KIND_AFFINITY;
  for (let i = 0; i < size; i++) add(below, get(pairs, (i << 1) + 1), 1);
  for (let i = 0; i < size; i++) {
    const ordinal = get(pairs, (i << 1) + 1);
    const at = group * unitCount + get(unitOf, get(pairs, i << 1));
    put(keys, at, affinity ? INSIDE : get(below, ordinal) == 1 ? ALONE : FIRST_ORDINAL + ordinal);
  }
}

function exchangeable(a: i32, b: i32): bool {
  if (unitSize(a) != 1 || unitSize(b) != 1 || get(withPipe, a) || get(withPipe, b)) return false;
  if (get(needVcpus, a) != get(needVcpus, b) || get(needRam, a) != get(needRam, b)) return false;
  if (get(needDisk, a) != get(needDisk, b)) return false;
  const x = get(unitVms, get(unitVmFirst, a));
  const y = get(unitVms, get(unitVmFirst, b));
  if (vmWord(x, VM_ZONE) != vmWord(y, VM_ZONE) || vmWord(x, VM_SPECS) != vmWord(y, VM_SPECS)) return false;
  if (listed(x) || listed(y)) return false;
  for (let l = 0; l < LEVEL_COUNT; l++) if (unitOwner(a, l) != unitOwner(b, l)) return false;
  for (let g = 0; g < groupCount; g++) {
    if (get(keys, g * unitCount + a) != get(keys, g * unitCount + b)) return false;
  }
  return true;
}

function listed(vm: i32): bool {
  return vmWord(vm, VM_CANDIDATE_COUNT) != NONE || vmWord(vm, VM_EXCLUDED_COUNT) > 0 || vmWord(vm, VM_FIXED) != 0;
}

/** Can the two hosts change places while neither is touched? */
function hostsAlike(a: i32, b: i32): bool {
  if (rackOf(a) != rackOf(b) || get(hostClass, a) != get(hostClass, b)) return false;
  if (get(freeVcpus, a) != get(freeVcpus, b) || get(freeRam, a) != get(freeRam, b)) return false;
  if (get(freeDisk, a) != get(freeDisk, b) || get(freeNic, a) != get(freeNic, b)) return false;
  if (get(hostVms, a) > 0 != get(hostVms, b) > 0 || get(hostOwner, a) != get(hostOwner, b)) return false;
  for (let u = 0; u < unitCount; u++) if (has(setOf(0, u), a) != has(setOf(0, u), b)) return false;
  for (let p = 0; p < pipeCount; p++) {
    const row = pipeWord(p, PIPE_ROW);
    if (pipeWord(p, PIPE_B) == NONE && (row == a || row == b)) return false;
  }
  return true;
}

/** Twins among the listed rows, or none; generation 0 of the options must be there. */
export function findHostTwins(wanted: bool): void {
  for (let i = 0; i < rowsListed; i++) {
    put(rowTwin, i, i);
    if (!wanted) continue;
    for (let j = i - 1; j >= 0 && rackOf(get(rowList, j)) == rackOf(get(rowList, i)); j--) {
      if (get(rowTwin, j) == j && hostsAlike(get(rowList, i), get(rowList, j))) {
        put(rowTwin, i, j);
        break;
      }
    }
  }
}

/** Index of the first listed row alike. */
export function hostTwin(index: i32): i32 {
  return get(rowTwin, index);
}

export function hostTwinOf(row: i32): i32 {
  for (let i = 0; i < rowsListed; i++) if (get(rowList, i) == row) return get(rowTwin, i);
  return NONE;
}
