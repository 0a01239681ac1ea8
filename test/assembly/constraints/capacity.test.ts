import type { Resources } from "../../../host/core/model.ts";
import { constraintContract, type Oracle } from "../../contracts/constraint.ts";

const fits =
  (of: (resources: Resources) => number): Oracle =>
  (unit, host, { dataCenter, application, placed }) => {
    let used = of(host.used);
    for (const vm of dataCenter.existing) if (vm.host === host.name) used += of(vm.need);
    for (const vm of application.vms) if (placed.get(vm.name) === host) used += of(vm);
    for (const vm of unit) used += of(vm);
    return used <= of(host.capacity);
  };

constraintContract(
  "vcpu-capacity",
  fits((resources) => resources.vcpus),
);
constraintContract(
  "ram-capacity",
  fits((resources) => resources.ramMiB),
);
constraintContract(
  "disk-capacity",
  fits((resources) => resources.diskGiB),
);
