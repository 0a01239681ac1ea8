import { BLOCK_SHIFT, LEVEL_RACK, NONE, RACK_UPLINK } from "../abi";
import { Constraint } from "../constraint";
import { blockRack, containerOf, rackReal, rackUplink } from "../inventory";
import { get } from "../lib/arena";
import {
  gathering,
  gatherPeers,
  isJoined,
  joinFrom,
  joinRate,
  joinRow,
  joinTo,
  joinUnit,
  peerRack,
  peerRackCount,
  peerRackRate,
  peerRate,
  rateInRack,
} from "../pipes";
import { differs, expectedAt, hostNow } from "../pristine";
import { unitCount } from "../units";
import { carries, carry } from "./link";

/** Racks of placed ends whose uplink cannot take their pipes: with one the unit must stand there, with two nowhere. */
let overloaded = 0;
let overloadedRack = NONE;
let seen = 0; // the gathering that these are of

/**
 * Hard. A pipe between two racks loads the uplinks of both, and no uplink above its capacity. Hosts without a rack are
 * in one rack without an uplink: a pipe from there loads that of the other rack only.
 */
export class UplinkCapacity extends Constraint {
  get spec(): string {
    return '{"name":"uplink-capacity","text":"rack uplink bandwidth"}';
  }

  prepare(): void {
    seen = 0;
  }

  concerns(unit: i32): bool {
    return isJoined(unit);
  }

  allows(unit: i32, row: i32): bool {
    return this.mayEnter(unit, get(blockRack, row >> BLOCK_SHIFT));
  }

  filter(unit: i32, block: i32, mask: i32): i32 {
    return this.mayEnter(unit, get(blockRack, block)) ? mask : 0;
  }

  mayEnter(unit: i32, rack: i32): bool {
    look(unit);
    if (!get(rackReal, rack)) return overloaded == 0;
    if (overloaded > 1 || (overloaded == 1 && overloadedRack != rack)) return false;
    return carries(rackUplink, rack, peerRate - rateInRack(rack));
  }

  moved(unit: i32, row: i32, by: i32): void {
    const rack = containerOf(LEVEL_RACK, row);
    for (let j = joinFrom(unit), end = joinTo(unit); j < end; j++) {
      if (joinRow(j) == NONE) continue;
      const there = containerOf(LEVEL_RACK, joinRow(j));
      if (there == rack) continue;
      if (rack != NONE) carry(rackUplink, rack, by * joinRate(j));
      if (there != NONE) carry(rackUplink, there, by * joinRate(j));
    }
  }

  drifted(): bool {
    const free = expectedAt(RACK_UPLINK);
    for (let u = 0; u < unitCount; u++) {
      if (hostNow(u) == NONE) continue;
      const rack = containerOf(LEVEL_RACK, hostNow(u));
      for (let j = joinFrom(u), end = joinTo(u); j < end; j++) {
        if (joinRow(j) == NONE) continue;
        const there = containerOf(LEVEL_RACK, joinRow(j));
        if (there == rack) continue;
        if (rack != NONE) carry(free, rack, joinRate(j));
        if (there != NONE && joinUnit(j) < 0) carry(free, there, joinRate(j));
      }
    }
    return differs(RACK_UPLINK);
  }
}

function look(unit: i32): void {
  gatherPeers(unit);
  if (seen == gathering) return;
  seen = gathering;
  overloaded = 0;
  for (let i = 0; i < peerRackCount; i++) {
    const rack = peerRack(i);
    if (rack == NONE || carries(rackUplink, rack, peerRackRate(i))) continue;
    overloaded++;
    overloadedRack = rack;
  }
}
