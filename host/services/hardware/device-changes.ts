import { isDeepStrictEqual } from "node:util";
import type { DeviceHolders, DeviceRow, DeviceValues } from "../../../db/queries/devices.ts";
import type { DeviceFacts } from "../../drivers/driver.ts";

/** What a listing changes in the store. */
export interface DeviceChanges {
  readonly added: readonly DeviceValues[];
  /** With the revision that the listing knew: what changed since stays as it is. */
  readonly changed: readonly (DeviceValues & Pick<DeviceRow, "id" | "revision">)[];
  readonly removed: readonly Pick<DeviceRow, "id" | "revision">[];
}

/**
 * A device that is down or not listed is forgotten, unless a node has it: then it is kept, as `error`, and is itself again
 * when it comes back.
 */
export function deviceChanges(
  stored: readonly DeviceRow[],
  listed: readonly DeviceFacts[],
  holders: DeviceHolders,
): DeviceChanges {
  const known = new Map(stored.map((row) => [row.resourceUri, row]));
  const seen = new Set<string>();
  const added: DeviceValues[] = [];
  const changed: DeviceChanges["changed"][number][] = [];
  for (const facts of listed) {
    const { resourceUri } = facts;
    const values = valuesOf(facts, holders);
    // Of a path that is listed twice the first counts.
    if (values === null || seen.has(resourceUri)) continue;
    seen.add(resourceUri);
    const row = known.get(resourceUri);
    if (row === undefined) added.push(values);
    else if (differs(row, values)) changed.push({ ...values, id: row.id, revision: row.revision });
  }
  const removed: Pick<DeviceRow, "id" | "revision">[] = [];
  for (const row of stored) {
    if (seen.has(row.resourceUri)) continue;
    const { id, revision } = row;
    const ours = holders.claimed.has(row.resourceUri) || (row.nodeIndex !== null && holders.nodes.has(row.nodeIndex));
    if (!ours) removed.push({ id, revision });
    else if (!row.down || row.state !== "error") changed.push({ ...row, state: "error", down: true });
  }
  return { added, changed, removed };
}

/** Null: it is down, and nobody has it. */
function valuesOf(facts: DeviceFacts, holders: DeviceHolders): DeviceValues | null {
  const { resourceUri, type, nodeIndex, pooledGroupId, properties, extra, down = false } = facts;
  const values = { resourceUri, type, nodeIndex, pooledGroupId, properties, extra, down };
  if (!down) return { ...values, state: facts.state };
  const held = nodeIndex !== null || facts.state === "allocated" || holders.claimed.has(resourceUri);
  return held ? { ...values, state: "error" } : null;
}

function differs(row: DeviceRow, values: DeviceValues): boolean {
  return (Object.keys(values) as (keyof DeviceValues)[]).some((name) => !isDeepStrictEqual(row[name], values[name]));
}
