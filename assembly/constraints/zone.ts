import { NONE, VM_ZONE } from "../abi";
import { ClassConstraint } from "../constraint";
import { classZone } from "../inventory";
import { get } from "../lib/arena";
import { vmWord } from "../request";

/** Hard. A VM that names an availability zone runs in it. */
export class Zone extends ClassConstraint {
  get spec(): string {
    return '{"name":"zone","text":"availability zone"}';
  }

  allowsClass(vm: i32, classRow: i32): bool {
    const zone = vmWord(vm, VM_ZONE);
    return zone == NONE || get(classZone, classRow) == zone;
  }
}
