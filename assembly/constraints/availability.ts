import { ClassConstraint } from "../constraint";
import { classUp } from "../inventory";
import { get } from "../lib/arena";

/** Hard. The host is up: enabled, running, and known to the topology. */
export class Availability extends ClassConstraint {
  get spec(): string {
    return '{"name":"availability","text":"host availability"}';
  }

  allowsClass(vm: i32, classRow: i32): bool {
    return get(classUp, classRow) == 1;
  }
}
