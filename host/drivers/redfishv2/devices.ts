import type { DeviceFacts } from "../driver.ts";
import type { Block } from "./block.ts";
import { deviceChange } from "./hardware.ts";

/** A block as a device of the pool. Contract: drivers, 3.5 (devices). */
export function deviceFacts(block: Block): DeviceFacts {
  const enabled = block.obstacle === null || block.systems.length > 0 || block.reserved;
  return {
    ...deviceChange(block),
    type: typeOf(block),
    properties: {
      device_id: block.id,
      ...(block.storageGib > 0 ? { capacity_gib: block.storageGib } : {}),
      ...(block.memoryMib > 0 ? { memory_mib: block.memoryMib } : {}),
      model: block.model,
      protocol: block.protocol,
    },
    extra: { block_type: block.types, sharing: block.sharable, composition_state: block.state },
    ...(enabled ? {} : { down: true }),
  };
}

/** By the names of the contract; a block of memory or CPUs alone is called so. */
function typeOf({ devices, memoryMib, cores }: Block): string | null {
  const type = devices.find((one) => one !== "NVMe" && one !== "NIC") ?? devices[0];
  return type ?? (memoryMib > 0 ? "Memory" : cores > 0 ? "CPU" : null);
}
