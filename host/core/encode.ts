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
import { aggregateSatisfies, relevantSpecs } from "./extra-specs.ts";
import type { Inventory } from "./inventory.ts";
import { type Application, type Group, groupKey, LEVELS } from "./model.ts";

/** More than any host has free (columns.ts). */
const MOST = 2 ** 31 - 1;
/** A row that no host has. */
const NOWHERE = -2;

/** Group name -> the VMs below it, as indexes, each once. Nesting is resolved here: to the core groups are plain sets. */
function leavesOf(application: Application): Map<string, number[]> {
  const vmIndex = new Map(application.vms.map((vm, i) => [vm.name, i]));
  const groups = new Map(application.groups.map((group) => [group.name, group]));
  const leaves = new Map<string, number[]>();
  for (const vm of application.vms) leaves.set(vm.name, [vmIndex.get(vm.name)!]);
  for (const group of application.groups) {
    const found = new Set<number>();
    const seen = new Set([group.name]);
    const open = [...group.members];
    while (open.length > 0) {
      const member = open.pop()!;
      const vm = vmIndex.get(member);
      if (vm !== undefined) found.add(vm);
      else if (!seen.has(member)) {
        seen.add(member);
        for (const next of groups.get(member)?.members ?? []) open.push(next);
      }
    }
    leaves.set(
      group.name,
      [...found].sort((a, b) => a - b),
    );
  }
  return leaves;
}

/** Exclusivity group keys per VM and level; a group that is not named is known in this request only. */
function exclusivityKeys(application: Application, leaves: Map<string, number[]>): string[][][] {
  const keys = application.vms.map(() => LEVELS.map(() => [] as string[]));
  for (const group of application.groups) {
    if (group.type !== "exclusivity") continue;
    const key = group.named === false ? `\0${group.name}` : groupKey(group);
    for (const vm of leaves.get(group.name)!) keys[vm]![LEVELS.indexOf(group.level)]!.push(key);
  }
  return keys;
}

/** Pairs (VM, ordinal of the direct member it stands below) and the number of members that hold a VM at all. */
function pairsOf(group: Group, leaves: Map<string, number[]>): { pairs: number[]; ordinals: number } {
  const pairs: number[] = [];
  let ordinals = 0;
  for (const member of new Set(group.members)) {
    const vms = leaves.get(member) ?? [];
    if (vms.length === 0) continue;
    for (const vm of vms) pairs.push(vm, group.type === "affinity" ? 0 : ordinals);
    ordinals++;
  }
  return { pairs, ordinals };
}

/** Pipe records one after the other, without those whose other end is not there. */
function pipeWords(inventory: Inventory, application: Application, without: readonly string[]): number[] {
  const vmIndex = new Map(application.vms.map((vm, i) => [vm.name, i]));
  const words: number[] = [];
  for (const { a, b, living, kbps } of application.pipes ?? []) {
    const from = vmIndex.get(a);
    const to = living ? undefined : vmIndex.get(b);
    const host = living && !without.includes(b) ? inventory.vm(b)?.host : undefined;
    const row = host === undefined ? undefined : inventory.rowOf(host);
    // What reserves nothing loads no link, not even one that is over its capacity already.
    if (from === undefined || (to === undefined && row === undefined) || kbps <= 0) continue;
    const record = new Array<number>(PIPE_WORDS);
    record[PIPE_A] = from;
    record[PIPE_B] = to ?? NONE;
    record[PIPE_ROW] = row ?? NONE;
    record[PIPE_KBPS] = Math.min(MOST, kbps);
    words.push(...record);
  }
  return words;
}

/**
 * The request as words, to be solved on `inventory` as it is now. `without`: ids of tracked VMs to think away.
 * Hosts that the inventory does not know drop out of candidate lists; a VM fixed to one finds no host.
 */
export function encode(inventory: Inventory, application: Application, without: readonly string[] = []): Int32Array {
  const { vms } = application;
  const leaves = leavesOf(application);
  const groups = application.groups.filter(
    (group) => group.type !== "exclusivity" && leaves.get(group.name)!.length > 0,
  );
  const keys = exclusivityKeys(application, leaves);
  const owners = inventory.ownerClasses();
  const patches = without.length > 0 ? inventory.patchesWithout(without) : [];

  const vmTable = REQUEST_HEADER;
  const groupTable = vmTable + vms.length * VM_WORDS;
  const words: number[] = new Array(groupTable + groups.length * GROUP_WORDS).fill(0);
  const append = (values: readonly number[]): number => {
    const at = words.length;
    for (const value of values) words.push(value);
    return at;
  };
  const rows = (names: readonly string[]) =>
    [...new Set(names.map((name) => inventory.rowOf(name)).filter((row) => row !== undefined))].sort((a, b) => a - b);

  const specRows = new Map<string, number>();
  const specs: Readonly<Record<string, string>>[] = [];
  vms.forEach((vm, i) => {
    const at = vmTable + i * VM_WORDS;
    words[at + VM_VCPUS] = Math.min(MOST, vm.vcpus);
    words[at + VM_RAM] = Math.min(MOST, vm.ramMiB);
    words[at + VM_DISK] = Math.min(MOST, vm.diskGiB);
    words[at + VM_ZONE] = vm.zone === null ? NONE : (inventory.zoneNumber(vm.zone) ?? NOWHERE);
    const relevant = relevantSpecs(vm.extraSpecs);
    words[at + VM_SPECS] = NONE;
    if (relevant.length > 0) {
      const text = JSON.stringify(relevant);
      let row = specRows.get(text);
      if (row === undefined) {
        row = specs.push(vm.extraSpecs) - 1;
        specRows.set(text, row);
      }
      words[at + VM_SPECS] = row;
    }
    words[at + VM_CANDIDATE_COUNT] = NONE;
    if (vm.candidates) {
      const list = rows(vm.candidates);
      words[at + VM_CANDIDATES] = append(list);
      words[at + VM_CANDIDATE_COUNT] = list.length;
    }
    if (vm.excluded) {
      const list = rows(vm.excluded);
      words[at + VM_EXCLUDED] = append(list);
      words[at + VM_EXCLUDED_COUNT] = list.length;
    }
    if (vm.fixed !== undefined) {
      words[at + VM_FIXED] = 1;
      words[at + VM_FIXED_ROW] = inventory.rowOf(vm.fixed) ?? NOWHERE;
    }
    for (let level = 0; level < LEVEL_COUNT; level++) {
      words[at + VM_OWNERS + level] = owners.classOf(keys[i]![level]!);
    }
  });

  groups.forEach((group, i) => {
    const at = groupTable + i * GROUP_WORDS;
    const { pairs, ordinals } = pairsOf(group, leaves);
    const living = group.named === false ? [] : inventory.livingRows(group.level, groupKey(group), without);
    words[at + GROUP_KIND] = group.type === "affinity" ? KIND_AFFINITY : KIND_DIVERSITY;
    words[at + GROUP_LEVEL] = LEVELS.indexOf(group.level);
    words[at + GROUP_MEMBERS] = append(pairs);
    words[at + GROUP_MEMBER_COUNT] = pairs.length / 2;
    words[at + GROUP_ORDINALS] = ordinals;
    words[at + GROUP_LIVING] = append(living);
    words[at + GROUP_LIVING_COUNT] = living.length;
  });

  words[REQUEST_VMS] = vms.length;
  words[REQUEST_VM_TABLE] = vmTable;
  words[REQUEST_GROUPS] = groups.length;
  words[REQUEST_GROUP_TABLE] = groupTable;
  words[REQUEST_FRESH_OWNER] = owners.fresh;
  const sets = inventory.aggregateSets();
  words[REQUEST_AGGREGATE_SETS] = sets.length;
  words[REQUEST_SPEC_TABLE] = words.length;
  for (const spec of specs) {
    for (const set of sets) {
      const one = set.some((name) => aggregateSatisfies(spec, inventory.aggregates[name] ?? {}));
      words.push(one ? 1 : 0);
    }
  }
  const pipes = pipeWords(inventory, application, without);
  words[REQUEST_PIPES] = pipes.length / PIPE_WORDS;
  words[REQUEST_PIPE_TABLE] = append(pipes);
  words[REQUEST_PATCHES] = patches.length;
  words[REQUEST_PATCH_TABLE] = words.length;
  for (const { column, row, value } of patches) words.push(column, row, value);
  return Int32Array.from(words);
}
