import { countAt, hostAt, type Json, objectAt, textAt, textsAt, uuidAt } from "./message-fields.ts";
import type { CloudChange, ServerRecord, ServerState, Size } from "./records.ts";

/** What messages of all three kinds tell of a server, under the names that Nova's Instance object has for it. */
export interface InstanceView {
  /** Fields of the object. */
  readonly data: Json;
  readonly id: string;
  readonly vmState: string;
  readonly taskState: string | null;
  readonly size: Size | null;
  readonly at: number | null;
}

/** While one of these goes on, only messages about the migration itself know what is held where. */
const MOVING: ReadonlySet<string> = new Set([
  "migrating",
  "resize_prep",
  "resize_migrating",
  "resize_migrated",
  "resize_finish",
  "resize_confirming",
  "resize_reverting",
]);

const HOLDING: ReadonlySet<string> = new Set([
  "active",
  "stopped",
  "paused",
  "suspended",
  "rescued",
  // It stays on its host until it is offloaded, or until the cloud reclaims it.
  "shelved",
  "soft-delete",
]);

/**
 * What became of a server, going by its state. Nothing for states that nobody knows, and while it moves. One that is
 * being built has a host chosen for it before it knows; that it has none says something only if it lost one (`lost`).
 */
export function serverChanges(view: InstanceView, lost = false): CloudChange[] {
  const { data, id, at } = view;
  if (view.vmState === "deleted" || data.deleted === true) {
    return [{ kind: "server-gone", id, host: hostAt(data, "host"), at }];
  }
  if (view.taskState !== null && MOVING.has(view.taskState)) return [];
  const host = hostAt(data, "host");
  if (view.vmState === "building" && host === null && !lost) return [];
  const state = stateOf(view.vmState, host);
  return state === null ? [] : [{ kind: "server", server: serverRecord(view, { state, host }) }];
}

export function serverRecord(
  { data, id, size, at }: InstanceView,
  known: Pick<ServerRecord, "state" | "host"> & Partial<ServerRecord>,
): ServerRecord {
  return {
    id,
    name: textAt(data, "display_name"),
    projectId: textAt(data, "project_id") ?? textAt(data, "tenant_id"),
    size,
    alsoOn: null,
    zone: textAt(data, "availability_zone"),
    metadata: textsAt(data, "metadata"),
    hints: null,
    at,
    ...known,
  };
}

function stateOf(vmState: string, host: string | null): ServerState | null {
  if (HOLDING.has(vmState)) return "active";
  if (vmState === "building" || vmState === "resized" || vmState === "error") return vmState;
  // One that is brought back has its host before its state says so.
  if (vmState === "shelved_offloaded") return host === null ? "shelved" : "building";
  return null;
}

/** Of a flavor, or of an instance that carries the numbers of its flavor; null unless all of them are there. */
export function sizeOf(flavor: Json): Size | null {
  const vcpus = countAt(flavor, "vcpus");
  const ramMiB = countAt(flavor, "memory_mb");
  const root = countAt(flavor, "root_gb");
  const ephemeral = countAt(flavor, "ephemeral_gb");
  const swapMiB = countAt(flavor, "swap");
  if (vcpus === null || ramMiB === null || root === null || ephemeral === null || swapMiB === null) return null;
  return { vcpus, ramMiB, diskGiB: root + ephemeral + Math.ceil(swapMiB / 1024) };
}

/** The fields of a versioned object; an empty object where there is none. */
export function dataAt(from: Json, key: string): Json {
  return objectAt(objectAt(from, key), "nova_object.data");
}

/** The view of a versioned object's fields, be it Instance or the payload of a notification. */
export function instanceView(data: Json, at: number | null, stateKey: "vm_state" | "state"): InstanceView | null {
  const id = uuidAt(data, "uuid");
  const vmState = textAt(data, stateKey);
  if (id === null || vmState === null) return null;
  return { data, id, vmState, taskState: textAt(data, "task_state"), size: sizeOf(dataAt(data, "flavor")), at };
}
