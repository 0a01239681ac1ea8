// For the check build: the inventory as the solve found it, from which rules recompute what their state should be now.

import { COLUMN_COUNT, FIRST_TOTAL_COLUMN } from "./abi";
import { columnAt, inventoryBase, inventoryBytes } from "./inventory";
import { get, reserve } from "./lib/arena";

let copy: usize = 0;
let scratch: usize = 0;
let hosts: usize = 0;

/** `hostOf`: unit -> host row, as the assignment keeps it up to date. */
export function keepPristine(hostOf: usize): void {
  copy = reserve(inventoryBytes);
  memory.copy(copy, inventoryBase, inventoryBytes);
  scratch = reserve(inventoryBytes);
  hosts = hostOf;
}

/** The host row of a unit now, or NONE. */
export function hostNow(unit: i32): i32 {
  return get(hosts, unit);
}

/** The column as the solve found it. */
export function pristineAt(column: i32): usize {
  return copy + (columnAt(column) - inventoryBase);
}

/** A copy of the column as the solve found it, to be changed into what it should be now. */
export function expectedAt(column: i32): usize {
  const at = scratch + (columnAt(column) - inventoryBase);
  memory.copy(at, pristineAt(column), bytesOf(column));
  return at;
}

/** Does the column differ from what `expectedAt` of it was changed into? */
export function differs(column: i32): bool {
  const expected = scratch + (columnAt(column) - inventoryBase);
  return memory.compare(expected, columnAt(column), bytesOf(column)) != 0;
}

function bytesOf(column: i32): usize {
  assert(column < FIRST_TOTAL_COLUMN && column + 1 < COLUMN_COUNT);
  return columnAt(column + 1) - columnAt(column);
}
