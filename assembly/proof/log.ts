// The tree of a refutation as words, each node before its children; host/core/certificate.ts reads it.
//   node:  LOG_BRANCH vm, then for each host: LOG_CHILD row, number of hosts it stands for, their rows, node; LOG_END
//   leaf:  LOG_NOWHERE vm: no host can take it
//          LOG_CROWDED weight and step of each resource, number of VMs, VMs: they need more than their hosts have
//          LOG_APART level, number of VMs, VMs: no two may share a container, and there are fewer of them

import { put, reserve } from "../lib/arena";
import { unitCount } from "../units";

/** Words of the longest tree that is kept. */
const MOST_WORDS = 1 << 18;
/** Of a request too large for an exact search a leaf is all there can be: its head, and all units. */
const LEAF_WORDS = 64;

export let log: usize = 0;
export let logWords = 0;
/** The tree was longer than there is room for: it is no certificate. */
export let logFull = false;
let room = 0;

export function prepareLog(deep: bool): void {
  room = deep ? MOST_WORDS : LEAF_WORDS + unitCount;
  log = reserve((<usize>room) << 2);
  clearLog();
}

export function clearLog(): void {
  logWords = 0;
  logFull = false;
}

export function note(word: i32): void {
  if (logWords == room) logFull = true;
  else put(log, logWords++, word);
}
