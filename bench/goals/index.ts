import type { Goal } from "../goal.ts";
import { anytime } from "./anytime.ts";
import { bootstrap } from "./bootstrap.ts";
import { compose } from "./compose.ts";
import { consolidation } from "./consolidation.ts";
import { deadline } from "./deadline.ts";
import { events } from "./events.ts";
import { growth } from "./growth.ts";
import { httpPlans } from "./http.ts";
import { memory } from "./memory.ts";
import { nova } from "./nova.ts";
import { optima } from "./optima.ts";
import { binPacking } from "./packing.ts";
import { parallel } from "./parallel.ts";
import { planTime } from "./plan-time.ts";
import { random } from "./random.ts";
import { sync } from "./sync.ts";
import { systems } from "./systems.ts";
import { tightProblems } from "./tight.ts";
import { undo } from "./undo.ts";
import { work } from "./work.ts";

/** In the order of the table. */
export const GOALS: readonly Goal[] = [
  planTime,
  nova,
  growth,
  tightProblems,
  optima,
  consolidation,
  binPacking,
  undo,
  parallel,
  deadline,
  anytime,
  random,
  events,
  httpPlans,
  memory,
  work,
  bootstrap,
  systems,
  compose,
  sync,
];
