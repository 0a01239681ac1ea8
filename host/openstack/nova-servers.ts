// A server as Nova's API tells of it -> a record.

import { AppError } from "../errors.ts";
import { isRecord, textOf, textsOf } from "./json.ts";
import { type CloudFlavor, sizeOfFlavor } from "./nova-flavors.ts";
import type { ServerRecord, ServerState } from "./records.ts";
import type { Entry } from "./service-api.ts";

/** `moving`: it may hold room in a second place, which only its migration tells. */
export type ListedServer =
  | { readonly gone: false; readonly record: ServerRecord; readonly moving: boolean }
  | { readonly gone: true; readonly id: string; readonly at: number };

/** `vm_state`s with a meaning of their own; all others (stopped, paused, suspended, rescued, soft-delete) hold what they need. */
const STATES: Readonly<Record<string, ServerState>> = {
  building: "building",
  error: "error",
  resized: "resized",
  shelved_offloaded: "shelved",
};

/**
 * @param at when Nova said so, by its clock
 * @param flavor as known by id: before microversion 47 a server only names its own
 * @throws AppError cloud.unavailable when its cell is down, cloud.unreadable when the service user may not see hosts
 */
export function serverOf(entry: Entry, at: number, flavor: (id: string) => CloudFlavor | undefined): ListedServer {
  const id = textOf(entry.id)!;
  const { status } = entry;
  const state = entry["OS-EXT-STS:vm_state"];
  if (status === "DELETED" || state === "deleted") return { gone: true, id, at };
  const host = entry["OS-EXT-SRV-ATTR:host"];
  if (host === undefined) {
    if (status === "UNKNOWN")
      throw new AppError("cloud.unavailable", `a cell of Nova is down: nothing is known of server ${id}`);
    throw new AppError(
      "cloud.unreadable",
      `Nova does not tell on which host server ${id} runs; the service user needs the role admin`,
    );
  }
  const embedded = isRecord(entry.flavor) ? entry.flavor : {};
  const known = "vcpus" in embedded ? sizeOfFlavor(embedded) : flavor(textOf(embedded.id) ?? "");
  const task = textOf(entry["OS-EXT-STS:task_state"]);
  const record: ServerRecord = {
    id,
    name: textOf(entry.name),
    projectId: textOf(entry.tenant_id),
    state: STATES[typeof state === "string" ? state : ""] ?? (status === "BUILD" ? "building" : "active"),
    host: textOf(host),
    size: known ? { vcpus: known.vcpus, ramMiB: known.ramMiB, diskGiB: known.diskGiB } : null,
    alsoOn: null,
    zone: textOf(entry["OS-EXT-AZ:availability_zone"]),
    metadata: textsOf(entry.metadata),
    hints: hintsOf(entry.scheduler_hints),
    at,
  };
  return { gone: false, record, moving: task !== null || record.state === "resized" };
}

/** A hint may be one value or several. Null: this release does not tell them. */
function hintsOf(hints: unknown): Record<string, readonly string[]> | null {
  if (!isRecord(hints)) return null;
  const lists: Record<string, readonly string[]> = {};
  for (const [name, value] of Object.entries(hints))
    lists[name] = (Array.isArray(value) ? value : [value])
      .filter((item) => item !== null && typeof item !== "object")
      .map(String);
  return lists;
}
