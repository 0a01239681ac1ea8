// What affinity ties together: at each level, the sets of VMs that share one container of that level or a smaller one.

import { LEVELS } from "../core/model.ts";
import type { DeclaredGroup, Member } from "./application-groups.ts";

const NONE = -1;

/** Disjoint sets over 0..size-1. */
class Sets {
  readonly #parent: Int32Array;
  readonly #size: Int32Array;

  constructor(size: number) {
    this.#parent = Int32Array.from({ length: size }, (_, at) => at);
    this.#size = new Int32Array(size).fill(1);
  }

  root(of: number): number {
    const parent = this.#parent;
    let at = of;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  }

  join(a: number, b: number): void {
    let large = this.root(a);
    let small = this.root(b);
    if (large === small) return;
    if (this.#size[large]! < this.#size[small]!) [large, small] = [small, large];
    this.#parent[small] = large;
    this.#size[large]! += this.#size[small]!;
  }

  size(root: number): number {
    return this.#size[root]!;
  }
}

/**
 * A unit of level L is a set of VMs tied, directly or through one another, by affinity groups of level L or lower. It is
 * what diversity and exclusivity of level L see as one: attributes of a level at or above an affinity group's are
 * inherited by the whole group (Valet's implicit inheritance), and groups that share a VM are grouped implicitly.
 */
export class Units {
  readonly #vms: ReadonlyMap<string, number>;
  readonly #names: readonly string[];
  readonly #levels: readonly Sets[];
  /** One VM below each group, NONE for an empty group. */
  readonly #below: Int32Array;
  readonly #members: (Map<number, string[]> | undefined)[] = [];

  /** @param order the groups, nested ones first */
  constructor(vmNames: readonly string[], groups: readonly DeclaredGroup[], order: readonly number[]) {
    this.#names = vmNames;
    this.#vms = new Map(vmNames.map((name, at) => [name, at]));
    this.#levels = LEVELS.map(() => new Sets(vmNames.length));
    this.#below = new Int32Array(groups.length).fill(NONE);
    // From this level on, the members of a dissolved diversity or exclusivity group are tied already.
    const tiedFrom = new Uint8Array(groups.length).fill(LEVELS.length);
    for (const index of order) {
      const group = groups[index]!;
      this.#below[index] = group.members.map((member) => this.vmBelow(member)).find((vm) => vm !== NONE) ?? NONE;
      if (group.type !== "affinity") continue;
      const level = LEVELS.indexOf(group.level);
      this.#tie(group.members, level, LEVELS.length, this.#below[index]!);
      for (const member of group.members) {
        if (member.kind !== "group") continue;
        const nested = groups[member.group]!;
        if (nested.type !== "affinity" && tiedFrom[member.group]! > level) {
          this.#tie(nested.members, level, tiedFrom[member.group]!, this.vmBelow(member));
          tiedFrom[member.group] = level;
        }
      }
    }
  }

  #tie(members: readonly Member[], from: number, to: number, with_: number): void {
    for (const member of members) {
      const vm = this.vmBelow(member);
      if (vm !== NONE) for (let level = from; level < to; level++) this.#levels[level]!.join(with_, vm);
    }
  }

  /** Index of one VM at or below a member, -1 when there is none. */
  vmBelow(member: Member): number {
    return member.kind === "group" ? this.#below[member.group]! : this.#vms.get(member.key)!;
  }

  /** The unit of level `level` (index into LEVELS) that a VM is in. */
  unit(level: number, vm: number): number {
    return this.#levels[level]!.root(vm);
  }

  size(level: number, unit: number): number {
    return this.#levels[level]!.size(unit);
  }

  /** Names of a unit's VMs in the order of the request. */
  namesIn(level: number, unit: number): readonly string[] {
    let members = this.#members[level];
    if (!members) {
      members = this.#members[level] = new Map();
      for (let vm = 0; vm < this.#names.length; vm++) {
        const root = this.unit(level, vm);
        const names = members.get(root);
        if (names) names.push(this.#names[vm]!);
        else members.set(root, [this.#names[vm]!]);
      }
    }
    return members.get(unit)!;
  }

  name(vm: number): string {
    return this.#names[vm]!;
  }
}
