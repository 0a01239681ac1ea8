// What a CompositionService offers: its blocks with what they hold, its zones, and how it wants to be asked.
// Contract: drivers, 3.1.

import { AppError } from "../../errors.ts";
import type { RedfishClient, Resource } from "../redfish/client.ts";
import { at, booleanOf, type Fields, lastSegment, listOf, numberOf, recordOf, textOf } from "../redfish/shapes.ts";
import { ChassisTree } from "../redfish/views/chassis.ts";
import { linkOf, linksOf, rootLink } from "../redfish/views/links.ts";
import { BLOCK_TYPES, type Block, blockOf } from "./block.ts";
import type { Zone } from "./choose.ts";
import type { HoldingsReader } from "./parts.ts";

/** How a system is asked for in a zone: by its blocks, by what it shall have, or by a manifest. */
export type Way = "specific" | "constrained" | "manifest";

export interface OfferedZone extends Zone {
  readonly id: string | null;
  readonly way: Way;
  /** Path of the collection systems are made in. */
  readonly target: string;
  /** What may be sent when a system is made, by property; null: the service does not say. */
  readonly capabilities: Fields | null;
}

export interface Service {
  readonly body: Fields;
  readonly systems: string;
  /** Target of the action Compose; null: there is none. */
  readonly compose: string | null;
  readonly zoneAffinity: boolean;
  readonly overprovisioning: boolean;
}

/** @throws AppError pod-manager.unsupported when the service does not compose */
export async function readService(client: RedfishClient, signal: AbortSignal): Promise<Service> {
  const [path, systems] = await Promise.all([
    rootLink(client, "CompositionService", signal),
    rootLink(client, "Systems", signal),
  ]);
  if (path === null || systems === null)
    throw new AppError("pod-manager.unsupported", "The pod manager has no CompositionService: it cannot compose.");
  const { body } = await client.get(path, signal);
  if (booleanOf(body.ServiceEnabled) === false)
    throw new AppError("pod-manager.unsupported", "The CompositionService of the pod manager is switched off.");
  return {
    body,
    systems,
    compose: linkOf(client, at(body, "Actions", "#CompositionService.Compose", "target")),
    zoneAffinity: booleanOf(body.AllowZoneAffinity) ?? false,
    overprovisioning: booleanOf(body.AllowOverprovisioning) ?? false,
  };
}

/** All blocks as they are now. */
export async function readBlocks(
  client: RedfishClient,
  { body, systems }: Service,
  holdings: HoldingsReader,
  signal: AbortSignal,
): Promise<Block[]> {
  const collection = linkOf(client, body.ResourceBlocks);
  const records = collection === null ? [] : await client.members(collection, signal);
  return await client.all(
    records,
    async ({ path, body: record }, inner) => {
      const held = await holdings.of(path, record, inner);
      const block = blockOf(path, record, held, (value) => linksOf(client, value));
      // A system that is there already can be added to, but is no part of another.
      const isMachine = block.contains.some((system) => system.startsWith(`${systems}/`));
      return isMachine ? { ...block, obstacle: block.obstacle ?? "a machine of its own" } : block;
    },
    signal,
  );
}

/** Path of a chassis → path of its rack. */
export async function readRackOf(
  client: RedfishClient,
  signal: AbortSignal,
): Promise<(chassis: string) => string | null> {
  const tree = await ChassisTree.read(client, signal);
  return (path) => tree.rackOf(tree.get(path) ?? null)?.path ?? null;
}

interface Capability {
  readonly useCase: string;
  readonly object: string | null;
  readonly target: string | null;
  /** Zones it holds for; empty: all. */
  readonly zones: readonly string[];
}

/** The zones systems can be made in. Where a service knows none, all its blocks are one. */
export async function readZones(
  client: RedfishClient,
  service: Service,
  blocks: readonly Block[],
  signal: AbortSignal,
): Promise<OfferedZone[]> {
  const collection = linkOf(client, service.body.ResourceZones);
  const [members, systems] = await Promise.all([
    collection === null ? [] : client.members(collection, signal),
    client.get(service.systems, signal),
  ]);
  const everywhere = capabilitiesOf(client, systems);
  const own = members.map((zone) => capabilitiesOf(client, zone));
  const said = everywhere.length > 0 || own.some((list) => list.length > 0);
  const zones: {
    path: string | null;
    id: string | null;
    name: string;
    blocks: readonly string[];
    offers: Capability[];
  }[] = members.map((zone, i) => ({
    path: zone.path,
    id: textOf(zone.body.Id) ?? lastSegment(zone.path),
    name: `zone ${textOf(zone.body.Id) ?? lastSegment(zone.path)}`,
    blocks: blocksOf(client, zone, blocks),
    offers: [...own[i]!, ...everywhere.filter(({ zones }) => zones.length === 0 || zones.includes(zone.path))],
  }));
  if (zones.length === 0)
    zones.push({ path: null, id: null, name: "the pool", blocks: blocks.map(({ path }) => path), offers: everywhere });
  const offered = await Promise.all(
    zones.map(async ({ offers, ...zone }): Promise<OfferedZone | null> => {
      const specific = offers.find(({ useCase }) => useCase === "ComputerSystemComposition");
      const constrained = offers.find(({ useCase }) => useCase === "ComputerSystemConstrainedComposition");
      const offer = specific ?? constrained ?? null;
      if (offer === null && said) return null;
      const record = offer?.object ? await client.find(offer.object, signal) : null;
      return {
        ...zone,
        way: specific ? "specific" : constrained ? "constrained" : service.compose === null ? "specific" : "manifest",
        target: offer?.target ?? service.systems,
        capabilities: record?.body ?? null,
        ...limitsOf(record),
      };
    }),
  );
  return offered.filter((zone) => zone !== null).sort((a, b) => a.blocks.length - b.blocks.length);
}

/** Some services link only from the blocks to their zones. */
function blocksOf(client: RedfishClient, { path, body }: Resource, blocks: readonly Block[]): string[] {
  const linked = linksOf(client, at(body, "Links", "ResourceBlocks"));
  const known = new Set(blocks.map((block) => block.path));
  const back = blocks.filter(({ zones }) => zones.includes(path)).map((block) => block.path);
  return [...new Set([...linked.filter((block) => known.has(block)), ...back])];
}

function capabilitiesOf(client: RedfishClient, { body }: Resource): Capability[] {
  const all = listOf(at(body, "@Redfish.CollectionCapabilities", "Capabilities")).map((each) => recordOf(each));
  return all.map((each) => ({
    useCase: textOf(each.UseCase) ?? "",
    object: linkOf(client, each.CapabilitiesObject),
    target: linkOf(client, at(each, "Links", "TargetCollection")),
    zones: linksOf(client, at(each, "Links", "RelatedItem")),
  }));
}

function limitsOf(record: Resource | null): Pick<Zone, "least" | "most"> {
  const limits = recordOf(record?.body["@Redfish.ResourceBlockLimits"]);
  const given = (prefix: string) =>
    Object.fromEntries(
      BLOCK_TYPES.flatMap((type) => {
        const limit = numberOf(limits[`${prefix}${type}`]);
        return limit === null ? [] : [[type, limit]];
      }),
    );
  return { least: given("Min"), most: given("Max") };
}
