import { OWNER_NONE } from "../../assembly/abi.ts";
import type { ExistingVm, Level } from "./model.ts";

/** So many numbers may be those of sets whose VMs are gone. */
const MOST_IDLE = 1024;

/** Numbers for one request: sets of exclusivity groups that live nowhere get numbers from `fresh` on. */
export interface RequestOwners {
  readonly fresh: number;
  classOf(keys: readonly string[]): number;
}

/** Sets of exclusivity groups as numbers: VMs share a container exactly when they are in the same set (assembly/abi.ts). */
export class OwnerClasses {
  readonly #numbers = new Map<string, number>();
  #limit = MOST_IDLE;

  /** So many sets have come since the last `renumber` that most of them may be gone. */
  get crowded(): boolean {
    return this.#numbers.size > this.#limit;
  }

  /** Gives up all numbers; `number` asks for those of the sets that live. */
  renumber(number: () => void): void {
    this.#numbers.clear();
    number();
    this.settle();
  }

  /** All numbers are those of sets that live. */
  settle(): void {
    this.#limit = 2 * this.#numbers.size + MOST_IDLE;
  }

  /** The class of a VM that lives in the data center, by the group keys of one level that it carries. */
  of(vm: ExistingVm, level: Level): number {
    if (vm.groups.length === 0) return OWNER_NONE;
    const prefix = `${level}:EX:`;
    const keys = vm.groups.filter((key) => key.startsWith(prefix));
    return keys.length === 0 ? OWNER_NONE : this.#number(this.#numbers, keys, 0);
  }

  forRequest(): RequestOwners {
    const fresh = this.#numbers.size + 1;
    const local = new Map<string, number>();
    return {
      fresh,
      classOf: (keys) => {
        if (keys.length === 0) return OWNER_NONE;
        return this.#numbers.get(nameOf(keys)) ?? this.#number(local, keys, fresh - 1);
      },
    };
  }

  #number(numbers: Map<string, number>, keys: readonly string[], above: number): number {
    const name = nameOf(keys);
    let number = numbers.get(name);
    if (number === undefined) {
      number = above + numbers.size + 1;
      numbers.set(name, number);
    }
    return number;
  }
}

function nameOf(keys: readonly string[]): string {
  return JSON.stringify([...new Set(keys)].sort());
}
