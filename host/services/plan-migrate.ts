// `migrate` of a plan: one server goes to another host.
import { findPlan } from "../../db/queries/plans.ts";
import type { Db } from "../../db/store.ts";
import type { Inventory } from "../core/inventory.ts";
import { LEVELS, type Vm } from "../core/model.ts";
import { AppError } from "../errors.ts";
import { type PlanView, planNotFound, viewOf } from "./plan-view.ts";
import type { Prepared } from "./planner.ts";
import { relocate, sizeNow, standingOf } from "./relocate.ts";
import { replanProblem, softly, tiedTo, unbound } from "./replan.ts";

export interface Migration {
  /** Id of the server, or its orchestration id. */
  readonly server: string;
  /** Hosts that are no choice; the present one never is. */
  readonly excludedHosts: readonly string[];
}

/**
 * The server leaves its host, with those that affinity keeps on one host with it. All others stay; when there is no
 * place like that, all that affinity ties to it at any level may move too. The whole plan is unreserved afterwards.
 * @throws AppError plan.not-found, request.invalid when the server is none of the plan
 */
export async function prepareMigrate(
  db: Db,
  idOrStackId: string,
  { server, excludedHosts }: Migration,
  inventory: Inventory,
): Promise<Prepared<PlanView>> {
  const plan = await findPlan(db, idOrStackId);
  if (plan === undefined) throw planNotFound();
  const before = await standingOf(db, plan, inventory);
  const { application, placements, holdings } = before;
  const target =
    placements.find(({ resourceId }) => resourceId === server) ??
    placements.find(({ orchestrationId }) => orchestrationId === server);
  if (target === undefined)
    throw new AppError("request.invalid", `Unknown resource or orchestration id: ${server} is none of this plan`);

  const away = (id: string, hosts: readonly string[]) => (vm: Vm) => ({
    ...unbound(vm),
    ...sizeNow(vm, holdings.get(id)),
    excluded: hosts,
  });
  const idsOf = (vms: ReadonlySet<string>) =>
    placements.filter(({ orchestrationId }) => vms.has(orchestrationId)).map(({ id }) => id);
  const leaving = idsOf(tiedTo(application, target.orchestrationId, ["host"]));
  const near = new Map(leaving.map((id) => [id, away(id, [...new Set([target.location, ...excludedHosts])])]));
  const whole = new Map(
    idsOf(tiedTo(application, target.orchestrationId, LEVELS)).map((id) => [id, away(id, excludedHosts)]),
  );
  const choices = whole.size > near.size ? [near, new Map([...whole, ...near])] : [near];
  return {
    problems: softly(choices.map((wanted) => replanProblem(before, wanted, () => false))),
    write: async (tx, version, solved) => {
      const now = await findPlan(tx, plan.id, true);
      if (now?.revision !== plan.revision) return null;
      const { rows, change } = await relocate(tx, version, plan, before, solved, (row) => ({
        ...row,
        reserved: false,
      }));
      return { result: viewOf(plan, rows), change };
    },
  };
}
