// An application in names -> the request words of assembly/abi.ts.

import {
  GROUP_KIND,
  GROUP_LEVEL,
  GROUP_LIVING,
  GROUP_LIVING_COUNT,
  GROUP_MEMBER_COUNT,
  GROUP_MEMBERS,
  GROUP_ORDINALS,
  GROUP_WORDS,
  KIND_AFFINITY,
  KIND_DIVERSITY,
  LEVEL_COUNT,
  NONE,
  OWNER_NONE,
  PIPE_A,
  PIPE_B,
  PIPE_KBPS,
  PIPE_ROW,
  PIPE_WORDS,
  REQUEST_AGGREGATE_SETS,
  REQUEST_FRESH_OWNER,
  REQUEST_GROUP_TABLE,
  REQUEST_GROUPS,
  REQUEST_HEADER,
  REQUEST_PATCH_TABLE,
  REQUEST_PATCHES,
  REQUEST_PIPE_TABLE,
  REQUEST_PIPES,
  REQUEST_SPEC_TABLE,
  REQUEST_VM_TABLE,
  REQUEST_VMS,
  SPECS_FIT_AGGREGATE,
  SPECS_LACK_TRAITS,
  VM_CANDIDATE_COUNT,
  VM_CANDIDATES,
  VM_DISK,
  VM_EXCLUDED,
  VM_EXCLUDED_COUNT,
  VM_FIXED,
  VM_FIXED_ROW,
  VM_OWNERS,
  VM_RAM,
  VM_SPECS,
  VM_VCPUS,
  VM_WORDS,
  VM_ZONE,
} from "../../assembly/abi.ts";
import { aggregateSatisfies, relevantSpecs, traitDemands, traitsSatisfy } from "./extra-specs.ts";
import type { Inventory } from "./inventory.ts";
import { Members } from "./members.ts";
import { type Application, groupKey, LEVELS, type Vm } from "./model.ts";
import type { RequestOwners } from "./owner-classes.ts";
import { Words } from "./words.ts";

/** More than any host has free (columns.ts). */
const MOST = 2 ** 31 - 1;
/** A row that no host has. */
const NOWHERE = -2;

/** Used for one request after the other. */
const words = new Words();

const NO_CLASSES: readonly number[] = LEVELS.map(() => OWNER_NONE);

/** Exclusivity classes per VM and level; a group that is not named is known in this request only. */
function ownerClasses(
  application: Application,
  members: Members,
  owners: RequestOwners,
): (vm: number) => readonly number[] {
  const keys = new Map<number, string[][]>();
  application.groups.forEach((group, i) => {
    if (group.type !== "exclusivity") return;
    const key = group.named === false ? `\0${group.name}` : groupKey(group);
    for (const vm of members.below(i)) {
      const mine = keys.get(vm) ?? LEVELS.map(() => []);
      mine[LEVELS.indexOf(group.level)]!.push(key);
      keys.set(vm, mine);
    }
  });
  return (vm) => keys.get(vm)?.map((each) => owners.classOf(each)) ?? NO_CLASSES;
}

/** Writes the pipe records, without those whose other end is not there; returns how many there are. */
function writePipes(
  inventory: Inventory,
  { pipes }: Application,
  members: Members,
  without: readonly string[],
): number {
  let count = 0;
  for (const { a, b, living, kbps } of pipes ?? []) {
    const from = members.vmIndex(a);
    const to = living ? undefined : members.vmIndex(b);
    const host = living && !without.includes(b) ? inventory.vm(b)?.host : undefined;
    const row = host === undefined ? undefined : inventory.rowOf(host);
    // What reserves nothing loads no link, not even one that is over its capacity already.
    if (from === undefined || (to === undefined && row === undefined) || kbps <= 0) continue;
    const record = words.length;
    for (let i = 0; i < PIPE_WORDS; i++) words.push(NONE);
    words.set(record + PIPE_A, from);
    words.set(record + PIPE_B, to ?? NONE);
    words.set(record + PIPE_ROW, row ?? NONE);
    words.set(record + PIPE_KBPS, Math.min(MOST, kbps));
    count++;
  }
  return count;
}

/** Rows of what is asked of aggregates and traits: VMs that ask the same share one. */
class SpecRows {
  readonly specs: Vm["extraSpecs"][] = [];
  readonly #rows = new Map<string, number>();
  /** VMs of one flavor often share the very object. */
  #last: Vm["extraSpecs"] | null = null;
  #lastRow = NONE;

  rowOf(specs: Vm["extraSpecs"]): number {
    if (specs === this.#last || isEmpty(specs)) return specs === this.#last ? this.#lastRow : NONE;
    this.#last = specs;
    this.#lastRow = this.#numbered(specs);
    return this.#lastRow;
  }

  #numbered(specs: Vm["extraSpecs"]): number {
    const relevant = relevantSpecs(specs);
    const { required, forbidden } = traitDemands(specs);
    if (relevant.length + required.length + forbidden.length === 0) return NONE;
    const text = JSON.stringify([relevant, required, forbidden]);
    let row = this.#rows.get(text);
    if (row === undefined) {
      row = this.specs.push(specs) - 1;
      this.#rows.set(text, row);
    }
    return row;
  }
}

function isEmpty(specs: Vm["extraSpecs"]): boolean {
  for (const _ in specs) return false;
  return true;
}

/**
 * The request as words, to be solved on `inventory` as it is now. `without`: ids of tracked VMs to think away.
 * Hosts that the inventory does not know drop out of candidate lists; a VM fixed to one finds no host.
 */
export function encode(inventory: Inventory, application: Application, without: readonly string[] = []): Int32Array {
  const { vms } = application;
  const members = new Members(application);
  const numbers = application.groups.map((_, i) => i);
  const groups = numbers.filter((i) => application.groups[i]!.type !== "exclusivity" && members.below(i).length > 0);
  const owners = inventory.ownerClasses();
  const classesOf = ownerClasses(application, members, owners);
  const patches = without.length > 0 ? inventory.patchesWithout(without) : [];

  const vmTable = REQUEST_HEADER;
  const groupTable = vmTable + vms.length * VM_WORDS;
  words.reset(groupTable + groups.length * GROUP_WORDS);
  const rows = (names: readonly string[]) =>
    [...new Set(names.map((name) => inventory.rowOf(name)).filter((row) => row !== undefined))].sort((a, b) => a - b);

  const specRows = new SpecRows();
  vms.forEach((vm, i) => {
    const at = vmTable + i * VM_WORDS;
    words.set(at + VM_VCPUS, Math.min(MOST, vm.vcpus));
    words.set(at + VM_RAM, Math.min(MOST, vm.ramMiB));
    words.set(at + VM_DISK, Math.min(MOST, vm.diskGiB));
    words.set(at + VM_ZONE, vm.zone === null ? NONE : (inventory.zoneNumber(vm.zone) ?? NOWHERE));
    words.set(at + VM_SPECS, specRows.rowOf(vm.extraSpecs));
    words.set(at + VM_CANDIDATE_COUNT, NONE);
    if (vm.candidates) {
      const list = rows(vm.candidates);
      words.set(at + VM_CANDIDATES, words.append(list));
      words.set(at + VM_CANDIDATE_COUNT, list.length);
    }
    if (vm.excluded) {
      const list = rows(vm.excluded);
      words.set(at + VM_EXCLUDED, words.append(list));
      words.set(at + VM_EXCLUDED_COUNT, list.length);
    }
    if (vm.fixed !== undefined) {
      words.set(at + VM_FIXED, 1);
      words.set(at + VM_FIXED_ROW, inventory.rowOf(vm.fixed) ?? NOWHERE);
    }
    const classes = classesOf(i);
    for (let level = 0; level < LEVEL_COUNT; level++) words.set(at + VM_OWNERS + level, classes[level]!);
  });

  groups.forEach((number, i) => {
    const at = groupTable + i * GROUP_WORDS;
    const group = application.groups[number]!;
    const tied = group.type === "affinity";
    const first = words.length;
    const ordinals = members.eachMember(number, (vm, ordinal) => {
      words.push(vm);
      words.push(tied ? 0 : ordinal);
    });
    words.set(at + GROUP_KIND, tied ? KIND_AFFINITY : KIND_DIVERSITY);
    words.set(at + GROUP_LEVEL, LEVELS.indexOf(group.level));
    words.set(at + GROUP_MEMBERS, first);
    words.set(at + GROUP_MEMBER_COUNT, (words.length - first) / 2);
    words.set(at + GROUP_ORDINALS, ordinals);
    const living = group.named === false ? [] : inventory.livingRows(group.level, groupKey(group), without);
    words.set(at + GROUP_LIVING, words.append(living));
    words.set(at + GROUP_LIVING_COUNT, living.length);
  });

  words.set(REQUEST_VMS, vms.length);
  words.set(REQUEST_VM_TABLE, vmTable);
  words.set(REQUEST_GROUPS, groups.length);
  words.set(REQUEST_GROUP_TABLE, groupTable);
  words.set(REQUEST_FRESH_OWNER, owners.fresh);
  const sets = inventory.specSets();
  words.set(REQUEST_AGGREGATE_SETS, sets.length);
  words.set(REQUEST_SPEC_TABLE, words.length);
  const names = new Set(sets.flatMap(({ aggregates }) => aggregates));
  for (const specs of specRows.specs) {
    const fitting = new Set<string>();
    for (const name of names) {
      if (aggregateSatisfies(specs, inventory.aggregates[name] ?? {})) fitting.add(name);
    }
    const anywhere = relevantSpecs(specs).length === 0;
    const demands = traitDemands(specs);
    for (const { aggregates, traits } of sets) {
      const fits = anywhere || aggregates.some((name) => fitting.has(name));
      words.push((fits ? SPECS_FIT_AGGREGATE : 0) | (traitsSatisfy(demands, traits) ? 0 : SPECS_LACK_TRAITS));
    }
  }
  words.set(REQUEST_PIPE_TABLE, words.length);
  words.set(REQUEST_PIPES, writePipes(inventory, application, members, without));
  words.set(REQUEST_PATCHES, patches.length);
  words.set(REQUEST_PATCH_TABLE, words.length);
  for (const { column, row, value } of patches) {
    words.push(column);
    words.push(row);
    words.push(value);
  }
  return words.copy();
}
