// The systems of a simulated CompositionService: made by POST, reset, booted, extended, given back by DELETE.

import type { Agenda } from "./base/agenda.ts";
import { type Answer, created, done, type Json, Refusal } from "./base/answer.ts";
import { powerAfter, RESET_TYPES } from "./base/power.ts";
import { collection, link, type Resources } from "./base/resources.ts";
import type { Composition, SimSystem } from "./redfish-composition.ts";
import { picked } from "./redfish-constrained.ts";
import type { RedfishSimOptions } from "./redfish-options.ts";
import { BLOCKS, blockPath, enclosurePath, partLinks, ROOT, SYSTEMS, systemPath, ZONES } from "./redfish-tree.ts";

const BOOT_TARGETS = ["None", "Pxe", "Hdd", "Usb", "UefiHttp"];
const BOOT_MODES = ["Disabled", "Once", "Continuous"];

/** Begins what takes time: a task with this body as payload, or at once. */
export type Work = (name: string, body: Json, work: () => Answer) => Answer;

export interface SystemRules
  extends Required<Pick<RedfishSimOptions, "answers" | "offers" | "changesBlocks" | "powerMs">> {
  readonly capabilitiesOn: "systems" | "zones";
}

/** The blocks that a body names under Links. @throws Refusal 400 */
export function namedBlocks(body: Json): string[] | null {
  const list = (body.Links as { ResourceBlocks?: unknown } | undefined)?.ResourceBlocks;
  if (list === undefined) return null;
  if (!Array.isArray(list)) throw new Refusal(400, "Links.ResourceBlocks must be a list");
  return list.map((each) => idIn(each, BLOCKS));
}

/** @throws Refusal 400 */
export function idIn(reference: unknown, parent: string): string {
  const path = (reference as { "@odata.id"?: unknown } | null)?.["@odata.id"];
  if (typeof path !== "string" || !path.startsWith(`${parent}/`))
    throw new Refusal(400, `expected a link below ${parent}, got ${JSON.stringify(reference)}`);
  return path.slice(parent.length + 1);
}

/** Makes a system as a body asks, by blocks or by what it shall have. @throws Refusal */
export function composeAs(
  composition: Composition,
  body: Json,
  offers: SystemRules["offers"],
  reservation: string | null = null,
): SimSystem {
  const { Name: name = "Composed system", Description: description = "" } = body;
  if (typeof name !== "string" || typeof description !== "string")
    throw new Refusal(400, "Name and Description must be strings", { code: "Base.1.8.PropertyValueTypeError" });
  const named = namedBlocks(body);
  if (named !== null && !offers.includes("specific") && !offers.includes("manifest"))
    throw new Refusal(400, "Systems are not composed of blocks that are named");
  if (named === null && !offers.includes("constrained"))
    throw new Refusal(400, "Links.ResourceBlocks is required", { code: "Base.1.8.PropertyMissing" });
  return composition.compose(
    name,
    description,
    named ?? picked(body, (block) => isFree(composition, block.id), composition.state.blocks),
    reservation,
  );
}

function isFree(composition: Composition, id: string): boolean {
  try {
    composition.checked([id], null);
    return composition.block(id)?.reserved === false;
  } catch {
    return false;
  }
}

const KNOWN = new Set([
  "Name",
  "Description",
  "HostName",
  "Boot",
  "Links",
  "Id",
  "Processors",
  "Memory",
  "Storage",
  "EthernetInterfaces",
]);

export function addSystems(
  resources: Resources,
  composition: Composition,
  rules: SystemRules,
  agenda: Agenda,
  begin: Work,
): void {
  const find = (id: string | undefined): SimSystem => composition.system(id!)!;
  resources.add(SYSTEMS, {
    get: () => ({
      ...collection(
        SYSTEMS,
        "ComputerSystemCollection",
        "Systems",
        composition.state.systems.map(({ id }) => systemPath(id)),
      ),
      ...(rules.capabilitiesOn === "systems" ? capabilities(composition, rules) : {}),
    }),
    ...(rules.offers.includes("specific") || rules.offers.includes("constrained")
      ? { post: ({ body }) => begin("Compose a system", body, () => posted(composition, body, rules)) }
      : {}),
  });
  for (const useCase of USE_CASES)
    resources.add(`${SYSTEMS}/${useCase.id}`, { get: () => useCase.record(composition) });
  resources.add(`${SYSTEMS}/:system`, {
    get: ({ system: id }) => {
      const system = composition.system(id!);
      return system === undefined ? null : systemView(composition, system, rules);
    },
    patch: ({ params, body }) => patched(composition, find(params.system), body, rules),
    ...(rules.offers.length === 1 && rules.offers[0] === "manifest"
      ? {}
      : {
          delete: ({ params, body }) =>
            begin("Decompose a system", body, () => {
              composition.decompose(find(params.system));
              return done();
            }),
        }),
  });
  resources.add(`${SYSTEMS}/:system/Actions/ComputerSystem.Reset`, {
    post: ({ params, body }) => reset(find(params.system), body, rules.powerMs, agenda),
  });
  if (rules.changesBlocks === "actions")
    for (const direction of ["Add", "Remove"] as const)
      resources.add(`${SYSTEMS}/:system/Actions/ComputerSystem.${direction}ResourceBlock`, {
        post: ({ params, body }) =>
          begin(`${direction} a block`, body, () => {
            const id = idIn(body.ResourceBlock, BLOCKS);
            if (direction === "Add") composition.add(find(params.system), id);
            else composition.remove(find(params.system), id);
            return done();
          }),
      });
}

/** 201 as the standard has it, or as services do that took it lightly. */
function posted(composition: Composition, body: Json, rules: SystemRules): Answer {
  const unknown = Object.keys(body).find((key) => !KNOWN.has(key) && !key.startsWith("@"));
  if (unknown !== undefined)
    throw new Refusal(400, `The property ${unknown} is not in the list of valid properties`, {
      code: "Base.1.8.PropertyUnknown",
    });
  if (rules.answers === "wants id" && body.Id === undefined) throw new Refusal(400, "Missing attribute: Id");
  const system = composeAs(composition, body, rules.offers);
  const path = systemPath(system.id);
  const view = systemView(composition, system, rules);
  switch (rules.answers) {
    case "body only":
      return { status: 201, body: view };
    case "200":
      return { status: 200, body: view };
    case "204":
      return { status: 204, headers: { Location: path } };
    case "nothing":
      return { status: 204 };
    case "number":
      return { status: 200, body: 500 };
    default:
      return created(path, view);
  }
}

function systemView(composition: Composition, system: SimSystem, rules: SystemRules): Json {
  const path = systemPath(system.id);
  const blocks = system.blocks.map((id) => composition.block(id)!);
  const parts = blocks.flatMap((block) => block.parts);
  const mib = parts.reduce((sum, { fields }) => sum + Number(fields.CapacityMiB ?? 0), 0);
  const action = (name: string, more: Json = {}) => ({
    [`#ComputerSystem.${name}`]: { target: `${path}/Actions/ComputerSystem.${name}`, ...more },
  });
  return {
    "@odata.id": path,
    "@odata.type": "#ComputerSystem.v1_20_0.ComputerSystem",
    Id: system.id,
    Name: system.name,
    Description: system.description,
    SystemType: system.type,
    UUID: system.uuid,
    Manufacturer: "Contoso",
    Status: { State: system.state, Health: "OK" },
    PowerState: system.power,
    Boot: {
      BootSourceOverrideEnabled: system.boot.enabled,
      "BootSourceOverrideEnabled@Redfish.AllowableValues": BOOT_MODES,
      BootSourceOverrideTarget: system.boot.target,
      "BootSourceOverrideTarget@Redfish.AllowableValues": BOOT_TARGETS,
    },
    ...(system.type === "Physical" ? { Composition: { UseCases: ["ExpandableSystem"] } } : {}),
    MemorySummary: { TotalSystemMemoryGiB: mib / 1024, Status: { State: "Enabled", Health: "OK" } },
    ...partLinks(system.id),
    Links: {
      ResourceBlocks: system.blocks.map((id) => link(blockPath(id))),
      Chassis: [...new Set(blocks.map(({ zone }) => enclosurePath(zone)))].map(link),
    },
    Actions: {
      ...action("Reset", { "ResetType@Redfish.AllowableValues": RESET_TYPES }),
      ...(rules.changesBlocks === "actions" ? { ...action("AddResourceBlock"), ...action("RemoveResourceBlock") } : {}),
    },
  };
}

function patched(composition: Composition, system: SimSystem, body: Json, rules: SystemRules): Answer {
  for (const [key, value] of Object.entries(body))
    if (key === "Boot") boot(system, value as Json);
    else if (key === "Links" && rules.changesBlocks === "patch") change(composition, system, value as Json);
    else throw new Refusal(400, `The property ${key} cannot be changed`, { code: "Base.1.8.PropertyNotWritable" });
  return done(systemView(composition, system, rules));
}

/** `{}` keeps an element, `null` takes it out, a link behind the last adds one. */
function change(composition: Composition, system: SimSystem, links: Json): void {
  const list = links.ResourceBlocks;
  if (!Array.isArray(list) || list.length < system.blocks.length)
    throw new Refusal(400, "Links.ResourceBlocks must be a list, with an element for each that is there");
  const present = [...system.blocks];
  list.forEach((each, i) => {
    if (each === null) composition.remove(system, present[i] ?? "");
    else if (i >= present.length) composition.add(system, idIn(each, BLOCKS));
  });
}

function boot(system: SimSystem, { BootSourceOverrideEnabled: enabled, BootSourceOverrideTarget: target }: Json): void {
  if (enabled !== undefined && !BOOT_MODES.includes(String(enabled)))
    throw new Refusal(400, `BootSourceOverrideEnabled ${String(enabled)} is none of ${BOOT_MODES.join(", ")}`);
  if (target !== undefined && !BOOT_TARGETS.includes(String(target)))
    throw new Refusal(400, `BootSourceOverrideTarget ${String(target)} is none of ${BOOT_TARGETS.join(", ")}`);
  system.boot = { enabled: String(enabled ?? system.boot.enabled), target: String(target ?? system.boot.target) };
}

function reset(system: SimSystem, { ResetType: type }: Json, powerMs: number, agenda: Agenda): Answer {
  if (typeof type !== "string" || !(RESET_TYPES as readonly string[]).includes(type))
    throw new Refusal(400, `ResetType ${JSON.stringify(type)} is none of ${RESET_TYPES.join(", ")}`, {
      code: "Base.1.8.ActionParameterNotSupported",
    });
  const change = powerAfter(type, system.power);
  if (change === null) return done();
  if (powerMs === 0) {
    system.power = change.after;
  } else {
    system.power = change.during;
    agenda.add("power", `${system.id} ${change.after}`, powerMs);
  }
  return done();
}

const USE_CASES = [
  {
    id: "Capabilities",
    offer: "specific",
    useCase: "ComputerSystemComposition",
    record: ({ rules }: Composition): Json => ({
      ...required("Capabilities", rules),
      "Links@Redfish.RequiredOnCreate": true,
      Links: { "ResourceBlocks@Redfish.RequiredOnCreate": true, "ResourceBlocks@Redfish.UpdatableAfterCreate": true },
    }),
  },
  {
    id: "ConstrainedCompositionCapabilities",
    offer: "constrained",
    useCase: "ComputerSystemConstrainedComposition",
    record: ({ rules }: Composition): Json => ({
      ...required("ConstrainedCompositionCapabilities", rules),
      "Processors@Redfish.RequiredOnCreate": true,
      Processors: {
        Members: [
          {
            "@Redfish.RequestedCountRequired": true,
            "ProcessorType@Redfish.RequiredOnCreate": true,
            "TotalCores@Redfish.RequiredOnCreate": true,
            "Model@Redfish.OptionalOnCreate": true,
          },
        ],
      },
      "Memory@Redfish.RequiredOnCreate": true,
      Memory: {
        Members: [
          {
            "@Redfish.RequestedCountRequired": true,
            "MemoryType@Redfish.RequiredOnCreate": true,
            "CapacityMiB@Redfish.RequiredOnCreate": true,
            "MemoryDeviceType@Redfish.OptionalOnCreate": true,
          },
        ],
      },
      "Storage@Redfish.OptionalOnCreate": true,
      "EthernetInterfaces@Redfish.OptionalOnCreate": true,
    }),
  },
] as const;

function required(id: string, { least, most }: Composition["rules"]): Json {
  const limits = [
    ...Object.entries(least).map(([type, amount]) => [`Min${type}`, amount]),
    ...Object.entries(most).map(([type, amount]) => [`Max${type}`, amount]),
  ];
  return {
    "@odata.id": `${SYSTEMS}/${id}`,
    "@odata.type": "#ComputerSystem.v1_20_0.ComputerSystem",
    Id: id,
    Name: "What a request to compose may hold",
    "Name@Redfish.RequiredOnCreate": true,
    "Name@Redfish.SetOnlyOnCreate": true,
    "Description@Redfish.OptionalOnCreate": true,
    "Description@Redfish.SetOnlyOnCreate": true,
    "@Redfish.ResourceBlockLimits": Object.fromEntries(limits),
  };
}

/** The annotation that says how systems are made here. */
export function capabilities({ state }: Composition, { offers }: SystemRules): Json {
  const zones = [...new Set(state.blocks.map(({ zone }) => zone))];
  const offered = USE_CASES.filter(({ offer }) => offers.includes(offer));
  if (offered.length === 0) return {};
  return {
    "@Redfish.CollectionCapabilities": {
      "@odata.type": "#CollectionCapabilities.v1_4_0.CollectionCapabilities",
      Capabilities: offered.map(({ id, useCase }) => ({
        CapabilitiesObject: link(`${SYSTEMS}/${id}`),
        UseCase: useCase,
        Links: { TargetCollection: link(SYSTEMS), RelatedItem: zones.map((zone) => link(`${ZONES}/${zone}`)) },
      })),
    },
  };
}

export const SERVICE_ROOT_LINKS: Json = { Systems: link(SYSTEMS), Chassis: link(`${ROOT}/Chassis`) };
