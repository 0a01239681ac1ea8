import { describe, expect, it } from "vitest";
import { simulatedDataCenter } from "../../../host/core/simulated.ts";

describe("a simulated data center", () => {
  const dataCenter = simulatedDataCenter("sim:6x12");

  it("has racks and hosts named by the convention, one cluster per four racks", () => {
    expect(dataCenter.hosts).toHaveLength(72);
    expect(dataCenter.hosts[0]).toMatchObject({ name: "sim01r01c001", rack: "sim01r01", cluster: "sim01cluster01" });
    expect(dataCenter.hosts.at(-1)).toMatchObject({
      name: "sim01r06c012",
      rack: "sim01r06",
      cluster: "sim01cluster02",
    });
    expect(new Set(dataCenter.hosts.map((host) => host.cluster)).size).toBe(2);
    // How the original's tests derive the rack of a host.
    for (const { name, rack } of dataCenter.hosts) expect(rack).toBe(`sim01r${name.split("r")[1]!.slice(0, 2)}`);
  });

  it("has hosts of 16 vCPU, 16000 MiB and 1000 GiB with 10 Gbit/s, up and empty, in racks with 40 Gbit/s", () => {
    for (const host of dataCenter.hosts)
      expect(host).toMatchObject({
        zone: "nova",
        up: true,
        capacity: { vcpus: 16, ramMiB: 16000, diskGiB: 1000 },
        physical: { vcpus: 16, ramMiB: 16000 },
        used: { vcpus: 0, ramMiB: 0, diskGiB: 0 },
        nicKbps: 10_000_000,
        nicUsedKbps: 0,
      });
    expect(dataCenter.racks).toHaveLength(6);
    expect(dataCenter.racks?.[5]).toEqual({ name: "sim01r06", uplinkKbps: 40_000_000, uplinkUsedKbps: 0 });
    expect(dataCenter.existing).toEqual([]);
  });

  it("has the usual flavors and those of the original simulator, one bound to its aggregate", () => {
    expect(dataCenter.flavors.map((flavor) => flavor.name)).toEqual([
      "m1.tiny",
      "m1.small",
      "m1.medium",
      "m1.large",
      "m1.xlarge",
      "bflavor0",
      "bflavor1",
      "bflavor2",
      "sflavor0",
    ]);
    const [special] = dataCenter.flavors.filter((flavor) => flavor.name === "sflavor0");
    expect(special?.extraSpecs).toEqual(dataCenter.aggregates.aggregate0);
    const inRack = dataCenter.hosts.filter((host) => host.rack === "sim01r01" && host.aggregates.length > 0);
    expect(inRack.map((host) => host.name)).toEqual(["sim01r01c001", "sim01r01c006", "sim01r01c011"]);
  });

  it("pads names as wide as its largest number, so that they sort", () => {
    const names = simulatedDataCenter("sim:120x5").hosts.map((host) => host.name);
    expect(names[0]).toBe("sim01r001c001");
    expect([...names].sort()).toEqual(names);
    expect(new Set(simulatedDataCenter("sim:1x1200").hosts.map((host) => host.name.length)).size).toBe(1);
  });

  it.each([
    "sim:",
    "sim:4",
    "sim:4x",
    "sim:0x4",
    "sim:4x0",
    "sim:-1x4",
    "sim:4x16 ",
    "sim:4X16",
    "sim:1.5x2",
    "nova",
    "",
  ])("%j is refused with the form that would be right", (name) => {
    expect(() => simulatedDataCenter(name)).toThrow(
      expect.objectContaining({ code: "config.invalid", message: expect.stringContaining("sim:4x16") }),
    );
  });

  it("is refused when larger than 100000 hosts", () => {
    expect(simulatedDataCenter("sim:1000x100").hosts).toHaveLength(100_000);
    expect(() => simulatedDataCenter("sim:1000x101")).toThrow(
      expect.objectContaining({ code: "config.invalid", message: expect.stringContaining("101000 hosts") }),
    );
  });
});
