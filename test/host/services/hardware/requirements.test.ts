import { expect, test } from "vitest";
import { requirementsOf } from "../../../../host/services/hardware/requirements.ts";

test("texts of the API become numbers, and what is not given is not asked for", () => {
  expect(
    requirementsOf({
      processor: { total_cores: "10", model: "Intel" },
      memory: { capacity_mib: " 3000 ", type: "DDR4" },
      pci_device: { type: ["SSD", "GPU"] },
      remote_storage: { capacity_gib: "80" },
    }),
  ).toEqual({
    processor: { totalCores: 10, model: "Intel" },
    memory: { capacityMib: 3000, type: "DDR4" },
    pciDevices: ["SSD", "GPU"],
    remoteStorage: { capacityGib: 80 },
  });
  expect(requirementsOf({})).toEqual({});
  expect(requirementsOf({ processor: {}, memory: { type: "" }, pci_device: { type: [] }, remote_storage: {} })).toEqual(
    {},
  );
  expect(requirementsOf({ processor: { total_cores: "", model: "Xeon" } })).toEqual({ processor: { model: "Xeon" } });
});

test.each(["ten", "1.5", "-1", "1e3", "0x10", "9".repeat(20)])(
  "%j is no number of cores, and that is said",
  (total_cores) => {
    expect(() => requirementsOf({ processor: { total_cores } })).toThrow(
      `processor.total_cores: "${total_cores}" is no whole`,
    );
  },
);
