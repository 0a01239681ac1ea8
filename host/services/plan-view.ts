import { createHash } from "node:crypto";
import type { PlacementRow, PlanRow } from "../../db/queries/plans.ts";
import { AppError } from "../errors.ts";
import type { PlanRequest } from "./application.ts";
import { type PlacementView, placementViewOf } from "./placement-view.ts";

/** Where the servers of a stack go. */
export interface PlanView {
  id: string;
  stackId: string;
  name: string;
  /** In the order of the request. */
  placements: PlacementView[];
}

/** Equal for requests that ask for the same, in whatever order their keys stand. */
export function hashOf({ resources, locations }: PlanRequest): string {
  const sorted = (_: string, value: unknown) =>
    typeof value === "object" && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value;
  return createHash("sha256")
    .update(JSON.stringify([resources, locations ?? null], sorted))
    .digest("hex");
}

export function viewOf(plan: Pick<PlanRow, "id" | "stackId" | "name">, placements: readonly PlacementRow[]): PlanView {
  return { id: plan.id, stackId: plan.stackId, name: plan.name, placements: placements.map(placementViewOf) };
}

export function planNotFound(): AppError {
  return new AppError("plan.not-found", "Plan not found");
}
