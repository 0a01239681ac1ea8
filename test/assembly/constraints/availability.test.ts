import { constraintContract } from "../../contracts/constraint.ts";

constraintContract("availability", (_unit, host) => host.up);
