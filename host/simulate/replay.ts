// Replays a trace on a data center: each application is planned by the core on what runs at that moment, and what
// leaves makes room. The planner of the service does the same with a store behind it.

import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import { Inventory } from "../core/inventory.ts";
import type { DataCenter, Plan, Refusal, SolveOptions } from "../core/model.ts";
import type { Solver } from "../core/solver.ts";
import { verify } from "../core/verify.ts";
import { AppError } from "../errors.ts";
import { applicationOf, together } from "./arrivals.ts";
import { Departures } from "./departures.ts";
import { History } from "./history.ts";
import { LeastHosts } from "./least-hosts.ts";
import type { Arrival } from "./trace.ts";

export interface ReplayOptions {
  /** The file, for messages. */
  readonly trace: string;
  /** Of each plan. */
  readonly limits?: SolveOptions;
  /** After each application. */
  readonly onProgress?: (replay: Replay, last: Arrival) => void;
}

/** One of the first applications that found no place. */
export interface RefusedApplication {
  readonly line: number;
  readonly time: number;
  readonly name: string;
  readonly vms: number;
  readonly reason: string;
}

const REFUSALS_TOLD = 20;

export class Replay {
  readonly history = new History();
  /** Nanoseconds of each plan, from names to names. */
  readonly planTime: RecordableHistogram = createHistogram();
  /** VMs, by the rule that left no host. */
  readonly refusedBy = new Map<string, number>();
  /** VMs whose refusal is proven; the others' search gave up within its budget. */
  refusedProven = 0;
  readonly firstRefusals: RefusedApplication[] = [];
  /** The solver's exact counters, summed. */
  readonly stats: Record<string, number> = {};
  readonly hostCount: number;
  applications = 0;
  arrived = 0;
  placed = 0;
  departed = 0;
  readonly #inventory: Inventory;
  readonly #solver: Solver;
  readonly #options: ReplayOptions;
  readonly #departures = new Departures();
  readonly #leastHosts: LeastHosts;
  readonly #capacity = { vcpus: 0, ramMiB: 0, diskGiB: 0 };
  readonly #usedBefore = { vcpus: 0, ramMiB: 0, diskGiB: 0 };
  /** By the VMs of the trace. */
  readonly #taken = { vcpus: 0, ramMiB: 0, diskGiB: 0 };
  #hostsInUse: number;

  constructor(dataCenter: DataCenter, solver: Solver, options: ReplayOptions) {
    this.#inventory = new Inventory(dataCenter);
    this.#solver = solver;
    this.#options = options;
    this.hostCount = dataCenter.hosts.length;
    const occupied = new Set(dataCenter.existing.map((vm) => vm.host));
    this.#hostsInUse = occupied.size;
    this.#leastHosts = new LeastHosts(dataCenter.hosts, occupied);
    for (const { up, capacity, used } of dataCenter.hosts) {
      if (!up) continue;
      for (const resource of ["vcpus", "ramMiB", "diskGiB"] as const) {
        this.#capacity[resource] += capacity[resource];
        this.#usedBefore[resource] += used[resource];
      }
    }
  }

  get refused(): number {
    return this.arrived - this.placed;
  }

  /** VMs of the trace that run now. */
  get running(): number {
    return this.placed - this.departed;
  }

  /** To the last arrival; what leaves later is still there at the end. @throws AppError file.invalid */
  async run(arrivals: AsyncIterable<Arrival>): Promise<void> {
    for await (const batch of together(arrivals)) {
      this.#leaveUntil(batch[0]!.time);
      await this.#arrive(batch);
      this.#options.onProgress?.(this, batch.at(-1)!);
    }
  }

  #leaveUntil(time: number): void {
    for (let next = this.#departures.next(time); next !== undefined; next = this.#departures.next(time)) {
      const { host, need } = this.#inventory.vm(next.id)!;
      this.#inventory.remove(next.id);
      if (this.#inventory.hostState(host)!.vmCount === 0) this.#hostsInUse--;
      this.#take(need, -1);
      this.departed++;
      this.#note(next.time);
    }
  }

  async #arrive(batch: readonly Arrival[]): Promise<void> {
    const { trace, limits } = this.#options;
    for (const { id, line } of batch)
      if (this.#inventory.vm(id) !== undefined)
        throw new AppError("file.invalid", `${trace}:${line}: VM (${id}) runs already.\nGive each VM its own id.`);
    const application = applicationOf(batch, trace);
    const start = process.hrtime.bigint();
    const outcome = await this.#solver.solve(this.#inventory, application, limits);
    this.planTime.record(process.hrtime.bigint() - start);
    for (const [counter, value] of Object.entries(outcome.stats))
      this.stats[counter] = (this.stats[counter] ?? 0) + value;
    this.applications++;
    this.arrived += batch.length;
    if (outcome.ok) {
      const broken = verify(this.#inventory, application, outcome.placements);
      if (broken.length > 0)
        throw new AppError("plan.unsound", `${trace}:${batch[0]!.line}: the plan breaks a rule: ${broken.join("; ")}`);
      this.#settle(batch, outcome);
    } else this.#refuse(batch, application.name, outcome);
    this.#note(batch[0]!.time);
  }

  #settle(batch: readonly Arrival[], { placements }: Plan): void {
    for (const { id, need, groups, departure } of batch) {
      const host = placements[id]!;
      if (this.#inventory.hostState(host)!.vmCount === 0) this.#hostsInUse++;
      this.#inventory.put({ id, host, groups, need });
      this.#take(need, 1);
      if (departure !== null) this.#departures.add(departure, id);
    }
    this.placed += batch.length;
  }

  #refuse(batch: readonly Arrival[], name: string, { rule, reason, proven }: Refusal): void {
    if (proven) this.refusedProven += batch.length;
    this.refusedBy.set(rule, (this.refusedBy.get(rule) ?? 0) + batch.length);
    const [{ line, time }] = batch as [Arrival];
    if (this.firstRefusals.length < REFUSALS_TOLD)
      this.firstRefusals.push({ line, time, name, vms: batch.length, reason });
  }

  #take(need: Arrival["need"], by: 1 | -1): void {
    for (const resource of ["vcpus", "ramMiB", "diskGiB"] as const) this.#taken[resource] += by * need[resource];
  }

  #note(time: number): void {
    const share = (resource: "vcpus" | "ramMiB" | "diskGiB") =>
      (this.#usedBefore[resource] + this.#taken[resource]) / Math.max(1, this.#capacity[resource]);
    this.history.add({
      time,
      vcpus: share("vcpus"),
      ram: share("ramMiB"),
      disk: share("diskGiB"),
      hosts: this.#hostsInUse,
      leastHosts: this.#leastHosts.for(this.#taken),
      refused: this.refused,
    });
  }
}
