// `update` of a plan: the stack has other servers, or other flavors, than before.
import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import {
  deletePlacements,
  findPlan,
  insertPlacements,
  listPlacements,
  type PlacementRow,
  updatePlacement,
  updatePlan,
} from "../../db/queries/plans.ts";
import type { Db } from "../../db/store.ts";
import type { Inventory } from "../core/inventory.ts";
import type { Application, Vm } from "../core/model.ts";
import type { Server } from "./application.ts";
import { onlyVms } from "./below.ts";
import { holdingsOf, sameSize } from "./holdings.ts";
import { type PlanView, planNotFound, viewOf } from "./plan-view.ts";
import type { Prepared } from "./planner.ts";
import { holdingsBeside, holdingsIn, sizeNow } from "./relocate.ts";
import { isLoose, replanProblem, softly } from "./replan.ts";
import { settle } from "./settle.ts";

/** The stack as it is to be, translated. */
export interface Update {
  readonly application: Application;
  readonly servers: readonly Server[];
  /** Orchestration ids that the stack had before; null: not told. */
  readonly original: ReadonlySet<string> | null;
  readonly hash: string;
}

/**
 * Servers that are known stay where they are, but for those whose flavor changed; new ones are placed, and what is
 * neither reserved nor built may move if there is no other way. A placement that the stack has no more goes if it has no
 * server. A server that the stack had before and that has no placement any more was deleted, and is not planned again.
 * @throws AppError plan.not-found
 */
export async function prepareUpdate(
  db: Db,
  idOrStackId: string,
  update: Update,
  inventory: Inventory,
): Promise<Prepared<PlanView>> {
  const plan = await findPlan(db, idOrStackId);
  if (plan === undefined) throw planNotFound();
  const placements = await listPlacements(db, plan.id);
  const known = matched(update.servers, placements);
  const servers = update.servers.filter(({ orchestrationId: id }) => known.has(id) || !update.original?.has(id));
  if (servers.length === 0 || plan.requestHash === update.hash) return { done: viewOf(plan, placements) };

  const application = onlyVms(update.application, new Set(servers.map(({ orchestrationId }) => orchestrationId)));
  const holdings = await holdingsIn(db, plan.id);
  const rows = servers.map(({ orchestrationId, name, metadata }, position): PlacementRow => {
    const was = known.get(orchestrationId);
    const fresh = { id: randomUUID(), planId: plan.id, name, resourceId: null, metadata, generation: 0 };
    return { ...fresh, location: "", reserved: false, avoid: [], ...was, orchestrationId, position };
  });
  const before = new Map((plan.application as Application).vms.map((vm) => [vm.name, vm]));
  const isOther = (row: PlacementRow, vm: Vm) => {
    const was = before.get(known.get(row.orchestrationId)?.orchestrationId ?? "");
    return !holdings.has(row.id) || was === undefined || !sameSize(was, vm);
  };
  const vms = new Map(application.vms.map((vm) => [vm.name, vm]));
  const others = new Set(rows.filter((row) => isOther(row, vms.get(row.orchestrationId)!)).map(({ id }) => id));
  const standing = { application, placements: rows, holdings, inventory };
  const wanted = new Map([...others].map((id) => [id, (vm: Vm) => vm]));
  const careful = replanProblem(standing, wanted, () => false);
  const canMove = rows.some((row) => !others.has(row.id) && isLoose(row));
  return {
    problems: softly(canMove ? [careful, replanProblem(standing, wanted, isLoose)] : [careful]),
    write: async (tx, version, solved) => {
      const now = await findPlan(tx, plan.id, true);
      if (now?.revision !== plan.revision) return null;
      const placed = rows.map((row): PlacementRow => {
        const location = solved.placements[row.orchestrationId] ?? row.location;
        return { ...row, location, reserved: row.reserved && location === row.location, generation: version };
      });
      const stay = new Set(rows.map(({ id }) => id));
      const vanished = placements.filter(({ id }) => !stay.has(id));
      const isServer = ({ id, resourceId }: PlacementRow) =>
        resourceId !== null || holdings.get(id)?.resourceId != null;
      const left = vanished.filter(isServer);
      const gone = vanished.filter((row) => !isServer(row)).map(({ id }) => id);
      await deletePlacements(tx, gone);
      const old = new Map(placements.map((row) => [row.id, row]));
      for (const row of placed) {
        const was = old.get(row.id);
        if (was !== undefined && !isDeepStrictEqual(was, { ...row, generation: was.generation }))
          await updatePlacement(tx, row);
      }
      await insertPlacements(
        tx,
        placed.filter(({ id }) => !old.has(id)),
      );
      await updatePlan(tx, {
        id: plan.id,
        application,
        requestHash: update.hash,
        revision: plan.revision + 1,
        generation: version,
      });
      const places = placed.map((row, at) => ({
        ...row,
        resourceId: row.resourceId ?? holdings.get(row.id)?.resourceId ?? servers[at]!.resourceId,
      }));
      const at = Date.now();
      const holding = holdingsOf(plan, application, places, places, at).map((want) =>
        others.has(want.id) ? want : { ...want, ...sizeNow(holdings.get(want.id)!) },
      );
      const change = settle(
        holding,
        holdings,
        await holdingsBeside(
          tx,
          places.map(({ resourceId }) => resourceId),
        ),
        at,
      );
      const result = viewOf({ ...plan }, [...placed, ...left]);
      return { result, change: { put: change.put, remove: [...change.remove, ...gone] } };
    },
  };
}

/**
 * Orchestration id -> the placement of this server: the one with its id, else that of the same server in the cloud, else
 * that of the same name and place in the stack (Heat's plugin makes ids up for servers that do not exist yet).
 */
function matched(servers: readonly Server[], placements: readonly PlacementRow[]): Map<string, PlacementRow> {
  const known = new Map<string, PlacementRow>();
  const open = new Set(placements);
  const match = (isSame: (server: Server, row: PlacementRow) => boolean) => {
    for (const server of servers) {
      if (known.has(server.orchestrationId)) continue;
      for (const row of open)
        if (isSame(server, row)) {
          known.set(server.orchestrationId, row);
          open.delete(row);
          break;
        }
    }
  };
  const byId = new Map(placements.map((row) => [row.orchestrationId, row]));
  for (const { orchestrationId } of servers) {
    const row = byId.get(orchestrationId);
    if (row === undefined) continue;
    known.set(orchestrationId, row);
    open.delete(row);
  }
  match(({ resourceId }, row) => resourceId !== null && row.resourceId === resourceId);
  match(
    ({ metadata: { heat_resource_name: name, heat_path_in_stack: path } }, { metadata }) =>
      name !== undefined &&
      metadata.heat_resource_name === name &&
      isDeepStrictEqual(metadata.heat_path_in_stack, path),
  );
  return known;
}
