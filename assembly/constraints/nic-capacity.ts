import { BLOCK_SHIFT, FREE_NIC, NONE, UNLIMITED } from "../abi";
import { Constraint } from "../constraint";
import { freeNic, rackOf } from "../inventory";
import {
  gathering,
  gatherPeers,
  isJoined,
  joinFrom,
  joinRate,
  joinRow,
  joinTo,
  joinUnit,
  peerHostCount,
  peerRate,
  peerRow,
  peerRowRate,
  rateOnHost,
} from "../pipes";
import { differs, expectedAt, hostNow } from "../pristine";
import { unitCount } from "../units";
import { carries, carry } from "./link";

/** Hosts of placed ends whose NIC cannot take their own pipes: with one the unit must stand there, with two nowhere. */
let overloaded = 0;
let overloadedRow = NONE;
let seen = 0; // the gathering that these are of

/** Hard. A pipe loads the NICs of both its hosts when they differ, and no NIC above its capacity. */
export class NicCapacity extends Constraint {
  get spec(): string {
    return '{"name":"nic-capacity","text":"nic bandwidth"}';
  }

  prepare(): void {
    seen = 0;
  }

  concerns(unit: i32): bool {
    return isJoined(unit);
  }

  allows(unit: i32, row: i32): bool {
    look(unit);
    if (overloaded > 1 || (overloaded == 1 && overloadedRow != row)) return false;
    return carries(freeNic, row, peerRate - rateOnHost(row));
  }

  filter(unit: i32, block: i32, mask: i32): i32 {
    look(unit);
    if (peerRate == 0) return mask;
    if (overloaded > 0) {
      if (overloaded > 1 || overloadedRow >> BLOCK_SHIFT != block) return 0;
      mask &= 1 << (overloadedRow & 15);
      return mask && this.allows(unit, overloadedRow) ? mask : 0;
    }
    const at = freeNic + ((<usize>block) << 6);
    const load = i32x4.splat(<i32>min<i64>(peerRate, UNLIMITED));
    let room =
      i32x4.bitmask(i32x4.ge_s(v128.load(at), load)) |
      (i32x4.bitmask(i32x4.ge_s(v128.load(at, 16), load)) << 4) |
      (i32x4.bitmask(i32x4.ge_s(v128.load(at, 32), load)) << 8) |
      (i32x4.bitmask(i32x4.ge_s(v128.load(at, 48), load)) << 12);
    // What stands on the same host takes nothing of its NIC.
    for (let i = 0; i < peerHostCount; i++) {
      const row = peerRow(i);
      if (row >> BLOCK_SHIFT == block && carries(freeNic, row, peerRate - peerRowRate(i))) room |= 1 << (row & 15);
    }
    return mask & room;
  }

  mayEnter(unit: i32, rack: i32): bool {
    look(unit);
    return overloaded == 0 || (overloaded == 1 && rackOf(overloadedRow) == rack);
  }

  moved(unit: i32, row: i32, by: i32): void {
    for (let j = joinFrom(unit), end = joinTo(unit); j < end; j++) {
      const there = joinRow(j);
      if (there == NONE || there == row) continue;
      carry(freeNic, row, by * joinRate(j));
      carry(freeNic, there, by * joinRate(j));
    }
  }

  drifted(): bool {
    const free = expectedAt(FREE_NIC);
    for (let u = 0; u < unitCount; u++) {
      const row = hostNow(u);
      if (row == NONE) continue;
      for (let j = joinFrom(u), end = joinTo(u); j < end; j++) {
        const there = joinRow(j);
        if (there == NONE || there == row) continue;
        carry(free, row, joinRate(j));
        if (joinUnit(j) < 0) carry(free, there, joinRate(j));
      }
    }
    return differs(FREE_NIC);
  }
}

function look(unit: i32): void {
  gatherPeers(unit);
  if (seen == gathering) return;
  seen = gathering;
  overloaded = 0;
  for (let i = 0; i < peerHostCount; i++) {
    if (carries(freeNic, peerRow(i), peerRowRate(i))) continue;
    overloaded++;
    overloadedRow = peerRow(i);
  }
}
