import { type AllocationRow, allocationsOfPlan, orphansOf, setResourceId } from "../../db/queries/inventory.ts";
import {
  deletePlacements,
  findPlacement,
  findPlan,
  listPlacements,
  type PlacementRow,
  type PlanRow,
  searchPlacements,
  updatePlacement,
  updatePlan,
} from "../../db/queries/plans.ts";
import type { Db, Store } from "../../db/store.ts";
import type { Application } from "../core/model.ts";
import { AppError } from "../errors.ts";
import type { InventoryService } from "./inventory.ts";
import { placementSearch } from "./placement-search.ts";
import { type PlacementView, placementViewOf } from "./placement-view.ts";
import type { Planner, Prepared } from "./planner.ts";
import { released } from "./released.ts";
import { replanProblems } from "./replan.ts";

export type { PlacementView } from "./placement-view.ts";

export interface Reservation {
  /** `replan` and `reserve` keep a host that is offered, and look for another if it is not. */
  readonly action: "reserve" | "replan";
  /** Id of the server, when it is known. */
  readonly resourceId?: string;
  /** Hosts that are offered. */
  readonly locations: readonly string[];
}

/** Placements of single servers. One is found by its id, else by its orchestration id. */
export class PlacementService {
  readonly #store: Store;
  readonly #inventory: InventoryService;
  readonly #planner: Planner;

  constructor(options: { store: Store; inventory: InventoryService; planner: Planner }) {
    this.#store = options.store;
    this.#inventory = options.inventory;
    this.#planner = options.planner;
  }

  /** All that match; see placementSearch. */
  async list(query: readonly (readonly [key: string, value: string])[]): Promise<PlacementView[]> {
    const search = placementSearch(query);
    if (search === null) return [];
    const rows = await this.#store.read((db) => searchPlacements(db, search.filter));
    return rows.map(placementViewOf).filter((placement) => search.matches(placement));
  }

  /** @throws AppError placement.not-found */
  async find(idOrOrchestrationId: string): Promise<PlacementView> {
    return placementViewOf(await this.#store.read((db) => found(db, idOrOrchestrationId)));
  }

  /**
   * Reserves the host, if it is offered; else plans the server again onto one that is, and others of its stack with it
   * if need be, but none that is reserved or built. When that fails the placement stays, unreserved, with the server's
   * new id.
   * @throws AppError placement.not-found, placement.infeasible, placement.conflict, plan.unsound, store.unavailable
   */
  async reserve(idOrOrchestrationId: string, { resourceId, locations }: Reservation): Promise<PlacementView> {
    const row = await this.#store.transaction(async (tx) => {
      const { placement, plan } = await lockedPlacement(tx, idOrOrchestrationId);
      const reserved = locations.includes(placement.location);
      const wanted = { ...placement, reserved, resourceId: resourceId ?? placement.resourceId };
      if (reserved === placement.reserved && wanted.resourceId === placement.resourceId) return placement;
      await updatePlacement(tx, wanted);
      await updatePlan(tx, { id: plan.id, revision: plan.revision + 1 });
      if (resourceId !== undefined) await setResourceId(tx, placement.id, resourceId);
      return wanted;
    });
    if (resourceId !== undefined) await this.#releaseOrphans(resourceId);
    if (row.reserved) return placementViewOf(row);
    return await this.#planner.run((db) => this.#prepareReplan(db, row.id, locations));
  }

  /** Forgets the placement. What it holds is free again if it was never built. @throws AppError placement.not-found */
  async remove(idOrOrchestrationId: string): Promise<void> {
    await this.#inventory.commit(async (tx) => {
      const { placement, plan } = await lockedPlacement(tx, idOrOrchestrationId);
      const change = released((await allocationsOfPlan(tx, plan.id)).filter(({ id }) => id === placement.id));
      await deletePlacements(tx, [placement.id]);
      // The plan is not what was asked for any more: a repeat of the request has to be planned.
      await updatePlan(tx, { id: plan.id, requestHash: "", revision: plan.revision + 1 });
      return { result: undefined, change };
    });
  }

  /** A server holds what its placement holds, and nothing more from a plan that is gone. */
  async #releaseOrphans(resourceId: string): Promise<void> {
    if ((await this.#store.read((db) => orphansOf(db, [resourceId]))).length === 0) return;
    await this.#inventory.commit(async (tx) => {
      const remove = (await orphansOf(tx, [resourceId])).map(({ id }) => id);
      return { result: undefined, change: { put: [], remove } };
    });
  }

  async #prepareReplan(db: Db, id: string, locations: readonly string[]): Promise<Prepared<PlacementView>> {
    const target = await found(db, id);
    const plan = await findPlan(db, target.planId);
    if (plan === undefined) throw notFound();
    const placements = await listPlacements(db, plan.id);
    const allocations = await allocationsOfPlan(db, plan.id);
    const application = plan.application as Application;
    return {
      problems: replanProblems(application, placements, target, locations, this.#inventory.inventory),
      write: async (tx, version, solved) => {
        const now = await findPlan(tx, plan.id, true);
        if (now?.revision !== plan.revision) return null;
        const hosts = new Map(Object.entries(solved.placements));
        const moved = placements
          .map((row) => ({ ...row, location: hosts.get(row.orchestrationId) ?? row.location }))
          .filter((row, i) => row.location !== placements[i]!.location || row.id === target.id)
          .map(
            (row): PlacementRow => ({ ...row, reserved: row.reserved || row.id === target.id, generation: version }),
          );
        for (const row of moved) await updatePlacement(tx, row);
        await updatePlan(tx, { id: plan.id, revision: plan.revision + 1, generation: version });
        const result = placementViewOf(moved.find((row) => row.id === target.id)!);
        return { result, change: { put: relocated(allocations, moved), remove: [] } };
      },
    };
  }
}

function relocated(allocations: readonly AllocationRow[], moved: readonly PlacementRow[]): AllocationRow[] {
  const byId = new Map(moved.map((row) => [row.id, row]));
  return allocations.filter(({ id }) => byId.has(id)).map((row) => ({ ...row, host: byId.get(row.id)!.location }));
}

/** The placement and its plan, which nobody else changes before the transaction ends. */
async function lockedPlacement(
  tx: Db,
  idOrOrchestrationId: string,
): Promise<{ placement: PlacementRow; plan: PlanRow }> {
  const { id, planId } = await found(tx, idOrOrchestrationId);
  const plan = await findPlan(tx, planId, true);
  if (plan === undefined) throw notFound();
  return { placement: await found(tx, id), plan };
}

async function found(db: Db, idOrOrchestrationId: string): Promise<PlacementRow> {
  const placement = await findPlacement(db, idOrOrchestrationId);
  if (placement === undefined) throw notFound();
  return placement;
}

function notFound(): AppError {
  return new AppError("placement.not-found", "Placement not found");
}
