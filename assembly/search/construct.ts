// The first plan. Hardest leagues first; when some find no place, they move to the front and the whole is built again
// (squeaky wheel, Joslin and Clements 1999), since what came before them took the wrong hosts.

import { NONE } from "../abi";
import { clear, forget, hostOf, place, unplacedVms } from "../assignment";
import { get, put, words } from "../lib/arena";
import { leagueCount, unitCount } from "../units";
import { placeLeague } from "./bundle";
import { work } from "./choose";
import { findHopeless } from "./explain";
import { order } from "./order";

const ROUNDS = 8;
/** No further round once the plan has cost this much work: repair goes on from the best. */
const ROUNDS_WORK = 20000;

let failed: usize = 0; // league -> 1 if it found no place in this round
let reordered: usize = 0;
let bestHosts: usize = 0; // unit -> row in the best round
let bestUnplaced = 0;

export function prepareConstruction(): void {
  failed = words(leagueCount, 0);
  reordered = words(leagueCount, 0);
  bestHosts = words(unitCount, NONE);
}

/** Builds a plan of as many VMs as it can. Returns false at once if a unit finds no host even with nobody else placed. */
export function construct(): bool {
  build();
  if (unplacedVms == 0) return true;
  keep();
  clear();
  if (findHopeless(bestHosts)) return false;
  for (let round = 1; round < ROUNDS && work() < ROUNDS_WORK; round++) {
    promote();
    build();
    if (unplacedVms == 0) return true;
    if (unplacedVms < bestUnplaced) keep();
    clear();
  }
  for (let u = 0; u < unitCount; u++) if (get(bestHosts, u) != NONE) place(u, get(bestHosts, u));
  forget();
  return true;
}

function build(): void {
  for (let i = 0; i < leagueCount; i++) {
    const league = get(order, i);
    put(failed, league, placeLeague(league) ? 0 : 1);
    forget();
  }
}

function keep(): void {
  bestUnplaced = unplacedVms;
  for (let u = 0; u < unitCount; u++) put(bestHosts, u, get(hostOf, u));
}

/** Failed leagues to the front, both parts in their order. */
function promote(): void {
  let at = 0;
  for (let wanted = 1; wanted >= 0; wanted--) {
    for (let i = 0; i < leagueCount; i++) {
      const league = get(order, i);
      if (get(failed, league) == wanted) put(reordered, at++, league);
    }
  }
  memory.copy(order, reordered, (<usize>leagueCount) << 2);
}
