import type { Requirements } from "../../drivers/driver.ts";
import { AppError } from "../../errors.ts";

type Properties = Readonly<Record<string, unknown>>;

/**
 * What a flavor's or a request's `properties` ask for, by the names of the API: numbers are texts there.
 * @throws AppError request.invalid naming the property that is no whole number
 */
export function requirementsOf(properties: Properties): Requirements {
  const processor = members(properties.processor, {
    totalCores: (part) => amount("processor.total_cores", part.total_cores),
    model: (part) => text(part.model),
  });
  const memory = members(properties.memory, {
    capacityMib: (part) => amount("memory.capacity_mib", part.capacity_mib),
    type: (part) => text(part.type),
  });
  const remoteStorage = members(properties.remote_storage, {
    capacityGib: (part) => amount("remote_storage.capacity_gib", part.capacity_gib),
  });
  const types = (properties.pci_device as { type?: unknown } | undefined)?.type;
  const pciDevices = Array.isArray(types) ? types.map(String) : [];
  return {
    ...(processor === null ? {} : { processor }),
    ...(memory === null ? {} : { memory }),
    ...(pciDevices.length === 0 ? {} : { pciDevices }),
    ...(remoteStorage?.capacityGib === undefined ? {} : { remoteStorage: { capacityGib: remoteStorage.capacityGib } }),
  };
}

/** Those members that are given; null: none is. */
function members<T>(
  part: unknown,
  read: { readonly [K in keyof T]: (part: Properties) => T[K] | undefined },
): { [K in keyof T]?: T[K] } | null {
  if (typeof part !== "object" || part === null) return null;
  const found: { [K in keyof T]?: T[K] } = {};
  for (const name in read) {
    const value = read[name](part as Properties);
    if (value !== undefined) found[name] = value;
  }
  return Object.keys(found).length === 0 ? null : found;
}

function text(value: unknown): string | undefined {
  return value === undefined || value === null || value === "" ? undefined : String(value);
}

function amount(name: string, value: unknown): number | undefined {
  const given = text(value)?.trim();
  if (given === undefined) return undefined;
  const number = Number(given);
  if (/^\d+$/.test(given) && Number.isSafeInteger(number)) return number;
  throw new AppError("request.invalid", `${name}: "${given.slice(0, 100)}" is no whole number, as "8192" is`);
}
