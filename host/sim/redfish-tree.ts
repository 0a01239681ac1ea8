// The resources of a simulated CompositionService that can only be read: blocks' parts, zones, chassis.

import type { Json } from "./base/answer.ts";
import { collection, link, type Resources } from "./base/resources.ts";
import type { SimBlock, SimPart } from "./redfish-blocks.ts";
import type { Composition } from "./redfish-composition.ts";

export const ROOT = "/redfish/v1";
export const SERVICE = `${ROOT}/CompositionService`;
export const BLOCKS = `${SERVICE}/ResourceBlocks`;
export const ZONES = `${SERVICE}/ResourceZones`;
export const SYSTEMS = `${ROOT}/Systems`;
const CHASSIS = `${ROOT}/Chassis`;

export const blockPath = (id: string): string => `${BLOCKS}/${id}`;
export const systemPath = (id: string): string => `${SYSTEMS}/${id}`;

const partPath = (block: SimBlock, { kind, id }: SimPart): string => `${blockPath(block.id)}/${kind}/${id}`;

/** Kinds of parts that a system has as collections, with the types of their resources. */
const KINDS = {
  Processors: { type: "Processor", version: "v1_11_0" },
  Memory: { type: "Memory", version: "v1_11_0" },
  EthernetInterfaces: { type: "EthernetInterface", version: "v1_6_2" },
} as const;

/** Links to the collections of a system. */
export function partLinks(id: string): Json {
  const names = [...Object.keys(KINDS), "Storage"];
  return Object.fromEntries(names.map((name) => [name, link(`${systemPath(id)}/${name}`)]));
}

/** Zones, chassis, the parts of blocks, and of systems by reference to those. */
export function addTree(resources: Resources, composition: Composition): void {
  const { blocks } = composition.state;
  const zones = [...new Set(blocks.map(({ zone }) => zone))];
  addZones(resources, blocks, zones);
  addChassis(resources, composition, zones);
  resources.add(`${BLOCKS}/:block/:kind/:part`, {
    get: ({ block: id, kind, part: name }) => {
      const block = composition.block(id!);
      const part = block?.parts.find((one) => one.kind === kind && one.id === name);
      return block && part ? partView(block, part) : null;
    },
  });
  const partsOf = (system: string, kind: string): string[] =>
    (composition.system(system)?.blocks ?? []).flatMap((id) => {
      const block = composition.block(id)!;
      return block.parts.filter((part) => part.kind === kind).map((part) => partPath(block, part));
    });
  for (const [kind, { type }] of Object.entries(KINDS))
    resources.add(`${SYSTEMS}/:system/${kind}`, {
      get: ({ system }) =>
        composition.system(system!) === undefined
          ? null
          : collection(`${systemPath(system!)}/${kind}`, `${type}Collection`, kind, partsOf(system!, kind)),
    });
  resources.add(`${SYSTEMS}/:system/Storage`, {
    get: ({ system }) => {
      if (composition.system(system!) === undefined) return null;
      const path = `${systemPath(system!)}/Storage`;
      return collection(path, "StorageCollection", "Storage", [`${path}/1`]);
    },
  });
  resources.add(`${SYSTEMS}/:system/Storage/1`, {
    get: ({ system }) =>
      composition.system(system!) === undefined
        ? null
        : {
            "@odata.id": `${systemPath(system!)}/Storage/1`,
            "@odata.type": "#Storage.v1_10_0.Storage",
            Id: "1",
            Name: "Drives of all blocks",
            Status: { State: "Enabled", Health: "OK" },
            Drives: partsOf(system!, "Drives").map(link),
          },
  });
}

function partView(block: SimBlock, part: SimPart): Json {
  const { type, version } =
    part.kind === "Drives" ? { type: "Drive", version: "v1_12_0" } : KINDS[part.kind as keyof typeof KINDS];
  return {
    "@odata.id": partPath(block, part),
    "@odata.type": `#${type}.${version}.${type}`,
    Id: part.id,
    Name: `${part.id} of ${block.id}`,
    Status: { State: "Enabled", Health: "OK" },
    ...part.fields,
  };
}

/** Links of a block to its parts, by kind. */
export function blockParts(block: SimBlock): Json {
  const kinds = [...new Set(block.parts.map(({ kind }) => kind))];
  return Object.fromEntries(
    kinds.map((kind) => [
      kind,
      block.parts.filter((part) => part.kind === kind).map((part) => link(partPath(block, part))),
    ]),
  );
}

function addZones(resources: Resources, blocks: readonly SimBlock[], zones: readonly string[]): void {
  resources.add(ZONES, {
    get: () =>
      collection(
        ZONES,
        "ZoneCollection",
        "Resource Zones",
        zones.map((zone) => `${ZONES}/${zone}`),
      ),
  });
  for (const zone of zones)
    resources.add(`${ZONES}/${zone}`, {
      get: () => ({
        "@odata.id": `${ZONES}/${zone}`,
        "@odata.type": "#Zone.v1_6_1.Zone",
        Id: zone,
        Name: `Resource Zone ${zone}`,
        Status: { State: "Enabled", Health: "OK" },
        ZoneType: "ZoneOfResourceBlocks",
        Links: { ResourceBlocks: blocks.filter((block) => block.zone === zone).map(({ id }) => link(blockPath(id))) },
      }),
    });
}

export const enclosurePath = (zone: string): string => `${CHASSIS}/Enclosure-${zone}`;

/** A rack for each zone, with an enclosure in it. */
function addChassis(resources: Resources, { state }: Composition, zones: readonly string[]): void {
  const paths = zones.flatMap((zone) => [`${CHASSIS}/Rack-${zone}`, enclosurePath(zone)]);
  resources.add(CHASSIS, { get: () => collection(CHASSIS, "ChassisCollection", "Chassis", paths) });
  const view = (path: string, type: string, links: Json): Json => {
    const id = path.slice(CHASSIS.length + 1);
    return {
      "@odata.id": path,
      "@odata.type": "#Chassis.v1_15_0.Chassis",
      Id: id,
      Name: id.replace("-", " "),
      ChassisType: type,
      Manufacturer: "Contoso",
      Model: `Composable ${type}`,
      SerialNumber: `SN-${id}`,
      Status: { State: "Enabled", Health: "OK" },
      Links: links,
    };
  };
  for (const zone of zones) {
    const rack = `${CHASSIS}/Rack-${zone}`;
    const enclosure = enclosurePath(zone);
    resources.add(rack, { get: () => view(rack, "Rack", { Contains: [link(enclosure)], ComputerSystems: [] }) });
    resources.add(enclosure, {
      get: () => {
        const own = new Set(state.blocks.filter((block) => block.zone === zone).map(({ id }) => id));
        const systems = state.systems.filter(({ blocks }) => blocks.some((id) => own.has(id)));
        return view(enclosure, "Enclosure", {
          ContainedBy: link(rack),
          ComputerSystems: systems.map(({ id }) => link(systemPath(id))),
          ResourceBlocks: [...own].map((id) => link(blockPath(id))),
        });
      },
    });
  }
}
