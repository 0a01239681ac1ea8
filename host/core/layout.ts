// Where each inventory column lies, for a given size; the core computes the same (assembly/inventory.ts, rowsOf).

import {
  BLOCK_ROWS,
  COLUMN_COUNT,
  FIRST_BLOCK_COLUMN,
  FIRST_CLASS_COLUMN,
  FIRST_CLUSTER_COLUMN,
  FIRST_RACK_COLUMN,
  FIRST_TOTAL_COLUMN,
} from "../../assembly/abi.ts";

export interface Size {
  readonly blocks: number;
  readonly racks: number;
  readonly clusters: number;
  readonly classes: number;
}

/** Rows of a column, without the padding to 16 bytes. */
export function rowsOf(column: number, size: Size): number {
  if (column < FIRST_BLOCK_COLUMN) return size.blocks * BLOCK_ROWS;
  if (column < FIRST_RACK_COLUMN) return size.blocks;
  if (column < FIRST_CLUSTER_COLUMN) return size.racks + 1;
  if (column < FIRST_CLASS_COLUMN) return size.clusters + 1;
  if (column < FIRST_TOTAL_COLUMN) return size.classes;
  return 1;
}

/** Word offset of each column from the first, and their length together. */
export function layoutOf(size: Size): { readonly offsets: Int32Array; readonly words: number } {
  const offsets = new Int32Array(COLUMN_COUNT);
  let at = 0;
  for (let column = 0; column < COLUMN_COUNT; column++) {
    offsets[column] = at;
    at += (rowsOf(column, size) + 3) & ~3;
  }
  return { offsets, words: at };
}
