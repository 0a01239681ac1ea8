import { asHost, hostAt, type Json, listAt, listsAt, objectAt, textAt } from "./message-fields.ts";
import { dataAt, type InstanceView, instanceView, serverChanges, serverRecord, sizeOf } from "./message-servers.ts";
import type { CloudChange } from "./records.ts";

// Nova's own calls between its services. They are no published interface, but they tell what no notification does, and
// every cloud has them. They carry no time: what comes later is later.

/** One RPC message. `routingKey`: `conductor`, or `compute.<host>`. */
export function rpcChanges(method: string, args: Json, routingKey: string): CloudChange[] {
  const translate = METHODS.get(method);
  return translate === undefined ? [] : translate(args, routingKey);
}

type Translate = (args: Json, routingKey: string) => CloudChange[];

const METHODS: ReadonlyMap<string, Translate> = new Map<string, Translate>([
  ["object_action", objectAction],
  ["build_and_run_instance", build],
  ["resize_instance", resize],
  ["finish_resize", finishResize],
  ["live_migration", liveMigration],
  ["set_host_enabled", hostEnabled],
]);

/** A compute service has the conductor write what it changed. */
function objectAction(args: Json): CloudChange[] {
  const object = objectAt(args, "objinst");
  const data = objectAt(object, "nova_object.data");
  const action = textAt(args, "objmethod");
  const changed = new Set(listAt(object, "nova_object.changes"));
  switch (object["nova_object.name"]) {
    case "Instance":
      return instanceAction(data, action, changed);
    case "ComputeNode":
      return computeNodeAction(data, action, changed);
    case "Service":
      return serviceAction(data, action, changed);
    default:
      return [];
  }
}

/** Fields of an Instance that say what it holds and where, or what it is. */
const TELLING = ["vm_state", "host", "node", "flavor", "vcpus", "memory_mb", "task_state", "metadata", "display_name"];

function instanceAction(data: Json, action: string | null, changed: ReadonlySet<unknown>): CloudChange[] {
  const view = instanceView(data, null, "vm_state");
  if (view === null) return [];
  if (action === "destroy") {
    return [{ kind: "server-gone", id: view.id, host: hostAt(data, "host"), at: null }];
  }
  if (action !== "save" || (data.deleted !== true && !TELLING.some((field) => changed.has(field)))) return [];
  const arrived = view.vmState === "active" || view.vmState === "stopped" ? arrivedElsewhere(view, changed) : null;
  return arrived ?? serverChanges(view, changed.has("host"));
}

/** A resize or cold migration has reached its new host; what it holds on the old one stays held. */
function arrivedElsewhere(view: InstanceView, changed: ReadonlySet<unknown>): CloudChange[] | null {
  const { data, taskState } = view;
  const moved = taskState === "resize_migrated" && changed.has("host");
  const host = hostAt(data, "host");
  if ((!moved && taskState !== "resize_finish") || host === null) return null;
  const size = sizeOf(dataAt(data, "new_flavor")) ?? view.size;
  return [{ kind: "server", server: serverRecord({ ...view, size }, { state: "resized", host }) }];
}

/** What its servers use is known from them; what it has is read from the cloud. */
const CAPACITY = ["vcpus", "memory_mb", "local_gb", "cpu_allocation_ratio", "ram_allocation_ratio"];

function computeNodeAction(data: Json, action: string | null, changed: ReadonlySet<unknown>): CloudChange[] {
  const again: CloudChange = { kind: "facts", of: "hosts" };
  const host = hostAt(data, "host");
  if (data.deleted === true || action === "destroy") {
    return host === null ? [again] : [{ kind: "host", host, up: false, at: null }, again];
  }
  if (action === "create") return [again];
  return action === "save" && CAPACITY.some((field) => changed.has(field)) ? [again] : [];
}

function serviceAction(data: Json, action: string | null, changed: ReadonlySet<unknown>): CloudChange[] {
  if (data.binary !== "nova-compute") return [];
  if (action === "create" || action === "destroy") return [{ kind: "facts", of: "hosts" }];
  if (action !== "save" || !(changed.has("disabled") || changed.has("forced_down"))) return [];
  return serviceState(data, null);
}

/** Of a compute service's fields, in RPC and in notifications. */
export function serviceState(data: Json, at: number | null): CloudChange[] {
  const host = hostAt(data, "host");
  const { disabled, forced_down: forcedDown } = data;
  if (host === null || typeof disabled !== "boolean") return [];
  return [{ kind: "host", host, up: !disabled && forcedDown !== true, at }];
}

/** The scheduler chose a host. Only here is told which server belongs to which resource of a stack. */
function build(args: Json, routingKey: string): CloudChange[] {
  const view = instanceView(dataAt(args, "instance"), null, "vm_state");
  if (view === null) return [];
  const properties = objectAt(args, "filter_properties");
  // No hints, no key.
  const hints = listsAt(properties, "scheduler_hints") ?? listsAt(dataAt(args, "request_spec"), "scheduler_hints");
  const host = computeOf(routingKey);
  return [{ kind: "server", server: serverRecord(view, { state: "building", host, hints: hints ?? {} }) }];
}

/** The new host has made room; the old one is told to let go. */
function resize(args: Json): CloudChange[] {
  const view = instanceView(dataAt(args, "instance"), null, "vm_state");
  const host = hostAt(dataAt(args, "migration"), "source_compute");
  const target = hostAt(dataAt(args, "migration"), "dest_compute");
  const size = sizeOf(dataAt(args, "flavor"));
  if (view === null || host === null || target === null || size === null) return [];
  return [{ kind: "server", server: serverRecord(view, { state: "active", host, alsoOn: { host: target, size } }) }];
}

/** It is on the new host; what it had is kept until the resize is confirmed. */
function finishResize(args: Json): CloudChange[] {
  const data = dataAt(args, "instance");
  const view = instanceView(data, null, "vm_state");
  const source = hostAt(dataAt(args, "migration"), "source_compute");
  const host = hostAt(dataAt(args, "migration"), "dest_compute");
  const before = sizeOf(dataAt(data, "old_flavor")) ?? view?.size ?? null;
  if (view === null || source === null || host === null || before === null) return [];
  const size = sizeOf(dataAt(data, "new_flavor")) ?? view.size;
  const alsoOn = { host: source, size: before };
  return [{ kind: "server", server: serverRecord({ ...view, size }, { state: "resized", host, alsoOn }) }];
}

/** The host that it runs on begins to send it away. */
function liveMigration(args: Json, routingKey: string): CloudChange[] {
  const view = instanceView(dataAt(args, "instance"), null, "vm_state");
  const target = hostAt(args, "dest") ?? hostAt(dataAt(args, "migration"), "dest_compute");
  if (view === null || target === null || view.size === null) return [];
  const host = hostAt(view.data, "host") ?? computeOf(routingKey);
  const alsoOn = { host: target, size: view.size };
  return [{ kind: "server", server: serverRecord(view, { state: "active", host, alsoOn }) }];
}

/** An administrator switched a compute service on or off; only this message names it outside of notifications. */
function hostEnabled(args: Json, routingKey: string): CloudChange[] {
  const host = computeOf(routingKey);
  const up = args.enabled;
  return host === null || typeof up !== "boolean" ? [] : [{ kind: "host", host, up, at: null }];
}

function computeOf(routingKey: string): string | null {
  return routingKey.startsWith("compute.") ? asHost(routingKey.slice("compute.".length)) : null;
}
