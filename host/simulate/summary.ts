// What a replay came to, as `--json` prints it and the report tells it.

import type { Level, Measure } from "./history.ts";
import type { RefusedApplication, Replay } from "./replay.ts";

export interface Summary {
  readonly trace: string;
  readonly datacenter: string;
  readonly hosts: number;
  readonly seed: number;
  /** From the first arrival to the last. */
  readonly seconds: number;
  readonly applications: number;
  /** VMs, as all that follow. */
  readonly arrived: number;
  readonly placed: number;
  readonly refused: number;
  /** Of those; the search for the others gave up within its budget. */
  readonly refused_proven: number;
  readonly departed: number;
  /** When the trace ended. */
  readonly running: number;
  /** By the rule that left no host. */
  readonly refused_by: Readonly<Record<string, number>>;
  readonly first_refusals: readonly RefusedApplication[];
  /** Shares from 0 to 1 of what the hosts that are up can give; hosts that run something, and the fewest that could. */
  readonly levels: Readonly<Record<"vcpus" | "ram" | "disk" | "hosts" | "least_hosts", Level>>;
  /** Exact counters: equal for equal trace, data center, seed and budget. */
  readonly stats: Readonly<Record<string, number>>;
  /** All that differs between two runs of the same. */
  readonly ms: {
    /** Of one application, from names to names; percentiles. */
    readonly plan: Readonly<Record<"p50" | "p90" | "p99" | "p99_9" | "max", number>>;
    readonly total: number;
    readonly events_per_second: number;
  };
}

export interface Setting {
  readonly trace: string;
  readonly datacenter: string;
  readonly seed: number;
  readonly totalMs: number;
}

export function summaryOf(replay: Replay, { trace, datacenter, seed, totalMs }: Setting): Summary {
  const level = (measure: Measure): Level => {
    const { mean, peak, end } = replay.history.level(measure);
    return { mean: rounded(mean, 5), peak: rounded(peak, 5), end: rounded(end, 5) };
  };
  // Of no plan at all the histogram's extremes are nonsense.
  const ms = (percentile: number) =>
    replay.applications === 0 ? 0 : rounded(replay.planTime.percentile(percentile) / 1e6, 4);
  return {
    trace,
    datacenter,
    hosts: replay.hostCount,
    seed,
    seconds: rounded(replay.history.seconds, 3),
    applications: replay.applications,
    arrived: replay.arrived,
    placed: replay.placed,
    refused: replay.refused,
    refused_proven: replay.refusedProven,
    departed: replay.departed,
    running: replay.running,
    refused_by: Object.fromEntries([...replay.refusedBy].sort(([, a], [, b]) => b - a)),
    first_refusals: replay.firstRefusals,
    levels: {
      vcpus: level("vcpus"),
      ram: level("ram"),
      disk: level("disk"),
      hosts: level("hosts"),
      least_hosts: level("leastHosts"),
    },
    stats: replay.stats,
    ms: {
      plan: { p50: ms(50), p90: ms(90), p99: ms(99), p99_9: ms(99.9), max: ms(100) },
      total: rounded(totalMs, 1),
      events_per_second: Math.round(((replay.arrived + replay.departed) / totalMs) * 1000),
    },
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
