import { allocationsOfPlan, setResourceId } from "../../db/queries/inventory.ts";
import {
  deletePlacements,
  findPlacement,
  findPlan,
  type PlacementRow,
  type PlanRow,
  searchPlacements,
  updatePlacement,
  updatePlan,
} from "../../db/queries/plans.ts";
import { allocationsByIds, allocationsOfServers } from "../../db/queries/servers.ts";
import type { Db, Store } from "../../db/store.ts";
import type { Flavor, Vm } from "../core/model.ts";
import { AppError } from "../errors.ts";
import { sameSize } from "./holdings.ts";
import type { InventoryService } from "./inventory.ts";
import { placementSearch } from "./placement-search.ts";
import { type PlacementView, placementViewOf } from "./placement-view.ts";
import type { Planner, Prepared } from "./planner.ts";
import { released } from "./released.ts";
import { relocate, sizeNow, standingOf } from "./relocate.ts";
import { isLoose, replanProblem, softly, unbound } from "./replan.ts";
import { ServerLedger } from "./server-ledger.ts";
import { assign } from "./server-rules.ts";

export type { PlacementView } from "./placement-view.ts";

export interface Reservation {
  /** `replan` and `reserve` keep a host that is offered, and look for another if it is not. */
  readonly action: "reserve" | "replan";
  /** Id of the server, when it is known. */
  readonly resourceId?: string;
  /** Hosts that are offered. */
  readonly locations: readonly string[];
  /** Name or id of the flavor that it is to have; one that is not known changes nothing. */
  readonly flavor?: string;
  /** Project of the server, when it is told: whoever knows an id can hint at it, so the place of another project's is not found. */
  readonly projectId?: string;
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
   * if need be, but none that is reserved or built. A host on which its server could not be built is left for another
   * while there is one. When planning fails the placement stays, unreserved, with the server's new id.
   * @throws AppError placement.not-found, placement.infeasible, placement.conflict, plan.unsound, store.unavailable
   */
  async reserve(idOrOrchestrationId: string, reservation: Reservation): Promise<PlacementView> {
    const { resourceId, locations, flavor } = reservation;
    await this.#store.read(async (db) => {
      const placement = await found(db, idOrOrchestrationId);
      const plan = await findPlan(db, placement.planId);
      if (plan === undefined || isForeign(placement, plan, reservation)) throw notFound();
    });
    const wantedFlavor = flavor === undefined ? undefined : this.#inventory.flavor(flavor);
    if (resourceId !== undefined) await this.#assign(idOrOrchestrationId, resourceId);
    const row = await this.#store.transaction(async (tx) => {
      const { placement, plan } = await lockedPlacement(tx, idOrOrchestrationId);
      const [holding] = await allocationsByIds(tx, [placement.id]);
      const isRoomy = holding !== undefined && (wantedFlavor === undefined || sameSize(holding, wantedFlavor));
      const reserved = isRoomy && preferred(placement, locations).includes(placement.location);
      const wanted = { ...placement, reserved, resourceId: resourceId ?? placement.resourceId };
      if (reserved === placement.reserved && wanted.resourceId === placement.resourceId) return placement;
      await updatePlacement(tx, wanted);
      await updatePlan(tx, { id: plan.id, revision: plan.revision + 1 });
      if (resourceId !== undefined) await setResourceId(tx, placement.id, resourceId);
      return wanted;
    });
    if (row.reserved) return placementViewOf(row);
    return await this.#planner.run((db) => this.#prepareReplan(db, row.id, locations, wantedFlavor));
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

  /**
   * The placement is for this server from now on: it holds what its placement holds, and what it holds where it runs
   * until it is here; whoever had the placement before holds what it needs by itself.
   */
  async #assign(idOrOrchestrationId: string, resourceId: string): Promise<void> {
    const isMore = await this.#store.read(async (db) => {
      const placement = await found(db, idOrOrchestrationId);
      if (placement.resourceId !== null && placement.resourceId !== resourceId) return true;
      return (await allocationsOfServers(db, [resourceId])).some(
        ({ id, source }) => source !== "held" && id !== placement.id,
      );
    });
    if (!isMore) return;
    await this.#inventory.commit(async (tx, version) => {
      const { id } = await found(tx, idOrOrchestrationId);
      const now = Date.now();
      const ledger = await ServerLedger.load(tx, { ids: [resourceId], hints: [], placementIds: [id] }, true, now);
      const placement = ledger.placement(id);
      if (placement === undefined) throw notFound();
      assign(ledger, placement, resourceId, now);
      return ledger.isChanged ? { result: undefined, change: await ledger.write(tx, version) } : { result: undefined };
    });
  }

  async #prepareReplan(
    db: Db,
    id: string,
    locations: readonly string[],
    flavor: Flavor | undefined,
  ): Promise<Prepared<PlacementView>> {
    const target = await found(db, id);
    const plan = await findPlan(db, target.planId);
    if (plan === undefined) throw notFound();
    const before = await standingOf(db, plan, this.#inventory.inventory);
    const among = (hosts: readonly string[]) => (vm: Vm) => ({
      ...unbound(vm),
      ...(flavor === undefined
        ? sizeNow(vm, before.holdings.get(id))
        : { ...sizeNow(flavor), extraSpecs: flavor.extraSpecs }),
      candidates: hosts,
    });
    const some = preferred(target, locations);
    const here = some.includes(target.location) ? [[target.location]] : [];
    const choices = [...here, some, ...(some.length < locations.length ? [locations] : [])];
    const loose = before.placements.some((row) => row.id !== id && isLoose(row));
    const problems = choices.flatMap((hosts) => {
      const wanted = new Map([[id, among(hosts)]]);
      const careful = replanProblem(before, wanted, () => false);
      return loose ? [careful, replanProblem(before, wanted, isLoose)] : [careful];
    });
    return {
      problems: softly(problems),
      write: async (tx, version, solved) => {
        const now = await findPlan(tx, plan.id, true);
        if (now?.revision !== plan.revision) return null;
        const { rows, change } = await relocate(tx, version, plan, before, solved, (row) => ({
          ...row,
          reserved: row.reserved || row.id === id,
        }));
        return { result: placementViewOf(rows.find((row) => row.id === id)!), change };
      },
    };
  }
}

/** A place in the plan of another project that is not the server's yet. Plans of one server are made by who asks for all. */
function isForeign(
  placement: PlacementRow,
  plan: PlanRow,
  { projectId = plan.projectId, resourceId }: Reservation,
): boolean {
  return projectId !== plan.projectId && placement.resourceId !== resourceId && plan.stackId !== resourceId;
}

/** The hosts that are offered, without those on which its server could not be built, unless these are all. */
function preferred({ avoid }: PlacementRow, locations: readonly string[]): readonly string[] {
  const others = locations.filter((host) => !avoid.includes(host));
  return others.length > 0 ? others : locations;
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
