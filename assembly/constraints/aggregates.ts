import { NONE, REQUEST_AGGREGATE_SETS, REQUEST_SPEC_TABLE, SPECS_FIT_AGGREGATE, VM_SPECS } from "../abi";
import { ClassConstraint } from "../constraint";
import { classAggregates } from "../inventory";
import { get } from "../lib/arena";
import { request, vmWord, wordAt } from "../request";

/**
 * Hard. One aggregate of the host satisfies all extra specs of the VM's flavor. The strings and operators are compared
 * on the host side, once per set of aggregates and traits (host/core/extra-specs.ts); here is only its table of answers.
 */
export class Aggregates extends ClassConstraint {
  get spec(): string {
    return '{"name":"aggregates","text":"host aggregate"}';
  }

  allowsClass(vm: i32, classRow: i32): bool {
    const specs = vmWord(vm, VM_SPECS);
    if (specs == NONE) return true;
    const table = wordAt(get(request, REQUEST_SPEC_TABLE));
    return !!(
      get(table, specs * get(request, REQUEST_AGGREGATE_SETS) + get(classAggregates, classRow)) & SPECS_FIT_AGGREGATE
    );
  }
}
