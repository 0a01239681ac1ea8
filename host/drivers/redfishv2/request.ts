// What is sent to have a system composed, in each of the three ways. Contract: drivers, 3.4.2.

import type { Requirements } from "../driver.ts";
import { at, type Fields, isRecord } from "../redfish/shapes.ts";

/** What the steps of composing need to know of a choice; recorded, so JSON. */
export interface ComposePlan {
  readonly way: "specific" | "constrained" | "manifest";
  /** Path of the collection systems are made in. */
  readonly target: string;
  /** Target of the action Compose; null: there is none. */
  readonly compose: string | null;
  /** All blocks, also those that others share. For a constrained composition what would serve; the service chooses itself. */
  readonly blocks: readonly string[];
  /** Those of them that become devices of the node. */
  readonly devices: readonly string[];
  /** How many parts the chosen blocks have: what is asked for is asked for in as many. */
  readonly parts: { readonly cpus: number; readonly modules: number };
  /** Id of the zone, where the service lets clients say one. */
  readonly zone: string | null;
  readonly overprovisioning: boolean;
  /** What may be sent; null: the service does not say. */
  readonly capabilities: Fields | null;
}

/**
 * The name of a system on the hardware, made of the user's name and the node's id: unique, as some services take it for the
 * id of the system, and fit for a path.
 */
export function systemName(name: string, id: string): string {
  const plain = name
    .normalize("NFKD")
    .replaceAll(/[^A-Za-z0-9]+/g, "-")
    .replaceAll(/^-+|-+$/g, "")
    .slice(0, 40);
  return `${plain === "" ? "node" : plain}-${id.replaceAll("-", "").slice(0, 12)}`;
}

/** The body for a plan; `Name` always goes along, what else may is said by the capabilities. */
export function systemRequest(
  plan: ComposePlan,
  name: string,
  description: string,
  requirements: Requirements,
): object {
  const { capabilities } = plan;
  const described = description !== "" && may(capabilities, "Description") ? { Description: description } : {};
  if (plan.way !== "constrained")
    return { Name: name, ...described, Links: { ResourceBlocks: plan.blocks.map((path) => ({ "@odata.id": path })) } };
  return {
    Name: name,
    ...described,
    ...wanted(requirements, plan),
    ...(plan.zone === null ? {} : { "@Redfish.ZoneAffinity": plan.zone }),
    ...(plan.overprovisioning ? { "@Redfish.AllowOverprovisioning": true } : {}),
  };
}

/** The body of the action Compose for one stanza. */
export function manifest(type: "ComposeSystem" | "DecomposeSystem", id: string, request: object, now: Date): object {
  return {
    RequestFormat: "Manifest",
    RequestType: "Apply",
    Manifest: {
      Description: `${type} ${id}`,
      Timestamp: now.toISOString(),
      Expand: "None",
      Stanzas: [{ StanzaType: type, StanzaId: id, Request: request }],
    },
  };
}

/** Only what is listed may be sent; to a service that lists nothing, whatever the standard knows. */
function may(capabilities: Fields | null, property: string): boolean {
  if (capabilities === null) return true;
  return ["RequiredOnCreate", "OptionalOnCreate", "SetOnlyOnCreate", "UpdatableAfterCreate"].some(
    (kind) => capabilities[`${property}@Redfish.${kind}`] === true,
  );
}

/** What a processor, module or drive must have to be asked for at all, and what it may be asked by. */
function member(capabilities: Fields | null, collection: string): Fields | null {
  const members = at(capabilities, collection, "Members");
  const first: unknown = Array.isArray(members) ? members[0] : members;
  return isRecord(first) ? first : null;
}

function wanted({ processor, memory, pciDevices, remoteStorage }: Requirements, plan: ComposePlan): object {
  const { capabilities } = plan;
  const parts = { cpus: Math.max(1, plan.parts.cpus), modules: Math.max(1, plan.parts.modules) };
  const cpus = member(capabilities, "Processors");
  const modules = member(capabilities, "Memory");
  const count = (type: string) => (pciDevices ?? []).filter((asked) => asked.toLowerCase() === type).length;
  const processors: object[] = [
    {
      "@Redfish.RequestedCount": parts.cpus,
      ProcessorType: "CPU",
      TotalCores: Math.ceil((processor?.totalCores ?? 1) / parts.cpus),
      ...(processor?.model !== undefined && may(cpus, "Model") ? { Model: processor.model } : {}),
    },
  ];
  for (const [asked, type] of [
    ["gpu", "GPU"],
    ["fpga", "FPGA"],
    ["acs", "Accelerator"],
  ] as const)
    if (count(asked) > 0)
      processors.push({ "@Redfish.RequestedCount": count(asked), ProcessorType: type, TotalCores: 1 });
  const drives = Math.max(count("ssd") + count("hdd") + count("nvme"), remoteStorage === undefined ? 0 : 1);
  const bytes = Math.max(1, Math.ceil(((remoteStorage?.capacityGib ?? 0) * 1024 ** 3) / Math.max(1, drives)));
  const type = memory?.type;
  return {
    Processors: { Members: processors },
    Memory: {
      Members: [
        {
          "@Redfish.RequestedCount": parts.modules,
          MemoryType: "DRAM",
          CapacityMiB: Math.ceil((memory?.capacityMib ?? 1) / parts.modules),
          ...(type !== undefined && type !== "DRAM" && may(modules, "MemoryDeviceType")
            ? { MemoryDeviceType: type }
            : {}),
        },
      ],
    },
    ...(drives === 0
      ? {}
      : {
          Storage: {
            Members: [
              {
                "@Redfish.RequestedCount": 1,
                Drives: [{ "@Redfish.RequestedCount": drives, CapacityBytes: bytes }],
              },
            ],
          },
        }),
    ...(count("nic") === 0
      ? {}
      : { EthernetInterfaces: { Members: [{ "@Redfish.RequestedCount": count("nic"), SpeedMbps: 1 }] } }),
  };
}
