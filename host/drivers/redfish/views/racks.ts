// Racks and the systems in them. Contract: drivers 1.7.

import type { RackView } from "../../driver.ts";
import type { RedfishClient } from "../client.ts";
import { textOf } from "../shapes.ts";
import { ChassisTree } from "./chassis.ts";
import { ifGiven } from "./part.ts";

/** Every chassis of type Rack. Systems without a UUID are not named. @throws AppError as PodManager */
export async function readRacks(client: RedfishClient, signal: AbortSignal): Promise<RackView[]> {
  const tree = await ChassisTree.read(client, signal);
  const racks = tree.all
    .filter(({ type }) => type === "Rack")
    .map((rack) => ({ rack, systems: tree.systemsBelow(rack) }));
  const paths = [...new Set(racks.flatMap(({ systems }) => systems))];
  const uuids = new Map(
    await client.all(
      paths,
      async (path, inner) => [path, textOf((await ifGiven(client.find(path, inner), null))?.body.UUID)] as const,
      signal,
    ),
  );
  return racks.map(({ rack, systems }) => {
    const found = systems.map((path) => uuids.get(path) ?? null);
    return {
      id: rack.id,
      name: textOf(rack.body.Name),
      systems: [...new Set(found.filter((uuid) => uuid !== null))],
      manufacturer: textOf(rack.body.Manufacturer),
      model: textOf(rack.body.Model),
      description: textOf(rack.body.Description),
      serialNumber: textOf(rack.body.SerialNumber),
    };
  });
}
