// Names of PCI vendors and devices, from the list that Linux distributions install.

import { readFile } from "node:fs/promises";

const PLACES = ["/usr/share/misc/pci.ids", "/usr/share/hwdata/pci.ids"];

export interface PciNames {
  /** Empty: not in the list, or there is none. Ids of four hexadecimal digits, small letters. */
  vendor(id: string): string;
  device(vendorId: string, id: string): string;
}

/** Reads a list of the form of https://pci-ids.ucw.cz; the first of the places that has one. */
export async function readPciNames(places: readonly string[] = PLACES): Promise<PciNames> {
  for (const place of places) {
    const text = await readFile(place, "utf8").catch(() => null);
    if (text !== null) return pciNames(text);
  }
  return pciNames("");
}

let installed: Promise<PciNames> | null = null;

/** What is installed here, read once. */
export async function installedPciNames(): Promise<PciNames> {
  installed ??= readPciNames();
  return await installed;
}

function pciNames(text: string): PciNames {
  const names = new Map<string, string>();
  let vendor = "";
  for (const line of text.split("\n")) {
    // Classes follow the vendors: `C 01  Mass storage controller`.
    if (line.startsWith("C ")) break;
    const [, indent, id, name] = /^(\t?)([0-9a-f]{4}) {2}(.+)$/.exec(line) ?? [];
    if (id === undefined || name === undefined) continue;
    if (indent === "") vendor = id;
    names.set(indent === "" ? id : `${vendor}:${id}`, name.trim());
  }
  return {
    vendor: (id) => names.get(id) ?? "",
    device: (vendorId, id) => names.get(`${vendorId}:${id}`) ?? "",
  };
}
