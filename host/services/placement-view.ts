import type { PlacementRow } from "../../db/queries/plans.ts";

/** Where one server of a plan goes. */
export interface PlacementView {
  id: string;
  name: string;
  orchestrationId: string;
  /** Id of the server once somebody has told it. */
  resourceId: string | null;
  /** Host name. */
  location: string;
  reserved: boolean;
  planId: string;
  metadata: Record<string, unknown>;
}

export function placementViewOf(row: PlacementRow): PlacementView {
  const { id, name, orchestrationId, resourceId, location, reserved, planId, metadata } = row;
  return { id, name, orchestrationId, resourceId, location, reserved, planId, metadata };
}
