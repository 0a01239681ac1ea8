import { FREE_DISK, FREE_RAM, FREE_VCPUS, NONE } from "../abi";
import { Constraint } from "../constraint";
import { columnAt } from "../inventory";
import { add, get } from "../lib/arena";
import { differs, expectedAt, hostNow } from "../pristine";
import { needDisk, needRam, needVcpus, unitCount } from "../units";

/** Hard. The host has room for the sum of the unit's VMs in one resource. */
abstract class Capacity extends Constraint {
  abstract get column(): i32;
  abstract get needs(): usize;

  allows(unit: i32, row: i32): bool {
    return get(columnAt(this.column), row) >= get(this.needs, unit);
  }

  // Four vectors are one block. Pad rows have PAD_FREE, so they never pass.
  filter(unit: i32, block: i32, mask: i32): i32 {
    const at = columnAt(this.column) + ((<usize>block) << 6);
    const need = i32x4.splat(get(this.needs, unit));
    const room =
      i32x4.bitmask(i32x4.ge_s(v128.load(at), need)) |
      (i32x4.bitmask(i32x4.ge_s(v128.load(at, 16), need)) << 4) |
      (i32x4.bitmask(i32x4.ge_s(v128.load(at, 32), need)) << 8) |
      (i32x4.bitmask(i32x4.ge_s(v128.load(at, 48), need)) << 12);
    return mask & room;
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
