// Accounts for one VM of a whole plan while all others stand where the plan puts them: how many hosts each rule refuses
// it, what it adds to the objective where it stands, and on the best other host. VMs tied to one host move together, so
// each of them answers for its unit.
//
// Every host is asked about, but in blocks: rules on host classes are answered once per class, and hosts that could not
// beat the best of the touched ones are not weighed.

import {
  ACCOUNT_ALLOWED,
  ACCOUNT_CHOSEN,
  ACCOUNT_REFUSED,
  ACCOUNT_RUNNER_UP,
  ACCOUNT_WORDS,
  BLOCK_SHIFT,
  CHOICE_ACTIVATED,
  CHOICE_LEFT,
  CHOICE_RACKS,
  CHOICE_RESERVED,
  CHOICE_ROW,
  CHOICE_TOUCHED,
  NONE,
} from "../abi";
import { forget, hostOf, leftOn, opensRack, place, remove, touchedCount, touchedRow } from "../assignment";
import { CONSTRAINTS } from "../constraints";
import { blockCount, classCount, hostClass, hostVms, rackOf, touchedSlot } from "../inventory";
import { add, get, put, words } from "../lib/arena";

import { isJoined, reservedAt } from "../pipes";
import { allowed, classRules, realRows, refusedByClass, rulesOf } from "../rules";
import { needDisk, needRam, needVcpus, unitOf } from "../units";

let account: usize = 0;
let refusals: usize = 0; // host class -> rules by class that refuse the unit, as bits

// The best host so far.
let bestRow = NONE;
let bestActivates = false;
let bestReserved: i64 = 0;
let bestTouches = false;
let bestOpensRack = false;
let bestLeft: i64 = 0;

export function prepareAccount(): void {
  account = words(ACCOUNT_WORDS, 0);
  refusals = words(classCount, 0);
}

/** The plan is whole; afterwards it is as it was. Returns the address of the account. */
export function accountFor(vm: i32): usize {
  const unit = get(unitOf, vm);
  const chosen = get(hostOf, unit);
  remove(unit);
  memory.fill(account, 0, (<usize>ACCOUNT_WORDS) << 2);
  for (let row = 0; row < classCount; row++) put(refusals, row, refusedByClass(unit, row));
  bestRow = NONE;
  weigh(unit, chosen);
  writeChoice(ACCOUNT_CHOSEN);
  bestRow = NONE;
  for (let slot = 0; slot < touchedCount; slot++) {
    const row = get(touchedRow, slot);
    if (row != chosen && allowed(unit, row >> BLOCK_SHIFT, 1 << (row & 15))) weigh(unit, row);
  }
  const rules = rulesOf(unit);
  for (let block = 0; block < blockCount; block++) {
    const mask = count(unit, block, rules);
    add(account, ACCOUNT_ALLOWED, popcnt(mask));
    if (mask && mayWin(unit)) weighUntouched(unit, block, mask, chosen);
  }
  writeChoice(ACCOUNT_RUNNER_UP);
  place(unit, chosen);
  forget();
  return account;
}

/** Counts the hosts of a block that each rule refuses, one rule after the other; returns those that are left. */
function count(unit: i32, block: i32, rules: i32): i32 {
  let mask = realRows(block);
  let some = 0;
  let every = -1;
  for (let left = mask; left; left &= left - 1) {
    const bits = get(refusals, get(hostClass, (block << BLOCK_SHIFT) + ctz(left)));
    some |= bits;
    every &= bits;
  }
  for (let left = rules; left && mask; left &= left - 1) {
    const rule = ctz(left);
    const bit = 1 << rule;
    let next = mask;
    if (!(classRules & bit)) next = unchecked(CONSTRAINTS[rule]).filter(unit, block, mask);
    else if (some & bit) next = every & bit ? 0 : withoutRefused(block, mask, bit);
    if (next == mask) continue;
    add(account, ACCOUNT_REFUSED + rule, popcnt(mask ^ next));
    mask = next;
  }
  return mask;
}

function withoutRefused(block: i32, mask: i32, bit: i32): i32 {
  for (let left = mask; left; left &= left - 1) {
    const lane = ctz(left);
    if (get(refusals, get(hostClass, (block << BLOCK_SHIFT) + lane)) & bit) mask &= ~(1 << lane);
  }
  return mask;
}

/** No host that is touched anew can be better than one that is, unless it saves bandwidth. */
function mayWin(unit: i32): bool {
  return bestRow == NONE || bestActivates || bestTouches || isJoined(unit);
}

function weighUntouched(unit: i32, block: i32, mask: i32, chosen: i32): void {
  for (let left = mask; left; left &= left - 1) {
    const row = (block << BLOCK_SHIFT) + ctz(left);
    if (row != chosen && !get(touchedSlot, row)) weigh(unit, row);
  }
}

/** Takes the host for the best if it adds less, level by level; of equals the lowest row. */
function weigh(unit: i32, row: i32): void {
  const touches = get(touchedSlot, row) == 0;
  const activates = touches && get(hostVms, row) == 0;
  const added = isJoined(unit) ? reservedAt(unit, row) : 0;
  const opens = touches && opensRack(rackOf(row));
  let order = bestRow == NONE ? -1 : <i32>activates - <i32>bestActivates;
  if (order == 0) order = <i32>(added > bestReserved) - <i32>(added < bestReserved);
  if (order == 0) order = <i32>touches - <i32>bestTouches;
  if (order == 0) order = <i32>opens - <i32>bestOpensRack;
  if (order > 0) return;
  const after = leftOn(row, get(needVcpus, unit), get(needRam, unit), get(needDisk, unit));
  const left = touches ? after : after - leftOn(row, 0, 0, 0);
  if (order == 0 && (left > bestLeft || (left == bestLeft && row > bestRow))) return;
  bestRow = row;
  bestActivates = activates;
  bestReserved = added;
  bestTouches = touches;
  bestOpensRack = opens;
  bestLeft = left;
}

function writeChoice(at: i32): void {
  put(account, at + CHOICE_ROW, bestRow);
  if (bestRow == NONE) return;
  put(account, at + CHOICE_ACTIVATED, <i32>bestActivates);
  put(account, at + CHOICE_TOUCHED, <i32>bestTouches);
  put(account, at + CHOICE_RACKS, <i32>bestOpensRack);
  store<i64>(account + ((<usize>(at + CHOICE_RESERVED)) << 2), bestReserved);
  store<i64>(account + ((<usize>(at + CHOICE_LEFT)) << 2), bestLeft);
}
