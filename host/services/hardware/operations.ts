import { randomUUID } from "node:crypto";
import {
  forgetOperation,
  insertOperation,
  keepOperations,
  leaveOperations,
  listOperations,
  type OperationKind,
  type OperationRow,
  takeOperations,
} from "../../../db/queries/operations.ts";
import type { Db, Store } from "../../../db/store.ts";
import type { Facts, PodManager } from "../../drivers/driver.ts";
import { AppError } from "../../errors.ts";
import { type Failure, reasonOf } from "./outcome.ts";
import type { Procedures } from "./procedures.ts";
import { recordable } from "./recordable.ts";
import { Saga } from "./saga.ts";

export type { OperationKind } from "../../../db/queries/operations.ts";

/** An operation that is under way, or waits until its hardware can be reached. */
export interface OperationView {
  readonly id: string;
  readonly kind: OperationKind;
  readonly podManagerId: string;
  readonly nodeId: string;
  readonly requestId: string;
  /** The step that was begun last, by the driver's name for it; null: none was begun. */
  readonly step: string | null;
  readonly stepState: "begun" | "ended" | null;
  /** back: what was done is undone, step by step. */
  readonly direction: "forward" | "back";
  /** Why it goes back; null: it does not. */
  readonly failure: Failure | null;
  readonly createdAt: Date;
  /** When the process that works on it last said so. */
  readonly seenAt: Date;
}

export interface OperationRunnerOptions {
  readonly store: Store;
  readonly connect: (podManagerId: string) => Promise<PodManager>;
  readonly procedures: Procedures;
  readonly log: (message: string, details: Record<string, unknown>) => void;
  /** A process that was silent for so long has lost its operations to others, ms; default 30,000. */
  readonly leaseMs?: number;
  /** How long who asked waits while the hardware cannot be asked, ms; default 30,000. */
  readonly patienceMs?: number;
  /** First pause before something is tried again, ms; default 500. */
  readonly pauseMs?: number;
  /** Longest time for a step, ms; default 20 minutes. Must be longer than a node may take to be assembled. */
  readonly stepMs?: number;
  /** No other process has the store: what is found in it is nobody's. Default: it is an embedded one. */
  readonly alone?: boolean;
}

export interface NewOperation {
  readonly kind: OperationKind;
  readonly podManagerId: string;
  readonly nodeId: string;
  readonly requestId: string;
  /** What its first step begins with. */
  readonly facts: Facts;
  /** In the transaction that records it: what it claims, what must hold. */
  readonly prepare: (tx: Db) => Promise<void>;
}

/** Runs operations on hardware, and those that other processes left unfinished. */
export class OperationRunner {
  readonly #options: OperationRunnerOptions;
  readonly #owner = randomUUID();
  readonly #leaseMs: number;
  readonly #sagas = new Map<string, { saga: Saga; work: Promise<void> }>();
  #timer: NodeJS.Timeout | null = null;
  /** Last time the store heard of us, ms of the monotonic clock. */
  #heardAt = performance.now();
  #beating: Promise<void> | null = null;
  #takenAll = false;
  #closed = false;

  constructor(options: OperationRunnerOptions) {
    this.#options = options;
    this.#leaseMs = options.leaseMs ?? 30_000;
  }

  /**
   * Resolves to the facts that its steps left once it is complete and recorded as such. When it fails it rejects after it
   * was undone; where that is not possible yet it goes on without the caller.
   * @throws AppError node.busy when another operation on the node goes on, and what `prepare` throws
   */
  async run(operation: NewOperation): Promise<Facts> {
    return await (await this.begin(operation)).outcome;
  }

  /** The same; resolves when it is recorded and what it needs is claimed. */
  async begin({ prepare, ...operation }: NewOperation): Promise<{ readonly outcome: Promise<Facts> }> {
    this.#refuseIfClosed();
    const row = { ...operation, id: randomUUID(), owner: this.#owner, facts: recordable(operation.facts) };
    const { store } = this.#options;
    await store.transaction(async (tx) => {
      if (!(await insertOperation(tx, row))) throw await busy(tx, row.nodeId);
      await prepare(tx);
    });
    const now = new Date();
    const progress = { step: null, stepState: null, direction: "forward", failure: null } as const;
    const saga = this.#start({ ...row, ...progress, seenAt: now, createdAt: now }, false);
    const outcome = saga.outcome();
    // Whoever began it may not have come to wait for it when it fails.
    outcome.catch(() => {});
    this.#work(saga);
    return { outcome };
  }

  /** The outcome of an operation on a node that goes on in this process, tried again at once; null: there is none. */
  join(kind: OperationKind, nodeId: string): Promise<Facts> | null {
    for (const { saga } of this.#sagas.values())
      if (saga.row.nodeId === nodeId && saga.row.kind === kind) {
        saga.hurry();
        return saga.outcome();
      }
    return null;
  }

  /**
   * Takes over what was left unfinished, and from now on what other processes leave so. Resolves when it is known what
   * there is; `settled` tells when it is done.
   * @throws AppError store.unavailable
   */
  async recover(): Promise<void> {
    this.#refuseIfClosed();
    await this.#beat();
    this.#watch();
  }

  /** Resolves when nothing goes on here. */
  async settled(): Promise<void> {
    while (this.#sagas.size > 0) await Promise.all([...this.#sagas.values()].map(({ work }) => work));
  }

  /** In order of creation. */
  async list(filter: { readonly requestId?: string; readonly nodeId?: string } = {}): Promise<OperationView[]> {
    return (await this.#options.store.read((db) => listOperations(db, filter))).map(viewOf);
  }

  /** @throws AppError operation.not-found when there is none, or it has ended */
  async find(id: string): Promise<OperationView> {
    const [row] = await this.#options.store.read((db) => listOperations(db, { id }));
    return row === undefined ? missing(id) : viewOf(row);
  }

  /**
   * Gives up one that cannot end, because its hardware is broken or its driver gone. The hardware is not asked and stays as
   * it is; what is stored is settled as after a failure, or, as nothing else frees a node, after a release that succeeded.
   * @throws AppError operation.not-found
   */
  async abandon(id: string): Promise<void> {
    const { store, procedures, log } = this.#options;
    const { kind, nodeId, step } = await store.transaction(async (tx) => {
      const row = (await forgetOperation(tx, id)) ?? missing(id);
      const procedure = procedures[row.kind];
      if (procedure?.undoable) await procedure.failed(tx, row, row.facts);
      else await procedure?.completed(tx, row, row.facts);
      return row;
    });
    log("an operation on hardware was given up", { operation: id, kind, nodeId, step });
    this.#sagas.get(id)?.saga.leave(new AppError("node.changed", `operation ${id} was given up`));
  }

  /** What goes on is left as it is recorded, for the next start or another process. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#beating;
    this.#leaveAll("the service is stopping, the operation goes on when it starts again");
    await this.settled();
    await this.#options.store.read((db) => leaveOperations(db, this.#owner)).catch(() => {});
  }

  #refuseIfClosed(): void {
    if (this.#closed) throw new AppError("store.unavailable", "the service is stopping");
  }

  #start(row: OperationRow, resumed: boolean): Saga {
    const { store, connect, procedures, log, patienceMs = 30_000, pauseMs = 500, stepMs = 1_200_000 } = this.#options;
    const procedure = procedures[row.kind];
    if (procedure === undefined)
      throw new AppError("pod-manager.unsupported", `operations of kind ${row.kind} are not configured`);
    return new Saga(row, { store, procedure, connect, log, patienceMs, pauseMs, stepMs }, resumed);
  }

  #work(saga: Saga): void {
    const { id } = saga.row;
    const work = saga.work().finally(() => this.#sagas.delete(id));
    this.#sagas.set(id, { saga, work });
    this.#watch();
  }

  #watch(): void {
    if (this.#timer !== null || this.#closed) return;
    this.#heardAt = performance.now();
    this.#timer = setInterval(() => {
      if (performance.now() - this.#heardAt > this.#leaseMs)
        this.#leaveAll("the store could not be reached for too long");
      this.#beating ??= this.#beat()
        .catch((error: unknown) => this.#options.log("operations cannot be kept", { fault: reasonOf(error) }))
        .finally(() => {
          this.#beating = null;
        });
    }, this.#leaseMs / 3);
    this.#timer.unref();
  }

  /** Says that we are alive, and takes what others do not say so of. */
  async #beat(): Promise<void> {
    const { store, log, alone = store.kind === "pglite" } = this.#options;
    const working = [...this.#sagas.keys()];
    const kept = await store.read((db) => keepOperations(db, this.#owner, working));
    for (const id of working)
      if (!kept.has(id))
        this.#sagas
          .get(id)
          ?.saga.leave(new AppError("store.unavailable", `operation ${id} was taken over by another process`));
    this.#heardAt = performance.now();
    const leaseMs = alone && !this.#takenAll ? null : this.#leaseMs;
    const taken = await store.read((db) =>
      takeOperations(db, this.#owner, { leaseMs, working: [...this.#sagas.keys()] }),
    );
    this.#takenAll = true;
    for (const row of taken) {
      const { id, kind, podManagerId, nodeId, step, direction } = row;
      log("an unfinished operation on hardware is taken over", {
        operation: id,
        kind,
        podManagerId,
        nodeId,
        step,
        direction,
      });
      try {
        this.#work(this.#start(row, true));
      } catch (error) {
        log("an unfinished operation cannot be taken over", { operation: id, fault: reasonOf(error) });
      }
    }
  }

  #leaveAll(why: string): void {
    for (const { saga } of this.#sagas.values()) saga.leave(new AppError("store.unavailable", why));
  }
}

function missing(id: string): never {
  throw new AppError("operation.not-found", `Operation ${id} is unknown, or has ended`);
}

/** What goes on at a node, for who comes second. */
export async function busy(db: Db, nodeId: string): Promise<AppError> {
  const [row] = await listOperations(db, { nodeId });
  const what =
    row === undefined ? "has just ended" : `is at step ${row.step ?? "0"}, since ${row.createdAt.toISOString()}`;
  return new AppError(
    "node.busy",
    `Another operation on node ${nodeId}${row === undefined ? "" : ` (${row.kind})`} ${what}.\nTry again when it is done; GET /v1/operations?node_id=${nodeId} tells.`,
  );
}

function viewOf(row: OperationRow): OperationView {
  const { id, kind, podManagerId, nodeId, requestId, step, stepState, direction, failure, createdAt, seenAt } = row;
  return {
    id,
    kind,
    podManagerId,
    nodeId,
    requestId,
    step,
    stepState,
    direction,
    failure: failure as Failure | null,
    createdAt,
    seenAt,
  };
}
