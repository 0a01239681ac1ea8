// Which VMs a group stands for. Nesting is resolved here: to the core groups are plain sets of VMs.

import type { Application } from "./model.ts";

/** VMs and groups of an application as numbers: VMs first, then groups, each in their order. */
export class Members {
  readonly #application: Application;
  readonly #numbers = new Map<string, number>();
  readonly #below: readonly (readonly number[])[];
  /** Number -> the search that saw it last. */
  readonly #seen: Int32Array;
  #search = 0;

  constructor(application: Application) {
    this.#application = application;
    const { vms, groups } = application;
    for (let i = 0; i < groups.length; i++) this.#numbers.set(groups[i]!.name, vms.length + i);
    for (let i = 0; i < vms.length; i++) this.#numbers.set(vms[i]!.name, i);
    this.#seen = new Int32Array(vms.length + groups.length);
    this.#below = groups.map((_, i) => this.#collect(i));
  }

  vmIndex(name: string): number | undefined {
    const number = this.#numbers.get(name);
    return number !== undefined && number < this.#application.vms.length ? number : undefined;
  }

  /** Indexes of the VMs below the group, each once, ascending. */
  below(group: number): readonly number[] {
    return this.#below[group]!;
  }

  /**
   * Calls `visit` with each VM below each direct member of the group, and the ordinal of that member among those that
   * hold a VM at all. Returns how many do.
   */
  eachMember(group: number, visit: (vm: number, ordinal: number) => void): number {
    const { vms, groups } = this.#application;
    const search = ++this.#search;
    let ordinal = 0;
    for (const name of groups[group]!.members) {
      const number = this.#numbers.get(name);
      if (number === undefined || this.#seen[number] === search) continue;
      this.#seen[number] = search;
      if (number < vms.length) visit(number, ordinal++);
      else {
        const inside = this.#below[number - vms.length]!;
        for (const vm of inside) visit(vm, ordinal);
        if (inside.length > 0) ordinal++;
      }
    }
    return ordinal;
  }

  #collect(group: number): number[] {
    const { vms, groups } = this.#application;
    const search = ++this.#search;
    const found: number[] = [];
    const open = [group];
    this.#seen[vms.length + group] = search;
    let ascending = true;
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const name of groups[next]!.members) {
        const number = this.#numbers.get(name);
        if (number === undefined || this.#seen[number] === search) continue;
        this.#seen[number] = search;
        if (number >= vms.length) open.push(number - vms.length);
        else {
          ascending &&= found.length === 0 || found.at(-1)! < number;
          found.push(number);
        }
      }
    }
    return ascending ? found : found.sort((a, b) => a - b);
  }
}
