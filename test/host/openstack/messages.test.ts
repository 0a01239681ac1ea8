import { describe, expect, test } from "vitest";
import { readMessage } from "../../../host/openstack/messages.ts";
import type { CloudChange, Size } from "../../../host/openstack/records.ts";
import { RECORDED_MESSAGES, recorded } from "../../support/recorded-messages.ts";

// vcpus/MiB/GiB
const sized = (size: Size | null) => (size === null ? "?" : `${size.vcpus}/${size.ramMiB}/${size.diskGiB}`);

/** What a change says, in a line. */
function said(change: CloudChange): string {
  switch (change.kind) {
    case "server": {
      const { id, state, host, size, alsoOn, hints } = change.server;
      const more = [
        ...(alsoOn === null ? [] : [`and ${sized(alsoOn.size)} on ${alsoOn.host}`]),
        ...(hints === null ? [] : [`hints ${Object.keys(hints).join(" ") || "none"}`]),
      ];
      return [`${id.slice(0, 4)} ${state} on ${host}: ${sized(size)}`, ...more].join(", ");
    }
    case "server-gone":
      return `${change.id.slice(0, 4)} gone from ${change.host}`;
    case "build-failed":
      return `${change.id.slice(0, 4)} not built on ${change.host}`;
    case "host":
      return `${change.host} ${change.up ? "up" : "down"}`;
    case "facts":
      return `read ${change.of}`;
  }
}

const HEAT_HINTS =
  "mine heat_root_stack_id heat_stack_id heat_stack_name heat_path_in_stack heat_resource_name heat_resource_uuid";

/** What each recorded message says; the others say nothing. */
const SAID: Readonly<Record<string, string>> = {
  "legacy-notification-aggregate.addhost.end": "read aggregates",
  "legacy-notification-aggregate.create.end": "read aggregates",
  "legacy-notification-aggregate.updatemetadata.end": "read aggregates",
  "legacy-notification-compute.instance.create.end": "9ef7 active on qos102: ?",
  "legacy-notification-compute.instance.delete.end": "8201 gone from qos101",
  "legacy-notification-compute.instance.finish_resize.end": "fd24 resized on qos102: ?",
  "legacy-notification-compute.instance.power_off.end": "9ef7 active on qos102: ?",
  "legacy-notification-compute.instance.resize.confirm.end": "fd24 active on qos102: ?",
  "legacy-notification-compute.instance.shutdown.end": "8201 error on qos101: ?",
  "legacy-notification-compute_task.build_instances": "8448 error on null: 1/512/1",
  "legacy-notification-servergroup.addmember": "read server-groups",
  "legacy-notification-servergroup.create": "read server-groups",
  "rpc-build_and_run_instance-from-heat-stack": `78b9 building on qos101: 1/512/1, hints ${HEAT_HINTS}`,
  "rpc-build_and_run_instance-no-hints": "8201 building on qos101: 2/2048/20, hints none",
  "rpc-build_and_run_instance-with-hints":
    "9ef7 building on qos102: 1/512/1, hints peer_host heat_resource_name arbitrary",
  "rpc-finish_resize": "fd24 resized on qos102: 2/2048/20, and 1/512/1 on qos103",
  "rpc-object_action-ComputeNode-save-full": "read hosts",
  "rpc-object_action-Instance-destroy-deleted-None": "8201 gone from qos101",
  "rpc-object_action-Instance-save-LIVE-MIGRATION-host-changed-vm_state-not-in-changes":
    "a9da active on qos101: 1/512/1",
  "rpc-object_action-Instance-save-active-None": "9ef7 active on qos102: 1/512/1",
  "rpc-object_action-Instance-save-active-resize_finish": "fd24 resized on qos102: 2/2048/20",
  "rpc-object_action-Instance-save-active-resize_migrated": "fd24 resized on qos102: 2/2048/20",
  "rpc-object_action-Instance-save-building-block_device_mapping": "9ef7 building on qos102: 1/512/1",
  "rpc-object_action-Instance-save-building-networking": "9ef7 building on qos102: 1/512/1",
  "rpc-object_action-Instance-save-building-spawning": "9ef7 building on qos102: 1/512/1",
  "rpc-object_action-Instance-save-deleted-None": "8201 gone from qos101",
  "rpc-object_action-Instance-save-resized-None": "fd24 resized on qos102: 2/2048/20",
  "rpc-object_action-Instance-save-stopped-None": "9ef7 active on qos102: 1/512/1",
  "rpc-resize_instance": "fd24 active on qos103: 1/512/1, and 2/2048/20 on qos102",
  "rpc-set_host_enabled": "qos101 down",
  "versioned-notification-aggregate.add_host.end": "read aggregates",
  "versioned-notification-aggregate.create.end": "read aggregates",
  "versioned-notification-aggregate.update_metadata.end": "read aggregates",
  "versioned-notification-compute_task.build_instances.error": "8448 error on null: 1/512/1, hints none",
  "versioned-notification-instance.create.end": "9ef7 active on qos102: 1/512/1",
  "versioned-notification-instance.delete.end": "8201 gone from qos101",
  "versioned-notification-instance.power_off.end": "9ef7 active on qos102: 1/512/1",
  "versioned-notification-instance.resize_confirm.end": "fd24 active on qos102: 2/2048/20",
  "versioned-notification-instance.resize_finish.end": "fd24 resized on qos102: 2/2048/20",
  "versioned-notification-instance.shutdown.end": "8201 error on qos101: 2/2048/20",
  "versioned-notification-server_group.add_member": "read server-groups",
  "versioned-notification-server_group.create": "read server-groups",
  "versioned-notification-service.update": "qos101 down",
};

const bytes = (message: unknown) => Buffer.from(typeof message === "string" ? message : JSON.stringify(message));
const read = (message: unknown, routingKey = "conductor") => readMessage(bytes(message), routingKey);
const told = (message: unknown, routingKey?: string) => read(message, routingKey).changes.map(said);

describe("what Nova's messages say", () => {
  test.each(RECORDED_MESSAGES)("$name", ({ name, routingKey, body }) => {
    const { outcome, changes } = readMessage(bytes(body), routingKey);
    expect(changes.map(said)).toEqual(SAID[name] === undefined ? [] : [SAID[name]]);
    expect(outcome).toBe(SAID[name] === undefined ? "silent" : "told");
  });

  test("a record carries all that the message has", () => {
    const [change] = read(recorded("versioned-notification-instance.create.end")).changes;
    expect(change).toEqual({
      kind: "server",
      server: {
        id: "9ef75a99-8907-4629-bc6c-528e481f876b",
        name: "cap-1",
        projectId: "cff8834442044b15880c026f3441c240",
        state: "active",
        host: "qos102",
        size: { vcpus: 1, ramMiB: 512, diskGiB: 1 },
        alsoOn: null,
        zone: "nova",
        metadata: { valet: "x" },
        hints: null,
        at: Date.parse("2026-11-21T20:43:42.686Z"),
      },
    });
  });

  test("hints come as lists, whether one value was written or several", () => {
    const [change] = read(recorded("rpc-build_and_run_instance-with-hints"), "compute.qos102").changes;
    expect(change).toMatchObject({
      server: { hints: { peer_host: ["qos102"], heat_resource_name: ["res1"], arbitrary: ["a", "b"] } },
    });
  });

  test("a message without the envelope says the same as one in it", () => {
    const { name, body, routingKey } = RECORDED_MESSAGES.find(({ name }) => name.endsWith("save-active-None"))!;
    expect(read(recorded(name), routingKey)).toEqual(read(body, routingKey));
  });
});

describe("what was not recorded, made from what was", () => {
  const saved = (name: string, fields: object, changes: readonly string[]) => {
    const message = recorded(`rpc-object_action-Instance-save-${name}`);
    Object.assign(message.args.objinst["nova_object.data"], fields);
    message.args.objinst["nova_object.changes"] = changes;
    return message;
  };
  const notified = (eventType: string, fields: object) => {
    const message = recorded("versioned-notification-instance.create.end");
    Object.assign(message.payload["nova_object.data"], fields);
    return { ...message, event_type: eventType };
  };

  test("swap counts as disk, rounded up to a GiB", () => {
    const flavor = recorded("rpc-object_action-Instance-save-active-None").args.objinst["nova_object.data"].flavor;
    flavor["nova_object.data"].swap = 1025;
    expect(told(saved("active-None", { flavor }, ["flavor"]))).toEqual(["9ef7 active on qos102: 1/512/3"]);
  });

  test("a server that was shelved holds nothing once it is offloaded, and holds again where it is brought back", () => {
    const shelved = { vm_state: "shelved", task_state: null };
    expect(told(saved("active-None", shelved, ["vm_state"]))).toEqual(["9ef7 active on qos102: 1/512/1"]);
    const offloaded = { vm_state: "shelved_offloaded", task_state: null, host: null };
    expect(told(saved("active-None", offloaded, ["vm_state", "host"]))).toEqual(["9ef7 shelved on null: 1/512/1"]);
    const back = { vm_state: "shelved_offloaded", task_state: "spawning", host: "qos103" };
    expect(told(saved("active-None", back, ["host"]))).toEqual(["9ef7 building on qos103: 1/512/1"]);
  });

  test("a build that lost its host holds nothing until it has another one", () => {
    const lost = { vm_state: "building", task_state: "scheduling", host: null };
    expect(told(saved("building-spawning", lost, ["host", "node", "task_state"]))).toEqual([
      "9ef7 building on null: 1/512/1",
    ]);
  });

  test("a failed build names the host, in both formats", () => {
    expect(told(notified("instance.create.error", { host: null, state: "building" }))).toEqual([
      "9ef7 not built on qos102",
    ]);
    const legacy = recorded("legacy-notification-compute.instance.create.start");
    expect(told({ ...legacy, event_type: "compute.instance.create.error" })).toEqual(["9ef7 not built on qos102"]);
  });

  test("while it migrates, a server keeps what it holds; the message about the migration names both hosts", () => {
    const { instance } = recorded("rpc-build_and_run_instance-with-hints").args;
    const data = instance["nova_object.data"];
    Object.assign(data, { vm_state: "active", task_state: "migrating", host: "qos102" });
    const live = { method: "live_migration", args: { instance, dest: "qos103" } };
    expect(told(live, "compute.qos102")).toEqual(["9ef7 active on qos102: 1/512/1, and 1/512/1 on qos103"]);
    expect(told(saved("active-None", { task_state: "migrating" }, ["task_state"]))).toEqual([]);
    expect(told(notified("instance.live_migration_post.end", { task_state: "migrating" }))).toEqual([]);
    expect(told(notified("instance.live_migration_post_dest.end", { host: "qos103" }))).toEqual([
      "9ef7 active on qos103: 1/512/1",
    ]);
  });

  test("a resize that is taken back is told when it is over", () => {
    const turning = { vm_state: "resized", task_state: "resize_reverting", host: "qos103" };
    expect(told(saved("resized-None", turning, ["host", "task_state"]))).toEqual([]);
    const back = { vm_state: "active", task_state: null, host: "qos103" };
    expect(told(saved("resized-None", back, ["vm_state", "task_state"]))).toEqual(["fd24 active on qos103: 2/2048/20"]);
  });

  test("a compute service that is forced down, comes back or is deleted", () => {
    const service = (eventType: string, fields: object) => {
      const message = recorded("versioned-notification-service.update");
      Object.assign(message.payload["nova_object.data"], { disabled: false, ...fields });
      return { ...message, event_type: eventType };
    };
    expect(told(service("service.update", { forced_down: true }))).toEqual(["qos101 down"]);
    expect(told(service("service.update", {}))).toEqual(["qos101 up"]);
    expect(told(service("service.delete", {}))).toEqual(["qos101 down", "read hosts"]);
    expect(told(service("service.create", {}))).toEqual(["read hosts"]);
    expect(told(service("service.update", { binary: "nova-scheduler" }))).toEqual([]);
    const saved = recorded("rpc-object_action-Service-save");
    saved.args.objinst["nova_object.changes"] = ["disabled"];
    expect(told(saved)).toEqual(["qos103 up"]);
  });

  test("a compute node that is deleted is down, and the hosts are read again", () => {
    const node = recorded("rpc-object_action-ComputeNode-save-delta");
    node.args.objinst["nova_object.data"].deleted = true;
    expect(told(node)).toEqual(["qos103 down", "read hosts"]);
  });

  test("an audit, which tells of every server at once, says nothing", () => {
    expect(told(notified("instance.exists", {}))).toEqual([]);
  });

  test("a new flavor is read", () => {
    expect(told({ event_type: "flavor.create", payload: {} })).toEqual(["read flavors"]);
  });
});
