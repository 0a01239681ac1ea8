import { constraintContract } from "../../contracts/constraint.ts";

constraintContract("candidates", (unit, host) =>
  unit.every((vm) => vm.candidates === undefined || vm.candidates.includes(host.name)),
);
