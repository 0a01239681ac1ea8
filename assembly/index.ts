// Every exported function; no algorithms. Pointers are byte offsets into the exported memory.

import { ABI_VERSION, BLOCK_SHIFT, NONE } from "./abi";
import * as assignment from "./assignment";
import { CONSTRAINTS } from "./constraints";
import * as inventory from "./inventory";
import { get } from "./lib/arena";
import * as proofLog from "./proof/log";
import * as req from "./request";
import * as rules from "./rules";
import * as choice from "./search/choose";
import * as handover from "./search/handover";
import * as run from "./solve";
import { unitOf } from "./units";

export { selftest0 } from "./selftest";

export function abiVersion(): i32 {
  return ABI_VERSION;
}

/** Lays out the columns of an inventory; returns where they begin. The host then writes `inventoryBytes()` there. */
export function layout(blocks: i32, racks: i32, clusters: i32, classes: i32): usize {
  return inventory.layout(blocks, racks, clusters, classes);
}

export function inventoryBytes(): usize {
  return inventory.inventoryBytes;
}

/** Address of a column (abi.ts). */
export function columnAt(column: i32): usize {
  return inventory.columnAt(column);
}

/** Room for a request of `count` words; returns where it begins. */
export function requestBuffer(count: i32): usize {
  return req.requestBuffer(count);
}

export function begin(seed: i32): void {
  run.begin(seed);
}

/** `limit`: work in all since `begin`. Again while it returns STATUS_BUILDING. */
export function construct(limit: i32): i32 {
  return run.construct(limit);
}

/** `limit`: work in all since `begin`. `untilPlaced`: 1 stops as soon as every VM has a host. */
export function improve(limit: i32, untilPlaced: i32): i32 {
  return run.improve(limit, untilPlaced != 0);
}

/** Address of the host row per VM that `capture` writes and `adopt` reads. */
export function handoverRows(): usize {
  return handover.rows;
}

/** Address of the levels of the objective that `capture` writes: i64 each, in the order of search/objective.ts. */
export function handoverLevels(): usize {
  return handover.levels;
}

/** Writes down the plan as it stands. */
export function capture(): void {
  handover.capture();
}

/** Goes over to the plan that the host wrote down; 0: a rule refuses it, and nothing has changed. */
export function adopt(): i32 {
  return run.adopt() ? 1 : 0;
}

/** Work since `begin`, see search/choose.ts: about a microsecond each. */
export function work(): i32 {
  return choice.work();
}

/** Address of the account of one VM of a whole plan (abi.ts), before `finish`; 0 if some VM has no host. */
export function account(vm: i32): usize {
  return run.account(vm);
}

export function finish(): i32 {
  return run.finish();
}

/** Address of the result words (abi.ts), valid until the next request. */
export function result(): usize {
  return run.result;
}

/** Address of the log that proves a refusal (proof/log.ts), after `finish`. */
export function refutation(): usize {
  return proofLog.log;
}

export function refutationWords(): i32 {
  return proofLog.logWords;
}

export function ruleCount(): i32 {
  return rules.RULE_COUNT;
}

/** Address of the rule's spec: JSON in UTF-16, its byte length 4 bytes before. */
export function ruleSpec(rule: i32): usize {
  return changetype<usize>(unchecked(CONSTRAINTS[rule]).spec);
}

// ---- For tests -------------------------------------------------------------------------------------------------------

/** Rules to leave out from the next `begin` on, as bits. */
export function disableRules(bits: i32): void {
  rules.disable(bits);
}

/** What one rule says about the 16 hosts of a block for the unit of a VM, after `begin`. */
export function filterRule(rule: i32, vm: i32, block: i32, mask: i32): i32 {
  return rules.filterRule(rule, get(unitOf, vm), block, mask);
}

/** What all rules say together. */
export function filterAll(vm: i32, block: i32, mask: i32): i32 {
  return rules.allowed(get(unitOf, vm), block, mask);
}

/** 0 if a rule keeps the VM's unit out of the whole rack of this host row. */
export function mayEnterRackOf(vm: i32, row: i32): i32 {
  return rules.mayEnter(get(unitOf, vm), get(inventory.blockRack, row >> BLOCK_SHIFT)) ? 1 : 0;
}

/** Puts the VM's whole unit on a host row, or takes it off (`row` NONE). */
export function move(vm: i32, row: i32): void {
  const unit = get(unitOf, vm);
  if (get(assignment.hostOf, unit) != NONE) assignment.remove(unit);
  if (row != NONE) assignment.place(unit, row);
  assignment.forget();
}
