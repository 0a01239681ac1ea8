import { randomUUID } from "node:crypto";
import { listPodManagers } from "../../../db/queries/pod-managers.ts";
import type { Store } from "../../../db/store.ts";
import type { PodManager } from "../../drivers/driver.ts";
import { Turns } from "../turns.ts";
import { asAppError } from "./everywhere.ts";
import { syncOnce } from "./sync-run.ts";

/** Pod managers at a time: each listing is held in memory. */
const PARALLEL = 8;
/** Longest time for one pod manager, ms. */
const LIMIT_MS = 10 * 60_000;

export interface SyncOutcome {
  readonly podManagerId: string;
  readonly status: "SUCCESS" | "FAILED";
  /** Why it failed. */
  readonly detail?: string;
}

export interface SyncOptions {
  readonly store: Store;
  readonly connect: (podManagerId: string) => Promise<PodManager>;
  readonly log: (message: string, details: Record<string, unknown>) => void;
  /** Between two rounds over all pod managers, ms; null: there are none. */
  readonly everyMs: number | null;
  /** After an event, until the devices are listed; more events in that time change nothing, ms. Default 1,000. */
  readonly settleMs?: number;
  /** A process that was silent for so long has lost its sync to others, ms. Default 30,000. */
  readonly leaseMs?: number;
  /** How long another process that is at it is waited for, ms. Default 120,000. */
  readonly patienceMs?: number;
}

interface State {
  running: Promise<SyncOutcome> | null;
  /** Asked for while it was running: begins afterwards, for all who ask until then. */
  next: Promise<SyncOutcome> | null;
}

/** Keeps the store's devices as the pod managers list them: one listing of each at a time, over all processes. */
export class Sync {
  readonly #options: SyncOptions;
  readonly #owner = randomUUID();
  readonly #states = new Map<string, State>();
  readonly #settling = new Map<string, NodeJS.Timeout>();
  readonly #turns = new Turns(PARALLEL);
  readonly #stopping = new AbortController();
  /** What was said last of each that fails: the log is not filled with the same every round. */
  readonly #told = new Map<string, string>();
  #timer: NodeJS.Timeout | null = null;
  /** How syncs of this process have ended. */
  readonly counters = { succeeded: 0, failed: 0 };

  constructor(options: SyncOptions) {
    this.#options = options;
  }

  /** Begins the rounds, if there are to be any: the first at once. */
  start(): void {
    const { everyMs } = this.#options;
    if (everyMs === null) return;
    const round = () => {
      this.#round(everyMs).catch((error: unknown) => this.#tell("pod managers cannot be synchronized", error));
    };
    this.#timer = setInterval(round, everyMs);
    round();
  }

  /** Of one pod manager, or of all at a time, those of the store. What fails at one is its outcome. @throws the signal's reason */
  async now(podManagerId: string | null, signal: AbortSignal): Promise<SyncOutcome[]> {
    const ids = podManagerId === null ? await this.#ids() : [podManagerId];
    const outcomes = Promise.all(ids.map((id) => this.once(id)));
    return await unlessAborted(outcomes, signal);
  }

  /** One that begins after this call. It never rejects, and goes on without the caller. */
  once(podManagerId: string): Promise<SyncOutcome> {
    const state = this.#state(podManagerId);
    if (state.next !== null) return state.next;
    if (state.running === null) return this.#begin(podManagerId, state, 0);
    const next = state.running.then(() => {
      state.next = null;
      return this.#begin(podManagerId, state, 0);
    });
    state.next = next;
    return next;
  }

  /** After a moment, and nobody waits: its devices may have changed. */
  soon(podManagerId: string): void {
    if (this.#stopping.signal.aborted || this.#settling.has(podManagerId)) return;
    const timer = setTimeout(() => {
      this.#settling.delete(podManagerId);
      void this.once(podManagerId);
    }, this.#options.settleMs ?? 1_000);
    this.#settling.set(podManagerId, timer);
  }

  /** A pod manager was registered: its devices are listed once, unless the next round does so. */
  created(podManagerId: string): void {
    if (this.#options.everyMs === null && !this.#stopping.signal.aborted) void this.once(podManagerId);
  }

  /** Its record is gone. */
  removed(podManagerId: string): void {
    clearTimeout(this.#settling.get(podManagerId));
    this.#settling.delete(podManagerId);
    this.#told.delete(podManagerId);
  }

  /** Ends what goes on, and waits for that. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    for (const timer of this.#settling.values()) clearTimeout(timer);
    this.#settling.clear();
    this.#stopping.abort(new Error("the service is stopping"));
    await Promise.all([...this.#states.values()].flatMap(({ running, next }) => [running, next]));
  }

  /** What other processes have done lately, or this one is doing, is not done again. */
  async #round(everyMs: number): Promise<void> {
    for (const id of await this.#ids()) {
      const state = this.#state(id);
      if (state.running === null && state.next === null) void this.#begin(id, state, 0.8 * everyMs);
    }
  }

  #state(podManagerId: string): State {
    const state = this.#states.get(podManagerId) ?? { running: null, next: null };
    this.#states.set(podManagerId, state);
    return state;
  }

  #begin(podManagerId: string, state: State, sinceMs: number): Promise<SyncOutcome> {
    const running = this.#turns
      .take(() => this.#run(podManagerId, sinceMs))
      .finally(() => {
        if (state.running === running) state.running = null;
        if (state.running === null && state.next === null) this.#states.delete(podManagerId);
      });
    state.running = running;
    return running;
  }

  async #run(podManagerId: string, sinceMs: number): Promise<SyncOutcome> {
    const { store, connect, leaseMs = 30_000, patienceMs = 120_000 } = this.#options;
    const options = { store, connect, owner: this.#owner, leaseMs, patienceMs, pauseMs: 200 };
    const limit = new AbortController();
    const stop = () => limit.abort(this.#stopping.signal.reason);
    const timer = setTimeout(() => limit.abort(new Error(`not done within ${LIMIT_MS / 1000} s`)), LIMIT_MS);
    this.#stopping.signal.addEventListener("abort", stop);
    try {
      this.#stopping.signal.throwIfAborted();
      await syncOnce(podManagerId, sinceMs, options, limit.signal);
      this.counters.succeeded++;
      this.#told.delete(podManagerId);
      return { podManagerId, status: "SUCCESS" };
    } catch (error) {
      this.counters.failed++;
      const fault = limit.signal.aborted ? limit.signal.reason : error;
      if (!this.#stopping.signal.aborted)
        this.#tell("the devices of a pod manager cannot be listed", fault, podManagerId);
      return {
        podManagerId,
        status: "FAILED",
        detail: limit.signal.aborted ? fault.message : asAppError(fault).message,
      };
    } finally {
      clearTimeout(timer);
      this.#stopping.signal.removeEventListener("abort", stop);
    }
  }

  async #ids(): Promise<string[]> {
    return (await this.#options.store.read((db) => listPodManagers(db))).map(({ id }) => id);
  }

  #tell(message: string, error: unknown, podManagerId?: string): void {
    const fault = error instanceof Error ? error.message : String(error);
    if (podManagerId !== undefined && this.#told.get(podManagerId) === fault) return;
    if (podManagerId !== undefined) this.#told.set(podManagerId, fault);
    this.#options.log(message, { fault, ...(podManagerId === undefined ? {} : { podManagerId }) });
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let stop: () => void = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
