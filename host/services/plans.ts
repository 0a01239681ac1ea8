import { randomUUID } from "node:crypto";
import { allocationsOfPlan } from "../../db/queries/inventory.ts";
import {
  deletePlacements,
  deletePlan,
  findPlan,
  findPlanOfStack,
  insertPlacements,
  insertPlan,
  listPlacements,
  listPlans,
  type PlacementRow,
  type PlanRow,
  updatePlan,
} from "../../db/queries/plans.ts";
import { serverGroupsOf } from "../../db/queries/servers.ts";
import type { Db, Store } from "../../db/store.ts";
import type { Application, Explanation, Vm } from "../core/model.ts";
import { type PlanRequest, type Server, toApplication } from "./application.ts";
import { serverGroupIdsIn } from "./application-server-groups.ts";
import { onlyVms } from "./below.ts";
import type { GroupService } from "./groups.ts";
import { type Holding, holdingsOf, sameSize } from "./holdings.ts";
import type { Caller } from "./identity.ts";
import type { InventoryService } from "./inventory.ts";
import { type Migration, prepareMigrate } from "./plan-migrate.ts";
import { prepareUpdate } from "./plan-update.ts";
import { hashOf, type PlanView, planNotFound, viewOf } from "./plan-view.ts";
import type { Planner, Prepared, Solved } from "./planner.ts";
import { released } from "./released.ts";
import { holdingsBeside, holdingsIn } from "./relocate.ts";
import { softly } from "./replan.ts";
import { settle } from "./settle.ts";

export type { Explanation } from "../core/model.ts";
export type { PlanRequest } from "./application.ts";
export type { Migration } from "./plan-migrate.ts";
export type { PlanView } from "./plan-view.ts";

/** A request, translated. */
interface Wanted {
  readonly request: PlanRequest;
  readonly projectId: string;
  readonly hash: string;
  readonly application: Application;
  readonly servers: readonly Server[];
}

/** What the store had of a stack when planning began. */
interface Before {
  readonly plan: PlanRow;
  readonly holdings: ReadonlyMap<string, Holding>;
  readonly placements: readonly PlacementRow[];
}

export interface PlanServiceOptions {
  readonly store: Store;
  readonly inventory: InventoryService;
  readonly planner: Planner;
  readonly groups: GroupService;
  readonly explainer: Explains;
}

/** As of core/task.ts; stated here as what this service needs of it. */
interface Explains {
  explain(
    inventory: InventoryService["inventory"],
    application: Application,
    placements: Readonly<Record<string, string>>,
    without?: readonly string[],
  ): Promise<Explanation | null>;
}

/** Plans of whole stacks. A plan is found by its id, else by its stack's. */
export class PlanService {
  readonly #options: PlanServiceOptions;

  constructor(options: PlanServiceOptions) {
    this.#options = options;
  }

  /**
   * Plans a stack; a repeat of the recorded request answers with the recorded plan. Another request for the same stack
   * replaces the plan and keeps its id. Null: there is no server in it, and nothing is stored.
   * @throws AppError of the translation, and placement.infeasible, placement.conflict, plan.unsound, store.unavailable
   */
  async create(caller: Caller, request: PlanRequest): Promise<PlanView | null> {
    const { planner } = this.#options;
    const { application, servers } = await this.#translate(caller, request);
    if (servers.length === 0) return null;
    const wanted = { request, projectId: caller.projectId, hash: hashOf(request), application, servers };
    return await planner.run((db) => prepare(db, wanted));
  }

  /**
   * Plans a stack that has changed: see prepareUpdate. Both states of it are translated, so that a fault in either is
   * told; without a server in the new one the plan stays as it is.
   * @param original the resources of the stack before, null: not told
   * @throws AppError as create does, and plan.not-found
   */
  async update(
    caller: Caller,
    idOrStackId: string,
    resources: PlanRequest["resources"],
    original: PlanRequest["resources"] | null,
  ): Promise<PlanView> {
    const { inventory, planner } = this.#options;
    const { id, stackId, name } = await this.find(idOrStackId);
    const request = { planName: name, stackId, resources };
    const { application, servers } = await this.#translate(caller, request);
    if (original !== null) await this.#translate(caller, { ...request, resources: original });
    const hash = hashOf(request);
    const before = original === null ? null : new Set(Object.keys(original));
    return await planner.run((db) =>
      prepareUpdate(db, id, { application, servers, original: before, hash }, inventory.inventory),
    );
  }

  /** Plans a server away from its host: see prepareMigrate. @throws AppError also placement.infeasible, .conflict */
  async migrate(idOrStackId: string, migration: Migration): Promise<PlanView> {
    const { inventory, planner } = this.#options;
    return await planner.run((db) => prepareMigrate(db, idOrStackId, migration, inventory.inventory));
  }

  async list(): Promise<PlanView[]> {
    return await this.#options.store.transaction(
      async (tx) => {
        const rows = new Map((await listPlans(tx)).map((plan) => [plan, [] as PlacementRow[]]));
        const byId = new Map([...rows].map(([{ id }, placements]) => [id, placements]));
        for (const placement of await listPlacements(tx)) byId.get(placement.planId)?.push(placement);
        return [...rows].map(([plan, placements]) => viewOf(plan, placements));
      },
      { snapshot: true },
    );
  }

  /** @throws AppError plan.not-found */
  async find(idOrStackId: string): Promise<PlanView> {
    return await this.#options.store.transaction(
      async (tx) => {
        const plan = await findPlan(tx, idOrStackId);
        if (plan === undefined) throw planNotFound();
        return viewOf(plan, await listPlacements(tx, plan.id));
      },
      { snapshot: true },
    );
  }

  /**
   * Why each server of a recorded plan is where it is, in the data center as it is now without the plan. Null: the plan
   * does not keep every rule any more, because hosts, other plans or its own placements have changed since.
   * @throws AppError plan.not-found, solver.broken
   */
  async explain(idOrStackId: string): Promise<Explanation | null> {
    const { store, inventory, explainer } = this.#options;
    const { application, placements, without } = await store.transaction(
      async (tx) => {
        const plan = await findPlan(tx, idOrStackId);
        if (plan === undefined) throw planNotFound();
        return {
          application: plan.application as Application,
          placements: await listPlacements(tx, plan.id),
          without: (await allocationsOfPlan(tx, plan.id)).map(({ id }) => id),
        };
      },
      { snapshot: true },
    );
    const known = new Set(application.vms.map(({ name }) => name));
    const placed = placements.filter(({ orchestrationId }) => known.has(orchestrationId));
    const hosts = Object.fromEntries(placed.map(({ orchestrationId, location }) => [orchestrationId, location]));
    const part = onlyVms(application, new Set(Object.keys(hosts)));
    return await explainer.explain(inventory.inventory, part, hosts, without);
  }

  /** Releases what was never built; built servers keep what they hold. @throws AppError plan.not-found */
  async remove(idOrStackId: string): Promise<void> {
    await this.#options.inventory.commit(async (tx) => {
      const plan = await findPlan(tx, idOrStackId, true);
      if (plan === undefined) throw planNotFound();
      const change = released(await allocationsOfPlan(tx, plan.id));
      await deletePlan(tx, plan.id);
      return { result: undefined, change };
    });
  }

  async #translate(caller: Caller, request: PlanRequest): Promise<{ application: Application; servers: Server[] }> {
    const { store, inventory, groups } = this.#options;
    const known = await groups.list();
    const ids = serverGroupIdsIn(Object.values(request.resources));
    const rows = ids.length === 0 ? [] : await store.read((db) => serverGroupsOf(db, ids, []));
    const serverGroups = new Map(rows.map((row) => [row.id, row]));
    return await inventory.withNames((names) =>
      toApplication(request, {
        projectId: caller.projectId,
        ...names,
        group: (idOrName) => known.find(({ id }) => id === idOrName) ?? known.find(({ name }) => name === idOrName),
        serverGroup: (id) => serverGroups.get(id),
      }),
    );
  }
}

async function prepare(db: Db, wanted: Wanted): Promise<Prepared<PlanView>> {
  const plan = await findPlanOfStack(db, wanted.request.stackId);
  const before = plan && {
    plan,
    placements: await listPlacements(db, plan.id),
    holdings: await holdingsIn(db, plan.id),
  };
  if (before?.plan.requestHash === wanted.hash) return { done: viewOf(before.plan, before.placements) };
  const known = new Map(before?.placements.map((row) => [row.orchestrationId, row.resourceId]));
  // A server that is there already and planned here again: an ad-hoc plan's key is its id.
  const ids = wanted.servers.flatMap(({ orchestrationId, resourceId }) => [
    orchestrationId,
    resourceId ?? orchestrationId,
    known.get(orchestrationId) ?? null,
  ]);
  return planning(wanted, before ?? null, await holdingsBeside(db, ids));
}

function planning(wanted: Wanted, before: Before | null, beside: readonly Holding[]): Prepared<PlanView> {
  const { replaced, left } = before === null ? { replaced: [], left: [] } : divide(before, wanted.servers);
  const without = [...replaced, ...beside].map(({ id }) => id);
  const settled = before === null ? null : withBuiltFixed(wanted.application, before);
  const kept = whereItIs(wanted.application, [...replaced, ...beside]);
  const applications = [kept, settled, wanted.application].filter((application) => application !== null);
  return {
    problems: softly(applications.map((application) => ({ application, without }))),
    async write(tx, version, solved) {
      const now = await findPlanOfStack(tx, wanted.request.stackId, true);
      if (now?.id !== before?.plan.id || now?.revision !== before?.plan.revision) return null;
      const rest = released(left);
      const { result, holdings } = await record(tx, version, wanted, before, beside, solved);
      const change = settle(holdings, before?.holdings ?? new Map(), beside, Date.now());
      const put = [...rest.put, ...change.put];
      const stay = new Set(put.map(({ id }) => id));
      const remove = [...rest.remove, ...change.remove, ...replaced.map(({ id }) => id)].filter((id) => !stay.has(id));
      return { result, change: { put, remove } };
    },
  };
}

/** The one server of the application fixed where it is planned or runs; null: that is not offered, or it is nowhere yet. */
function whereItIs({ vms, ...application }: Application, holdings: readonly Holding[]): Application | null {
  const [vm] = vms;
  const now = holdings.find(({ source }) => source !== "held");
  if (vm === undefined || vms.length > 1 || now === undefined) return null;
  if (vm.candidates !== undefined && !vm.candidates.includes(now.host)) return null;
  return { ...application, vms: [{ ...vm, fixed: now.host }] };
}

/** The application with servers that are reserved or built, and as large as before, fixed where they are; null: there is none. */
function withBuiltFixed(application: Application, { placements, holdings }: Before): Application | null {
  const places = new Map(placements.map((row) => [row.orchestrationId, row]));
  const isSettled = (vm: Vm): boolean => {
    const place = places.get(vm.name);
    const held = place && holdings.get(place.id);
    if (held === undefined || (held.resourceId === null && !place!.reserved)) return false;
    if (vm.candidates !== undefined && !vm.candidates.includes(held.host)) return false;
    return sameSize(vm, held);
  };
  if (!application.vms.some(isSettled)) return null;
  const vms = application.vms.map((vm) => (isSettled(vm) ? { ...vm, fixed: places.get(vm.name)!.location } : vm));
  return { ...application, vms };
}

/** Of a plan that is being replaced: what servers hold that are planned anew, and those that the stack has no more. */
function divide(
  { holdings, placements }: Before,
  servers: readonly Server[],
): { replaced: Holding[]; left: Holding[] } {
  const wanted = new Set(servers.map(({ orchestrationId }) => orchestrationId));
  const again = new Set(placements.filter((row) => wanted.has(row.orchestrationId)).map(({ id }) => id));
  const isReplaced = ({ id, resourceId }: Holding) => again.has(id) || resourceId === null;
  const all = [...holdings.values()];
  return { replaced: all.filter(isReplaced), left: all.filter((row) => !isReplaced(row)) };
}

async function record(
  tx: Db,
  version: number,
  { request, projectId, hash, application, servers }: Wanted,
  before: Before | null,
  beside: readonly Holding[],
  solved: Solved,
): Promise<{ result: PlanView; holdings: Holding[] }> {
  const plan: PlanRow = {
    id: before?.plan.id ?? randomUUID(),
    stackId: request.stackId,
    name: request.planName,
    projectId,
    requestHash: hash,
    application,
    revision: (before?.plan.revision ?? 0) + 1,
    generation: version,
  };
  // A server that is known keeps its placement, and one that is built stays known by its id, wherever it is planned now.
  const old = new Map(before?.placements.map((row) => [row.orchestrationId, row]));
  const rows = servers.map(({ orchestrationId, name, metadata }, position): PlacementRow => {
    const was = old.get(orchestrationId);
    const location = solved.placements[orchestrationId]!;
    return {
      id: was?.id ?? randomUUID(),
      planId: plan.id,
      position,
      orchestrationId,
      name,
      resourceId: was?.resourceId ?? null,
      location,
      reserved: was?.location === location && was.reserved,
      avoid: was?.avoid ?? [],
      metadata,
      generation: version,
    };
  });
  if (before === null) await insertPlan(tx, plan);
  else {
    await deletePlacements(
      tx,
      before.placements.map(({ id }) => id),
    );
    await updatePlan(tx, plan);
  }
  await insertPlacements(tx, rows);
  // The placement's own id of the server stays null until someone reserves it (contract), though it may be known already.
  const alive = new Set(beside.map(({ resourceId }) => resourceId));
  const places = rows.map((row, at) => {
    const known = row.resourceId ?? servers[at]!.resourceId ?? before?.holdings.get(row.id)?.resourceId;
    return { ...row, resourceId: known ?? (alive.has(row.orchestrationId) ? row.orchestrationId : null) };
  });
  return { result: viewOf(plan, rows), holdings: holdingsOf(plan, application, places, places, Date.now()) };
}
