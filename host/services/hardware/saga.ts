import {
  deleteOperation,
  listOperations,
  type OperationProgress,
  type OperationRow,
  recordProgress,
} from "../../../db/queries/operations.ts";
import type { Store } from "../../../db/store.ts";
import type { Facts, PodManager, Step } from "../../drivers/driver.ts";
import { AppError } from "../../errors.ts";
import { bounded } from "./bounded.ts";
import { failureOf, goesOn, reasonOf, refused } from "./outcome.ts";
import { Pauses } from "./pauses.ts";
import type { Procedure } from "./procedures.ts";
import { recordable } from "./recordable.ts";

export interface SagaOptions {
  readonly store: Store;
  readonly procedure: Procedure;
  readonly connect: (podManagerId: string) => Promise<PodManager>;
  readonly log: (message: string, details: Record<string, unknown>) => void;
  /** How long who asked for it waits while nothing can be found out, ms. */
  readonly patienceMs: number;
  /** First pause before something is tried again, ms; doubled each time. */
  readonly pauseMs: number;
  /** Longest time for one step, ms: drivers have limits of their own, shorter ones. */
  readonly stepMs: number;
}

interface Waiting {
  readonly done: (facts: Facts) => void;
  readonly fail: (error: unknown) => void;
}

/** The operation is no longer ours: another process has it, or this one ends. What goes on is left as it is recorded. */
class Left extends Error {
  readonly reason: AppError;

  constructor(reason: AppError) {
    super(reason.message);
    this.reason = reason;
  }
}

/** What a step threw, or what kept it from being looked for. */
class Failed extends Error {
  readonly reason: unknown;

  constructor(reason: unknown) {
    super(reasonOf(reason), { cause: reason });
    this.reason = reason;
  }
}

/**
 * One operation on hardware, from wherever it was recorded to its end. Each step is recorded before it begins and after
 * it ended. What may have happened is looked for, never ordered again. While the record says forward, nobody was told
 * that the operation failed.
 */
export class Saga {
  #row: OperationRow;
  readonly #options: SagaOptions;
  readonly #resumed: boolean;
  readonly #abort = new AbortController();
  readonly #pauses: Pauses;
  #waiting: Waiting[] = [];
  /** What those who waited were told when they had waited long enough. */
  #told: unknown = null;
  /** When those who wait are told that it failed, ms of the monotonic clock; null: nothing is in the way. */
  #patientUntil: number | null = null;

  /** `resumed`: another process, or this one earlier, has begun it. */
  constructor(row: OperationRow, options: SagaOptions, resumed: boolean) {
    this.#row = row;
    this.#resumed = resumed;
    this.#options = options;
    this.#pauses = new Pauses(options.pauseMs, this.#abort.signal);
  }

  get row(): Readonly<OperationRow> {
    return this.#row;
  }

  /** Resolves to the facts that it left. Rejects with why it failed, once it is undone, or cannot be yet. */
  outcome(): Promise<Facts> {
    return new Promise((done, fail) => this.#waiting.push({ done, fail }));
  }

  /** Whoever asks again wants it to be tried again. */
  hurry(): void {
    this.#patientUntil = null;
    this.#pauses.wake();
  }

  /** Ends soon, wherever it is. */
  leave(reason: AppError): void {
    this.#abort.abort(new Left(reason));
  }

  /** Resolves when it ended or was left. Never rejects. */
  async work(): Promise<void> {
    try {
      if (this.#row.direction === "forward") await this.#forward();
      else await this.#back();
    } catch (error) {
      const reason = this.#abort.signal.aborted ? this.#abort.signal.reason : error;
      if (!(reason instanceof Left)) this.#log("an operation on hardware broke down", reason);
      this.#tell(reason instanceof Left ? reason.reason : reason);
    }
  }

  async #forward(): Promise<void> {
    try {
      const { step, stepState } = this.#row;
      if (this.#resumed && step === null) throw new Failed(new AppError("internal", "it had not begun yet"));
      const names = (await this.#again(() => this.#steps())).map(({ name }) => name);
      let at = step === null ? 0 : names.indexOf(step);
      if (at < 0) throw new Error(`step ${step} is unknown to the driver of today`);
      let known: Facts | null = null;
      if (stepState === "ended") at++;
      else if (stepState === "begun") known = await this.#look(names[at]!);
      for (; at < names.length; at++) {
        const facts = known ?? (await this.#run(names[at]!));
        known = null;
        this.#calm();
        await this.#record({ stepState: "ended", facts: { ...this.#row.facts, ...facts } });
        this.#stopIfTold();
      }
      await this.#complete();
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      await this.#fail(error.reason);
    }
  }

  async #complete(): Promise<void> {
    const { procedure } = this.#options;
    try {
      await this.#end(async (tx) => {
        this.#stopIfTold();
        await procedure.completed(tx, this.#row, this.#row.facts);
      });
    } catch (error) {
      throw error instanceof AppError && procedure.undoable ? new Failed(error) : error;
    }
    for (const { done } of this.#waiting.splice(0)) done(this.#row.facts);
  }

  /** What somebody was told of as failed is not carried on with. */
  #stopIfTold(): void {
    if (this.#told !== null && this.#options.procedure.undoable) throw new Failed(this.#told);
  }

  /** The facts that a step left. */
  async #run(name: string): Promise<Facts> {
    const { undoable } = this.#options.procedure;
    for (let tries = 1; ; tries++) {
      await this.#record({ step: name, stepState: "begun" });
      try {
        const step = await this.#step(name);
        return await this.#limited((signal) => step.run(this.#row.facts, signal));
      } catch (error) {
        if (this.#abort.signal.aborted) throw error;
        this.#log(`step ${name} failed`, error);
        if (refused(error)) throw new Failed(error);
        const found = await this.#look(name, error);
        if (found !== null) return found;
        if (undoable) throw new Failed(error);
        if (tries > 1) await this.#wait(error);
      }
    }
  }

  /** What became of a step. `error`: why one has to look; those who wait are told of it when that takes too long. */
  async #look(name: string, error?: unknown): Promise<Facts | null> {
    return await this.#again(async () => {
      const step = await this.#step(name);
      return await this.#limited((signal) => step.look(this.#row.facts, signal));
    }, error);
  }

  async #fail(reason: unknown): Promise<void> {
    if (!this.#options.procedure.undoable) {
      await this.#end((tx) => this.#options.procedure.failed(tx, this.#row, this.#row.facts));
      this.#tell(reason);
      return;
    }
    const { step } = this.#row;
    this.#calm();
    const failure = { ...failureOf(reason) };
    await this.#record({ direction: "back", stepState: step === null ? null : "begun", failure });
    await this.#back(reason);
  }

  /** Undoes the step that is recorded and those before it. `reason`: for those who wait. */
  async #back(reason?: unknown): Promise<void> {
    const names = (await this.#again(() => this.#steps(), reason)).map(({ name }) => name);
    const { step } = this.#row;
    let at = step === null ? -1 : names.indexOf(step);
    if (step !== null && at < 0) throw new Error(`step ${step} is unknown to the driver of today`);
    while (at >= 0) {
      const name = names[at]!;
      await this.#again(async () => {
        const undone = await this.#step(name);
        await this.#limited((signal) => undone.undo(this.#row.facts, signal));
      }, reason);
      at--;
      await this.#record(at < 0 ? { step: null, stepState: null } : { step: names[at]! });
    }
    await this.#end((tx) => this.#options.procedure.failed(tx, this.#row, this.#row.facts));
    this.#tell(reason);
  }

  async #steps(): Promise<readonly Step[]> {
    const { connect, procedure } = this.#options;
    return procedure.steps(await connect(this.#row.podManagerId), this.#row.facts);
  }

  async #step(name: string): Promise<Step> {
    const step = (await this.#steps()).find((step) => step.name === name);
    if (step === undefined) throw new Error(`step ${name} is unknown to the driver of today`);
    return step;
  }

  /** Until it goes well. `error`: what those who wait are told instead of the latest one. */
  async #again<T>(work: () => Promise<T>, error?: unknown): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (latest) {
        if (this.#abort.signal.aborted) throw latest;
        this.#log("an operation on hardware cannot go on yet", latest);
        await this.#wait(error ?? latest);
      }
    }
  }

  /** A pause. Those who wait are told of the error when they have waited long enough. */
  async #wait(error: unknown): Promise<void> {
    this.#patientUntil ??= performance.now() + this.#options.patienceMs;
    if (performance.now() >= this.#patientUntil && this.#waiting.length > 0) {
      const { undoable } = this.#options.procedure;
      if (undoable && this.#row.direction === "forward") throw new Failed(error);
      this.#tell(undoable ? error : goesOn(error, this.#row.kind));
    }
    await this.#pauses.take();
  }

  /** What was in the way is not any more. */
  #calm(): void {
    this.#patientUntil = null;
    this.#pauses.reset();
  }

  async #limited<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const limit = AbortSignal.timeout(this.#options.stepMs);
    try {
      return await bounded(work, AbortSignal.any([this.#abort.signal, limit]));
    } catch (error) {
      throw limit.aborted ? new AppError("pod-manager.timeout", "a step took too long", { cause: error }) : error;
    }
  }

  async #record(progress: OperationProgress): Promise<void> {
    const { facts, ...rest } = progress;
    const recorded = facts === undefined ? rest : { ...rest, facts: recordable(facts) };
    const kept = await this.#stored(() => this.#options.store.read((db) => recordProgress(db, this.#row, recorded)));
    if (!kept) throw this.#lost();
    this.#row = { ...this.#row, ...recorded };
  }

  /** What it changed and its end, at once or not at all. */
  async #end(change: (tx: Parameters<typeof deleteOperation>[0]) => Promise<void>): Promise<void> {
    let unsure = false;
    const ended = await this.#stored(async () => {
      const deleted = await this.#options.store
        .transaction(async (tx) => {
          if (!(await deleteOperation(tx, this.#row))) return false;
          await change(tx);
          return true;
        })
        .catch((error: unknown) => {
          unsure = true;
          throw error;
        });
      if (deleted || !unsure) return deleted;
      // The one before was committed after all, unless somebody else has it.
      const { id } = this.#row;
      return (await this.#options.store.read((db) => listOperations(db, { id }))).length === 0;
    });
    if (!ended) throw this.#lost();
  }

  /** Tried again until the store answers. */
  async #stored<T>(work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== "store.unavailable") throw error;
        this.#abort.signal.throwIfAborted();
        this.#patientUntil ??= performance.now() + this.#options.patienceMs;
        if (performance.now() >= this.#patientUntil) this.#tell(error);
        await this.#pauses.take();
      }
    }
  }

  #tell(error: unknown): void {
    if (this.#waiting.length > 0) this.#told = error;
    for (const { fail } of this.#waiting.splice(0)) fail(error);
  }

  #lost(): Left {
    const { id } = this.#row;
    return new Left(
      new AppError(
        "store.unavailable",
        `operation ${id} was given up, or another process took it over; GET /v1/operations tells how it goes`,
      ),
    );
  }

  #log(message: string, error: unknown): void {
    const { id, kind, podManagerId, nodeId, step, direction } = this.#row;
    this.#options.log(message, { operation: id, kind, podManagerId, nodeId, step, direction, fault: reasonOf(error) });
  }
}
