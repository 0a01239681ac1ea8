// Repair and improvement: the moves of moves/index.ts take turns until the work is used up or nothing better exists.

import { activated, racksTouched, reserved, touchedCount, unplacedVms } from "../assignment";
import { MOVES } from "../moves";
import { boundActivated, boundReserved, boundTouched } from "./bound";
import { work } from "./choose";
import { beatsBest, keepBest, prepareIncumbent, resume, startOver, toBest } from "./incumbent";

/** Work of a first turn; each round of turns is twice as long as the one before, */
const FIRST_TURN = 500;
/** but no longer than this. */
const LONGEST_TURN = 50000;
/** Steps in a row without any work: there is nothing to take apart. */
const MOST_IDLE = 64;

let move = 0;

let turn = 0;
let running = false;

export function prepareImprovement(): void {
  prepareIncumbent();
  for (let m = 0; m < MOVES.length; m++) unchecked(MOVES[m]).prepare();
  move = 0;
  turn = FIRST_TURN;

  running = false;
}

/** Nothing better exists in the levels that have a bound. */
function proven(): bool {
  return (
    unplacedVms == 0 &&
    activated == boundActivated &&
    reserved == boundReserved &&
    touchedCount == boundTouched &&
    racksTouched <= 1
  );
}

/** Iterates until `limit` of work is used up, or, if `untilPlaced`, until every VM has a host. */
export function improve(limit: i32, untilPlaced: bool): void {
  if (work() >= limit || proven()) return;
  resume();
  let idle = 0;
  while (work() < limit && !(untilPlaced && unplacedVms == 0)) {
    const start = work();
    if (!running) nextTurn();
    running = unchecked(MOVES[move]).step();
    if (beatsBest()) {
      keepBest();
      if (proven()) break;
    }
    idle = work() == start ? idle + 1 : 0;
    if (idle > MOST_IDLE) break;
  }
  toBest();
}

function nextTurn(): void {
  for (let tried = 0; tried <= MOVES.length && !running; tried++) {
    move++;
    if (move >= MOVES.length) {
      move = 0;
      turn = min(turn << 1, LONGEST_TURN);
    }
    startOver();
    running = unchecked(MOVES[move]).start(turn);
  }
}
