// One solve, in bounded steps: begin, construct, improve as often as there is time, finish. The caller looks at the
// clock between steps; the core has none.

import {
  MAX_RULES,
  NONE,
  RESULT_ACTIVATED,
  RESULT_ATTEMPTS,
  RESULT_BLOCKS,
  RESULT_BOUND_ACTIVATED,
  RESULT_BOUND_RACKS,
  RESULT_BOUND_RESERVED,
  RESULT_BOUND_TOUCHED,
  RESULT_HOSTS,
  RESULT_LEFT,
  RESULT_MOVES,
  RESULT_PLACED_BEFORE,
  RESULT_PROVEN,
  RESULT_RACKS,
  RESULT_REFUSED,
  RESULT_REFUSED_RULE,
  RESULT_REFUSED_VM,
  RESULT_RESERVED,
  RESULT_STATUS,
  RESULT_TOUCHED,
  STATUS_BUILDING,
  STATUS_PLACED,
  STATUS_REFUSED,
  STATUS_SEARCHING,
} from "./abi";
import {
  activated,
  clear,
  hostOf,
  left,
  moves,
  prepareAssignment,
  racksTouched,
  reserved,
  touchedCount,
  unplacedVms,
} from "./assignment";
import { prepareAudit } from "./audit";
import { get, put, words } from "./lib/arena";
import { seed as seedRandom } from "./lib/rng";
import { preparePipes } from "./pipes";
import { forgetProof, optimal, prepareProof, prove, proveExceeded, proveHopeless, refuted } from "./proof/prove";
import { openRequest, swapPatches, vmCount } from "./request";
import { affinityMatters, prepareRules } from "./rules";
import { accountFor, prepareAccount } from "./search/account";
import { boundActivated, boundRacks, boundReserved, boundTouched, prepareBounds } from "./search/bound";
import { prepareBundles } from "./search/bundle";
import { attempts, blocksVisited, prepareChoice, work } from "./search/choose";
import { BUILDING, construct as buildOn, HOPELESS, leaveOff, prepareConstruction, TOO_MUCH } from "./search/construct";
import { prepareDomains } from "./search/domain";
import { explain, hopeless, placedBefore, prepareExplanation, refusedRule, refusedVm } from "./search/explain";
import { prepareFrontier } from "./search/frontier";
import { prepareHandover, takeOver } from "./search/handover";
import { prepareImprovement, improve as searchOn } from "./search/improve";
import { prepareOrder } from "./search/order";
import { exceeded } from "./search/volume";
import { buildUnits, unitCount, unitOf } from "./units";

export let result: usize = 0;
let status = STATUS_BUILDING;
let ready = false; // the search beyond the first plan is laid out

/**
 * Work after which the search for better plans and the one for proofs take turns. The former begins; of few units it has
 * tried enough sooner. Half of the work for proofs costs no quality: over 67 problems of 40 to 2,000 hosts 614 hosts are
 * touched with them and 608 without at the default budget, 575 and 581 at a budget of 5,000, of which 19 are proven.
 */
const TURN = 256;
const TURN_PER_UNIT = 16;
let proving = false;
let turnLeft = TURN;

/** Reads the request and lays out what the first plan needs: from here on only `prepareSearch` allocates. */
export function begin(seed: i32): void {
  openRequest();
  swapPatches();
  buildUnits(affinityMatters());
  preparePipes();
  prepareRules();
  prepareAssignment();
  prepareFrontier();
  prepareDomains();
  prepareOrder();
  prepareBundles();
  prepareChoice();
  prepareConstruction();
  prepareBounds();
  prepareExplanation();
  prepareHandover();
  prepareAccount();
  result = words(RESULT_HOSTS + vmCount, 0);
  if (CHECK) prepareAudit(result);
  seedRandom(seed);
  status = STATUS_BUILDING;
  proving = false;
  turnLeft = min(TURN, TURN_PER_UNIT * unitCount);
  ready = false;
  forgetProof();
}

/** Once: what only a search beyond the first plan needs. Many an answer is that plan, and takes no longer than this. */
function prepareSearch(): void {
  if (ready) return;
  ready = true;
  prepareImprovement();
  prepareProof();
}

/**
 * Goes on with the first plan until `limit` of work is used up in all: STATUS_BUILDING, and is to be called again.
 * Otherwise the first plan is there, complete or not, or some VM can stand nowhere (STATUS_REFUSED). The limits do not
 * change what comes of it.
 */
export function construct(limit: i32): i32 {
  if (status != STATUS_BUILDING) return status;
  const outcome = buildOn(limit);
  if (outcome == HOPELESS || outcome == TOO_MUCH) {
    prepareSearch();
    if (outcome == HOPELESS) proveHopeless(hopeless);
    else proveExceeded(exceeded());
    status = STATUS_REFUSED;
  } else if (outcome != BUILDING) status = unplacedVms == 0 ? STATUS_PLACED : STATUS_SEARCHING;
  return status;
}

/** Nobody waits for the rest of the first plan. */
function stopBuilding(): void {
  if (status != STATUS_BUILDING) return;
  leaveOff();
  status = unplacedVms == 0 ? STATUS_PLACED : STATUS_SEARCHING;
}

/** Goes over to the plan of another search (search/handover.ts), before `finish` at any time. */
export function adopt(): bool {
  stopBuilding();
  if (!takeOver()) return false;
  status = STATUS_PLACED;
  return true;
}

/** Repairs, improves and proves until `limit` of work is used up in all, or every VM has a host if that is asked for. */
export function improve(limit: i32, untilPlaced: bool): i32 {
  stopBuilding();
  if (status != STATUS_REFUSED) {
    prepareSearch();
    takeTurns(limit, untilPlaced);
    status = refuted ? STATUS_REFUSED : unplacedVms == 0 ? STATUS_PLACED : STATUS_SEARCHING;
  }
  return status;
}

/** The search for better plans and the one for proofs have the same share of the work; the former begins. */
function takeTurns(limit: i32, untilPlaced: bool): void {
  let idle = 0;
  while (work() < limit && idle < 2 && !refuted && !(unplacedVms == 0 && (untilPlaced || optimal))) {
    const before = work();
    const until = min(limit, before + turnLeft);
    if (proving) prove(until);
    else searchOn(until, untilPlaced);
    idle = work() == before ? idle + 1 : 0;
    turnLeft -= work() - before;
    if (turnLeft > 0 && idle == 0) continue;
    proving = !proving;
    turnLeft = TURN;
  }
}

/** No other plan is better in all levels but the last. */
function isOptimal(): bool {
  return (
    activated == boundActivated &&
    reserved == boundReserved &&
    touchedCount == boundTouched &&
    racksTouched == boundRacks
  );
}

/** Address of the account of a VM (abi.ts), 0 if some VM has no host. */
export function account(vm: i32): usize {
  return status == STATUS_PLACED ? accountFor(vm) : 0;
}

/** Writes the result and leaves the inventory exactly as the host wrote it. */
export function finish(): i32 {
  stopBuilding();
  put(result, RESULT_REFUSED_VM, NONE);
  put(result, RESULT_REFUSED_RULE, NONE);
  if (status != STATUS_PLACED) {
    if (explain(result + (RESULT_REFUSED << 2))) {
      status = STATUS_REFUSED;
      put(result, RESULT_REFUSED_VM, refusedVm);
      put(result, RESULT_REFUSED_RULE, refusedRule);
      put(result, RESULT_PLACED_BEFORE, placedBefore);
    } else status = STATUS_PLACED;
  }
  put(result, RESULT_STATUS, status);
  put(result, RESULT_ACTIVATED, activated);
  store<i64>(result + (RESULT_RESERVED << 2), reserved);
  put(result, RESULT_TOUCHED, touchedCount);
  put(result, RESULT_RACKS, racksTouched);
  store<i64>(result + (RESULT_LEFT << 2), left());
  put(result, RESULT_BOUND_ACTIVATED, boundActivated);
  store<i64>(result + (RESULT_BOUND_RESERVED << 2), boundReserved);
  put(result, RESULT_BOUND_TOUCHED, boundTouched);
  put(result, RESULT_BOUND_RACKS, boundRacks);
  put(result, RESULT_PROVEN, refuted || (status == STATUS_PLACED && isOptimal()) ? 1 : 0);
  put(result, RESULT_ATTEMPTS, attempts);
  put(result, RESULT_BLOCKS, blocksVisited);
  for (let vm = 0; vm < vmCount; vm++) put(result, RESULT_HOSTS + vm, get(hostOf, get(unitOf, vm)));
  clear();
  put(result, RESULT_MOVES, moves);
  swapPatches();
  assert(RESULT_HOSTS - RESULT_REFUSED == MAX_RULES);
  return status;
}
