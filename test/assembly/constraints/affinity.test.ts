import { groupKey } from "../../../host/core/model.ts";
import { constraintContract } from "../../contracts/constraint.ts";
import { containerOf, livingIn, vmsBelow } from "../../contracts/stage.ts";

constraintContract("affinity", (unit, host, stage) => {
  const { application, placed } = stage;
  return application.groups.every((group) => {
    const below = vmsBelow(application, group.name);
    if (group.type !== "affinity" || !unit.some((vm) => below.has(vm.name))) return true;
    const here = containerOf(host, group.level);
    const homes = livingIn(stage, groupKey(group), group.level);
    for (const vm of below) if (placed.has(vm)) homes.push(containerOf(placed.get(vm)!, group.level));
    return here !== null && homes.every((home) => home === here);
  });
});
