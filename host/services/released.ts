import type { Holding } from "./holdings.ts";
import type { Change } from "./inventory.ts";

/** What becomes of allocations whose placements go: what was never built is free again, the rest waits for its end. */
export function released(allocations: readonly Holding[]): Change {
  return {
    put: allocations
      .filter(({ resourceId }) => resourceId !== null)
      .map((row) => ({ ...row, source: "orphan", planId: null })),
    remove: allocations.filter(({ resourceId }) => resourceId === null).map(({ id }) => id),
  };
}
