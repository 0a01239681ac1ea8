import { constraintContract } from "../../contracts/constraint.ts";

constraintContract("zone", (unit, host) => unit.every((vm) => vm.zone === null || vm.zone === host.zone));
