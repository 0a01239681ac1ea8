// From what servers hold to what they are planned to hold.
import { type Holding, heldBeside, sameSize } from "./holdings.ts";
import type { Change } from "./inventory.ts";

/**
 * The change from what the servers of a plan hold to `wanted`. A server that runs and is planned elsewhere goes on
 * holding what it needs where it runs, until the cloud tells that it has moved.
 * @param before what the placements hold, by the id of the placement
 * @param others what the servers hold besides: left by an earlier plan, unplanned, or while they move
 */
export function settle(
  wanted: readonly Holding[],
  before: ReadonlyMap<string, Holding>,
  others: readonly Holding[],
  now: number,
): Change {
  const put: Holding[] = [];
  const remove = new Set(others.map(({ id }) => id));
  for (const want of wanted) {
    const { resourceId } = want;
    const mine = resourceId === null ? [] : others.filter((row) => row.resourceId === resourceId);
    const was = before.get(want.id) ?? mine.find(({ source }) => source !== "held");
    if (was === undefined) {
      put.push(want);
      continue;
    }
    const stays = was.host === want.host && sameSize(was, want);
    // Where it runs: as it holds now, or, while it is on its way there, beside that.
    const held = mine.find(({ source }) => source === "held");
    const runs = was.plannedAt === null && was.resourceId !== null ? was : held;
    const isBack = runs !== undefined && runs.host === want.host && sameSize(runs, want);
    put.push({ ...want, plannedAt: isBack ? null : stays ? was.plannedAt : now });
    if (runs === undefined || resourceId === null || runs.host === want.host) continue;
    const beside = heldBeside(resourceId, want, runs.host, runs);
    put.push(beside);
    remove.delete(beside.id);
  }
  for (const { id } of put) remove.delete(id);
  return { put, remove: [...remove] };
}
