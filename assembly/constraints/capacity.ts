import { FREE_DISK, FREE_RAM, FREE_VCPUS, NONE } from "../abi";
import { Constraint } from "../constraint";
import { columnAt, freeDisk, freeRam, freeVcpus } from "../inventory";
import { add, get } from "../lib/arena";
import { differs, expectedAt, hostNow } from "../pristine";
import { needDisk, needRam, needVcpus, unitCount } from "../units";

/** Hard. The host has room for the sum of the unit's VMs in one resource. */
export abstract class Capacity extends Constraint {
  abstract get column(): i32;
  abstract get needs(): usize;

  allows(unit: i32, row: i32): bool {
    return get(columnAt(this.column), row) >= get(this.needs, unit);
  }

  filter(unit: i32, block: i32, mask: i32): i32 {
    return mask & room(columnAt(this.column), block, get(this.needs, unit));
  }

  moved(unit: i32, row: i32, by: i32): void {
    add(columnAt(this.column), row, -by * get(this.needs, unit));
  }

  alike(one: i32, other: i32): bool {
    return get(this.needs, one) == get(this.needs, other);
  }

  drifted(): bool {
    const free = expectedAt(this.column);
    for (let u = 0; u < unitCount; u++) if (hostNow(u) != NONE) add(free, hostNow(u), -get(this.needs, u));
    return differs(this.column);
  }
}

/** Rows of a block that have so much free, as bits. Four vectors are one block; pad rows have PAD_FREE, so they never pass. */
function room(column: usize, block: i32, need: i32): i32 {
  const at = column + ((<usize>block) << 6);
  const needs = i32x4.splat(need);
  return (
    i32x4.bitmask(i32x4.ge_s(v128.load(at), needs)) |
    (i32x4.bitmask(i32x4.ge_s(v128.load(at, 16), needs)) << 4) |
    (i32x4.bitmask(i32x4.ge_s(v128.load(at, 32), needs)) << 8) |
    (i32x4.bitmask(i32x4.ge_s(v128.load(at, 48), needs)) << 12)
  );
}

/** All three at once, since the search asks nothing more often. */
export function filterCapacities(unit: i32, block: i32, mask: i32): i32 {
  return (
    mask &
    room(freeVcpus, block, get(needVcpus, unit)) &
    room(freeRam, block, get(needRam, unit)) &
    room(freeDisk, block, get(needDisk, unit))
  );
}

export function moveCapacities(unit: i32, row: i32, by: i32): void {
  add(freeVcpus, row, -by * get(needVcpus, unit));
  add(freeRam, row, -by * get(needRam, unit));
  add(freeDisk, row, -by * get(needDisk, unit));
}

/** vCPU, after overcommit and standby. */
export class VcpuCapacity extends Capacity {
  get spec(): string {
    return '{"name":"vcpu-capacity","text":"cpu capacity"}';
  }

  get column(): i32 {
    return FREE_VCPUS;
  }

  get needs(): usize {
    return needVcpus;
  }
}

/** RAM in MiB, after overcommit and standby. */
export class RamCapacity extends Capacity {
  get spec(): string {
    return '{"name":"ram-capacity","text":"memory capacity"}';
  }

  get column(): i32 {
    return FREE_RAM;
  }

  get needs(): usize {
    return needRam;
  }
}

/** Local disk in GiB, after overcommit and standby. */
export class DiskCapacity extends Capacity {
  get spec(): string {
    return '{"name":"disk-capacity","text":"local disk capacity"}';
  }

  get column(): i32 {
    return FREE_DISK;
  }

  get needs(): usize {
    return needDisk;
  }
}
