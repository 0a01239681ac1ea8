import { NONE, VM_FIXED, VM_FIXED_ROW } from "../abi";
import { Constraint } from "../constraint";
import { get } from "../lib/arena";
import { vmAddress, vmWord } from "../request";
import { unitVmFirst, unitVms } from "../units";

/** Hard. A VM that is decided already stays on its host. */
export class Fixed extends Constraint {
  get spec(): string {
    return '{"name":"fixed","text":"fixed host"}';
  }

  concerns(unit: i32): bool {
    for (let i = get(unitVmFirst, unit), end = get(unitVmFirst, unit + 1); i < end; i++) {
      if (vmWord(get(unitVms, i), VM_FIXED)) return true;
    }
    return false;
  }

  allows(unit: i32, row: i32): bool {
    for (let i = get(unitVmFirst, unit), end = get(unitVmFirst, unit + 1); i < end; i++) {
      const vm = get(unitVms, i);
      if (vmWord(vm, VM_FIXED) && vmWord(vm, VM_FIXED_ROW) != row) return false;
    }
    return true;
  }

  candidateCount(vm: i32): i32 {
    return vmWord(vm, VM_FIXED) ? 1 : NONE;
  }

  candidateRows(vm: i32): usize {
    return vmAddress(vm, VM_FIXED_ROW);
  }
}
