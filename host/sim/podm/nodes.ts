import { type Answer, created, done, type Json, Refusal } from "../base/answer.ts";
import { RESET_TYPES } from "../base/power.ts";
import { type Asked, collection, link, type Resources } from "../base/resources.ts";
import type { Machine } from "./machine.ts";
import { managerPath, nodePath, PATHS, systemPath } from "./paths.ts";
import { readRequest } from "./request.ts";
import type { SimNode } from "./state.ts";
import { targetPath, volumePath } from "./storage.ts";
import { bootFacts } from "./systems.ts";

const OK = { State: "Enabled", Health: "OK", HealthRollup: "OK" };

/** Composed nodes: what they are, and all that is done to them. */
export function addNodes(resources: Resources, machine: Machine): void {
  const { dialect } = machine;
  const at = `${PATHS.nodes}/:id`;
  resources.add(PATHS.nodes, {
    get: () => ({
      ...collection(
        PATHS.nodes,
        "ComposedNodeCollection",
        "Composed Node Collection",
        machine.nodes.map(({ id }) => nodePath(id)),
      ),
      Actions: { "#ComposedNodeCollection.Allocate": { target: `${PATHS.nodes}/Actions/Allocate` } },
    }),
  });
  resources.add(`${PATHS.nodes}/Actions/Allocate`, {
    post: ({ body }) => created(nodePath(machine.allocate(readRequest(body, dialect)).id)),
  });
  resources.add(at, {
    get: ({ id }) => {
      const node = machine.node(id!);
      return node === null ? null : nodeFacts(node, machine);
    },
    patch: (asked) => patched(nodeOf(machine, asked), asked.body, machine),
    delete: (asked) => acted(() => machine.remove(nodeOf(machine, asked))),
  });

  const action = (name: string, act: (node: SimNode, body: Json) => void) =>
    resources.add(`${at}/Actions/ComposedNode.${name}`, {
      post: (asked) => acted(() => act(nodeOf(machine, asked), asked.body)),
    });
  action("Assemble", (node) => machine.assemble(node));
  action("Reset", (node, body) => machine.reset(node, body.ResetType));
  if (dialect.forceDelete) action("ForceDelete", (node) => machine.remove(node));
  const [attach, detach] = moving(machine) ?? [];
  if (attach === undefined || detach === undefined) return;
  action(attach, (node, body) => attached(node, body, machine));
  action(detach, (node, body) => machine.detach(node, resourceOf(body)));
  if (dialect.attach === "endpoint") return;
  for (const name of [attach, detach]) {
    resources.add(`${at}/Actions/${name}ActionInfo`, {
      get: ({ id }) => {
        const node = machine.node(id!);
        return node === null ? null : actionInfo(node, name, attach, machine);
      },
    });
  }
}

/** Names of the actions that move devices; null: it has none. */
function moving({ dialect }: Machine): [attach: string, detach: string] | null {
  if (dialect.attach === "none") return null;
  return dialect.attach === "resource" ? ["AttachResource", "DetachResource"] : ["AttachEndpoint", "DetachEndpoint"];
}

function nodeOf(machine: Machine, { params }: Asked): SimNode {
  const node = machine.node(params.id!);
  if (node === null) throw new Refusal(404, `There is no node ${params.id}`, { code: "Base.1.0.ResourceMissingAtURI" });
  return node;
}

function acted(act: () => void): Answer {
  act();
  return done();
}

function attached(node: SimNode, body: Json, machine: Machine): void {
  const { Resource, CapacityGiB, Protocol } = body;
  if (machine.dialect.attach === "endpoint" && Resource === undefined && typeof CapacityGiB === "number") {
    machine.attachNew(node, CapacityGiB);
  } else machine.attach(node, resourceOf(body), Protocol);
}

function resourceOf({ Resource }: Json): string {
  const path = (Resource as { "@odata.id"?: unknown } | null | undefined)?.["@odata.id"];
  if (typeof path === "string") return path;
  throw new Refusal(400, "Resource needs to be specified", { code: "Base.1.0.InvalidPayload" });
}

function patched(node: SimNode, body: Json, machine: Machine): Answer {
  const { dialect } = machine;
  for (const [name, value] of Object.entries(body)) {
    if (name === "Boot") machine.setBoot(node.system, value);
    else if (dialect.strict && name === "ClearTPMOnDelete" && typeof value === "boolean") node.clearTpmOnDelete = value;
    else if (dialect.strict && name === "Oem") {
      const values = (value as { Intel_RackScale?: { TaggedValues?: object } } | null)?.Intel_RackScale?.TaggedValues;
      node.taggedValues = { ...node.taggedValues, ...values };
    } else throw new Refusal(400, `${name} cannot be set`, { code: "Base.1.0.PropertyNotWritable" });
  }
  return dialect.patched === 200 ? done(nodeFacts(node, machine)) : done();
}

function nodeFacts(node: SimNode, machine: Machine): Json {
  const { dialect } = machine;
  const system = machine.system(node.system)!;
  const path = nodePath(node.id);
  return {
    "@odata.id": path,
    "@odata.type": "#ComposedNode.v1_1_0.ComposedNode",
    "@odata.context": "/redfish/v1/$metadata#ComposedNode.ComposedNode",
    Id: node.id,
    Name: node.name,
    Description: node.description,
    UUID: system.uuid,
    PowerState: machine.power(system.id),
    Status: OK,
    ComposedNodeState: node.state,
    Boot: bootFacts(system, machine),
    ...(dialect.strict
      ? { ClearTPMOnDelete: node.clearTpmOnDelete }
      : {
          SystemType: system.type,
          AssetTag: "free form asset tag",
          Manufacturer: "Dual socket Xeon Server",
          Model: system.model,
          HostName: system.hostName,
          Processors: { Count: system.cpus.length, Model: system.cpus[0]!.model, Status: OK },
          Memory: {
            TotalSystemMemoryGiB: system.modules.reduce((sum, { mib }) => sum + mib, 0) / 1024,
            Status: OK,
          },
        }),
    Links: linksOf(node, machine),
    Actions: actionsOf(node, machine),
    Oem: Object.keys(node.taggedValues).length === 0 ? {} : { Intel_RackScale: { TaggedValues: node.taggedValues } },
  };
}

function linksOf(node: SimNode, machine: Machine): Json {
  const { dialect } = machine;
  const system = machine.system(node.system)!;
  const devices = node.devices.map((id) => machine.device(id)!);
  const drives = devices.filter(({ kind }) => kind === "NVMe").map(({ path }) => path);
  const accelerators = devices.filter(({ kind }) => kind === "GPU" || kind === "FPGA").map(({ path }) => path);
  const local = [...node.localDrives, ...drives];
  return {
    ComputerSystem: link(systemPath(system.id)),
    Processors: [...system.cpus.map(({ path }) => path), ...accelerators].map(link),
    Memory: system.modules.map(({ path }) => link(path)),
    EthernetInterfaces: [...system.interfaces, ...machine.attachedInterfaces(system)].map(({ path }) => link(path)),
    ...(dialect.volumes
      ? { Storage: [...local, ...node.volumes.map((id) => volumePath(id, machine))].map(link) }
      : {
          LocalDrives: local.map(link),
          RemoteDrives: node.volumes.map((id) => link(targetPath(id))),
          ManagedBy: [link(managerPath("PODM"))],
        }),
  };
}

function actionsOf(node: SimNode, machine: Machine): Json {
  const { dialect } = machine;
  const actions = `${nodePath(node.id)}/Actions`;
  const names = moving(machine) ?? [];
  const [attach] = names;
  return {
    "#ComposedNode.Reset": {
      target: `${actions}/ComposedNode.Reset`,
      "ResetType@Redfish.AllowableValues": RESET_TYPES,
    },
    "#ComposedNode.Assemble": { target: `${actions}/ComposedNode.Assemble` },
    ...Object.fromEntries(
      names.map((name) => [
        `#ComposedNode.${name}`,
        {
          target: `${actions}/ComposedNode.${name}`,
          ...(dialect.attach === "endpoint"
            ? { "Resource@Redfish.AllowableValues": movable(node, name === attach, machine).map(link) }
            : { "@Redfish.ActionInfo": `${actions}/${name}ActionInfo` }),
        },
      ]),
    ),
    ...(dialect.forceDelete ? { "#ComposedNode.ForceDelete": { target: `${actions}/ComposedNode.ForceDelete` } } : {}),
  };
}

/** Paths of what could be attached, or of what is. */
function movable(node: SimNode, attach: boolean, machine: Machine): string[] {
  const { devices, volumes } = attach
    ? machine.attachable(node)
    : {
        devices: node.devices.map((id) => machine.device(id)!),
        volumes: machine.volumes().filter(({ id }) => node.volumes.includes(id)),
      };
  return [
    ...devices.flatMap(({ path, endpoint }) => [path, endpoint]),
    ...volumes.map(({ id }) => volumePath(id, machine)),
  ];
}

function actionInfo(node: SimNode, name: string, attach: string, machine: Machine): Json {
  const path = `${nodePath(node.id)}/Actions/${name}ActionInfo`;
  const values = movable(node, name === attach, machine);
  return {
    "@odata.id": path,
    "@odata.type": "#ActionInfo.v1_0_0.ActionInfo",
    Id: `${name}ActionInfo`,
    Name: `${name} ActionInfo`,
    Parameters: [
      {
        Name: "Resource",
        Required: true,
        DataType: "Object",
        ObjectDataType: "#Resource.Resource",
        AllowableValues: values.map(link),
      },
      ...(name === attach
        ? [
            {
              Name: "Protocol",
              Required: false,
              DataType: "String",
              AllowableValues: ["NVMe", "PCIe", "NVMeOverFabrics"],
            },
          ]
        : []),
    ],
  };
}
