// Figures of other solvers, recorded once on another day and machine. What is compared with them is called a ratio to
// recorded; they are never printed as measured.

import { readFileSync } from "node:fs";
import { inRepository } from "./paths.ts";

/** Valet's search of 2017 on a problem of the matrix, CPU ms; nulls where it failed. */
interface OriginalPlan {
  readonly hosts: number;
  readonly vms: number;
  readonly ms: number;
  /** The same algorithm with constant-time look-ups. */
  readonly steelmanMs: number;
  readonly activated: number | null;
  readonly touched: number | null;
}

export interface TightProblem {
  readonly hosts: number;
  readonly vms: number;
  readonly load: number;
  readonly seed: number;
}

interface OriginalTight extends TightProblem {
  readonly activated: number | null;
  readonly touched: number | null;
}

export interface Optimum extends TightProblem {
  readonly activated: number;
  readonly touched: number;
  readonly racks: number;
}

interface Table {
  readonly source: string;
  readonly machine: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (number | null)[])[];
}

const TABLES: Readonly<Record<string, Table>> = JSON.parse(readFileSync(inRepository("bench/reference.json"), "utf8"));

function rowsOf<Row>(name: string): readonly Row[] {
  const { columns, rows } = TABLES[name]!;
  return rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at]]))) as Row[];
}

/** `gen.mjs HOSTS VMS 1`. */
export const ORIGINAL = rowsOf<OriginalPlan>("original");
/** `gen.mjs HOSTS VMS SEED --load LOAD --rack 4-8`. */
export const ORIGINAL_TIGHT = rowsOf<OriginalTight>("originalTight");
/** Of those, the ones that have no answer, by an exact solver's proof. */
export const INFEASIBLE = rowsOf<TightProblem>("infeasible");
/** Made as the tight ones; proven by CBC. */
export const OPTIMA = rowsOf<Optimum>("optima");
/** Nova's filter scheduler: one VM, and the refresh of host states at each request. */
export const NOVA = rowsOf<{ hosts: number; msPerVm: number; refreshMs: number }>("nova");
/** Placement's allocation candidates, one VM. */
export const PLACEMENT = rowsOf<{ hosts: number; ms: number }>("placement");

/** Of a list of recorded rows, the one for a size. @throws when none was recorded. */
export function recorded<Row extends { hosts: number }>(rows: readonly Row[], hosts: number, vms?: number): Row {
  const found = rows.find((row) => row.hosts === hosts && (vms === undefined || (row as { vms?: number }).vms === vms));
  if (found === undefined) throw new Error(`nothing is recorded for ${hosts} hosts`);
  return found;
}
