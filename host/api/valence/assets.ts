import { z } from "@hono/zod-openapi";
import type { Assets } from "../../services/hardware/systems.ts";

export const assetsSchema = z.object({
  processor: z.array(
    z.object({
      device_type: z.literal("CPU"),
      instruction_set: z.string().nullable(),
      model: z.string().nullable(),
      speed_mhz: z.number().nullable(),
      total_core: z.number().nullable(),
    }),
  ),
  memory: z.array(
    z.object({
      device_type: z.string().nullable(),
      data_width_bit: z.number().nullable(),
      speed_mhz: z.number().nullable(),
      total_memory_gb: z.number().nullable(),
    }),
  ),
  network: z.array(z.object({ device_type: z.literal("ethernet"), speed_mbps: z.string().nullable() })),
  storage: z.array(
    z.object({ protocol: z.string().nullable(), volume_size_gb: z.number().nullable(), pooled_resource: z.boolean() }),
  ),
});

export const inventorySchema = assetsSchema.extend({
  accelerator: z.array(z.object({ device_type: z.string(), model: z.string().nullable() })),
  accelator: z.array(z.looseObject({})).describe("The same, as the reference of the API spells it"),
});

/** What is in a node. Contract: valence-rest, section 6.11. */
export function renderAssets({ processors, memory, interfaces, drives }: Assets): z.infer<typeof assetsSchema> {
  return {
    processor: processors.map(({ instructionSet, model, speedMhz, totalCores }) => ({
      device_type: "CPU",
      instruction_set: instructionSet,
      model,
      speed_mhz: speedMhz,
      total_core: totalCores,
    })),
    memory: memory.map(({ type, dataWidthBits, speedMhz, capacityMib }) => ({
      device_type: type,
      data_width_bit: dataWidthBits,
      speed_mhz: speedMhz,
      total_memory_gb: capacityMib === null ? null : Math.round(capacityMib / 1024),
    })),
    network: interfaces.map(({ speedMbps }) => ({
      device_type: "ethernet",
      speed_mbps: speedMbps === null ? null : String(speedMbps),
    })),
    storage: drives.map(({ protocol, capacityGib, pooled }) => ({
      protocol,
      volume_size_gb: capacityGib === null ? null : Math.round(capacityGib),
      pooled_resource: pooled,
    })),
  };
}

/** What is in a system. Contract: valence-rest, section 8.2. */
export function renderInventory(assets: Assets): z.infer<typeof inventorySchema> {
  const accelerator = assets.accelerators.map(({ type, model }) => ({ device_type: type, model }));
  return { ...renderAssets(assets), accelerator, accelator: accelerator };
}
