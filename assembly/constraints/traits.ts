import { NONE, REQUEST_AGGREGATE_SETS, REQUEST_SPEC_TABLE, SPECS_LACK_TRAITS, VM_SPECS } from "../abi";
import { ClassConstraint } from "../constraint";
import { classAggregates } from "../inventory";
import { get } from "../lib/arena";
import { request, vmWord, wordAt } from "../request";

/**
 * Hard. The host has all traits that the VM's flavor requires and none that it forbids. Names are compared on the host
 * side, beside the aggregates (host/core/extra-specs.ts).
 */
export class Traits extends ClassConstraint {
  get spec(): string {
    return '{"name":"traits","text":"host trait"}';
  }

  allowsClass(vm: i32, classRow: i32): bool {
    const specs = vmWord(vm, VM_SPECS);
    if (specs == NONE) return true;
    const table = wordAt(get(request, REQUEST_SPEC_TABLE));
    return !(
      get(table, specs * get(request, REQUEST_AGGREGATE_SETS) + get(classAggregates, classRow)) & SPECS_LACK_TRAITS
    );
  }
}
