import { stat } from "node:fs/promises";
import { LocalSolver, PoolSolver } from "../core/solver.ts";
import { chartsOf } from "../simulate/charts.ts";
import { Replay } from "../simulate/replay.ts";
import { writeReport } from "../simulate/report.ts";
import { type Summary, summaryOf } from "../simulate/summary.ts";
import { levelRows, outcomeRows, speed, timeRows } from "../simulate/tables.ts";
import { readTrace } from "../simulate/trace.ts";
import { columns } from "./columns.ts";
import { readDataCenter } from "./data-center.ts";
import { Progress } from "./progress.ts";
import type { SimulateOptions } from "./simulate-options.ts";

/** Replays the trace, prints the figures and writes the report. @throws AppError file.invalid, config.invalid */
export async function simulateTrace(path: string, options: SimulateOptions): Promise<void> {
  const dataCenter = await readDataCenter(options.datacenter);
  const started = performance.now();
  const bytes = await stat(path).then(
    ({ size }) => size,
    // Reading it says what is wrong.
    () => 0,
  );
  const progress = new Progress(bytes, "of the trace, {arrived} VMs came, {refused} refused", {
    arrived: 0,
    refused: 0,
  });
  const { seed, datacenter, budget, workers } = options;
  const solver = workers === undefined || workers === 1 ? new LocalSolver() : new PoolSolver({ workers });
  const replay = new Replay(dataCenter, solver, {
    trace: path,
    limits: {
      seed,
      budgetIs: workers === undefined ? undefined : "shared",
      ...(budget !== undefined && { budget }),
    },
    onProgress: ({ arrived, refused }, last) => progress.update(last.bytes, { arrived, refused }),
  });
  try {
    await replay.run(readTrace(path, dataCenter.flavors));
  } finally {
    progress.stop();
    await solver.close();
  }
  const summary = summaryOf(replay, { trace: path, datacenter, seed, totalMs: performance.now() - started });
  const page = await writeReport(options.out, {
    title: `${path} on ${datacenter}`,
    paragraphs: [`${speed(summary)}; seed ${seed}.`],
    tables: [outcomeRows(summary), levelRows(summary), timeRows(summary)],
    details: refusalRows(summary),
    charts: chartsOf(replay),
    summary,
  });
  process.stdout.write(options.json ? `${JSON.stringify(summary)}\n` : textOf(summary, page));
}

function textOf(summary: Summary, page: string): string {
  return [
    ...columns(outcomeRows(summary)),
    "",
    ...columns(levelRows(summary)),
    "",
    ...columns(timeRows(summary)),
    speed(summary),
    "",
    `Report: ${page}`,
    "",
  ].join("\n");
}

function refusalRows({ first_refusals: refusals }: Summary): string[][] {
  if (refusals.length === 0) return [];
  return [
    ["FIRST REFUSED", "TIME (s)", "LINE", "WHY"],
    ...refusals.map(({ name, time, line, reason }) => [name, String(time), String(line), reason]),
  ];
}
