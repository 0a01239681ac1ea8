// What the store has of some servers, and what becomes of it: read at once, changed in memory, written at once.
import { isDeepStrictEqual } from "node:util";
import { deletePlacements, type PlacementRow, updatePlacement, updatePlan } from "../../db/queries/plans.ts";
import {
  allocationsByIds,
  allocationsOfServers,
  applicationsOf,
  deleteEmptyPlans,
  type PlanHead,
  placementsBy,
  placementsInStacks,
  placementsOf,
  planHeads,
  putServers,
  type ServerGroupRow,
  type ServerRow,
  serverGroupsOf,
  serversByIds,
} from "../../db/queries/servers.ts";
import type { Db } from "../../db/store.ts";
import type { Application } from "../core/model.ts";
import { type Holding, heldId, holdingsOf } from "./holdings.ts";
import type { Change } from "./inventory.ts";
import { type Hinted, nameInStack, orchestrationIdsOf, placementByName, stacksOf } from "./server-hints.ts";

/** Which servers, and what their scheduler hints say. */
export interface Wanted {
  readonly ids: readonly string[];
  readonly hints: readonly Hinted[];
  /** Placements, and allocations of none, whatever servers they are of. */
  readonly placementIds?: readonly string[];
}

export class ServerLedger {
  readonly servers: Map<string, ServerRow>;
  readonly #groups: readonly ServerGroupRow[];
  readonly #plans: ReadonlyMap<string, PlanHead>;
  readonly #inStacks: readonly { placement: PlacementRow; stackId: string }[];
  /** What placements that hold nothing would hold. */
  readonly #lapsed: ReadonlyMap<string, Holding>;
  readonly #placements: Map<string, PlacementRow>;
  readonly #holdings: Map<string, Holding>;
  /** Server id -> ids of its holdings. */
  readonly #ofServer = new Map<string, Set<string>>();
  /** Orchestration id -> ids of placements. */
  readonly #named = new Map<string, string[]>();
  /** Server id -> id of its placement. */
  readonly #linked = new Map<string, string>();
  readonly #before: {
    readonly servers: ReadonlyMap<string, ServerRow>;
    readonly placements: ReadonlyMap<string, PlacementRow>;
    readonly holdings: ReadonlyMap<string, Holding>;
  };
  /** Plans whose recorded request does not describe them any more. */
  readonly #outdated = new Set<string>();

  private constructor(
    servers: readonly ServerRow[],
    groups: readonly ServerGroupRow[],
    plans: readonly PlanHead[],
    inStacks: readonly { placement: PlacementRow; stackId: string }[],
    placements: readonly PlacementRow[],
    holdings: readonly Holding[],
    lapsed: readonly Holding[],
  ) {
    this.#groups = groups;
    this.#plans = new Map(plans.map((row) => [row.id, row]));
    this.#inStacks = inStacks;
    this.#lapsed = new Map(lapsed.map((row) => [row.id, row]));
    this.#before = {
      servers: new Map(servers.map((row) => [row.id, row])),
      placements: new Map(placements.map((row) => [row.id, row])),
      holdings: new Map(holdings.map((row) => [row.id, row])),
    };
    this.servers = new Map(this.#before.servers);
    this.#placements = new Map(this.#before.placements);
    this.#holdings = new Map(this.#before.holdings);
    for (const row of holdings) this.#index(row, true);
    for (const { id, orchestrationId, resourceId } of placements) {
      this.#named.set(orchestrationId, [...(this.#named.get(orchestrationId) ?? []), id]);
      if (resourceId !== null) this.#linked.set(resourceId, id);
    }
  }

  /** `lock`: nobody else changes the plans before the transaction ends. */
  static async load(
    db: Db,
    { ids, hints, placementIds: also = [] }: Wanted,
    lock: boolean,
    now: number,
  ): Promise<ServerLedger> {
    const inStacks = await placementsInStacks(db, stacksOf(hints));
    const own = (await allocationsOfServers(db, ids)).filter(({ source }) => source === "plan");
    const found = [
      ...(await placementsOf(db, ids, [...ids, ...orchestrationIdsOf(hints)])),
      ...(await placementsBy(db, "id", [...own.map(({ id }) => id), ...also])),
      ...inStacks
        .map(({ placement }) => placement)
        .filter((row) => hints.some(({ name }) => name === nameInStack(row))),
    ];
    const plans = await planHeads(db, [...new Set(found.map(({ planId }) => planId))], lock);
    // Read once the plans are locked: whoever reserves a placement locks only its plan.
    const placementIds = [...new Set(found.map(({ id }) => id))];
    const placements = await placementsBy(db, "id", placementIds);
    // Whoever a placement is linked to now may have to make room for one of these servers.
    const known = new Set(ids);
    const others = placements.map(({ resourceId }) => resourceId).filter((id) => id !== null && !known.has(id));
    const all = [...ids, ...(others as string[])];
    const holdings = new Map<string, Holding>();
    for (const { generation: _, ...row } of [
      ...(await allocationsOfServers(db, all)),
      // An existing VM of a file is known by its own id.
      ...(await allocationsByIds(db, [...placementIds, ...ids, ...also])),
    ])
      holdings.set(row.id, row);
    const lapsed = placements.filter(({ id }) => !holdings.has(id));
    return new ServerLedger(
      await serversByIds(db, all),
      await serverGroupsOf(db, [...new Set(hints.flatMap(({ groups }) => groups))], ids),
      plans,
      inStacks,
      placements,
      [...holdings.values()],
      await lapsedHoldings(db, lapsed, plans, now),
    );
  }

  /** The server groups of Nova that it is a member of, or that its hints name. */
  serverGroups(id: string, hinted: readonly string[]): ServerGroupRow[] {
    return this.#groups.filter((group) => group.members.includes(id) || hinted.includes(group.id));
  }

  /** What the server holds where it is, or where it was planned. */
  main(id: string): Holding | undefined {
    const rows = this.#holdingsOf(id).filter(({ source }) => source !== "held");
    return rows.find(({ source }) => source === "plan") ?? rows.find((row) => row.id === id) ?? rows[0];
  }

  /** What it holds elsewhere while it moves. */
  held(id: string): Holding | undefined {
    return this.#holdings.get(heldId(id));
  }

  holding(id: string): Holding | undefined {
    return this.#holdings.get(id);
  }

  /** What a placement that holds nothing, because it was given up, would hold where it was planned. */
  lapsed(placementId: string): Holding | undefined {
    return this.#lapsed.get(placementId);
  }

  put(row: Holding): void {
    const was = this.#holdings.get(row.id);
    if (isDeepStrictEqual(was, row)) return;
    if (was !== undefined) this.#index(was, false);
    this.#holdings.set(row.id, row);
    this.#index(row, true);
  }

  drop(id: string): void {
    const row = this.#holdings.get(id);
    if (row === undefined) return;
    this.#index(row, false);
    this.#holdings.delete(id);
  }

  /** All that the server holds but `but`. */
  dropAll(id: string, but?: string): void {
    for (const row of this.#holdingsOf(id)) if (row.id !== but) this.drop(row.id);
  }

  placement(id: string): PlacementRow | undefined {
    return this.#placements.get(id);
  }

  /** The placement that the server is linked to. */
  placementOf(serverId: string): PlacementRow | undefined {
    const id = this.#linked.get(serverId);
    return id === undefined ? undefined : this.#placements.get(id);
  }

  /** The placement that the server's hints mean, or of the plan that was made for this server alone. */
  meant(serverId: string, hint: Hinted | null): PlacementRow | undefined {
    const adHoc = this.#ofName(serverId).find((row) => this.isAdHoc(row));
    if (adHoc !== undefined || hint === null) return adHoc;
    const [byId] = hint.resourceUuid === null ? [] : this.#ofName(hint.resourceUuid);
    const found = byId ?? placementByName(hint, this.#inStacks);
    return found && this.#placements.get(found.id);
  }

  /** Was the plan made for this one server, whose id is the name of everything in it? */
  isAdHoc({ planId, orchestrationId }: PlacementRow): boolean {
    return this.#plans.get(planId)?.stackId === orchestrationId;
  }

  projectOf({ planId }: PlacementRow): string | undefined {
    return this.#plans.get(planId)?.projectId;
  }

  putPlacement(row: PlacementRow): void {
    const was = this.#placements.get(row.id);
    if (isDeepStrictEqual(was, row)) return;
    if (was?.resourceId && this.#linked.get(was.resourceId) === row.id) this.#linked.delete(was.resourceId);
    this.#placements.set(row.id, row);
    if (row.resourceId !== null) this.#linked.set(row.resourceId, row.id);
  }

  /** With what it holds. The plan goes with its last placement; if it stays, a repeat of the request is planned anew. */
  dropPlacement(row: PlacementRow): void {
    this.#placements.delete(row.id);
    this.drop(row.id);
    this.#outdated.add(row.planId);
  }

  /** The placement stays and holds nothing; a repeat of the request is planned anew. */
  lapse(row: PlacementRow): void {
    this.drop(row.id);
    this.putPlacement({ ...row, reserved: false });
    this.#outdated.add(row.planId);
  }

  /** Would `write` do anything? */
  get isChanged(): boolean {
    const { put, remove } = this.#change();
    return put.length + remove.length > 0 || this.#changedServers().length + this.#changedPlacements().length > 0;
  }

  /**
   * Would it be read as it was? For whoever knows that nothing was committed through the inventory since: reserving a
   * placement is not. Locks the plans. `ids`: those that were wanted.
   */
  async isCurrent(tx: Db, ids: readonly string[]): Promise<boolean> {
    // Names of placements in a stack may have been told meanwhile.
    if (this.#inStacks.length > 0) return false;
    const { placements } = this.#before;
    const plans = await planHeads(tx, [...this.#plans.keys()], true);
    if (!isDeepStrictEqual(plans, [...this.#plans.values()])) return false;
    const linked = await placementsBy(tx, "resourceId", ids);
    const known = await placementsBy(tx, "id", [...placements.keys()]);
    return linked.every(({ id }) => placements.has(id)) && isDeepStrictEqual(known, [...placements.values()]);
  }

  /** Writes all but the holdings, which the inventory commits. */
  async write(tx: Db, version: number): Promise<Change> {
    await putServers(tx, this.#changedServers());
    const changed = this.#changedPlacements();
    for (const row of changed) await updatePlacement(tx, { ...row, generation: version });
    const gone = [...this.#before.placements.values()].filter(({ id }) => !this.#placements.has(id));
    await deletePlacements(
      tx,
      gone.map(({ id }) => id),
    );
    for (const planId of new Set([...changed, ...gone].map((row) => row.planId))) {
      const { revision, requestHash } = this.#plans.get(planId)!;
      await updatePlan(tx, {
        id: planId,
        revision: revision + 1,
        generation: version,
        requestHash: this.#outdated.has(planId) ? "" : requestHash,
      });
    }
    await deleteEmptyPlans(tx, [...new Set(gone.map(({ planId }) => planId))]);
    return this.#change();
  }

  #holdingsOf(serverId: string): Holding[] {
    return [...(this.#ofServer.get(serverId) ?? [])].map((id) => this.#holdings.get(id)!);
  }

  #ofName(orchestrationId: string): PlacementRow[] {
    const ids = this.#named.get(orchestrationId) ?? [];
    return ids.map((id) => this.#placements.get(id)).filter((row) => row !== undefined);
  }

  #index(row: Holding, there: boolean): void {
    const server = row.resourceId ?? (row.source === "existing" ? row.id : null);
    if (server === null) return;
    const ids = this.#ofServer.get(server) ?? new Set();
    if (there) this.#ofServer.set(server, ids.add(row.id));
    else ids.delete(row.id);
  }

  #change(): Change {
    const { holdings } = this.#before;
    return {
      put: [...this.#holdings.values()].filter((row) => holdings.get(row.id) !== row),
      remove: [...holdings.keys()].filter((id) => !this.#holdings.has(id)),
    };
  }

  #changedServers(): ServerRow[] {
    return [...this.servers.values()].filter((row) => this.#before.servers.get(row.id) !== row);
  }

  #changedPlacements(): PlacementRow[] {
    return [...this.#placements.values()].filter((row) => this.#before.placements.get(row.id) !== row);
  }
}

async function lapsedHoldings(
  db: Db,
  placements: readonly PlacementRow[],
  plans: readonly PlanHead[],
  now: number,
): Promise<Holding[]> {
  const planIds = [...new Set(placements.map(({ planId }) => planId))];
  const applications = new Map((await applicationsOf(db, planIds)).map((row) => [row.id, row.application]));
  return plans.flatMap((plan) => {
    const application = applications.get(plan.id) as Application | undefined;
    if (application === undefined) return [];
    const known = new Set(application.vms.map(({ name }) => name));
    const places = placements.filter((row) => row.planId === plan.id && known.has(row.orchestrationId));
    return holdingsOf(plan, application, places, places, now);
  });
}
