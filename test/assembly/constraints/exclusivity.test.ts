import { groupKey, LEVELS, type Level, type Vm } from "../../../host/core/model.ts";
import { constraintContract } from "../../contracts/constraint.ts";
import { containerOf, type Stage, vmsBelow } from "../../contracts/stage.ts";

/** The exclusivity groups of one level that a VM of the application is in, as a text. */
function groupsOf({ application }: Stage, vm: Vm, level: Level): string {
  return application.groups
    .filter((group) => group.type === "exclusivity" && group.level === level)
    .filter((group) => vmsBelow(application, group.name).has(vm.name))
    .map(groupKey)
    .sort()
    .join();
}

constraintContract("exclusivity", (unit, host, stage) => {
  const { application, dataCenter, placed, inventory } = stage;
  return LEVELS.every((level) => {
    const [own, ...others] = new Set(unit.map((vm) => groupsOf(stage, vm, level)));
    if (others.length > 0) return false;
    const here = containerOf(host, level);
    if (here === null) return own === "";
    const isHere = (name: string) => containerOf(inventory.hosts.get(name)!, level) === here;
    const strangers = [
      ...dataCenter.existing
        .filter((vm) => isHere(vm.host))
        .map((vm) => vm.groups.filter((key) => key.startsWith(`${level}:EX:`)))
        .map((keys) => keys.sort().join()),
      ...application.vms
        .filter((vm) => placed.has(vm.name) && isHere(placed.get(vm.name)!.name))
        .map((vm) => groupsOf(stage, vm, level)),
    ];
    return strangers.every((groups) => groups === own);
  });
});
