import type { Store } from "../../db/store.ts";
import type { Application } from "../core/model.ts";
import type { InventoryService } from "./inventory.ts";
import type { PlannerOptions } from "./planner.ts";

/** Longest wait for an answer, ms. */
const LIMIT_MS = 2_000;

const NOTHING: Application = { name: "ping", vms: [], groups: [] };

/** Valet's form. */
export interface EngineStatus {
  status: { type: "ok" | "error"; message: string };
  resources?: { ip: string; id: number };
}

/** Do the solver and the store answer? */
export class StatusService {
  readonly #store: Store;
  readonly #inventory: InventoryService;
  readonly #solver: PlannerOptions["solver"];
  readonly #address: string;

  /** `address`: where this service listens, as an IP. */
  constructor(store: Store, inventory: InventoryService, solver: PlannerOptions["solver"], address: string) {
    this.#store = store;
    this.#inventory = inventory;
    this.#solver = solver;
    this.#address = address;
  }

  async engine(): Promise<EngineStatus> {
    const reason = await this.notReady();
    if (reason !== null) return { status: { type: "error", message: reason } };
    return { status: { type: "ok", message: "ping" }, resources: { ip: this.#address, id: 1 } };
  }

  /** What keeps us from planning, in words; null when nothing does. */
  async notReady(): Promise<string | null> {
    return (
      (await failure(this.#store.ping())) ?? (await failure(this.#solver.solve(this.#inventory.inventory, NOTHING)))
    );
  }
}

async function failure(work: Promise<unknown>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<string>((resolve) => {
    timer = setTimeout(() => resolve("Timed out waiting for a response"), LIMIT_MS);
  });
  const outcome = work.then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  try {
    return await Promise.race([outcome, limit]);
  } finally {
    clearTimeout(timer);
  }
}
