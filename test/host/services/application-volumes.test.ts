import { describe, expect, test } from "vitest";
import { type StackResource, toApplication } from "../../../host/services/application.ts";

const flavor = { id: "1", name: "f", vcpus: 1, ramMiB: 1024, diskGiB: 20, extraSpecs: {} };
const context = { projectId: "demo", flavor: () => flavor, group: () => undefined, zones: new Set<string>() };
const web: StackResource = { name: "web", type: "OS::Nova::Server", properties: { flavor: "f" } };
const volume = (properties: Record<string, unknown>): StackResource => ({
  name: "data",
  type: "OS::Cinder::Volume",
  properties,
});
const attachment: StackResource = {
  type: "OS::Cinder::VolumeAttachment",
  properties: { instance_uuid: { get_resource: "web" }, volume_id: "data" },
};
const diskOf = (resources: Record<string, StackResource>) =>
  toApplication({ planName: "p", stackId: "s", resources: { web, ...resources } }, context).application.vms[0]!.diskGiB;

describe("a volume", () => {
  test.each([
    ["of no type", { size: 100 }],
    ["of one of Cinder's types", { size: 100, volume_type: "lvm-ssd" }],
    ["of no type and any size", { size: "huge" }],
  ])("%s takes no disk of a host", (_, properties) => {
    expect(diskOf({ data: volume(properties), a: attachment })).toBe(20);
  });

  test("of type local takes its size on the host of the server it is attached to", () => {
    expect(diskOf({ data: volume({ size: 100, volume_type: "local" }), a: attachment })).toBe(120);
    expect(diskOf({ data: volume({ size: "100", volume_type: "local" }), a: attachment })).toBe(120);
  });

  test("of type local counts too when the server itself names it as a device, and once when both do", () => {
    const booted = { ...web, properties: { flavor: "f", block_device_mapping_v2: [{ volume_id: "data" }] } };
    const data = volume({ size: 100, volume_type: "local" });
    expect(diskOf({ web: booted, data })).toBe(120);
    expect(diskOf({ web: booted, data, a: attachment })).toBe(120);
  });

  test("of type local that is attached to no server of the stack takes nothing", () => {
    expect(diskOf({ data: volume({ size: 100, volume_type: "local" }) })).toBe(20);
  });

  test.each([
    ["a fraction", 1.5, "1.5 is not a size"],
    ["negative", -1, "-1 is not a size"],
    ["huge", 1e12, "1000000000000 is not a size"],
    ["a word", "big", `"big" is not a size`],
    ["not there", undefined, "is missing"],
    ["too much with its server's", 2 ** 31 - 1, `server "web" and its local volumes take 2147483667 GiB`],
  ])("of type local whose size is %s is refused", (_, size, message) => {
    expect(() => diskOf({ data: volume({ size, volume_type: "local" }), a: attachment })).toThrow(
      expect.objectContaining({
        code: "application.invalid",
        message: expect.stringContaining(`resource "data", properties.size: ${message}`),
      }),
    );
  });
});
