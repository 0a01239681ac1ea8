import { BLOCK_SHIFT, NONE } from "./abi";
import { hostClass } from "./inventory";
import { get } from "./lib/arena";
import { unitVmFirst, unitVms } from "./units";

/**
 * One placement rule, hard: which hosts it refuses to a unit, and the state it keeps as units move. Everything about the
 * rule is in its file; constraints/index.ts lists it. Hosts are asked about a block (16 rows) at a time, as a bit mask.
 */
export abstract class Constraint {
  /** Name, and how the rule is called when it refuses, as JSON. The host reads it as the catalogue. */
  abstract get spec(): string;

  /** Once per request, after the units are known. */
  prepare(): void {}

  /** False: this unit is never refused by the rule and its moves do not matter to it. */
  concerns(unit: i32): bool {
    return true;
  }

  /** May the unit stand on this host, as things are now? */
  allows(unit: i32, row: i32): bool {
    return true;
  }

  /** Clears the bits of the hosts of `block` that the rule refuses. Never sets one. */
  filter(unit: i32, block: i32, mask: i32): i32 {
    let left = mask;
    while (left) {
      const lane = ctz(left);
      left &= left - 1;
      if (!this.allows(unit, (block << BLOCK_SHIFT) + lane)) mask &= ~(1 << lane);
    }
    return mask;
  }

  /** False: no host of this rack can pass, so none is asked. True promises nothing. */
  mayEnter(unit: i32, rack: i32): bool {
    return true;
  }

  /** The unit comes to (`by` = 1) or leaves (`by` = -1) the host. Both see the VM counts without the unit, so that one undoes the other exactly. */
  moved(unit: i32, row: i32, by: i32): void {}

  /** True: what the rule refused to the one, when it had no host, it refuses to the other now. False promises nothing. */
  alike(one: i32, other: i32): bool {
    return !this.concerns(one) && !this.concerns(other);
  }

  /** For the check build: does the rule's state differ from what the assignment says? */
  drifted(): bool {
    return false;
  }

  /** If only listed hosts can pass for the VM: how many, else NONE. */
  candidateCount(vm: i32): i32 {
    return NONE;
  }

  /** Address of their rows, ascending. */
  candidateRows(vm: i32): usize {
    return 0;
  }

  /** The rule looks at facts of the host's class only (see ClassConstraint). */
  get byClass(): bool {
    return false;
  }

  /** ClassConstraint only. */
  allowsClass(vm: i32, classRow: i32): bool {
    return true;
  }
}

/** A rule on facts that equal hosts share: it is asked once per distinct VM and class, see rules.ts. */
export abstract class ClassConstraint extends Constraint {
  get byClass(): bool {
    return true;
  }

  allows(unit: i32, row: i32): bool {
    const classRow = get(hostClass, row);
    for (let i = get(unitVmFirst, unit), end = get(unitVmFirst, unit + 1); i < end; i++) {
      if (!this.allowsClass(get(unitVms, i), classRow)) return false;
    }
    return true;
  }
}
