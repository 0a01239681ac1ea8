import { VM_RAM, VM_VCPUS } from "../abi";
import { ClassConstraint } from "../constraint";
import { classPhysicalRam, classPhysicalVcpus } from "../inventory";
import { get } from "../lib/arena";
import { vmWord } from "../request";

/** Hard. No VM is larger than the machine itself: it cannot overcommit against itself (Nova's and Valet's rule). */
export class MachineSize extends ClassConstraint {
  get spec(): string {
    return '{"name":"machine-size","text":"machine size"}';
  }

  allowsClass(vm: i32, classRow: i32): bool {
    return (
      vmWord(vm, VM_VCPUS) <= get(classPhysicalVcpus, classRow) && vmWord(vm, VM_RAM) <= get(classPhysicalRam, classRow)
    );
  }
}
