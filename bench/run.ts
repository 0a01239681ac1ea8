// npm run bench [-- OPTIONS]: measures and prints a table, or the goals, or runs the gates.

import { writeFileSync } from "node:fs";
import { cpus, release } from "node:os";
import { parseArgs } from "node:util";
import { corePath } from "../host/core/load.ts";
import type { BenchCase } from "./case.ts";
import { CASES } from "./cases/index.ts";
import { runGates } from "./gate.ts";
import { countersOf, writeExpected } from "./gates/counters.ts";
import { acceptBaseline } from "./gates/paired.ts";
import { sha256 } from "./gates/wasm.ts";
import { runGoals } from "./goals-run.ts";
import { measure } from "./measure.ts";
import { cellsOf, HEADINGS, line, type Row } from "./table.ts";

const USAGE = `npm run bench -- [--filter TEXT] [--short] [--json FILE]   measure, print a table
npm run bench -- --goals [--filter TEXT] [--random N] [--write]   goal, figure and ratio side by side
npm run bench -- --list                                     name the cases
npm run bench -- --gate                                     exit 1 if a gate fails
npm run bench -- --accept                                   write the counters to bench/expected.json
npm run bench -- --accept-baseline                          make build/core.wasm the baseline of the time gate

--filter   cases whose name or label contains TEXT     --short   leave out what is slow to set up, measure less long
--json     also write the results to FILE
--random   so many random problems (default 10000; the goal is 100000)
--write    write the goals to bench/results.json and README.md, and draw bench/plot.svg
`;
const TIME_MS = 300;
const SHORT_TIME_MS = 50;

const OPTIONS = {
  filter: { type: "string", default: "" },
  short: { type: "boolean", default: false },
  json: { type: "string" },
  list: { type: "boolean", default: false },
  goals: { type: "boolean", default: false },
  random: { type: "string", default: "10000" },
  write: { type: "boolean", default: false },
  gate: { type: "boolean", default: false },
  accept: { type: "boolean", default: false },
  "accept-baseline": { type: "boolean", default: false },
  help: { type: "boolean", default: false },
} as const;

const { values: options } = readOptions();
const cases = CASES.filter(
  ({ name, labels }) =>
    [name, ...labels].some((text) => text.includes(options.filter)) &&
    !(options.short && (labels.includes("slow") || labels.includes("long"))),
);
if (options.help) console.log(USAGE);
else if (options.list) for (const { name, labels } of cases) console.log([name, ...labels].join("  "));
else if (options.accept) {
  writeExpected(await countersOf(CASES));
  console.log("bench/expected.json is written: review its diff.");
} else if (options["accept-baseline"]) {
  acceptBaseline();
  console.log("bench/baseline/core.wasm is the present core.");
} else if (options.goals) {
  const random = Number(options.random);
  if (!Number.isSafeInteger(random) || random < 0) fail(`--random takes a whole number, not ${options.random}`);
  const some = await runGoals({ filter: options.filter, write: options.write, random });
  if (!some) fail(`no goal matches (${options.filter})`);
} else if (options.gate) process.exitCode = (await runGates(CASES)) ? 0 : 1;
else if (cases.length === 0) fail(`no case matches (${options.filter})`);
else await report(cases);

async function report(chosen: readonly BenchCase[]): Promise<void> {
  const rows: Row[] = [];
  console.log(line(HEADINGS));
  for (const one of chosen) {
    const open = await one.open("full");
    try {
      const counters = await open.verify();
      const timeMs = one.labels.includes("long") ? null : options.short ? SHORT_TIME_MS : TIME_MS;
      const timing = await measure(open, timeMs);
      const row = { name: one.name, unit: open.per.unit, timing, counters };
      console.log(line(cellsOf(row)));
      rows.push(row);
    } finally {
      await open.close();
    }
  }
  if (options.json === undefined) return;
  const result = {
    format: "ostro-bench/1",
    node: process.version,
    system: `${process.platform} ${release()}`,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: cpus().length,
    core: sha256(corePath()),
    cases: rows.map(({ timing: { p50, p99, min, samples }, ...row }) => ({
      ...row,
      ms: { p50, p99, min },
      samples,
    })),
  };
  writeFileSync(options.json, `${JSON.stringify(result, null, 2)}\n`);
}

function readOptions() {
  try {
    return parseArgs({ options: OPTIONS });
  } catch (error) {
    fail(`${(error as Error).message}\n${USAGE}`);
  }
}

function fail(message: string): never {
  console.error(`bench: ${message}`);
  process.exit(2);
}
