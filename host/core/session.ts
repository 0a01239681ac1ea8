// One core instance and what it holds: brings its columns up to a snapshot's version, runs one solve after the other.

import { RESULT_HOSTS, STATUS_BUILDING, STATUS_PLACED, STATUS_SEARCHING } from "../../assembly/abi.ts";
import { type CoreExports, loadCore } from "./load.ts";
import { SnapshotReader } from "./snapshot.ts";

/** What a solve needs besides the snapshot; crosses the thread boundary. */
export interface SolveTask {
  /** Request words as `encode` makes them. */
  readonly request: Int32Array;
  readonly vms: number;
  readonly seed: number;
  /** Work (see CoreExports.work) for improvement once every VM has a host. */
  readonly budget: number;
  /** Work for repair while some VM has none. */
  readonly repairBudget: number;
  /** Milliseconds from the start of the solve after which no further step is begun; the first plan is always built. */
  readonly deadlineMs?: number | undefined;
  /** Rules to leave out, as bits: for tests. */
  readonly disabledRules: number;
}

export interface SolveAnswer {
  readonly result: Int32Array;
  readonly version: number;
  readonly searchMs: number;
  /** Bytes copied from the snapshot before the solve. */
  readonly bytesCopied: number;
}

/** Work between two looks at the clock: well below a millisecond. */
const STEP = 64;

export class CoreSession {
  readonly core: CoreExports;
  #reader: SnapshotReader | null = null;

  constructor(path?: string) {
    this.core = loadCore(path);
  }

  /** Copies what changed since the last call, everything for a snapshot it has not seen. */
  sync(snapshot: SharedArrayBuffer): { version: number; bytes: number } {
    if (!this.#reader?.reads(snapshot)) {
      this.#reader = new SnapshotReader(snapshot);
      const { blocks, racks, clusters, classes } = this.#reader.size;
      this.core.layout(blocks, racks, clusters, classes);
    }
    return this.#reader.copyInto(this.#columns());
  }

  solve(snapshot: SharedArrayBuffer, task: SolveTask): SolveAnswer {
    try {
      return this.#solve(snapshot, task);
    } catch (error) {
      // A trap leaves units placed and patches applied: the next solve lays out and copies everything again.
      this.#reader = null;
      throw error;
    }
  }

  #solve(snapshot: SharedArrayBuffer, task: SolveTask): SolveAnswer {
    const { version, bytes } = this.sync(snapshot);
    this.write(task.request);
    const start = performance.now();
    const late = () => task.deadlineMs !== undefined && performance.now() - start >= task.deadlineMs;
    this.core.disableRules(task.disabledRules);
    this.core.begin(task.seed);
    let status: number = STATUS_BUILDING;
    while (status === STATUS_BUILDING) status = this.core.construct(this.core.work() + STEP);
    const built = this.core.work();
    status = this.#improve(status === STATUS_SEARCHING, built + task.repairBudget, true, late, status);
    if (status === STATUS_PLACED) this.#improve(true, this.core.work() + task.budget, false, late, status);
    this.core.finish();
    const searchMs = performance.now() - start;
    const result = new Int32Array(this.core.memory.buffer, this.core.result(), RESULT_HOSTS + task.vms).slice();
    return { result, version, searchMs, bytesCopied: bytes };
  }

  /** Puts the request words where the core reads them. */
  write(request: Int32Array): void {
    const at = this.core.requestBuffer(request.length);
    new Int32Array(this.core.memory.buffer, at, request.length).set(request);
  }

  #improve(wanted: boolean, limit: number, untilPlaced: boolean, late: () => boolean, status: number): number {
    if (!wanted) return status;
    let now = status;
    for (let at = this.core.work(); at < limit && !late(); ) {
      now = this.core.improve(Math.min(limit, at + STEP), untilPlaced ? 1 : 0);
      const used = this.core.work();
      if (used === at || (untilPlaced && now === STATUS_PLACED)) break;
      at = used;
    }
    return now;
  }

  #columns(): Int32Array {
    return new Int32Array(this.core.memory.buffer, this.core.columnAt(0), this.core.inventoryBytes() / 4);
  }
}
