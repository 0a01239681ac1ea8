// What a plan has, and what it has once parts of it are planned again.
import { allocationsOfPlan, heldWithoutPlan } from "../../db/queries/inventory.ts";
import {
  listPlacements,
  type PlacementRow,
  type PlanRow,
  updatePlacement,
  updatePlan,
} from "../../db/queries/plans.ts";
import type { Db } from "../../db/store.ts";
import type { Inventory } from "../core/inventory.ts";
import type { Application, Resources } from "../core/model.ts";
import { type Holding, holdingsOf } from "./holdings.ts";
import type { Change } from "./inventory.ts";
import type { Solved } from "./planner.ts";
import type { Standing } from "./replan.ts";
import { settle } from "./settle.ts";

/** The plan as the store has it. Placements of servers that the stack has no more are left out. */
export async function standingOf(db: Db, plan: PlanRow, inventory: Inventory): Promise<Standing> {
  const application = plan.application as Application;
  const vms = new Set(application.vms.map(({ name }) => name));
  const placements = (await listPlacements(db, plan.id)).filter(({ orchestrationId }) => vms.has(orchestrationId));
  return { application, placements, holdings: await holdingsIn(db, plan.id), inventory };
}

/** What the placements of a plan hold, by their ids. */
export async function holdingsIn(db: Db, planId: string): Promise<Map<string, Holding>> {
  const rows = await allocationsOfPlan(db, planId);
  return new Map(rows.map(({ generation: _, ...row }) => [row.id, row]));
}

/** What servers hold but not through placements. */
export async function holdingsBeside(db: Db, serverIds: readonly (string | null)[]): Promise<Holding[]> {
  const rows = await heldWithoutPlan(
    db,
    serverIds.filter((id) => id !== null),
  );
  return rows.map(({ generation: _, ...row }) => row);
}

/** As large as it is, which a resize that the stack does not know of may have changed. `holding`: first choice. */
export function sizeNow(vm: Resources, holding?: Holding): Resources {
  const { vcpus, ramMiB, diskGiB } = holding ?? vm;
  return { vcpus, ramMiB, diskGiB };
}

/** Writes the new hosts of what was solved; `change` says what else becomes of a placement. */
export async function relocate(
  tx: Db,
  version: number,
  plan: PlanRow,
  { application, placements, holdings }: Standing,
  solved: Solved,
  changed: (row: PlacementRow) => PlacementRow,
): Promise<{ rows: PlacementRow[]; change: Change }> {
  const hosts = new Map(Object.entries(solved.placements));
  const rows = placements.map((row) => changed({ ...row, location: hosts.get(row.orchestrationId) ?? row.location }));
  for (const row of rows.filter((row, at) => JSON.stringify(row) !== JSON.stringify(placements[at])))
    await updatePlacement(tx, { ...row, generation: version });
  await updatePlan(tx, { id: plan.id, revision: plan.revision + 1, generation: version });
  const planned = rows.filter(({ orchestrationId }) => hosts.has(orchestrationId));
  const sizes = new Map(solved.application.vms.map((vm) => [vm.name, sizeNow(vm)]));
  const now = Date.now();
  const wanted = holdingsOf(plan, application, planned, rows, now).map((want, at) => {
    const was = holdings.get(want.id);
    const { orchestrationId, resourceId } = planned[at]!;
    // Who holds it may be known before its placement is reserved.
    const kept = was === undefined ? {} : { groups: was.groups, projectId: was.projectId };
    return { ...want, ...sizes.get(orchestrationId), ...kept, resourceId: resourceId ?? was?.resourceId ?? null };
  });
  const beside = await holdingsBeside(
    tx,
    wanted.map(({ resourceId }) => resourceId),
  );
  return { rows, change: settle(wanted, holdings, beside, now) };
}
