import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Plan, Refusal } from "./core/model.ts";
import type { Solver } from "./core/solver.ts";

/** Read when the metrics are asked for. */
export interface Gauges {
  hosts(): number;
  vms(): number;
  /** Bandwidth that pipes reserve, summed over the links of a kind, kbit/s. */
  reserved(): { readonly nicKbps: number; readonly uplinkKbps: number };
  /** Solves that wait for a worker. */
  poolQueue(): number;
  /** Bytes of the snapshot copied to the workers since the start. */
  snapshotBytes(): number;
}

/** A reading of the cloud, as services/refresh.ts reports it. */
interface CloudReading {
  readonly what: string;
  readonly at: Date;
  readonly seconds: number;
  readonly fault: string | null;
}

interface RequestFacts {
  readonly api: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly ms: number;
}

/** Prometheus metrics. Labels take values from short closed lists only: routes, methods, statuses, names of rules. */
export class Metrics {
  readonly registry = new Registry();
  private readonly requests: Counter<"api" | "route" | "method" | "status">;
  private readonly requestSeconds: Histogram<"api" | "route" | "method">;
  private readonly planSeconds: Histogram<"outcome">;
  private readonly refusals: Counter<"rule">;
  private readonly conflicts: Counter;

  constructor(gauges: Gauges) {
    const registers = [this.registry];
    this.requests = new Counter({
      name: "ostro_requests_total",
      help: "HTTP requests",
      labelNames: ["api", "route", "method", "status"],
      registers,
    });
    this.requestSeconds = new Histogram({
      name: "ostro_request_duration_seconds",
      help: "Time to answer a request",
      labelNames: ["api", "route", "method"],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    });
    this.planSeconds = new Histogram({
      name: "ostro_plan_search_seconds",
      help: "Time one search took inside the core",
      labelNames: ["outcome"],
      buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
      registers,
    });
    this.refusals = new Counter({
      name: "ostro_refusals_total",
      help: "Applications that found no place, by the rule that left no host",
      labelNames: ["rule"],
      registers,
    });
    this.conflicts = new Counter({
      name: "ostro_conflicts_total",
      help: "Plans made again, because the store's inventory had changed meanwhile",
      registers,
    });
    const gauge = (name: string, help: string, value: () => number) =>
      new Gauge({
        name,
        help,
        registers,
        collect() {
          this.set(value());
        },
      });
    gauge("ostro_hosts", "Hosts in the inventory", gauges.hosts);
    gauge("ostro_vms", "VMs in the inventory", gauges.vms);
    gauge("ostro_nic_reserved_kbps", "Bandwidth that pipes reserve on all NICs", () => gauges.reserved().nicKbps);
    gauge(
      "ostro_uplink_reserved_kbps",
      "Bandwidth that pipes reserve on all uplinks",
      () => gauges.reserved().uplinkKbps,
    );
    gauge("ostro_pool_queue", "Searches that wait for a worker", gauges.poolQueue);
    gauge("ostro_snapshot_copied_bytes", "Bytes of the inventory copied for the workers", gauges.snapshotBytes);
    collectDefaultMetrics({ register: this.registry });
  }

  /** Called when there is a cloud; returns what takes its readings. */
  cloudReadings(): (reading: CloudReading) => void {
    const registers = [this.registry];
    const readings = new Counter({
      name: "ostro_cloud_readings_total",
      help: "Readings of the cloud, by what was read and how it ended",
      labelNames: ["what", "outcome"],
      registers,
    });
    const seconds = new Gauge({
      name: "ostro_cloud_reading_seconds",
      help: "How long the last reading took",
      labelNames: ["what"],
      registers,
    });
    const last = new Gauge({
      name: "ostro_cloud_last_reading_timestamp_seconds",
      help: "When the last reading that went well began",
      labelNames: ["what"],
      registers,
    });
    return (reading) => {
      const { what, fault } = reading;
      readings.inc({ what, outcome: fault === null ? "read" : "failed" });
      if (fault !== null) return;
      seconds.set({ what }, reading.seconds);
      last.set({ what }, reading.at.getTime() / 1000);
    };
  }

  request({ api, route, method, status, ms }: RequestFacts): void {
    this.requests.inc({ api, route, method, status: String(status) });
    this.requestSeconds.observe({ api, route, method }, ms / 1000);
  }

  solved(outcome: Plan | Refusal): void {
    this.planSeconds.observe({ outcome: outcome.ok ? "placed" : "refused" }, outcome.searchMs / 1000);
    if (!outcome.ok) this.refusals.inc({ rule: outcome.rule });
  }

  conflict(): void {
    this.conflicts.inc();
  }
}

/** The same solver, its outcomes counted. */
export function counted(solver: Solver, metrics: Metrics): Solver {
  return {
    rules: solver.rules,
    get bytesCopied() {
      return solver.bytesCopied;
    },
    async solve(inventory, application, options) {
      const outcome = await solver.solve(inventory, application, options);
      metrics.solved(outcome);
      return outcome;
    },
    explain: (...plan) => solver.explain(...plan),
    close: () => solver.close(),
  };
}
