import { VM_EXCLUDED, VM_EXCLUDED_COUNT } from "../abi";
import { Constraint } from "../constraint";
import { get } from "../lib/arena";
import { holds } from "../lib/sorted";
import { vmWord, wordAt } from "../request";
import { unitVmFirst, unitVms } from "../units";

/** Hard. A VM stands on none of its excluded hosts. */
export class Excluded extends Constraint {
  get spec(): string {
    return '{"name":"excluded","text":"excluded hosts"}';
  }

  concerns(unit: i32): bool {
    for (let i = get(unitVmFirst, unit), end = get(unitVmFirst, unit + 1); i < end; i++) {
      if (vmWord(get(unitVms, i), VM_EXCLUDED_COUNT) > 0) return true;
    }
    return false;
  }

  allows(unit: i32, row: i32): bool {
    for (let i = get(unitVmFirst, unit), end = get(unitVmFirst, unit + 1); i < end; i++) {
      const vm = get(unitVms, i);
      if (holds(wordAt(vmWord(vm, VM_EXCLUDED)), vmWord(vm, VM_EXCLUDED_COUNT), row)) return false;
    }
    return true;
  }
}
