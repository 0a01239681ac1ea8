import { z } from "@hono/zod-openapi";
import type { NodeRecord, NodeView } from "../../services/hardware/nodes.ts";
import { linksSchema, linksTo } from "./links.ts";
import type { Call } from "./serve.ts";
import { timeText } from "./version.ts";

/** Fields of a node that only its hardware knows. */
export const LIVE = [
  "node_state",
  "node_power_state",
  "health_status",
  "boot_source",
  "target_boot_source",
  "computer_system",
  "pooled_group_id",
];
export const BRIEF = ["uuid", "name", "podm_id", "index", "resource_uri", "links"];
export const FIELDS = [
  ...BRIEF,
  ...LIVE,
  ...["description", "url_id", "pod_uuid", "provision_state", "managed_by", "metadata", "created_at", "updated_at"],
];
/** What the hardware says in `metadata`: nobody else does. */
export const LIVE_METADATA = ["processor", "memory", "network"];

export const briefSchema = z.object({
  uuid: z.string(),
  name: z.string(),
  podm_id: z.string(),
  index: z.string().describe("What the pod manager calls it"),
  resource_uri: z.string(),
  links: linksSchema,
});
export const storedSchema = briefSchema.omit({ links: true }).extend({
  managed_by: z.string().nullable(),
  created_at: z.string(),
  updated_at: z.string(),
});
export const detailSchema = briefSchema
  .extend({
    ...storedSchema.shape,
    description: z.string(),
    url_id: z.string(),
    pod_uuid: z.string(),
    provision_state: z.string().nullable(),
    node_state: z.string().nullable(),
    node_power_state: z.string().nullable(),
    health_status: z.string().nullable(),
    boot_source: z.string().nullable(),
    target_boot_source: z.string().nullable(),
    computer_system: z.string().nullable(),
    pooled_group_id: z.string().nullable(),
    metadata: z.looseObject({
      processor: z.array(z.looseObject({})),
      memory: z.array(z.looseObject({})),
      network: z.array(z.looseObject({})),
    }),
  })
  .openapi("Node");

type Reader = Pick<Call<unknown>, "base" | "version">;

/** What lists, compositions and `manage` answer. */
export function renderBrief(record: NodeRecord, { base }: Pick<Reader, "base">): z.infer<typeof briefSchema> {
  const { id, name, podManagerId, index, resourceUri } = record;
  return { uuid: id, name, podm_id: podManagerId, index, resource_uri: resourceUri, links: linksTo(base, "nodes", id) };
}

/** What registering answers. */
export function renderStored(record: NodeRecord, reader: Reader): z.infer<typeof storedSchema> {
  const { links: _links, ...brief } = renderBrief(record, reader);
  const { managedBy, createdAt, updatedAt } = record;
  return {
    ...brief,
    managed_by: managedBy,
    created_at: timeText(createdAt, reader.version),
    updated_at: timeText(updatedAt, reader.version),
  };
}

/** What is stored over what the hardware says; null: the hardware is not asked. Contract: valence-rest, section 6.1. */
export function renderNode(record: NodeRecord, live: NodeView | null, reader: Reader): Record<string, unknown> {
  return {
    ...(live === null ? {} : renderLive(live)),
    ...renderStored(record, reader),
    links: linksTo(reader.base, "nodes", record.id),
    description: record.description || (live?.description ?? ""),
    url_id: record.index,
    pod_uuid: record.podManagerId,
    provision_state: record.provisionState,
    metadata: { ...record.metadata, ...(live === null ? {} : renderMetadata(live)) },
  };
}

function renderLive(live: NodeView): Record<string, unknown> {
  return {
    ...(live.board === undefined ? {} : { power_state: live.powerState, ...live.board }),
    node_state: live.state,
    node_power_state: live.powerState,
    health_status: live.health,
    boot_source: live.bootTarget,
    target_boot_source: live.bootTarget,
    pooled_group_id: live.pooledGroupId,
    computer_system: live.computerSystem,
  };
}

function renderMetadata({ processors, memory, interfaces }: NodeView): Record<string, unknown> {
  return {
    processor: processors.map(({ instructionSet, model, speedMhz, totalCores }) => ({
      instruction_set: instructionSet,
      model,
      speed_mhz: speedMhz,
      total_core: totalCores,
    })),
    memory: memory.map(({ dataWidthBits, speedMhz, capacityMib }) => ({
      data_width_bit: dataWidthBits,
      speed_mhz: speedMhz,
      total_memory_mb: capacityMib,
    })),
    network: interfaces.map(({ mac, speedMbps, status, ipv4, vlans }) => ({
      mac,
      speed_mbps: speedMbps,
      status,
      ipv4: ipv4.map(({ address, subnetMask, gateway }) => ({ address, subnet_mask: subnetMask, gateway })),
      ...(vlans === null ? {} : { vlans: vlans.map(({ id, status }) => ({ vlanid: id, status })) }),
    })),
  };
}
