import { hostAt, type Json, listsAt, objectAt, textAt, timeAt, uuidAt } from "./message-fields.ts";
import { serviceState } from "./message-rpc.ts";
import { dataAt, instanceView, serverChanges, sizeOf } from "./message-servers.ts";
import type { CloudChange } from "./records.ts";

// Nova's published interface, in both formats. What is only begun (`….start`) changes nothing yet.

/** One notification, `message` without its envelope. */
export function notificationChanges(eventType: string, message: Json): CloudChange[] {
  // An audit tells of every server at once that it is still there; whoever doubts it reads the listing.
  if (eventType.endsWith(".start") || eventType.endsWith("instance.exists")) return [];
  const payload = objectAt(message, "payload");
  const at = timeAt(message, "timestamp");
  const publisher = textAt(message, "publisher_id");
  if (eventType.startsWith("compute.instance.")) return legacyInstance(eventType, payload, publisher, at);
  if (eventType === "compute_task.build_instances") return legacyNoHost(payload, at);
  const data = dataAt(message, "payload");
  if (eventType.startsWith("instance.")) return instance(eventType, data, publisher, at);
  if (eventType === "compute_task.build_instances.error") return noHost(data, at);
  if (eventType.startsWith("service.")) return service(eventType, data, at);
  return factsOf(eventType);
}

function factsOf(eventType: string): CloudChange[] {
  const [topic] = eventType.split(".", 1);
  if (topic === "aggregate") return [{ kind: "facts", of: "aggregates" }];
  if (topic === "flavor") return [{ kind: "facts", of: "flavors" }];
  return topic === "server_group" || topic === "servergroup" ? [{ kind: "facts", of: "server-groups" }] : [];
}

function instance(eventType: string, data: Json, publisher: string | null, at: number | null): CloudChange[] {
  if (eventType === "instance.create.error") {
    return buildFailed(uuidAt(data, "uuid"), hostAt(data, "host"), publisher, at);
  }
  const view = instanceView(data, at, "state");
  if (view === null) return [];
  if (eventType === "instance.delete.end") return gone(view.id, hostAt(data, "host"), at);
  return serverChanges(view);
}

/** Its sizes leave out swap, so it tells none. */
function legacyInstance(eventType: string, payload: Json, publisher: string | null, at: number | null): CloudChange[] {
  const id = uuidAt(payload, "instance_id");
  const host = hostAt(payload, "host");
  if (eventType === "compute.instance.create.error") return buildFailed(id, host, publisher, at);
  const vmState = textAt(payload, "state");
  if (id === null || vmState === null) return [];
  if (eventType === "compute.instance.delete.end") return gone(id, host, at);
  return serverChanges({
    data: payload,
    id,
    vmState,
    taskState: textAt(payload, "state_description"),
    size: null,
    at,
  });
}

function gone(id: string, host: string | null, at: number | null): CloudChange[] {
  return [{ kind: "server-gone", id, host, at }];
}

/** `publisher`: `nova-compute:<host>`, or `compute.<host>`. The instance itself has no host any more by then. */
function buildFailed(id: string | null, host: string | null, publisher: string | null, at: number | null) {
  if (id === null) return [];
  const named = publisher?.match(/^(?:nova-compute:|compute\.)([\w.:-]+)$/)?.[1] ?? null;
  return [{ kind: "build-failed", id, host: host ?? named, at } as const];
}

/** No host could be found for it, or every one that was tried failed: it stays, without a host. */
function noHost(data: Json, at: number | null): CloudChange[] {
  const id = uuidAt(data, "instance_uuid");
  if (id === null || data.state !== "error") return [];
  const request = dataAt(data, "request_spec");
  const size = sizeOf(dataAt(request, "flavor"));
  return [failedServer(id, at, size, textAt(request, "project_id"), listsAt(request, "scheduler_hints"))];
}

function legacyNoHost(payload: Json, at: number | null): CloudChange[] {
  const id = uuidAt(payload, "instance_id");
  if (id === null || payload.state !== "error") return [];
  const request = objectAt(payload, "request_spec");
  const size = sizeOf(objectAt(request, "instance_type"));
  return [failedServer(id, at, size, textAt(objectAt(request, "instance_properties"), "project_id"), null)];
}

function failedServer(
  id: string,
  at: number | null,
  size: ReturnType<typeof sizeOf>,
  projectId: string | null,
  hints: ReturnType<typeof listsAt>,
): CloudChange {
  const untold = { name: null, zone: null, metadata: null, alsoOn: null };
  return { kind: "server", server: { ...untold, id, projectId, state: "error", host: null, size, hints, at } };
}

function service(eventType: string, data: Json, at: number | null): CloudChange[] {
  if (data.binary !== "nova-compute") return [];
  const again: CloudChange = { kind: "facts", of: "hosts" };
  if (eventType === "service.create") return [again];
  const host = hostAt(data, "host");
  if (eventType === "service.delete") return host === null ? [again] : [{ kind: "host", host, up: false, at }, again];
  return serviceState(data, at);
}
