import { createHash, randomUUID } from "node:crypto";
import { type AllocationRow, allocationsOfPlan, orphansOf } from "../../db/queries/inventory.ts";
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
import type { Db, Store } from "../../db/store.ts";
import type { Application, Explanation, Vm } from "../core/model.ts";
import { AppError } from "../errors.ts";
import { type PlanRequest, type Server, toApplication } from "./application.ts";
import { groupKeysOf } from "./below.ts";
import type { GroupService } from "./groups.ts";
import type { Caller } from "./identity.ts";
import type { Change, Decision, InventoryService } from "./inventory.ts";
import { type PlacementView, placementViewOf } from "./placement-view.ts";
import type { Planner, Prepared, Solved } from "./planner.ts";
import { released } from "./released.ts";

export type { Explanation } from "../core/model.ts";
export type { PlanRequest } from "./application.ts";

export interface PlanView {
  id: string;
  stackId: string;
  name: string;
  /** In the order of the request. */
  placements: PlacementView[];
}

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
  readonly allocations: readonly AllocationRow[];
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
    const { inventory, groups, planner } = this.#options;
    const known = await groups.list();
    const { application, servers } = toApplication(request, {
      projectId: caller.projectId,
      flavor: (nameOrId) => inventory.flavor(nameOrId),
      group: (idOrName) => known.find(({ id }) => id === idOrName) ?? known.find(({ name }) => name === idOrName),
      zones: inventory.zones,
    });
    if (servers.length === 0) return null;
    const wanted = { request, projectId: caller.projectId, hash: hashOf(request), application, servers };
    return await planner.run((db) => prepare(db, wanted));
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
        if (plan === undefined) throw notFound();
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
        if (plan === undefined) throw notFound();
        return {
          application: plan.application as Application,
          placements: await listPlacements(tx, plan.id),
          without: (await allocationsOfPlan(tx, plan.id)).map(({ id }) => id),
        };
      },
      { snapshot: true },
    );
    const hosts = Object.fromEntries(placements.map(({ orchestrationId, location }) => [orchestrationId, location]));
    return await explainer.explain(inventory.inventory, application, hosts, without);
  }

  /** Releases what was never built; built servers keep what they hold. @throws AppError plan.not-found */
  async remove(idOrStackId: string): Promise<void> {
    await this.#options.inventory.commit(async (tx) => {
      const plan = await findPlan(tx, idOrStackId, true);
      if (plan === undefined) throw notFound();
      const change = released(await allocationsOfPlan(tx, plan.id));
      await deletePlan(tx, plan.id);
      return { result: undefined, change };
    });
  }
}

async function prepare(db: Db, wanted: Wanted): Promise<Prepared<PlanView>> {
  const plan = await findPlanOfStack(db, wanted.request.stackId);
  const before = plan && {
    plan,
    placements: await listPlacements(db, plan.id),
    allocations: await allocationsOfPlan(db, plan.id),
  };
  if (before?.plan.requestHash === wanted.hash) return { done: viewOf(before.plan, before.placements) };
  // A server that an earlier plan left behind and that is planned here again: an ad-hoc plan's key is its id.
  const ids = wanted.servers.flatMap(({ orchestrationId, resourceId }) => [
    orchestrationId,
    resourceId ?? orchestrationId,
  ]);
  return planning(wanted, before ?? null, await orphansOf(db, ids));
}

function planning(wanted: Wanted, before: Before | null, orphans: readonly AllocationRow[]): Prepared<PlanView> {
  const { replaced, left } = before === null ? { replaced: [], left: [] } : divide(before, wanted.servers);
  const without = [...replaced, ...orphans].map(({ id }) => id);
  const settled = before === null ? null : withBuiltFixed(wanted.application, before);
  return {
    problems: [...(settled === null ? [] : [settled]), wanted.application].map((application) => ({
      application,
      without,
    })),
    async write(tx, version, solved) {
      const now = await findPlanOfStack(tx, wanted.request.stackId, true);
      if (now?.id !== before?.plan.id || now?.revision !== before?.plan.revision) return null;
      const kept = released(left);
      const { result, change } = await record(tx, version, wanted, before, solved);
      return { result, change: { put: [...kept.put, ...change.put], remove: [...kept.remove, ...without] } };
    },
  };
}

/** The application with servers that are reserved or built, and as large as before, fixed where they are; null: there is none. */
function withBuiltFixed(application: Application, { placements, allocations }: Before): Application | null {
  const allocation = new Map(allocations.map((row) => [row.id, row]));
  const places = new Map(placements.map((row) => [row.orchestrationId, row]));
  const isSettled = (vm: Vm): boolean => {
    const place = places.get(vm.name);
    const held = place && allocation.get(place.id);
    if (held === undefined || (held.resourceId === null && !place!.reserved)) return false;
    if (vm.candidates !== undefined && !vm.candidates.includes(held.host)) return false;
    return vm.vcpus === held.vcpus && vm.ramMiB === held.ramMiB && vm.diskGiB === held.diskGiB;
  };
  if (!application.vms.some(isSettled)) return null;
  const vms = application.vms.map((vm) => (isSettled(vm) ? { ...vm, fixed: places.get(vm.name)!.location } : vm));
  return { ...application, vms };
}

/** Of a plan that is being replaced: allocations of servers planned anew, and of those that the stack has no more. */
function divide(
  { allocations, placements }: Before,
  servers: readonly Server[],
): { replaced: AllocationRow[]; left: AllocationRow[] } {
  const wanted = new Set(servers.map(({ orchestrationId }) => orchestrationId));
  const again = new Set(placements.filter((row) => wanted.has(row.orchestrationId)).map(({ id }) => id));
  const isReplaced = ({ id, resourceId }: AllocationRow) => again.has(id) || resourceId === null;
  return { replaced: allocations.filter(isReplaced), left: allocations.filter((row) => !isReplaced(row)) };
}

async function record(
  tx: Db,
  version: number,
  { request, projectId, hash, application, servers }: Wanted,
  before: Before | null,
  solved: Solved,
): Promise<Required<Decision<PlanView>>> {
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
  // A server that is built stays known by its id, wherever it is planned now.
  const old = new Map(before?.placements.map((row) => [row.orchestrationId, row]));
  const rows = servers.map(({ orchestrationId, name, metadata }, position): PlacementRow => {
    const was = old.get(orchestrationId);
    const location = solved.placements[orchestrationId]!;
    return {
      id: randomUUID(),
      planId: plan.id,
      position,
      orchestrationId,
      name,
      resourceId: was?.resourceId ?? null,
      location,
      reserved: was?.location === location && was.reserved,
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
  return { result: viewOf(plan, rows), change: { put: allocationsFor(plan, application, servers, rows), remove: [] } };
}

function allocationsFor(
  plan: PlanRow,
  application: Application,
  servers: readonly Server[],
  rows: readonly PlacementRow[],
): Change["put"] {
  const vms = new Map(application.vms.map((vm) => [vm.name, vm]));
  const keys = groupKeysOf(application);
  const pipes = pipesByVm(application, new Map(rows.map(({ id, orchestrationId }) => [orchestrationId, id])));
  return rows.map(({ id, orchestrationId, location }, i) => {
    const { vcpus, ramMiB, diskGiB } = vms.get(orchestrationId)!;
    return {
      id,
      source: "plan",
      host: location,
      vcpus,
      ramMiB,
      diskGiB,
      groups: keys.get(orchestrationId)!,
      pipes: pipes.get(orchestrationId) ?? [],
      planId: plan.id,
      projectId: plan.projectId,
      // The placement's own stays null until someone reserves it (contract), though the server may be known already.
      resourceId: rows[i]!.resourceId ?? servers[i]!.resourceId,
    };
  });
}

/** VM name -> its pipes as allocations keep them: each on one of its two VMs. `idOf`: VM name -> id of its allocation. */
function pipesByVm(application: Application, idOf: ReadonlyMap<string, string>): Map<string, AllocationRow["pipes"]> {
  const pipes = new Map<string, AllocationRow["pipes"]>();
  for (const { a, b, kbps } of application.pipes ?? [])
    pipes.set(a, [...(pipes.get(a) ?? []), { peer: idOf.get(b)!, kbps }]);
  return pipes;
}

/** Equal for requests that ask for the same, in whatever order their keys stand. */
function hashOf({ resources, locations }: PlanRequest): string {
  const sorted = (_: string, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return createHash("sha256")
    .update(JSON.stringify([resources, locations ?? null], sorted))
    .digest("hex");
}

function viewOf(plan: Pick<PlanRow, "id" | "stackId" | "name">, placements: readonly PlacementRow[]): PlanView {
  return { id: plan.id, stackId: plan.stackId, name: plan.name, placements: placements.map(placementViewOf) };
}

function notFound(): AppError {
  return new AppError("plan.not-found", "Plan not found");
}
