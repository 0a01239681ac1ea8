import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openTestApi, startEem, startPod, type TestApi } from "./test-api.ts";

let api: TestApi;
let pod: Awaited<ReturnType<typeof startPod>>;
let eem: Awaited<ReturnType<typeof startEem>>;
let podId: string;
let eemId: string;
beforeAll(async () => {
  [api, pod, eem] = [await openTestApi(), await startPod(), await startEem({ servers: 3, devices: 10 })];
  podId = (await api.ask("POST", "/v1/pod_managers", pod.registration)).json.uuid;
  eemId = (await api.ask("POST", "/v1/pod_managers", eem.registration)).json.uuid;
  await api.settled();
});
afterAll(async () => {
  await api.close();
  await Promise.all([pod.close(), eem.close()]);
});
beforeEach(async () => {
  for (const { uuid } of (await api.ask("GET", "/v1/nodes")).json) await api.ask("DELETE", `/v1/nodes/${uuid}`);
});

const compose = async (body: object, query = "") => await api.ask("POST", `/v1/nodes${query}`, { name: "n", ...body });
const composed = async (body: object = { podm_id: podId }) => (await compose(body)).json;
const device = async (query: string) => (await api.ask("GET", `/v1/devices?${query}`)).json[0];

describe("composing", () => {
  test("by nothing, properties or a flavor answers where the node is", async () => {
    const flavor = { name: "f", properties: { memory: { capacity_mib: "4096" }, processor: { total_cores: "2" } } };
    const { uuid: flavor_id } = (await api.ask("POST", "/v1/flavors", flavor)).json;
    for (const how of [{}, { properties: flavor.properties }, { flavor_id, description: "d" }]) {
      const { status, json } = await compose({ ...how, podm_id: podId });
      expect(status, JSON.stringify(json)).toBe(200);
      expect(json).toEqual({
        uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
        name: "n",
        podm_id: podId,
        index: expect.any(String),
        resource_uri: expect.any(String),
        links: [
          { rel: "self", href: `http://localhost:8181/v1/nodes/${json.uuid}` },
          { rel: "bookmark", href: `http://localhost:8181/nodes/${json.uuid}` },
        ],
      });
    }
  });

  test("without podm_id takes the pod manager that fits, and says why when asked", async () => {
    const { status, json } = await compose({ properties: { pci_device: { type: ["GPU"] } } }, "?explain=1");
    expect(status, JSON.stringify(json)).toBe(200);
    expect(json.reasons.length).toBeGreaterThan(1);
    expect([podId, eemId]).toContain(json.podm_id);
    expect(await composed({})).not.toHaveProperty("reasons");
  });

  test("what no pod manager has is 404 and says what was short of each", async () => {
    const { status, json } = await compose({ properties: { pci_device: { type: Array(50).fill("GPU") } } });
    expect([status, json.title]).toEqual([404, "Resource could not be found"]);
    expect(json.detail).toMatch(/pod: .*\n?.*eem: /s);
  });

  test("unknown flavors and pod managers are 404", async () => {
    for (const body of [{ flavor_id: "none" }, { podm_id: "none" }, { podm_id: podId, flavor_id: "none" }])
      expect((await compose(body)).status).toBe(404);
    expect((await api.ask("GET", "/v1/nodes")).json).toEqual([]);
  });
});

describe("a node", () => {
  test("is shown with what its hardware says and what is stored", async () => {
    const node = await composed({ podm_id: podId, description: "web" });
    const { status, json } = await api.ask("GET", `/v1/nodes/${node.uuid}`);
    expect(status).toBe(200);
    expect(json).toMatchObject({
      ...node,
      description: "web",
      url_id: node.index,
      pod_uuid: podId,
      managed_by: null,
      provision_state: null,
      node_state: "Assembled",
      node_power_state: expect.stringMatching(/^O/),
      health_status: "OK",
      pooled_group_id: null,
      computer_system: expect.stringMatching(/^\/redfish\/v1\/Systems\//),
    });
    expect(json.boot_source).toBe(json.target_boot_source);
    expect(json.metadata.processor[0]).toEqual({
      instruction_set: expect.anything(),
      model: expect.any(String),
      speed_mhz: expect.any(Number),
      total_core: expect.any(Number),
    });
    expect(Object.keys(json.metadata.memory[0])).toEqual(["data_width_bit", "speed_mhz", "total_memory_mb"]);
    expect(json.metadata.network[0]).toMatchObject({ mac: expect.any(String), ipv4: expect.any(Array) });
  });

  test("of ExpEther is shown as a board, too", async () => {
    const { uuid } = await composed({ podm_id: eemId });
    const { json } = await api.ask("GET", `/v1/nodes/${uuid}`);
    expect(json).toMatchObject({
      type: expect.any(String),
      mac_address: expect.any(String),
      host_model: expect.any(String),
    });
    expect(json.power_state).toBe(json.node_power_state);
    expect(json.metadata).toEqual({ processor: [], memory: [], network: [] });
  });

  test("is found by a name that is its own; several are 409 with their ids", async () => {
    const { uuid } = await composed({ name: "web 1", podm_id: podId });
    expect((await api.ask("GET", "/v1/nodes/web%201")).json.uuid).toBe(uuid);
    const other = await composed({ name: "web 1", podm_id: podId });
    const { status, json } = await api.ask("DELETE", "/v1/nodes/web%201");
    expect([status, json.code]).toEqual([409, "Conflict"]);
    expect(json.detail).toContain(other.uuid);
  });

  test("lists show what is stored, and ask the hardware only when it is to be known", async () => {
    const node = await composed();
    await composed({ podm_id: eemId, name: "m" });
    const asked = pod.sim.requests.total;
    expect((await api.ask("GET", `/v1/nodes?podm_id=${podId}&name=n`)).json).toEqual([node]);
    expect(pod.sim.requests.total).toBe(asked);
    const live = await api.ask("GET", "/v1/nodes?node_state=Assembled&fields=uuid,node_power_state");
    expect(live.json).toEqual([{ uuid: node.uuid, node_power_state: expect.any(String) }]);
    expect(pod.sim.requests.total).toBeGreaterThan(asked);
    expect((await api.ask("GET", "/v1/nodes?managed_by=ironic")).json).toEqual([]);
  });

  test("whose pod manager is away is 503, but what is stored can be had", async () => {
    const { uuid } = await composed();
    const back = pod.sim.fault({ kind: "drop", times: 1000 });
    try {
      const { status, json } = await api.ask("GET", `/v1/nodes/${uuid}`);
      expect([status, json.title]).toEqual([503, "Connection Error"]);
      const cached = await api.ask("GET", `/v1/nodes/${uuid}?cached=true`);
      expect(cached.json).toMatchObject({ uuid, name: "n", provision_state: null, metadata: {} });
      expect(cached.json).not.toHaveProperty("node_state");
      // The record can be changed all the same.
      expect((await api.ask("PATCH", `/v1/nodes/${uuid}`, { name: "renamed" })).json.name).toBe("renamed");
    } finally {
      back();
    }
  });

  test("that is deleted gives its hardware back", async () => {
    const before = pod.sim.snapshot();
    const { uuid, index } = await composed();
    expect(pod.sim.snapshot()).not.toEqual(before);
    const { status, json } = await api.ask("DELETE", `/v1/nodes/${uuid}`);
    expect([status, json]).toEqual([
      200,
      { request_id: expect.stringMatching(/^req-/), code: "DELETED", detail: `Node ${uuid} is deleted.` },
    ]);
    expect((await api.ask("GET", `/v1/nodes/${uuid}`)).status).toBe(404);
    expect(Object.keys(pod.sim.snapshot().nodes)).not.toContain(index);
  });

  test("that its pod manager does not know any more can be deleted", async () => {
    const { uuid, index } = await composed();
    const auth = { Authorization: `Basic ${btoa("admin:Passw0rd")}` };
    expect(
      (await pod.sim.app.request(`/redfish/v1/Nodes/${index}`, { method: "DELETE", headers: auth })).status,
    ).toBeLessThan(300);
    expect((await api.ask("DELETE", `/v1/nodes/${uuid}`)).status).toBe(200);
  });
});

describe("managing", () => {
  test("takes a node that is there already, once", async () => {
    const auth = { Authorization: `Basic ${btoa("admin:Passw0rd")}`, "Content-Type": "application/json" };
    const body = JSON.stringify({ Name: "theirs" });
    const made = await pod.sim.app.request("/redfish/v1/Nodes/Actions/Allocate", {
      method: "POST",
      headers: auth,
      body,
    });
    const node_index = made.headers.get("Location")!.split("/").at(-1)!;
    const { status, json } = await api.ask("POST", "/v1/nodes/manage", { node_index, podm_id: podId });
    expect([status, json.name, json.index, json.podm_id]).toEqual([200, "theirs", node_index, podId]);
    const again = await api.ask("POST", "/v1/nodes/manage", { node_index, podm_id: podId });
    expect([again.status, again.json.title]).toEqual([409, "Resource Already Exists"]);
  });

  test("unknown indexes are 404, boards of devices 400, and one of several pod managers has to be named", async () => {
    expect((await api.ask("POST", "/v1/nodes/manage", { node_index: "none", podm_id: podId })).status).toBe(404);
    const board = (await device(`podm_id=${eemId}`)).resource_uri.split("/").at(-1);
    expect((await api.ask("POST", "/v1/nodes/manage", { node_index: board, podm_id: eemId })).status).toBe(400);
    const unnamed = await api.ask("POST", "/v1/nodes/manage", { node_index: "1" });
    expect([unnamed.status, unnamed.json.detail]).toEqual([400, expect.stringContaining(podId)]);
  });
});

describe("PATCH", () => {
  test("by operations and by members", async () => {
    const { uuid } = await composed();
    const patch = async (body: unknown) => (await api.ask("PATCH", `/v1/nodes/${uuid}`, body)).json;
    const operations = [
      { op: "test", path: "/name", value: "n" },
      { op: "replace", path: "/name", value: "web" },
      { op: "add", path: "/description", value: "d" },
      { op: "add", path: "/provision_state", value: "active" },
      { op: "add", path: "/metadata/a~1b", value: { deep: [1] } },
    ];
    const changed = await patch(operations);
    expect(changed).toMatchObject({
      name: "web",
      description: "d",
      provision_state: "active",
      node_state: "Assembled",
    });
    expect(changed.metadata["a/b"]).toEqual({ deep: [1] });
    const removed = await patch([
      { op: "remove", path: "/metadata/a~1b" },
      { op: "remove", path: "/provision_state" },
    ]);
    expect([removed.provision_state, removed.metadata["a/b"]]).toEqual([null, undefined]);
    expect(await patch({ name: "db", metadata: { rack: 7 } })).toMatchObject({ name: "db", metadata: { rack: 7 } });
    expect((await patch({ metadata: { rack: null, row: 1 } })).metadata).toMatchObject({ row: 1 });
  });

  const REFUSED: [name: string, body: unknown, status: number, detail: RegExp][] = [
    ["a failed test", [{ op: "test", path: "/name", value: "x" }], 409, /\/name has not the value/],
    ["another path", [{ op: "replace", path: "/node_state", value: "On" }], 400, /\/node_state cannot be changed/],
    ["the id", [{ op: "replace", path: "/uuid", value: "x" }], 400, /\/uuid cannot be changed/],
    ["what the hardware says", [{ op: "add", path: "/metadata/processor", value: [] }], 400, /hardware/],
    ["deeper metadata", [{ op: "add", path: "/metadata/a/b", value: 1 }], 400, /cannot be changed/],
    ["a prototype", [{ op: "add", path: "/metadata/__proto__", value: {} }], 400, /cannot be changed/],
    ["a move", [{ op: "move", from: "/name", path: "/description" }], 400, /-> 0 -> op: expected/],
    ["no value", [{ op: "add", path: "/name" }], 400, /value is required/],
    ["a value of another type", [{ op: "replace", path: "/name", value: 5 }], 400, /-> name: expected string/],
    ["no name at all", [{ op: "remove", path: "/name" }], 400, /-> name: expected string/],
    ["what is not there", [{ op: "remove", path: "/metadata/none" }], 400, /there is no \/metadata\/none/],
    ["no operation", [5], 400, /-> 0: expected object/],
    ["an unknown member", { node_state: "On" }, 400, /node_state: unknown key/],
    ["an endless text", { description: "x".repeat(2000) }, 400, /at most 1000/],
    ["much metadata", { metadata: { a: "x".repeat(20_000) } }, 400, /16384/],
    ["a text", '"x"', 400, /neither an object nor a list/],
  ];
  test("what cannot be is refused, and nothing is changed", async () => {
    const { uuid } = await composed();
    const before = (await api.ask("GET", `/v1/nodes/${uuid}`)).json;
    for (const [name, body, status, detail] of REFUSED) {
      const answer = await api.ask("PATCH", `/v1/nodes/${uuid}`, body);
      expect([name, answer.status, answer.json.detail]).toEqual([name, status, expect.stringMatching(detail)]);
    }
    expect((await api.ask("GET", `/v1/nodes/${uuid}`)).json).toEqual(before);
  });
});

describe("actions", () => {
  test("reset and boot act on the hardware", async () => {
    const { uuid } = await composed();
    const act = async (body: unknown) => await api.ask("POST", `/v1/nodes/${uuid}/action`, body);
    const reset = await act({ Reset: { Type: "ForceOff" } });
    expect([reset.status, reset.text]).toEqual([204, ""]);
    expect((await api.ask("GET", `/v1/nodes/${uuid}`)).json.node_power_state).toMatch(/Off/);
    expect((await act({ Boot: { Enabled: "Once", Target: "Pxe" } })).status).toBe(204);
    expect((await api.ask("GET", `/v1/nodes/${uuid}`)).json.boot_source).toBe("Pxe");
  });

  test("devices are attached and detached, by either name of their id", async () => {
    const { uuid, index } = await composed({ podm_id: eemId });
    const { uuid: id } = await device(`podm_id=${eemId}&state=free`);
    const act = async (body: unknown, node = uuid) => await api.ask("POST", `/v1/nodes/${node}/action`, body);
    expect((await act({ attach: { resource_id: id } })).status).toBe(204);
    const attached = (await api.ask("GET", `/v1/devices/${id}`)).json;
    expect([attached.state, attached.node_id]).toEqual(["allocated", index]);
    const again = await act({ attach: { uuid: id } });
    expect([again.status, again.json.title, again.json.detail]).toEqual([
      400,
      "Bad Request",
      expect.stringContaining(index),
    ]);
    const other = await composed({ podm_id: eemId });
    expect((await act({ detach: { resource_id: id } }, other.uuid)).status).toBe(409);
    expect((await act({ detach: { uuid: id } })).status).toBe(204);
    expect((await act({ detach: { uuid: id } })).status).toBe(204);
    expect((await api.ask("GET", `/v1/devices/${id}`)).json.state).toBe("free");
  });

  test("of another pod manager, or of none, is refused", async () => {
    const { uuid } = await composed({ podm_id: eemId });
    const { uuid: foreign } = await device(`podm_id=${podId}&state=free`);
    const act = async (body: unknown) => await api.ask("POST", `/v1/nodes/${uuid}/action`, body);
    expect((await act({ attach: { resource_id: foreign } })).status).toBe(400);
    expect((await act({ attach: { resource_id: "none" } })).status).toBe(404);
    const reset = await act({ Reset: { Type: "On" } });
    expect([reset.status, reset.json.detail]).toEqual([400, expect.stringContaining("Reset")]);
  });
});

describe("what is in a node", () => {
  test("assets and storages, with what is attached", async () => {
    const { uuid } = await composed();
    const { status, json } = await api.ask("GET", `/v1/nodes/${uuid}/assets`);
    expect([status, Object.keys(json)]).toEqual([200, ["processor", "memory", "network", "storage"]]);
    expect(json.processor[0]).toMatchObject({ device_type: "CPU", total_core: expect.any(Number) });
    expect(json.memory[0].total_memory_gb).toBeGreaterThan(0);
    expect(json.network[0]).toEqual({ device_type: "ethernet", speed_mbps: expect.any(String) });
    const storages = await api.ask("GET", `/v1/nodes/${uuid}/storages`);
    for (const one of storages.json.storagevolumeAttachments)
      expect(one).toEqual({ device: expect.any(String), id: expect.any(String), serverId: uuid, volumeId: one.id });
    const before = json.storage.length;
    const drive = await device(`podm_id=${podId}&state=free&type=SSD`);
    expect((await api.ask("POST", `/v1/nodes/${uuid}/action`, { attach: { resource_id: drive.uuid } })).status).toBe(
      204,
    );
    const after = (await api.ask("GET", `/v1/nodes/${uuid}/assets`)).json.storage;
    expect(after).toHaveLength(before + 1);
    expect(after.filter(({ pooled_resource }: { pooled_resource: boolean }) => pooled_resource).length).toBeGreaterThan(
      0,
    );
    const attached = (await api.ask("GET", `/v1/nodes/${uuid}/storages`)).json.storagevolumeAttachments;
    expect(attached).toContainEqual({
      device: drive.resource_uri,
      id: drive.uuid,
      serverId: uuid,
      volumeId: drive.uuid,
    });
  });
});

describe("registering", () => {
  test("without Ironic is 501 and says what to set; an unknown node comes first", async () => {
    const { uuid } = await composed();
    for (const method of ["POST", "DELETE"]) {
      const { status, json } = await api.ask(method, `/v1/nodes/${uuid}/register`, {});
      expect([method, status, json.code]).toEqual([method, 501, "Not Implemented"]);
      expect(json.detail).toContain("Ironic");
      expect((await api.ask(method, "/v1/nodes/none/register", {})).status).toBe(404);
    }
  });
});

test("what goes on can be seen by the id of the request, and is gone when it has ended", async () => {
  const back = pod.sim.fault({ kind: "slow", method: "POST", path: /Allocate/, ms: 400 });
  const requestId = "req-01234567-89ab-4def-8123-456789abcdef";
  const composing = api.ask(
    "POST",
    "/v1/nodes",
    { name: "slow", podm_id: podId },
    { "X-Openstack-Request-Id": requestId },
  );
  let ended = false;
  composing.finally(() => {
    ended = true;
  });
  let seen = [];
  while (seen.length === 0 && !ended) {
    // The embedded store answers without a turn of the event loop.
    await new Promise(setImmediate);
    seen = (await api.ask("GET", `/v1/operations?request_id=${requestId}`)).json;
  }
  expect(seen[0]).toMatchObject({ kind: "compose", podm_id: podId, request_id: requestId, direction: "forward" });
  const path = `/v1/operations/${seen[0].uuid}`;
  expect((await api.ask("GET", path)).json.node_id).toBe(seen[0].node_id);
  // It is not given up by mistake.
  expect(await api.ask("DELETE", path)).toMatchObject({
    status: 409,
    json: { detail: expect.stringContaining("force=true") },
  });
  const { json } = await composing;
  back();
  expect(json.uuid).toBe(seen[0].node_id);
  expect((await api.ask("GET", "/v1/operations")).json).toEqual([]);
  expect((await api.ask("GET", path)).status).toBe(404);
  expect((await api.ask("DELETE", `${path}?force=true`)).status).toBe(404);
});
