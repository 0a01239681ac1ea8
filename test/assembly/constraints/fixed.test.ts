import { constraintContract } from "../../contracts/constraint.ts";

constraintContract("fixed", (unit, host) => unit.every((vm) => vm.fixed === undefined || vm.fixed === host.name));
