import { NONE, VM_CANDIDATE_COUNT, VM_CANDIDATES } from "../abi";
import { Constraint } from "../constraint";
import { get } from "../lib/arena";
import { holds } from "../lib/sorted";
import { vmWord, wordAt } from "../request";
import { unitVmFirst, unitVms } from "../units";

/** Hard. A VM that brings a list of candidate hosts stands on one of them; an empty list refuses all. */
export class Candidates extends Constraint {
  get spec(): string {
    return '{"name":"candidates","text":"candidate hosts"}';
  }

  concerns(unit: i32): bool {
    for (let i = get(unitVmFirst, unit), end = get(unitVmFirst, unit + 1); i < end; i++) {
      if (vmWord(get(unitVms, i), VM_CANDIDATE_COUNT) != NONE) return true;
    }
    return false;
  }

  allows(unit: i32, row: i32): bool {
    for (let i = get(unitVmFirst, unit), end = get(unitVmFirst, unit + 1); i < end; i++) {
      const vm = get(unitVms, i);
      const count = vmWord(vm, VM_CANDIDATE_COUNT);
      if (count != NONE && !holds(wordAt(vmWord(vm, VM_CANDIDATES)), count, row)) return false;
    }
    return true;
  }

  candidateCount(vm: i32): i32 {
    return vmWord(vm, VM_CANDIDATE_COUNT);
  }

  candidateRows(vm: i32): usize {
    return wordAt(vmWord(vm, VM_CANDIDATES));
  }
}
