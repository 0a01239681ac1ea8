import { findPlanOfStack, listPlacements, updatePlacement } from "../../db/queries/plans.ts";
import { allocationsOfServers } from "../../db/queries/servers.ts";
import type { Store } from "../../db/store.ts";
import { AppError } from "../errors.ts";
import type { HeatStack } from "../openstack/heat.ts";
import type { PlanRequest } from "./application.ts";
import type { Caller } from "./identity.ts";
import type { PlacementService } from "./placements.ts";
import type { PlanService, PlanView } from "./plans.ts";
import { type HintedServer, hintedServerOf, placementOf } from "./stack-hints.ts";
import { stackRequestOf } from "./stack-request.ts";

/** Where stacks are read. */
export interface StackSource {
  /** Null: there is no such stack. @throws AppError cloud.unavailable, cloud.unreadable */
  stack(id: string): Promise<HeatStack | null>;
}

/** Of the service at the moment, not of the stack. */
function isPassing(error: unknown): boolean {
  return error instanceof AppError && (error.code === "store.unavailable" || error.code === "placement.conflict");
}

export interface StackServiceOptions {
  readonly store: Store;
  readonly plans: PlanService;
  readonly placements: PlacementService;
  /** Null: there is no Heat to ask. */
  readonly source: StackSource | null;
  readonly log: (message: string, details: Record<string, unknown>) => void;
  /** A scheduler waits no longer for a stack to be read and planned, ms; default 15,000. */
  readonly patienceMs?: number;
}

/** Of a stack that could not be read nothing is asked for this long, ms. */
const REST_MS = 30_000;
/** Servers of a stack that has no place are refused for this long without planning it again, ms. */
const REFUSED_MS = 5_000;
const MOST_RESTING = 1000;

/**
 * Servers of stacks that reach a scheduler. Heat's convergence engine tells nobody of a stack before it begins, so the first
 * server that comes has its whole stack read and planned as one; the others find their place in that plan.
 */
export class StackService {
  readonly #options: StackServiceOptions;
  /** Root stack -> its planning, while it is under way. */
  readonly #underWay = new Map<string, Promise<void>>();
  /** Of all stacks, since the start. */
  #plannings = 0;
  /** Root stack -> until when it is left alone, and what its servers are refused with; null: they are planned one by one. */
  readonly #resting = new Map<string, { readonly until: number; readonly refusal: unknown }>();

  constructor(options: StackServiceOptions) {
    this.#options = options;
  }

  /**
   * As PlanService.create; but the request of an admin for one server with Heat's hints is answered with the server's place in
   * the plan of its stack, reserved. If the stack cannot be read in time, the server is planned alone; if it can and has no
   * place, the server is refused: alone it would break the rules of its stack.
   * @throws AppError as PlanService.create and PlacementService.reserve
   */
  async create(caller: Caller, request: PlanRequest): Promise<PlanView | null> {
    const { plans, log } = this.#options;
    // Others may not have stacks of any project read and planned.
    const server = caller.roles.includes("admin") ? hintedServerOf(request) : null;
    if (server === null) return await plans.create(caller, request);
    const before = this.#plannings;
    let placed = await this.#claimed(server);
    // The look may have come too early for a planning that has ended meanwhile.
    if (placed === null && this.#plannings !== before) placed = await this.#claimed(server);
    placed ??= await this.#plannedAndClaimed(server);
    if (placed !== null) return placed;
    log("a server is planned without its stack", { server: server.id, stack: server.rootStackId });
    return await plans.create(caller, request);
  }

  async #plannedAndClaimed(server: HintedServer): Promise<PlanView | null> {
    // A planning that was under way may have read the stack before it had this server.
    const joined = this.#underWay.get(server.rootStackId);
    if (joined !== undefined) {
      await this.#patiently(joined);
      const placed = await this.#claimed(server);
      if (placed !== null) return placed;
    }
    const rootStackId = server.rootStackId;
    let planning = this.#underWay.get(rootStackId);
    if (planning === undefined) {
      planning = this.#plan(rootStackId).finally(() => {
        this.#underWay.delete(rootStackId);
        this.#plannings++;
      });
      // Whoever waits is told of a refusal; there may be nobody left.
      planning.catch(() => {});
      this.#underWay.set(rootStackId, planning);
    }
    return (await this.#patiently(planning)) ? await this.#claimed(server) : null;
  }

  /** False: it takes too long; it goes on, for the servers that come later. */
  async #patiently(planning: Promise<void>): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const tooLong = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), this.#options.patienceMs ?? 15_000);
    });
    try {
      return await Promise.race([planning.then(() => true), tooLong]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whoever waits finds a place afterwards, or none. @throws as PlanService.create: the stack has no place */
  async #plan(rootStackId: string): Promise<void> {
    const { plans, source } = this.#options;
    if (source === null) return;
    const resting = this.#resting.get(rootStackId);
    if (resting !== undefined && resting.until > performance.now()) {
      if (resting.refusal === null) return;
      throw resting.refusal;
    }
    let wanted: { request: PlanRequest; projectId: string };
    try {
      wanted = await this.#read(source, rootStackId);
    } catch (error) {
      if (isPassing(error)) throw error;
      this.#rest("a stack cannot be planned as one", rootStackId, error, { ms: REST_MS, refusal: null });
      return;
    }
    try {
      await plans.create({ userId: "", projectId: wanted.projectId, roles: [] }, wanted.request);
    } catch (error) {
      if (isPassing(error)) throw error;
      this.#rest("a stack has no place", rootStackId, error, { ms: REFUSED_MS, refusal: error });
      throw error;
    }
  }

  async #read(source: StackSource, rootStackId: string): Promise<{ request: PlanRequest; projectId: string }> {
    const stack = await source.stack(rootStackId);
    if (stack === null) throw new AppError("cloud.unreadable", `Heat knows no stack ${rootStackId}`);
    const ids = stack.resources.flatMap(({ physicalId }) => (physicalId === null ? [] : [physicalId]));
    const { placements, held } = await this.#options.store.transaction(
      async (tx) => {
        const plan = await findPlanOfStack(tx, rootStackId);
        return {
          placements: plan === undefined ? [] : await listPlacements(tx, plan.id),
          held: await allocationsOfServers(tx, ids),
        };
      },
      { snapshot: true },
    );
    const hosts = new Map(held.map(({ resourceId, host }) => [resourceId!, host]));
    return { request: stackRequestOf(stack, placements, hosts), projectId: stack.projectId };
  }

  #rest(message: string, stack: string, error: unknown, { ms, refusal }: { ms: number; refusal: unknown }): void {
    this.#options.log(message, { stack, reason: error instanceof Error ? error.message : String(error) });
    this.#resting.set(stack, { until: performance.now() + ms, refusal });
    if (this.#resting.size > MOST_RESTING) this.#resting.delete(this.#resting.keys().next().value!);
  }

  /** The server's place in the plan of its stack, reserved; null: the plan has none, or there is no plan. */
  async #claimed(server: HintedServer): Promise<PlanView | null> {
    const { store, placements } = this.#options;
    const claimed = await store.transaction(async (tx) => {
      const plan = await findPlanOfStack(tx, server.rootStackId, true);
      if (plan === undefined || plan.projectId !== (server.projectId ?? plan.projectId)) return null;
      const place = placementOf(server, await listPlacements(tx, plan.id));
      if (place === undefined) return null;
      // From now on it is this server's: its name, path and Heat's id are known.
      await updatePlacement(tx, { id: place.id, metadata: { ...place.metadata, ...server.hints } });
      return { plan, place };
    });
    if (claimed === null) return null;
    const { plan, place } = claimed;
    const { id: resourceId, locations, flavor } = server;
    const reserved = await placements.reserve(place.id, {
      action: "reserve",
      resourceId,
      locations,
      ...(flavor === null ? {} : { flavor }),
    });
    const { id, stackId, name } = plan;
    // Whoever asked knows the server by its own id only.
    return { id, stackId, name, placements: [{ ...reserved, orchestrationId: resourceId }] };
  }
}
