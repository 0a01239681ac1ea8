import { findPodManager, listPodManagers } from "../../../db/queries/pod-managers.ts";
import type { Store } from "../../../db/store.ts";
import type { PodManager } from "../../drivers/driver.ts";
import { AppError } from "../../errors.ts";
import { type Connections, podManagerMissing, type Reach } from "./connections.ts";

/** What was found at all pod managers that answered, and why the others did not. */
export interface Found<T> {
  readonly found: readonly (T & { readonly podManagerId: string })[];
  readonly failed: readonly PodManagerFailure[];
}

export interface PodManagerFailure {
  readonly podManagerId: string;
  readonly reason: AppError;
}

/** Asks one pod manager, whose error is thrown, or all of them at a time. */
export class Everywhere {
  readonly #store: Store;
  readonly #connections: Connections;

  constructor(store: Store, connections: Connections) {
    this.#store = store;
    this.#connections = connections;
  }

  /**
   * In the order of the pod managers.
   * @throws AppError pod-manager.not-found, and what `ask` throws when one is named
   */
  async ask<T extends object>(
    podManagerId: string | null,
    ask: (podManager: PodManager) => Promise<readonly T[]>,
  ): Promise<Found<T>> {
    const asked = async (row: Reach) =>
      (await ask(this.#connections.of(row))).map((item) => ({ ...item, podManagerId: row.id }));
    if (podManagerId !== null) {
      const row = await this.#store.read((db) => findPodManager(db, podManagerId));
      if (row === undefined) throw podManagerMissing(podManagerId);
      return { found: await asked(row), failed: [] };
    }
    const rows = await this.#store.read((db) => listPodManagers(db));
    const answers = await Promise.all(
      rows.map((row) => asked(row).catch((error: unknown) => ({ podManagerId: row.id, reason: asAppError(error) }))),
    );
    return {
      found: answers.flatMap((answer) => (Array.isArray(answer) ? answer : [])),
      failed: answers.flatMap((answer) => (Array.isArray(answer) ? [] : [answer])),
    };
  }

  /** The only one that is registered; null: there is none, or several. */
  async only(): Promise<string | null> {
    const rows = await this.#store.read((db) => listPodManagers(db));
    return rows.length === 1 ? rows[0]!.id : null;
  }
}

/** Drivers promise AppErrors; what else one throws is an error of its own and concerns no other pod manager. */
export function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError("internal", "the driver broke down", { cause: error });
}
