// Repair and improvement: the moves of moves/index.ts take turns until the work is used up or nothing better exists.

import { activated, racksTouched, reserved, touchedCount, unplacedVms } from "../assignment";
import { MOVES } from "../moves";
import { WHOLE_SHARE } from "../moves/move";
import { preparePool } from "../moves/pool";
import { boundActivated, boundReserved, boundTouched } from "./bound";
import { blink, work } from "./choose";
import { prepareEnergy } from "./energy";
import { beatsBest, keepBest, prepareIncumbent, resume, startOver, toBest } from "./incumbent";
import { prepareJoined } from "./joined";

/** Work of a first turn; each round of turns is twice as long as the one before, */
const FIRST_TURN = 500;
/** but no longer than this. */
const LONGEST_TURN = 50000;
/** Of as many hosts a choice overlooks one, so that it does not repeat itself. */
const BLINK_RATE = 24;
/** Steps in a row without any work: there is nothing to take apart. */
const MOST_IDLE = 64;

let move = 0;

let turn = 0;
let running = false;
let found = false; // a better plan in this turn

export function prepareImprovement(): void {
  prepareIncumbent();
  prepareEnergy();
  preparePool();
  prepareJoined();
  for (let m = 0; m < MOVES.length; m++) unchecked(MOVES[m]).prepare();
  move = MOVES.length - 1;
  found = false;
  turn = FIRST_TURN >> 1; // the first round doubles it

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
  // The pool of a move belongs to the plan it wandered with.
  if (!resume()) running = false;
  blink(BLINK_RATE);
  let idle = 0;
  while (work() < limit && !(untilPlaced && unplacedVms == 0)) {
    const start = work();
    if (!running) nextTurn();
    running = unchecked(MOVES[move]).step();
    if (beatsBest()) {
      keepBest();
      found = true;
      if (proven()) break;
    }
    idle = work() == start ? idle + 1 : 0;
    if (idle > MOST_IDLE) break;
  }
  blink(0);
  toBest();
}

/** Whoever finds something has more turns: what helps differs from problem to problem. */
function nextTurn(): void {
  const last = unchecked(MOVES[move]);
  last.share = found ? WHOLE_SHARE : max(1, last.share >> 1);
  for (let tried = 0; tried <= MOVES.length && !running; tried++) {
    move++;
    if (move >= MOVES.length) {
      move = 0;
      turn = min(turn << 1, LONGEST_TURN);
    }
    startOver();
    const one = unchecked(MOVES[move]);
    running = one.start(max(1, (turn * one.share) / WHOLE_SHARE));
  }
  found = false;
}
