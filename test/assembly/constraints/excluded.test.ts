import { constraintContract } from "../../contracts/constraint.ts";

constraintContract("excluded", (unit, host) => !unit.some((vm) => vm.excluded?.includes(host.name)));
