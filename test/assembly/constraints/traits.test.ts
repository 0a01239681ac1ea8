import { refusingTraits } from "../../../host/core/verify-specs.ts";
import { constraintContract } from "../../contracts/constraint.ts";

constraintContract("traits", (unit, host) =>
  unit.every((vm) => refusingTraits(vm.extraSpecs, host.traits).length === 0),
);
