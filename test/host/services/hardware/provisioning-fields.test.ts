import { describe, expect, test } from "vitest";
import type { Assets } from "../../../../host/drivers/driver.ts";
import { registrationFields } from "../../../../host/services/hardware/provisioning-fields.ts";

const ID = "4b8f1a9e-5a0b-4f0e-9d57-2f0b6a3c1d2e";
const provisioning = {
  driver: "redfish",
  driverInfo: {
    redfish_address: "https://pod:8443",
    redfish_system_id: "/redfish/v1/Systems/1",
    redfish_password: "p",
  },
  macs: ["52:54:00:AA:00:01", "52:54:00:aa:00:01", "52:54:00:AA:00:02"],
};
const assets: Assets = {
  processors: [
    { instructionSet: "x86-64", model: null, speedMhz: null, totalCores: 8 },
    { instructionSet: "x86-64", model: null, speedMhz: null, totalCores: 8 },
  ],
  memory: [{ type: "DDR4", dataWidthBits: 64, speedMhz: 2400, capacityMib: 16384 }],
  interfaces: [],
  drives: [{ resourceUri: null, protocol: "NVMe", capacityGib: 894.25, pooled: true }],
  accelerators: [],
};
const fields = (params: Record<string, unknown>, name = "web 1", more: { assets?: Assets | null } = {}) =>
  registrationFields({ id: ID, nodeId: ID, name, provisioning, assets, params, ...more });

describe("what Ironic is told of a node", () => {
  test("who drives it, how large it is, and which node it is of ours; each MAC once", () => {
    expect(fields({})).toEqual({
      node: {
        uuid: ID,
        name: "web-1",
        driver: "redfish",
        resource_class: "baremetal",
        driver_info: provisioning.driverInfo,
        properties: { cpus: 16, memory_mb: 16384, local_gb: 894, cpu_arch: "x86_64" },
        extra: { ostro_node: ID },
      },
      macs: ["52:54:00:aa:00:01", "52:54:00:aa:00:02"],
      targets: [],
    });
  });

  test("what the caller says goes over ours, key by key in the objects", () => {
    const { node } = fields({
      driver: "pxe_ipmitool",
      driver_info: { redfish_verify_ca: false },
      properties: { cpus: 4 },
      extra: { rack: "r1", ostro_node: "another" },
      resource_class: "gpu",
      name: "named",
      owner: "demo",
    });
    expect(node).toMatchObject({
      driver: "ipmi",
      driver_info: { ...provisioning.driverInfo, redfish_verify_ca: false },
      properties: { cpus: 4, memory_mb: 16384 },
      extra: { rack: "r1", ostro_node: ID },
      resource_class: "gpu",
      name: "named",
      owner: "demo",
    });
  });

  test("a password of ours is sent to no other address than our pod manager's", () => {
    const at = (redfish_address: string) => fields({ driver_info: { redfish_address } }).node.driver_info;
    expect(at("https://pod:8443")).toHaveProperty("redfish_password", "p");
    expect(at("https://elsewhere")).not.toHaveProperty("redfish_password");
    const own = { redfish_address: "https://elsewhere", redfish_password: "own" };
    expect(fields({ driver_info: own }).node.driver_info).toMatchObject(own);
  });

  test("without sizes there are no properties", () => {
    expect(fields({}, "web", { assets: null }).node.properties).toEqual({});
  });

  test.each([
    ["Web Server №1", "web-server-1"],
    ["...", `node-${ID.slice(0, 8)}`],
    ["x".repeat(100), "x".repeat(63)],
  ])("%s becomes a name that Ironic takes: %s", (name, taken) => {
    expect(fields({}, name).node.name).toBe(taken);
  });

  test("it can be brought on the way to being deployed", () => {
    expect(fields({ target: "provide" }).targets).toEqual(["manage", "provide"]);
  });

  test.each([
    [{ colour: "red" }, "colour: Ironic's nodes have no such field"],
    [{ driver_info: "text" }, "driver_info: expected an object"],
    [{ properties: [] }, "properties: expected an object"],
    [{ driver: 5 }, "driver: expected the name of a hardware type"],
    [{ target: "deploy" }, 'target: expected "manage" or "provide"'],
  ])("%j is refused, naming the field", (params, message) => {
    expect(() => fields(params)).toThrow(message);
  });
});
