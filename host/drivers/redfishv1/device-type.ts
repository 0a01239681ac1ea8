// What kind of device something is, from whatever the service tells of it.

import { type Fields, numberOf, textOf } from "../redfish/shapes.ts";

export interface Target {
  readonly path: string;
  readonly body: Fields;
  /** The end of the fabric that it is; empty: it is at none. */
  readonly entity: Fields;
  readonly protocol: string | null;
}

/** First byte of a PCI class code. Source: PCI Code and ID Assignment Specification, 1. */
const PCI_CLASSES: Readonly<Record<number, string>> = {
  1: "SSD",
  2: "NIC",
  3: "GPU",
  4: "Multi",
  6: "SWITCH",
  12: "USB",
  18: "ACS",
};

const KINDS: readonly (readonly [RegExp, string])[] = [
  [/\/Drives\//, "SSD"],
  [/\/(NetworkInterfaces|NetworkDeviceFunctions|NetworkAdapters|EthernetInterfaces)\//, "NIC"],
];

/** SSD, HDD, NIC, GPU, FPGA, ACS (another accelerator), storage, …; null: it does not tell. */
export function typeOf({ path, body, entity, protocol }: Target): string | null {
  // Whoever asks for an SSD does not mean a volume behind a network.
  if (/\/(LogicalDrives|Volumes)\//.test(path)) return "storage";
  const processor = textOf(body.ProcessorType);
  if (processor !== null) return processor === "Accelerator" ? "ACS" : processor;
  const media = textOf(body.MediaType) ?? textOf(body.Type);
  if (media === "SSD" || media === "HDD") return media;
  const code = pciClass(entity.PciClassCode);
  const ofClass = code === null ? undefined : PCI_CLASSES[code];
  if (ofClass !== undefined) return ofClass;
  if (protocol === "NVMe" || protocol === "NVMeOverFabrics") return "SSD";
  if (protocol === "FPGAOverFabrics") return "FPGA";
  const kind = KINDS.find(([pattern]) => pattern.test(path));
  if (kind) return kind[1];
  const entityType = textOf(entity.EntityType) ?? "";
  if (entityType === "Volume") return "storage";
  if (entityType === "Drive") return "SSD";
  if (/^(Network|Ethernet)/.test(entityType)) return "NIC";
  return null;
}

/** `0x010802` → 1, also as a number; null: no code. */
function pciClass(value: unknown): number | null {
  const text = textOf(value);
  const code = text !== null && /^0x[0-9a-f]{1,6}$/i.test(text) ? Number.parseInt(text, 16) : numberOf(value);
  return code === null ? null : code >> 16;
}
