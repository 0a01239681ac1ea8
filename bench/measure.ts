// Times of one case, by tinybench: the median, because a shared machine disturbs every mean.

import { Bench } from "tinybench";
import type { OpenCase } from "./case.ts";

/** Milliseconds per unit of the case. */
export interface Timing {
  readonly p50: number;
  readonly p99: number;
  readonly min: number;
  readonly samples: number;
}

const LEAST_SAMPLES = 5;

/** `timeMs`: for how long at least. null: once, for a case of which a run takes seconds. */
export async function measure(open: OpenCase, timeMs: number | null): Promise<Timing> {
  const bench = new Bench({
    time: timeMs ?? 0,
    iterations: timeMs === null ? 1 : LEAST_SAMPLES,
    warmup: timeMs !== null,
    warmupTime: (timeMs ?? 0) / 4,
    warmupIterations: 1,
    throws: true,
  });
  bench.add("case", () => open.run());
  const [task] = await bench.run();
  const result = task?.result;
  if (result?.state !== "completed") throw new Error(`the measurement ended as ${result?.state}`);
  const { p50, p99, min, samplesCount } = result.latency;
  const { count } = open.per;
  return { p50: p50 / count, p99: p99 / count, min: min / count, samples: samplesCount };
}
