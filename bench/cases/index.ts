import type { BenchCase } from "../case.ts";
import { check } from "./check.ts";
import { encoding } from "./encode.ts";
import { events } from "./events.ts";
import { explain } from "./explain.ts";
import { http } from "./http.ts";
import { matrixCases } from "./matrix.ts";
import { optimaCases } from "./optima.ts";
import { packingCases } from "./packing.ts";
import { parallel } from "./parallel.ts";
import { plan } from "./plan.ts";
import { pool } from "./pool.ts";
import { scan } from "./scan.ts";
import { snapshot } from "./snapshot.ts";
import { tightCases } from "./tight.ts";
import { undo } from "./undo.ts";

/** In the order of the table. */
export const CASES: readonly BenchCase[] = [
  ...plan,
  ...tightCases,
  ...optimaCases,
  ...matrixCases,
  ...packingCases,
  ...encoding,
  ...check,
  ...scan,
  ...undo,
  ...snapshot,
  ...pool,
  ...parallel,
  ...explain,
  ...http,
  ...events,
];
