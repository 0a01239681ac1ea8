// Composed nodes in the care of a real Ironic, which drives the simulated hardware through its own Redfish driver.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { env, until } from "./support/cloud.ts";
import { HardwareService, IronicPeer } from "./support/hardware.ts";

const KEYSTONE = ["--ironic", `keystone:${env.KEYSTONE_URL}`, "--ironic-username", "ostro"];

describe.each([
  { who: "that stands alone", url: env.IRONIC_ALONE_URL!, options: ["--ironic", env.IRONIC_ALONE_URL!], variables: {} },
  {
    who: "that asks Keystone",
    url: env.IRONIC_URL!,
    options: KEYSTONE,
    variables: { OSTRO_IRONIC_PASSWORD: env.PEERS_PASSWORD! },
  },
])("an Ironic $who", ({ url, options, variables }) => {
  const ironic = new IronicPeer(url);
  let ostro: HardwareService;
  beforeAll(async () => {
    ostro = await HardwareService.start(["--database", "memory:", "--datacenter", "sim:1x1", ...options], variables);
  });
  afterAll(() => ostro?.stop());

  const compose = async (name: string) => {
    const composed = await ostro.ask("POST", "/v1/nodes", { name });
    expect(composed).toMatchObject({ status: 200, body: { name } });
    return composed.body.uuid as string;
  };

  it("gets a composed node, drives its power, and loses it when its hardware goes back", async () => {
    const node = await compose("driven");
    const registered = await ostro.ask("POST", `/v1/nodes/${node}/register`, { target: "provide" });
    expect(registered).toMatchObject({ status: 200, body: { uuid: node, managed_by: "ironic" } });
    expect(registered.body.warnings ?? []).toEqual([]);

    const there = await ironic.node(node);
    expect(there).toMatchObject({ name: "driven", driver: "redfish", resource_class: "baremetal" });
    expect(there.driver_info.redfish_system_id).toMatch(/^\/redfish\/v1\/Systems\/[^/]+$/);
    expect(there.driver_info.redfish_password).toBe("******");
    expect(there.properties.cpus).toBeGreaterThan(0);
    const { ports } = (await ironic.ask("GET", `/v1/ports?node=${node}`)).body;
    expect(ports.length).toBeGreaterThan(0);
    const valid = await ironic.ask("GET", `/v1/nodes/${node}/validate`);
    expect(valid.body).toMatchObject({ power: { result: true }, management: { result: true } });
    await until("available", 60, async () => (await ironic.node(node)).provision_state === "available");

    for (const [target, state] of [
      ["power off", "Off"],
      ["power on", "On"],
    ] as const) {
      expect((await ironic.ask("PUT", `/v1/nodes/${node}/states/power`, { target })).status).toBe(202);
      await until(target, 60, async () => (await ironic.node(node)).power_state === target);
      await until(state, 30, async () => (await ostro.ask("GET", `/v1/nodes/${node}`)).body.node_power_state === state);
    }

    expect((await ostro.ask("POST", `/v1/nodes/${node}/register`, {})).status).toBe(409);
    expect((await ostro.ask("DELETE", `/v1/nodes/${node}`)).status).toBe(200);
    expect((await ironic.ask("GET", `/v1/nodes/${node}`)).status).toBe(404);
    expect((await ostro.ask("GET", `/v1/nodes/${node}`)).status).toBe(404);
  });

  it("is left by a node that stays composed, and can have it again", async () => {
    const node = await compose("twice");
    expect((await ostro.ask("POST", `/v1/nodes/${node}/register`)).status).toBe(200);
    expect((await ostro.ask("DELETE", `/v1/nodes/${node}/register`)).status).toBe(200);
    expect((await ironic.ask("GET", `/v1/nodes/${node}`)).status).toBe(404);
    expect((await ostro.ask("GET", `/v1/nodes/${node}`)).body).toMatchObject({ managed_by: null });
    expect((await ostro.ask("POST", `/v1/nodes/${node}/register`, {})).status).toBe(200);
    await ostro.ask("DELETE", `/v1/nodes/${node}`);
  });

  it("that refuses, or has the name already, is told of in its own words, and nothing stays", async () => {
    const first = await compose("same name");
    const second = await compose("same name");
    const refused = await ostro.ask("POST", `/v1/nodes/${first}/register`, { driver: "no-such-driver" });
    expect(refused).toMatchObject({ status: 400, body: { detail: expect.stringContaining("no-such-driver") } });
    expect((await ostro.ask("POST", `/v1/nodes/${first}/register`, {})).status).toBe(200);
    const taken = await ostro.ask("POST", `/v1/nodes/${second}/register`, {});
    expect(taken).toMatchObject({ status: 409, body: { detail: expect.stringContaining("already exists") } });
    expect((await ostro.ask("POST", `/v1/nodes/${second}/register`, { name: "another" })).status).toBe(200);
    for (const node of [first, second]) expect((await ostro.ask("DELETE", `/v1/nodes/${node}`)).status).toBe(200);
  });
});

const IPMI = { ipmi_address: "127.0.0.1", ipmi_username: "u", ipmi_password: "p" };

describe("a node of each driver", () => {
  const ironic = new IronicPeer(env.IRONIC_ALONE_URL!);
  let ostro: HardwareService;
  beforeAll(async () => {
    const own = ["--database", "memory:", "--datacenter", "sim:1x1", "--simulated-pod-manager", "false"];
    ostro = await HardwareService.start([...own, "--ironic", env.IRONIC_ALONE_URL!]);
  });
  afterAll(() => ostro?.stop());

  it.each([
    { driver: "redfishv1", kind: "podm", type: "SSD", resets: true, params: { target: "manage" } },
    { driver: "redfishv2", kind: "redfish", type: "NIC", resets: true, params: { target: "manage" } },
    {
      driver: "expether",
      kind: "eem",
      type: "GPU",
      resets: false,
      params: { driver_info: IPMI, mac: "52:54:00:aa:bb:99" },
    },
  ] as const)("$driver: composed, given a device, reset, registered, and given back", async (one) => {
    const podm_id = await ostro.addPod(one.kind, one.driver);
    const composed = await ostro.ask("POST", "/v1/nodes", { name: `of ${one.driver}`, podm_id });
    expect(composed).toMatchObject({ status: 200, body: { podm_id } });
    const node = composed.body.uuid;
    const act = async (action: object) => (await ostro.ask("POST", `/v1/nodes/${node}/action`, action)).status;

    const free = await ostro.ask("GET", `/v1/devices?podm_id=${podm_id}&type=${one.type}&state=free`);
    const resource_id = free.body[0].uuid;
    expect(await act({ attach: { resource_id } })).toBe(204);
    const device = async () => (await ostro.ask("GET", `/v1/devices/${resource_id}`)).body;
    expect(await device()).toMatchObject({ state: "allocated", node_id: composed.body.index });
    expect(await act({ Reset: { Type: "ForceOff" } })).toBe(one.resets ? 204 : 400);

    const registered = await ostro.ask("POST", `/v1/nodes/${node}/register`, one.params);
    expect(registered).toMatchObject({ status: 200, body: { managed_by: "ironic" } });
    expect(registered.body.warnings ?? []).toEqual([]);
    const state = "target" in one.params ? "manageable" : "enroll";
    await until(state, 60, async () => (await ironic.node(node)).provision_state === state);

    expect(await act({ detach: { resource_id } })).toBe(204);
    expect(await device()).toMatchObject({ state: "free", node_id: null });
    expect((await ostro.ask("DELETE", `/v1/nodes/${node}`)).status).toBe(200);
    expect((await ironic.ask("GET", `/v1/nodes/${node}`)).status).toBe(404);
  });
});
