import { someAggregateFits } from "../../../host/core/verify-specs.ts";
import { constraintContract } from "../../contracts/constraint.ts";

// The operators have their own tests; here it is one aggregate for all keys, and each VM of a unit.
constraintContract("aggregates", (unit, host, { dataCenter }) => {
  const metadata = host.aggregates.map((name) => dataCenter.aggregates[name]!);
  return unit.every((vm) => someAggregateFits(vm.extraSpecs, metadata));
});
