import type { Store } from "../../../db/store.ts";
import type { Connections } from "./connections.ts";

export interface SyncOutcome {
  readonly podManagerId: string;
  readonly status: "SUCCESS" | "FAILED";
  /** Why it failed. */
  readonly detail?: string;
}

export class Sync {
  readonly #store: Store;
  readonly #connections: Connections;

  constructor(options: { store: Store; connections: Connections }) {
    this.#store = options.store;
    this.#connections = options.connections;
  }

  async now(_podManagerId: string | null, _signal: AbortSignal): Promise<SyncOutcome[]> {
    void this.#store;
    void this.#connections;
    return [];
  }
}
