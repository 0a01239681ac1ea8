// Why a VM found no host: a second, counting run of the rules one after the other over all hosts.

import { NONE } from "../abi";
import { hostOf, unplacedVms } from "../assignment";
import { blockCount } from "../inventory";
import { add, get } from "../lib/arena";
import { vmCount } from "../request";
import { filterRule, RULE_COUNT, realRows } from "../rules";
import { bundleOf, leagueOf, unitCount, unitVmFirst, unitVms } from "../units";
import { placeLoosely } from "./bundle";
import { choose } from "./choose";

export let refusedVm = NONE;
export let refusedRule = NONE;
export let placedBefore = 0;

/** A unit that can stand nowhere on the data center as it is, with nobody else placed. */
export let hopeless = NONE;

export function prepareExplanation(): void {
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

/** Applies the rules one after the other. The last one that refuses a host is the one that empties the list. */
function countRefused(unit: i32, counts: usize): i32 {
  let last = NONE;
  for (let block = 0; block < blockCount; block++) {
    let mask = realRows(block);
    for (let rule = 0; rule < RULE_COUNT && mask; rule++) {
      const next = filterRule(rule, unit, block, mask);
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
