// For the check build: recomputes after each move what the incremental state says, and traps where they differ. The
// rules' own part is in Constraint.drifted; which of them it was is left in the result (RESULT_REFUSED_RULE), since a
// trap carries no words.

import { CLUSTER_VMS, HOST_VMS, LEVEL_HOST, NONE, OWNER_NONE, RACK_VMS, RESULT_REFUSED_RULE } from "./abi";
import {
  activated,
  hostOf,
  nextUnit,
  racksTouched,
  reserved,
  touchedCount,
  touchedFirst,
  touchedRow,
  touchedUnits,
  unplacedVms,
  waitingDisk,
  waitingOf,
  waitingRam,
  waitingVcpus,
} from "./assignment";
import { CONSTRAINTS } from "./constraints";
import { rackCluster, rackCount, rackOf, rackReal, rackTouched, touchedSlot } from "./inventory";
import { add, get, put } from "./lib/arena";
import { joinFrom, joinRate, joinRow, joinTo, joinUnit, linksBetween } from "./pipes";
import { differs, expectedAt, keepPristine, pristineAt } from "./pristine";
import { enabled, RULE_COUNT } from "./rules";
import { frontierDrifted } from "./search/frontier";
import { exclusiveCount, exclusiveOf, needDisk, needRam, needVcpus, unitCount, unitOwner, unitSize } from "./units";

let report: usize = 0;

export function prepareAudit(result: usize): void {
  report = result;
  put(report, RESULT_REFUSED_RULE, NONE);
  keepPristine(hostOf);
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
    for (let u = get(touchedFirst, slot); u != NONE && units >= 0; u = get(nextUnit, u)) {
      assert(get(hostOf, u) == row, "a unit is in the list of another host");
      units--;
    }
    assert(units == 0, "the list of a touched host's units drifted");
  }
  assert(!objectiveDrifted(), "the levels of the objective drifted");
  assert(!reservedDrifted(), "the reserved bandwidth drifted");
  assert(!waitingDrifted(), "what waits for a host drifted");
  assert(!countsDrifted(), "VM counts drifted");
  for (let r = 0; r < RULE_COUNT; r++) {
    if (!enabled(r) || !unchecked(CONSTRAINTS[r]).drifted()) continue;
    put(report, RESULT_REFUSED_RULE, r);
    assert(false, "the state of a rule drifted");
  }
  assert(!frontierDrifted(), "bounds of untouched hosts drifted");
}

/** Hosts that were empty, and racks; all hosts without a rack are in one. */
function objectiveDrifted(): bool {
  let fresh = 0;
  for (let slot = 0; slot < touchedCount; slot++) {
    if (get(pristineAt(HOST_VMS), get(touchedRow, slot)) == 0) fresh++;
  }
  let racks = 0;
  let rackless = 0;
  let hosts = 0;
  for (let rack = 0; rack < rackCount; rack++) {
    const touched = get(rackTouched, rack);
    hosts += touched;
    if (touched == 0) continue;
    if (get(rackReal, rack)) racks++;
    else rackless = 1;
  }
  return fresh != activated || racks + rackless != racksTouched || hosts != touchedCount;
}

/** Each join between units is seen from both its ends and counted from the lower one. */
function reservedDrifted(): bool {
  let sum: i64 = 0;
  for (let u = 0; u < unitCount; u++) {
    const row = get(hostOf, u);
    if (row == NONE) continue;
    for (let j = joinFrom(u), end = joinTo(u); j < end; j++) {
      const there = joinRow(j);
      if (there != NONE && joinUnit(j) < u) sum += joinRate(j) * linksBetween(row, there);
    }
  }
  return sum != reserved;
}

function waitingDrifted(): bool {
  let vcpus: i64 = 0;
  let ram: i64 = 0;
  let disk: i64 = 0;
  for (let u = 0; u < unitCount; u++) {
    if (get(hostOf, u) != NONE || unitOwner(u, LEVEL_HOST) != OWNER_NONE) continue;
    vcpus += get(needVcpus, u);
    ram += get(needRam, u);
    disk += get(needDisk, u);
  }
  return vcpus != waitingVcpus || ram != waitingRam || disk != waitingDisk || ownersDrifted();
}

function ownersDrifted(): bool {
  for (let exclusive = 1; exclusive <= exclusiveCount; exclusive++) {
    let vcpus: i64 = 0;
    let ram: i64 = 0;
    let disk: i64 = 0;
    for (let u = 0; u < unitCount; u++) {
      if (get(hostOf, u) != NONE || get(exclusiveOf, u) != exclusive) continue;
      vcpus += get(needVcpus, u);
      ram += get(needRam, u);
      disk += get(needDisk, u);
    }
    const at = waitingOf(exclusive);
    if (vcpus != load<i64>(at) || ram != load<i64>(at, 8) || disk != load<i64>(at, 16)) return true;
  }
  return false;
}

/** VMs per host, rack and cluster: those that live there and those that are placed. */
function countsDrifted(): bool {
  const onHost = expectedAt(HOST_VMS);
  const inRack = expectedAt(RACK_VMS);
  const inCluster = expectedAt(CLUSTER_VMS);
  for (let u = 0; u < unitCount; u++) {
    const row = get(hostOf, u);
    if (row == NONE) continue;
    const rack = rackOf(row);
    const cluster = get(rackCluster, rack);
    add(onHost, row, unitSize(u));
    add(inRack, rack, unitSize(u));
    if (cluster != NONE) add(inCluster, cluster, unitSize(u));
  }
  return differs(HOST_VMS) || differs(RACK_VMS) || differs(CLUSTER_VMS);
}
