// For the check build: recomputes after each move what the incremental state says, and traps where they differ. The
// rules' own part is in Constraint.drifted.

import { NONE } from "./abi";
import { hostOf, touchedCount, touchedRow, touchedUnits, unplacedVms } from "./assignment";
import { CONSTRAINTS } from "./constraints";
import { inventoryBase, inventoryBytes, rackOf, rackTouched, touchedSlot } from "./inventory";
import { get, reserve } from "./lib/arena";
import { enabled, RULE_COUNT } from "./rules";
import { unitCount, unitSize } from "./units";

/** The inventory columns as the solve found them: add this to a column's address. */
export let pristine: usize = 0;

export function prepareAudit(): void {
  const copy = reserve(inventoryBytes);
  memory.copy(copy, inventoryBase, inventoryBytes);
  pristine = copy - inventoryBase;
}

export function audit(): void {
  let unplaced = 0;
  for (let u = 0; u < unitCount; u++) {
    const row = get(hostOf, u);
    if (row == NONE) unplaced += unitSize(u);
    else assert(get(touchedSlot, row) > 0, "a host with a unit is not among the touched");
  }
  assert(unplaced == unplacedVms, "unplaced VMs drifted");
  for (let slot = 0; slot < touchedCount; slot++) {
    const row = get(touchedRow, slot);
    assert(get(touchedSlot, row) == slot + 1, "touched hosts drifted");
    assert(get(rackTouched, rackOf(row)) > 0, "touched racks drifted");
    let units = 0;
    for (let u = 0; u < unitCount; u++) if (get(hostOf, u) == row) units++;
    assert(units == get(touchedUnits, slot), "units of a touched host drifted");
  }
  for (let r = 0; r < RULE_COUNT; r++) {
    if (enabled(r)) assert(!unchecked(CONSTRAINTS[r]).drifted(), unchecked(CONSTRAINTS[r]).spec);
  }
}
