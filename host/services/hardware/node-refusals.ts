// What is refused of nodes and devices, and in which words.
import { findNode, listNodes, type NodeRow } from "../../../db/queries/composed-nodes.ts";
import type { DeviceRow } from "../../../db/queries/devices.ts";
import type { Db } from "../../../db/store.ts";
import type { DeviceFacts } from "../../drivers/driver.ts";
import { AppError } from "../../errors.ts";

/** By id, else by a name that only one has. @throws AppError node.not-found, node.ambiguous */
export async function found(db: Db, ident: string): Promise<NodeRow> {
  const byId = await findNode(db, ident);
  if (byId !== undefined) return byId;
  const named = await listNodes(db, { name: ident });
  if (named.length > 1)
    throw new AppError(
      "node.ambiguous",
      `${named.length} nodes are named "${ident}".\nUse the uuid of one: ${named
        .slice(0, 10)
        .map(({ id }) => id)
        .join(", ")}`,
    );
  return named[0] ?? missing(ident);
}

export function missing(ident: string): never {
  throw new AppError("node.not-found", `Node ${ident} not found`);
}

export function noDevice(id: string): never {
  throw new AppError("device.not-found", `Device ${id} not found`);
}

export function managed(index: string, id: string | null): AppError {
  return new AppError("node.managed", `Node ${index} is managed already${id === null ? "" : `, as ${id}`}`);
}

export function unsupported(action: string): AppError {
  return new AppError("request.invalid", `Unsupported action: ${action}; this pod manager takes attach and detach`);
}

export function immovable(): AppError {
  return new AppError("pod-manager.unsupported", "devices cannot be attached or detached at this pod manager");
}

/** A device that cannot be attached. @throws AppError device.assigned, device.busy */
export function refuseAssigned({ id, nodeIndex, state, down }: DeviceRow): void {
  if (nodeIndex !== null)
    throw new AppError("device.assigned", `Device ${id} is already assigned to node ${nodeIndex}`);
  if (state !== "free" || down)
    throw new AppError("device.busy", `device ${id} is ${down ? "down" : `in state ${state}`}`);
}

/** A device that is not at the node. @throws AppError device.busy */
export function refuseElsewhere({ id, index }: NodeRow, device: DeviceRow): void {
  if (device.nodeIndex === index) return;
  throw new AppError(
    "device.busy",
    `Device ${device.id} is at node ${device.nodeIndex ?? "?"}, not at ${index} (${id})`,
  );
}

/** As drivers know it. */
export function factsOf({
  resourceUri,
  state,
  nodeIndex,
  pooledGroupId,
  type,
  properties,
  extra,
  down,
}: DeviceRow): DeviceFacts {
  return { resourceUri, state, nodeIndex, pooledGroupId, type, properties, extra, down };
}
