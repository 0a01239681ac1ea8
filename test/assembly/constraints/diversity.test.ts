import { groupKey } from "../../../host/core/model.ts";
import { constraintContract } from "../../contracts/constraint.ts";
import { containerOf, livingIn, vmsBelow } from "../../contracts/stage.ts";

constraintContract("diversity", (unit, host, stage) => {
  const { application, placed } = stage;
  return application.groups.every((group) => {
    if (group.type !== "diversity") return true;
    const members = group.members.map((member) => vmsBelow(application, member));
    const own = members.filter((below) => unit.some((vm) => below.has(vm.name)));
    if (own.length === 0) return true;
    // A unit below two members would have to be apart from itself.
    if (own.length > 1) return false;
    const here = containerOf(host, group.level);
    const others = livingIn(stage, groupKey(group), group.level);
    for (const below of members) {
      if (below === own[0]) continue;
      for (const vm of below) if (placed.has(vm)) others.push(containerOf(placed.get(vm)!, group.level));
    }
    return here !== null && !others.includes(here);
  });
});
