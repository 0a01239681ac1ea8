// Runs the rules over hosts. Rules on host classes are asked once per distinct VM and class and remembered; the others
// are asked per block of hosts, the cheap and selective capacities first.

import { BLOCK_ROWS, BLOCK_SHIFT, MAX_RULES, NONE, PAD_FREE, VM_CLASS_WORDS } from "./abi";
import { CONSTRAINTS } from "./constraints";
import { Affinity } from "./constraints/affinity";
import {
  Capacity,
  DiskCapacity,
  filterCapacities,
  moveCapacities,
  RamCapacity,
  VcpuCapacity,
} from "./constraints/capacity";
import { Exclusivity, filterOwners, moveOwners, ownersAdmit } from "./constraints/exclusivity";
import { classCount, freeVcpus, hostClass } from "./inventory";
import { get, put, reserve, words } from "./lib/arena";
import { vmCount, vmWord } from "./request";
import { unitCount, unitSize, unitVmFirst, unitVms } from "./units";

export const RULE_COUNT: i32 = CONSTRAINTS.length;

/** Rules switched off, as bits: for tests that must see them missed. */
let disabled: i32 = 0;

let unitRules: usize = 0; // unit -> rules that concern it, but not every unit, and are not by class, as bits
export let classRules: i32 = 0; // rules by class, as bits
let kindOf: usize = 0; // VM -> number of its kind: VMs equal in the words that class rules read
let answers: usize = 0; // kind x class -> byte: 0 not asked yet, 1 allowed, 2 refused

export function disable(rules: i32): void {
  disabled = rules;
}

export function enabled(rule: i32): bool {
  return (disabled & (1 << rule)) == 0;
}

/** Every rule is on. */
export function undisturbed(): bool {
  return disabled == 0;
}

/** Lets the search trust bounds of free capacity; off only while the rule itself is. */
export let vcpusMatter = true;
export let ramMatters = true;
export let diskMatters = true;
/** The rules that concern every unit, capacities and exclusivity, as bits: asked without the list; 0 while one is off. */
let common = 0;

export function affinityMatters(): bool {
  for (let r = 0; r < RULE_COUNT; r++) if (unchecked(CONSTRAINTS[r]) instanceof Affinity) return enabled(r);
  return false;
}

export function prepareRules(): void {
  assert(RULE_COUNT <= MAX_RULES);
  let everyone = 0;
  for (let r = 0; r < RULE_COUNT; r++) {
    const rule = unchecked(CONSTRAINTS[r]);
    if (rule instanceof VcpuCapacity) vcpusMatter = enabled(r);
    if (rule instanceof RamCapacity) ramMatters = enabled(r);
    if (rule instanceof DiskCapacity) diskMatters = enabled(r);
    if (rule instanceof Capacity || rule instanceof Exclusivity) everyone |= 1 << r;
  }
  common = disabled & everyone ? 0 : everyone;
  unitRules = words(unitCount, 0);
  classRules = 0;
  for (let r = 0; r < RULE_COUNT; r++) {
    if (!enabled(r)) continue;
    const rule = unchecked(CONSTRAINTS[r]);
    rule.prepare();
    if (rule.byClass) classRules |= 1 << r;
    else if ((common & (1 << r)) == 0) {
      for (let u = 0; u < unitCount; u++) if (rule.concerns(u)) put(unitRules, u, get(unitRules, u) | (1 << r));
    }
  }
  kindOf = words(vmCount, 0);
  const examples = words(vmCount, 0); // kind -> a VM of it
  let places = 4;
  while (places < vmCount << 1) places <<= 1;
  const table = words(places, NONE); // hash table: kinds
  let kinds = 0;
  for (let vm = 0; vm < vmCount; vm++) {
    let at = hashOf(vm) & (places - 1);
    while (get(table, at) != NONE && !sameKind(vm, get(examples, get(table, at)))) at = (at + 1) & (places - 1);
    let kind = get(table, at);
    if (kind == NONE) {
      kind = kinds++;
      put(examples, kind, vm);
      put(table, at, kind);
    }
    put(kindOf, vm, kind);
  }
  answers = reserve(<usize>kinds * <usize>classCount);
  memory.fill(answers, 0, <usize>kinds * <usize>classCount);
}

function hashOf(vm: i32): i32 {
  let hash: u32 = 0;
  for (let w = 0; w < VM_CLASS_WORDS; w++) hash = (hash + <u32>vmWord(vm, w)) * 0x9e3779b1;
  return <i32>(hash >> 8);
}

function sameKind(a: i32, b: i32): bool {
  for (let w = 0; w < VM_CLASS_WORDS; w++) if (vmWord(a, w) != vmWord(b, w)) return false;
  return true;
}

function allowsClass(vm: i32, hostClassRow: i32): bool {
  const at = answers + <usize>get(kindOf, vm) * <usize>classCount + <usize>hostClassRow;
  let answer = load<u8>(at);
  if (answer == 0) {
    answer = 1;
    for (let left = classRules; left; left &= left - 1) {
      if (!unchecked(CONSTRAINTS[ctz(left)]).allowsClass(vm, hostClassRow)) {
        answer = 2;
        break;
      }
    }
    store<u8>(at, answer);
  }
  return answer == 1;
}

function filterClasses(unit: i32, block: i32, mask: i32): i32 {
  const first = get(unitVmFirst, unit);
  const end = get(unitVmFirst, unit + 1);
  for (let left = mask; left; left &= left - 1) {
    const lane = ctz(left);
    const row = get(hostClass, (block << BLOCK_SHIFT) + lane);
    for (let i = first; i < end; i++) {
      if (!allowsClass(get(unitVms, i), row)) {
        mask &= ~(1 << lane);
        break;
      }
    }
  }
  return mask;
}

/** No rule on fixed facts of the host refuses the unit, whoever stands there. */
export function suits(unit: i32, row: i32): bool {
  return filterClasses(unit, row >> BLOCK_SHIFT, 1 << (row & 15)) != 0;
}

/** No rule keeps the unit out of the whole rack; its hosts may still all refuse. */
export function mayEnter(unit: i32, rack: i32): bool {
  if (common && !ownersAdmit(unit, rack)) return false;
  for (let left = get(unitRules, unit); left; left &= left - 1) {
    if (!unchecked(CONSTRAINTS[ctz(left)]).mayEnter(unit, rack)) return false;
  }
  return true;
}

/** The hosts of `mask` in a block on which the unit may stand now, as bits. */
export function allowed(unit: i32, block: i32, mask: i32): i32 {
  return permitted(unit, block, common ? filterCapacities(unit, block, mask) : mask);
}

/** The same, of hosts that are known to have room. */
export function permitted(unit: i32, block: i32, mask: i32): i32 {
  if (common && mask) mask = filterOwners(unit, block, mask);
  for (let left = get(unitRules, unit); left && mask; left &= left - 1) {
    mask = unchecked(CONSTRAINTS[ctz(left)]).filter(unit, block, mask);
  }
  return mask ? filterClasses(unit, block, mask) : 0;
}

/** True: what was refused to the one, when it had no host, is refused to the other now. False promises nothing. */
export function alike(one: i32, other: i32): bool {
  if (unitSize(one) != 1 || unitSize(other) != 1 || get(unitRules, one) != get(unitRules, other)) return false;
  const vm = get(unitVms, get(unitVmFirst, one));
  if (get(kindOf, vm) != get(kindOf, get(unitVms, get(unitVmFirst, other)))) return false;
  for (let left = get(unitRules, one) | common; left; left &= left - 1) {
    if (!unchecked(CONSTRAINTS[ctz(left)]).alike(one, other)) return false;
  }
  return true;
}

/** Tells every rule that the unit comes or goes. The VM counts do not contain the unit at this moment. */
export function movedRules(unit: i32, row: i32, by: i32): void {
  if (common) {
    moveCapacities(unit, row, by);
    moveOwners(unit, row, by);
  }
  for (let left = get(unitRules, unit); left; left &= left - 1) {
    unchecked(CONSTRAINTS[ctz(left)]).moved(unit, row, by);
  }
}

/** One rule over one block: what `allowed` does at once, for counting and for tests. */
export function filterRule(rule: i32, unit: i32, block: i32, mask: i32): i32 {
  if (!enabled(rule)) return mask;
  const constraint = unchecked(CONSTRAINTS[rule]);
  return constraint.byClass || constraint.concerns(unit) ? constraint.filter(unit, block, mask) : mask;
}

/** Rules that may refuse the unit, those by class among them, as bits. */
export function rulesOf(unit: i32): i32 {
  return get(unitRules, unit) | common | classRules;
}

/** Rules that may refuse it, but do not concern every unit, and are not by class. */
export function rulesOfItsOwn(unit: i32): i32 {
  return get(unitRules, unit);
}

/** The rules by class that refuse the unit on hosts of a class, as bits. */
export function refusedByClass(unit: i32, classRow: i32): i32 {
  let refused = 0;
  for (let left = classRules; left; left &= left - 1) {
    const rule = unchecked(CONSTRAINTS[ctz(left)]);
    for (let i = get(unitVmFirst, unit), end = get(unitVmFirst, unit + 1); i < end; i++) {
      if (rule.allowsClass(get(unitVms, i), classRow)) continue;
      refused |= left & -left;
      break;
    }
  }
  return refused;
}

/** Real hosts of a block, as bits: all but pad rows. */
export function realRows(block: i32): i32 {
  const at = freeVcpus + ((<usize>block) << (BLOCK_SHIFT + 2));
  const pad = i32x4.splat(PAD_FREE);
  let mask = 0;
  for (let lane = 0; lane < BLOCK_ROWS; lane += 4) {
    mask |= i32x4.bitmask(i32x4.ne(v128.load(at + ((<usize>lane) << 2)), pad)) << lane;
  }
  return mask;
}
