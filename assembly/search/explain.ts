// Why a VM found no host: a second, counting run of the rules one after the other over all hosts.

import { BLOCK_ROWS, BLOCK_SHIFT, MAX_RULES, NONE } from "../abi";
import { hostOf, unplacedVms } from "../assignment";
import { blockCount, classCount, hostClass } from "../inventory";
import { add, get, put, room } from "../lib/arena";
import { vmCount } from "../request";
import { classRules, filterRule, realRows, refusedByClass, rulesOf } from "../rules";
import { bundleOf, leagueOf, unitCount, unitVmFirst, unitVms } from "../units";
import { placeLoosely } from "./bundle";
import { choose } from "./choose";

export let refusedVm = NONE;
export let refusedRule = NONE;
export let placedBefore = 0;

/** A unit that can stand nowhere on the data center as it is, with nobody else placed. */
export let hopeless = NONE;

let classRefusals: usize = 0; // class -> rules that refuse the unit there, as bits; NONE: not asked yet
let lanesRefused: usize = 0; // rule -> hosts of a block that it refuses, as bits

export function prepareExplanation(): void {
  classRefusals = room(classCount);
  lanesRefused = room(MAX_RULES);
  hopeless = NONE;
  refusedVm = NONE;
  refusedRule = NONE;
  placedBefore = 0;
}

/** Is the unit such a one? Asked while no unit is placed. */
export function isHopeless(unit: i32): bool {
  if (choose(unit, 0, blockCount) != NONE) return false;
  hopeless = unit;
  return true;
}

/** Fills `counts` (MAX_RULES words) with the hosts that each rule refuses to a unit that finds no host. False: all found one after all. */
export function explain(counts: usize): bool {
  let unit = hopeless;
  for (let u = 0; u < unitCount && unit == NONE; u++) {
    if (get(hostOf, u) == NONE) unit = placeLoosely(get(leagueOf, get(bundleOf, u)));
  }
  if (unit == NONE) return false;
  placedBefore = vmCount - unplacedVms;
  refusedVm = get(unitVms, get(unitVmFirst, unit));
  refusedRule = countRefused(unit, counts);
  return true;
}

/**
 * Applies the rules one after the other. The last one that refuses a host is the one that empties the list. What rules
 * say of fixed facts is asked once per class of equal hosts.
 */
function countRefused(unit: i32, counts: usize): i32 {
  memory.fill(classRefusals, 0xff, (<usize>classCount) << 2);
  const own = rulesOf(unit) & ~classRules;
  let last = NONE;
  for (let block = 0; block < blockCount; block++) {
    let mask = realRows(block);
    for (let left = own | refuseByClass(unit, block, mask); left && mask; left &= left - 1) {
      const rule = ctz(left);
      const next = own & (1 << rule) ? filterRule(rule, unit, block, mask) : mask & ~get(lanesRefused, rule);
      const refused = popcnt(mask ^ next);
      if (refused) {
        add(counts, rule, refused);
        last = max(last, rule);
      }
      mask = next;
    }
    assert(mask == 0, "a host passes every rule, yet the unit found none");
  }
  return last;
}

/** The rules by class that refuse hosts of `mask`, as bits; of each such rule the hosts, in `lanesRefused`. */
function refuseByClass(unit: i32, block: i32, mask: i32): i32 {
  let found = 0;
  for (let left = mask; left; ) {
    const row = get(hostClass, (block << BLOCK_SHIFT) + ctz(left));
    const lanes = lanesOfClass(block, row) & left;
    left &= ~lanes;
    if (get(classRefusals, row) == NONE) put(classRefusals, row, refusedByClass(unit, row));
    for (let rules = get(classRefusals, row); rules; rules &= rules - 1) {
      const rule = ctz(rules);
      put(lanesRefused, rule, found & (1 << rule) ? get(lanesRefused, rule) | lanes : lanes);
      found |= 1 << rule;
    }
  }
  return found;
}

/** Hosts of the block that are of the class, as bits. */
function lanesOfClass(block: i32, row: i32): i32 {
  const at = hostClass + ((<usize>block) << (BLOCK_SHIFT + 2));
  const wanted = i32x4.splat(row);
  let lanes = 0;
  for (let lane = 0; lane < BLOCK_ROWS; lane += 4) {
    lanes |= i32x4.bitmask(i32x4.eq(v128.load(at + ((<usize>lane) << 2)), wanted)) << lane;
  }
  return lanes;
}
