// Units for which only a few hosts can come into question at all: then those are asked one by one, no column is read.

import { NONE } from "../abi";
import { CONSTRAINTS } from "../constraints";
import { get, put, words } from "../lib/arena";
import { rulesOfItsOwn } from "../rules";
import { unitCount, unitVmFirst, unitVms } from "../units";

/** Unit -> number of rows in its list, NONE: every host comes into question. */
export let domainCount: usize = 0;
/** Unit -> address of ascending host rows. */
export let domainRows: usize = 0;

export function prepareDomains(): void {
  domainCount = words(unitCount, NONE);
  domainRows = words(unitCount, 0);
  for (let unit = 0; unit < unitCount; unit++) {
    for (let left = rulesOfItsOwn(unit); left; left &= left - 1) {
      const rule = unchecked(CONSTRAINTS[ctz(left)]);
      for (let i = get(unitVmFirst, unit), end = get(unitVmFirst, unit + 1); i < end; i++) {
        const count = rule.candidateCount(get(unitVms, i));
        if (count != NONE) narrow(unit, count, rule.candidateRows(get(unitVms, i)));
      }
    }
  }
}

function narrow(unit: i32, count: i32, rows: usize): void {
  const now = get(domainCount, unit);
  if (now != NONE && now <= count) return;
  put(domainCount, unit, count);
  put(domainRows, unit, <i32>rows);
}
