// Volumes of a stack that live on the disk of their server's host.

import type { Vm } from "../core/model.ts";
import { fault, quote } from "./application-fault.ts";
import { type Resources, VOLUME } from "./application-resources.ts";

/**
 * The `volume_type` that asks for the host's own disk. A volume of any other type, or of none, is in Cinder's storage and
 * takes no disk of a host.
 */
const LOCAL = "local";
/** The core counts in 32-bit integers. */
const LARGEST = 2 ** 31 - 1;

/**
 * The VMs with their local volumes' sizes on their disks. A local volume that is attached to none of them takes nothing.
 * @throws AppError application.invalid naming resource and field
 */
export function withLocalVolumes(resources: Resources, vms: readonly Vm[]): Vm[] {
  const diskOf = new Map(vms.map(({ name, diskGiB }) => [name, diskGiB]));
  for (const [key, { type, properties = {} }] of resources.entries()) {
    if (type !== VOLUME || properties.volume_type !== LOCAL) continue;
    const size = sizeOf(key, properties.size);
    const server = resources.serverOf(key);
    if (server === undefined) continue;
    const sum = diskOf.get(server)! + size;
    if (sum > LARGEST)
      throw fault(
        key,
        "properties.size",
        `server ${quote(server)} and its local volumes take ${sum} GiB, at most ${LARGEST} are taken`,
      );
    diskOf.set(server, sum);
  }
  return vms.map((vm) => ({ ...vm, diskGiB: diskOf.get(vm.name)! }));
}

/** GiB. */
function sizeOf(key: string, given: unknown): number {
  // A template's parameters may come as text.
  const size = typeof given === "string" && /^\d+$/.test(given) ? Number(given) : given;
  if (typeof size === "number" && Number.isInteger(size) && size >= 0 && size <= LARGEST) return size;
  const what = given === undefined || given === null ? "is missing" : `${quote(given)} is not a size`;
  throw fault(key, "properties.size", `${what}; a local volume needs a whole number of GiB up to ${LARGEST}`);
}
