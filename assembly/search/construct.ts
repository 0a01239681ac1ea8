// The first plan, in steps. Hardest leagues first; when some find no place, they move to the front and the whole is built
// again (squeaky wheel, Joslin and Clements 1999), since what came before them took the wrong hosts.

import { NONE } from "../abi";
import { clear, forget, hostOf, place, rollback, unplacedVms } from "../assignment";
import { get, put, words } from "../lib/arena";
import { leagueCount, unitCount } from "../units";
import { FAILED, GOING_ON, startLeague, stepLeague } from "./bundle";
import { work } from "./choose";
import { isHopeless } from "./explain";
import { order } from "./order";
import { exceeded } from "./volume";

const ROUNDS = 8;
/** No further round once the plan has cost this much work: repair goes on from the best. */
const ROUNDS_WORK = 20000;

/** What a step says: go on; the plan is as good as construction gets it; */
export const BUILDING = 0;
export const BUILT = 1;
/** there is none, for a unit can stand nowhere, or for all together need more than all hosts have. */
export const HOPELESS = 2;
export const TOO_MUCH = 3;

let failed: usize = 0; // league -> 1 if it found no place in this round
let reordered: usize = 0;
let bestHosts: usize = 0; // unit -> row in the best round
let bestUnplaced = 0;

let round = 0;
/** How many leagues of this round had their turn, and whether the next one's has begun. */
let leagueAt = 0;
let begun = false;
/** After the first round: the next unit to be asked whether it has a host at all, NONE: leagues are placed. */
let unitAt = NONE;

export function prepareConstruction(): void {
  failed = words(leagueCount, 0);
  reordered = words(leagueCount, 0);
  bestHosts = words(unitCount, NONE);
  bestUnplaced = i32.MAX_VALUE;
  round = 0;
  leagueAt = 0;
  begun = false;
  unitAt = NONE;
}

/** Goes on with a plan of as many VMs as possible until `limit` of work is used up in all, by one step at least. */
export function construct(limit: i32): i32 {
  let outcome = BUILDING;
  do outcome = unitAt == NONE ? build() : checkUnit();
  while (outcome == BUILDING && work() < limit);
  return outcome;
}

/** Leaves off wherever it is, with the best of the rounds. */
export function leaveOff(): void {
  rollback(0);
  if (bestUnplaced > unplacedVms) return;
  clear();
  putBest();
}

function build(): i32 {
  if (leagueAt == leagueCount) return endRound();
  const league = get(order, leagueAt);
  if (!begun) {
    begun = true;
    startLeague(league);
  }
  const outcome = stepLeague();
  if (outcome == GOING_ON) return BUILDING;
  put(failed, league, outcome == FAILED ? 1 : 0);
  forget();
  begun = false;
  leagueAt++;
  return BUILDING;
}

function endRound(): i32 {
  if (unplacedVms == 0) return BUILT;
  if (unplacedVms < bestUnplaced) keep();
  clear();
  if (round == 0) {
    unitAt = 0;
    return BUILDING;
  }
  return nextRound();
}

/** A unit without a place in the first round may have none even with nobody else placed: then no round helps. */
function checkUnit(): i32 {
  while (unitAt < unitCount && get(bestHosts, unitAt) != NONE) unitAt++;
  if (unitAt < unitCount) return isHopeless(unitAt++) ? HOPELESS : BUILDING;
  unitAt = NONE;
  return exceeded() >= 0 ? TOO_MUCH : nextRound();
}

function nextRound(): i32 {
  round++;
  if (round == ROUNDS || work() >= ROUNDS_WORK) {
    putBest();
    return BUILT;
  }
  promote();
  leagueAt = 0;
  return BUILDING;
}

function keep(): void {
  bestUnplaced = unplacedVms;
  for (let u = 0; u < unitCount; u++) put(bestHosts, u, get(hostOf, u));
}

function putBest(): void {
  for (let u = 0; u < unitCount; u++) if (get(bestHosts, u) != NONE) place(u, get(bestHosts, u));
  forget();
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
