import type { DataCenter, Explanation, Plan, Refusal } from "../core/model.ts";
import { columns } from "./columns.ts";
import { explanationTable } from "./explanation-table.ts";

/** VM, host and rack, then the objective beside its lower bound; then why each VM is where it is, if that is known. */
export function planTable(plan: Plan, dataCenter: DataCenter, explanation: Explanation | null): string {
  const rackOf = new Map(dataCenter.hosts.map((host) => [host.name, host.rack ?? "-"]));
  const placed = Object.entries(plan.placements).map(([vm, host]) => [vm, host, rackOf.get(host) ?? "-"]);
  const bounds: Readonly<Record<string, number>> = plan.bound;
  const levels = Object.entries(plan.objective).map(([level, value]) => {
    const bound = bounds[level];
    return [level, String(value), bound === undefined ? "" : `(at least ${bound})`];
  });
  const why = explanation === null ? [] : ["", explanationTable(explanation)];
  return [...columns([["VM", "HOST", "RACK"], ...placed]), "", ...columns(levels), verdict(plan), ...why].join("\n");
}

/** How far the plan may be from the best; a bound holds for the plans that are best in all levels before its own. */
function verdict({ optimal, objective, bound }: Plan): string {
  if (optimal) return "No plan is better in any level before left_bp (proven).";
  const values: Readonly<Record<string, number>> = { ...objective };
  const open = Object.entries(bound).find(([level, least]) => values[level]! > least);
  if (open === undefined) return "Not proven to be the best.";
  const [level, least] = open;
  return `Not proven to be the best: another plan may have up to ${Number((values[level]! - least).toFixed(3))} less of ${level}.`;
}

/** Why there is no place; with `explain` how many hosts each rule refused. */
export function refusalText(refusal: Refusal, explain: boolean): string {
  if (!explain) return `No place: ${refusal.reason}`;
  const counts = Object.entries(refusal.refused).map(([rule, hosts]) => [`  ${rule}`, String(hosts), "hosts refused"]);
  return [
    `No place: ${refusal.reason}`,
    "",
    `For ${refusal.vm}, after ${refusal.placedBefore} VMs had a place:`,
    ...columns(counts),
  ].join("\n");
}
