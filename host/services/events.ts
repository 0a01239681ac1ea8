import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../errors.ts";
import type { CloudChange } from "../openstack/records.ts";
import { type Event, EventQueue } from "./event-queue.ts";

/** Changes in one commit, at most: while it runs, plans wait for the store's lock. */
const MOST_AT_ONCE = 200;
/** How long the first change waits for others to be committed with, ms. */
const GATHER_MS = 20;
/** Changes that wait, at most; some hundred bytes each. */
const QUEUE_LIMIT = 100_000;
/** Waits for a store that is away, ms. */
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

/** What is to be read from the cloud again. */
export type Reread = Extract<CloudChange, { kind: "facts" }>["of"] | "services" | "everything";

export interface EventsOptions {
  /** Idempotent, one commit; see ServerService. */
  readonly apply: (changes: readonly CloudChange[]) => Promise<void>;
  /** Asks for a refresh, soon; returns at once. */
  readonly reread: (what: Reread) => void;
  readonly warn: (message: string, details: object) => void;
  readonly queueLimit?: number;
}

/**
 * Applies what the cloud tells of itself, in batches and in the order it came. Takes any number at any time and never
 * makes the sender wait. Nothing is lost silently: what cannot be kept or applied has everything read again.
 */
export class Events {
  /** Since the start. `merged`: told again before it was applied; `dropped`: found the queue full; `failed`: refused. */
  readonly counters = { merged: 0, applied: 0, dropped: 0, failed: 0, batches: 0 };
  readonly #options: EventsOptions;
  readonly #queue: EventQueue;
  readonly #stop = new AbortController();
  #running: Promise<void> | null = null;
  /** Something was dropped; once the rest is applied, the cloud is asked how it is. */
  #incomplete = false;

  constructor(options: EventsOptions) {
    this.#options = options;
    this.#queue = new EventQueue(options.queueLimit ?? QUEUE_LIMIT);
  }

  get waiting(): number {
    return this.#queue.size;
  }

  offer(changes: readonly CloudChange[]): void {
    if (this.#stop.signal.aborted) return;
    for (const change of changes) {
      if (change.kind === "facts") this.#options.reread(change.of);
      else this.#enqueue(change);
    }
    if (this.#running === null && this.#queue.size > 0) {
      this.#running = this.#drain().finally(() => {
        this.#running = null;
      });
    }
  }

  /** Ends with the batch that is being applied; what still waits is known to the cloud at the next start. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  #enqueue(event: Event): void {
    const outcome = this.#queue.offer(event);
    if (outcome === "merged") this.counters.merged++;
    if (outcome !== "full") return;
    if (!this.#incomplete)
      this.#options.warn("too many changes wait: all are read again later", { waiting: this.waiting });
    this.counters.dropped++;
    this.#incomplete = true;
  }

  async #drain(): Promise<void> {
    while (this.#queue.size > 0 && !this.#stop.signal.aborted) {
      if (this.#queue.size < MOST_AT_ONCE) await this.#pause(GATHER_MS);
      await this.#applyAll(this.#queue.take(MOST_AT_ONCE));
      // Requests that came meanwhile have their turn.
      await nextTurn();
    }
    if (this.#incomplete) this.#complete();
  }

  #complete(): void {
    this.#incomplete = false;
    if (!this.#stop.signal.aborted) this.#options.reread("everything");
  }

  async #applyAll(batch: readonly Event[]): Promise<void> {
    let wait = FIRST_RETRY_MS;
    for (;;) {
      try {
        await this.#options.apply(batch);
        this.counters.applied += batch.length;
        this.counters.batches++;
        return;
      } catch (error) {
        if (!(error instanceof AppError && error.code === "store.unavailable"))
          return await this.#applyParts(batch, error);
        if (wait === FIRST_RETRY_MS) this.#options.warn("the store is away, changes wait", { waiting: this.waiting });
        await this.#pause(wait * (0.5 + Math.random()));
        if (this.#stop.signal.aborted) return;
        wait = Math.min(2 * wait, LONGEST_RETRY_MS);
      }
    }
  }

  /** One change must not keep the others from being applied. */
  async #applyParts(batch: readonly Event[], error: unknown): Promise<void> {
    if (batch.length > 1) {
      const half = batch.length >> 1;
      await this.#applyAll(batch.slice(0, half));
      await this.#applyAll(batch.slice(half));
      return;
    }
    this.#options.warn("a change of the cloud could not be applied", { err: error, ...named(batch[0]!) });
    this.counters.failed++;
    this.#incomplete = true;
  }

  /** Ends early when this is closed. */
  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#stop.signal, ref: false }).catch(() => {});
  }
}

/** What a log may know of it: the metadata of servers is their owners' own. */
function named(event: Event): { kind: string; of: string } {
  if (event.kind === "host") return { kind: event.kind, of: event.host };
  return { kind: event.kind, of: event.kind === "server" ? event.server.id : event.id };
}
