// One core instance and what it holds: brings its columns up to a snapshot's version, runs one solve after the other.

import {
  ACCOUNT_WORDS,
  RESULT_HOSTS,
  RESULT_PROVEN,
  RESULT_STATUS,
  STATUS_BUILDING,
  STATUS_PLACED,
  STATUS_REFUSED,
  STATUS_SEARCHING,
} from "../../assembly/abi.ts";
import { clockMs, Deadline } from "./deadline.ts";
import { type Handover, Incumbent, LEVELS } from "./incumbent.ts";
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
  /** When the search has to end, ms since the epoch (`clockMs`): no step begins that could end later. */
  readonly dueAt?: number | undefined;
  /** Host row per VM of a plan to go on from; a first plan of its own is built if a rule refuses it. */
  readonly start?: Int32Array;
  /** Of core/incumbent.ts: shared with other searches for the same problem while they run. */
  readonly incumbent?: SharedArrayBuffer;
  /** Rules to leave out, as bits: for tests. */
  readonly disabledRules: number;
}

export interface SolveAnswer {
  readonly result: Int32Array;
  readonly version: number;
  readonly searchMs: number;
  /** When its last step ended, of `clockMs`. */
  readonly searchedUntil: number;
  /** What it cost, in the unit of budgets. */
  readonly work: number;
  /** More work would change nothing: the plan cannot be better, or there is none for every VM. */
  readonly ended: boolean;
  /** Of a proven refusal, as certificate.ts reads it. */
  readonly refutation?: Int32Array;
  /** Bytes copied from the snapshot before the solve. */
  readonly bytesCopied: number;
}

export class CoreSession {
  readonly core: CoreExports;
  #reader: SnapshotReader | null = null;
  readonly #deadline = new Deadline();

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
    return this.#safely(() => this.#solve(snapshot, task));
  }

  #safely<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      // A trap leaves units placed and patches applied: the next solve lays out and copies everything again.
      this.#reader = null;
      throw error;
    }
  }

  #solve(snapshot: SharedArrayBuffer, task: SolveTask): SolveAnswer {
    const { core } = this;
    const { version, bytes } = this.sync(snapshot);
    this.write(task.request);
    const start = performance.now();
    core.disableRules(task.disabledRules);
    core.begin(task.seed);
    this.#deadline.start(task.dueAt);
    let status = task.start !== undefined && this.#adopt(task.start) ? STATUS_PLACED : this.#construct();
    let ended = status === STATUS_REFUSED;
    if (status === STATUS_SEARCHING) ({ status, ended } = this.#improve(task, core.work() + task.repairBudget, true));
    if (status === STATUS_PLACED) ({ ended } = this.#improve(task, core.work() + task.budget, false));
    const searchedUntil = clockMs();
    core.finish();
    const searchMs = performance.now() - start;
    const result = new Int32Array(core.memory.buffer, core.result(), RESULT_HOSTS + task.vms).slice();
    const answer = { result, version, searchMs, searchedUntil, work: core.work(), ended, bytesCopied: bytes };
    if (result[RESULT_STATUS] !== STATUS_REFUSED || result[RESULT_PROVEN] !== 1) return answer;
    const refutation = new Int32Array(core.memory.buffer, core.refutation(), core.refutationWords()).slice();
    return { ...answer, refutation };
  }

  /** ACCOUNT_WORDS for each VM of the plan `rows` (host row per VM); null if the plan does not keep every rule (any more). */
  explain(snapshot: SharedArrayBuffer, request: Int32Array, rows: Int32Array): Int32Array | null {
    return this.#safely(() => {
      const { core } = this;
      this.sync(snapshot);
      this.write(request);
      core.disableRules(0);
      core.begin(1);
      const accounts = this.#adopt(rows) ? new Int32Array(rows.length * ACCOUNT_WORDS) : null;
      for (let vm = 0; accounts !== null && vm < rows.length; vm++) {
        accounts.set(new Int32Array(core.memory.buffer, core.account(vm), ACCOUNT_WORDS), vm * ACCOUNT_WORDS);
      }
      core.finish();
      return accounts;
    });
  }

  /** Puts the request words where the core reads them. */
  write(request: Int32Array): void {
    const at = this.core.requestBuffer(request.length);
    new Int32Array(this.core.memory.buffer, at, request.length).set(request);
  }

  /** The first plan; when time is up before it is complete, `finish` builds the rest of it at once. */
  #construct(): number {
    const { core } = this;
    const deadline = this.#deadline;
    let status: number = STATUS_BUILDING;
    while (status === STATUS_BUILDING && !deadline.isNear) status = core.construct(core.work() + deadline.slice);
    return status;
  }

  #adopt(rows: Int32Array): boolean {
    this.#handover(rows.length).rows.set(rows);
    return this.core.adopt() === 1;
  }

  #handover(vms: number): Handover {
    const { core } = this;
    const view = (at: number, words: number) => new Int32Array(core.memory.buffer, at, words);
    return { levels: view(core.handoverLevels(), 2 * LEVELS), rows: view(core.handoverRows(), vms) };
  }

  /** Steps until `limit` of work in all, the time is up, there is nothing more to find, or `untilPlaced` all VMs are. */
  #improve({ vms, incumbent }: SolveTask, limit: number, untilPlaced: boolean): { status: number; ended: boolean } {
    const { core } = this;
    const deadline = this.#deadline;
    deadline.skip();
    const shared = incumbent && new Incumbent(incumbent);
    const handover = this.#handover(vms);
    let status: number = untilPlaced ? STATUS_SEARCHING : STATUS_PLACED;
    let ended = false;
    for (let at = core.work(); at < limit && !deadline.isNear && !shared?.ended; ) {
      status = core.improve(Math.min(limit, at + deadline.slice), untilPlaced ? 1 : 0);
      const used = core.work();
      ended = status === STATUS_REFUSED || (used === at && status === STATUS_PLACED);
      if (shared !== undefined) {
        core.capture();
        if (ended) shared.end();
        if (shared.exchange(handover) && core.adopt() === 1) status = STATUS_PLACED;
      }
      if (used === at || (untilPlaced && status === STATUS_PLACED)) break;
      at = used;
    }
    return { status, ended };
  }

  #columns(): Int32Array {
    return new Int32Array(this.core.memory.buffer, this.core.columnAt(0), this.core.inventoryBytes() / 4);
  }
}
