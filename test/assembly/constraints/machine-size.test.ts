import { constraintContract } from "../../contracts/constraint.ts";

constraintContract("machine-size", (unit, { physical }) =>
  unit.every((vm) => vm.vcpus <= physical.vcpus && vm.ramMiB <= physical.ramMiB),
);
