// The best plan found so far, beside the one that the search wanders with. Outside `improve` the assignment is the best
// plan; what it wandered with is taken up again at the next call, unless somebody else has changed the plan meanwhile.

import { NONE } from "../abi";
import { forget, hostOf, place, remove, reserved, unplacedVms } from "../assignment";
import { get, words } from "../lib/arena";
import { unitCount } from "../units";
import { ALL_LEVELS, captureInto, compareNow, levelOf, objectiveRecord } from "./objective";
import { unplacedSize } from "./order";

let bestHosts: usize = 0; // unit -> row
let wanderingHosts: usize = 0;
export let bestLevels: usize = 0;
let bestUnplaced: i64 = 0; // size of what has no host in it
let wanders = false;

export function prepareIncumbent(): void {
  bestHosts = words(unitCount, NONE);
  wanderingHosts = words(unitCount, NONE);
  bestLevels = objectiveRecord();
  wanders = false;
}

/** Takes up the search where `toBest` left it, or (false) at the plan as it is now. */
export function resume(): bool {
  if (wanders && memory.compare(hostOf, bestHosts, (<usize>unitCount) << 2) == 0) {
    become(wanderingHosts);
    return true;
  }
  keepBest();
  return false;
}

/** The plan is now the best. */
export function keepBest(): void {
  memory.copy(bestHosts, hostOf, (<usize>unitCount) << 2);
  captureInto(bestLevels, ALL_LEVELS);
  bestUnplaced = unplacedVms > 0 ? unplacedSize() : 0;
}

/** Is the plan better than the best? While some VM has no host, the size of those without counts, then what links carry. */
export function beatsBest(): bool {
  if (unplacedVms > 0) {
    if (bestUnplaced == 0) return false;
    const size = unplacedSize();
    return size < bestUnplaced || (size == bestUnplaced && reserved < levelOf(bestLevels, 2));
  }
  return bestUnplaced > 0 || compareNow(bestLevels, ALL_LEVELS) < 0;
}

/** The wandering plan starts over from the best. */
export function startOver(): void {
  become(bestHosts);
}

/** The plan is the best one again; what the search wandered with is kept. */
export function toBest(): void {
  memory.copy(wanderingHosts, hostOf, (<usize>unitCount) << 2);
  wanders = true;
  become(bestHosts);
}

/** First off, then on: in between stands a part of either plan, which keeps every rule as the plan does. */
function become(hosts: usize): void {
  for (let u = 0; u < unitCount; u++) {
    if (get(hostOf, u) != NONE && get(hostOf, u) != get(hosts, u)) remove(u);
  }
  for (let u = 0; u < unitCount; u++) {
    if (get(hosts, u) != NONE && get(hostOf, u) == NONE) place(u, get(hosts, u));
  }
  forget();
}
