// Computer systems as Valence shows them. Contract: drivers 1.8.

import { UpstreamError } from "../../../errors.ts";
import type { Assets, SystemView } from "../../driver.ts";
import type { RedfishClient, Resource } from "../client.ts";
import { memberPath } from "../reference.ts";
import { at, idOf, lastSegment, numberOf, textOf } from "../shapes.ts";
import { isCpu, partPaths, readAssets, readParts, storagePaths, sumGib, systemAssetPaths } from "./assets.ts";
import { ChassisTree } from "./chassis.ts";
import { rootLink } from "./links.ts";

/** All of them, side by side as far as the connection allows. @throws AppError as PodManager */
export async function readSystems(client: RedfishClient, signal: AbortSignal): Promise<SystemView[]> {
  const collection = await rootLink(client, "Systems", signal);
  if (collection === null) return [];
  const [systems, tree] = await Promise.all([client.members(collection, signal), ChassisTree.read(client, signal)]);
  return await client.all(systems, (system, inner) => systemView(client, system, tree, inner), signal);
}

/** @param id last segment of its path, or its Id. @throws UpstreamError 404, AppError as PodManager */
export async function readSystem(client: RedfishClient, id: string, signal: AbortSignal): Promise<SystemView> {
  const [system, tree] = await Promise.all([findSystem(client, id, signal), ChassisTree.read(client, signal)]);
  return await systemView(client, system, tree, signal);
}

/** @throws as `readSystem` */
export async function readSystemAssets(client: RedfishClient, id: string, signal: AbortSignal): Promise<Assets> {
  const system = await findSystem(client, id, signal);
  return await readAssets(client, await systemAssetPaths(client, system, signal), signal);
}

/** @throws as `readSystem` */
export async function findSystem(client: RedfishClient, id: string, signal: AbortSignal): Promise<Resource> {
  return await findMember(client, "Systems", id, signal);
}

/**
 * A member of one of the service root's collections.
 * @param id last segment of its path, or its Id; any text: it stays one segment
 */
export async function findMember(
  client: RedfishClient,
  name: "Systems" | "Nodes",
  id: string,
  signal: AbortSignal,
): Promise<Resource> {
  const collection = await rootLink(client, name, signal);
  if (collection !== null) {
    const direct = await client.find(memberPath(collection, id), signal);
    if (direct !== null) return direct;
    for (const member of await client.members(collection, signal)) if (idOf(member) === id) return member;
  }
  throw new UpstreamError(
    "pod-manager.refused",
    { status: 404, title: "Not Found" },
    `The pod manager has no ${id} in its ${name}.\nMaybe list them: ids are the last part of the path.`,
  );
}

/** One system, what its collections sum up to, and where it stands. */
async function systemView(
  client: RedfishClient,
  system: Resource,
  tree: ChassisTree,
  signal: AbortSignal,
): Promise<SystemView> {
  const { path, body } = system;
  const [processors, drives, interfaces] = await Promise.all([
    partPaths(client, body.Processors, signal).then((paths) => readParts(client, paths, signal)),
    storagePaths(client, body, signal).then((paths) => readParts(client, paths, signal)),
    partPaths(client, body.EthernetInterfaces, signal),
  ]);
  const cpus = processors.filter(isCpu).map((processor) => processor.body);
  const last = cpus.at(-1);
  return {
    id: lastSegment(path),
    resourceUri: path,
    uuid: textOf(body.UUID),
    name: textOf(body.Name),
    description: textOf(body.Description),
    powerState: textOf(body.PowerState),
    health: textOf(at(body, "Status", "Health")),
    cores: cpus.reduce((sum, cpu) => sum + (numberOf(cpu.TotalCores) ?? 0), 0),
    architecture: textOf(last?.InstructionSet),
    processorModel: textOf(last?.Model),
    ramGib: numberOf(at(body, "MemorySummary", "TotalSystemMemoryGiB")) ?? 0,
    storageGib: sumGib(drives),
    networks: interfaces.length,
    location: tree.locationOf(system),
    chassisId: tree.ofSystem(system)?.id ?? null,
    assetTag: textOf(body.AssetTag),
    raw: body,
  };
}
