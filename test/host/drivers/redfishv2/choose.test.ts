import { describe, expect, it } from "vitest";
import type { Requirements } from "../../../../host/drivers/driver.ts";
import { type Block, NOTHING } from "../../../../host/drivers/redfishv2/block.ts";
import { chooseBlocks, type Zone } from "../../../../host/drivers/redfishv2/choose.ts";

const block = (path: string, given: Partial<Block>): Block => ({
  ...NOTHING,
  path,
  id: path.slice(1),
  types: ["Compute"],
  state: "Unused",
  reserved: false,
  sharable: false,
  systems: [],
  contains: [],
  zones: [],
  chassis: [],
  obstacle: null,
  inUse: false,
  ...given,
});
const compute = (path: string, cores: number, gib: number, given: Partial<Block> = {}): Block =>
  block(path, {
    cores,
    cpus: 2,
    models: ["Intel(R) Xeon(R) Gold 6130"],
    memoryMib: gib * 1024,
    modules: 4,
    memoryTypes: ["DDR4", "DRAM"],
    ...given,
  });
const device = (path: string, type: string, given: Partial<Block> = {}): Block =>
  block(path, {
    types: [type === "NIC" ? "Network" : type === "SSD" ? "Storage" : "Processor"],
    devices: [type],
    ...given,
  });
const zone = (name: string, blocks: readonly string[], given: Partial<Zone> = {}): Zone => ({
  path: `/${name}`,
  name,
  blocks,
  least: {},
  most: {},
  ...given,
});
const inUse = { inUse: true, obstacle: "in use" };

const POOL = [
  compute("/small", 8, 32),
  compute("/large", 32, 128),
  compute("/other", 16, 64, { models: ["AMD EPYC 7543"] }),
  device("/gpu", "GPU"),
  device("/ssd1", "SSD", { storageGib: 512, drives: 1 }),
  device("/ssd2", "SSD", { storageGib: 2048, drives: 1 }),
  device("/used", "FPGA", inUse),
];
const ALL = zone(
  "z1",
  POOL.map(({ path }) => path),
);

function chosen(requirements: Requirements, { blocks = POOL, zones = [ALL], taken = [] as string[] } = {}) {
  return chooseBlocks(blocks, zones, requirements, new Set(taken), (chassis) => chassis);
}
const paths = (requirements: Requirements, rest: Parameters<typeof chosen>[1] = {}) =>
  chosen(requirements, rest).blocks.map(({ path }) => path);
const refusal = (requirements: Requirements, rest: Parameters<typeof chosen>[1] = {}) => {
  try {
    chosen(requirements, rest);
  } catch (error) {
    return error as Error & { code: string };
  }
  throw new Error("it was served");
};

describe("the choice of blocks", () => {
  it.each<[string, Requirements, string[]]>([
    ["nothing is one small computer", {}, ["/small"]],
    ["cores decide", { processor: { totalCores: 20 } }, ["/large"]],
    ["cores of several computers add up", { processor: { totalCores: 48 } }, ["/large", "/other"]],
    ["memory decides", { memory: { capacityMib: 65_536 } }, ["/other"]],
    ["the model is found in the long name", { processor: { model: "xeon gold 6130", totalCores: 9 } }, ["/large"]],
    ["a computer of the other model is left alone", { processor: { model: "EPYC" } }, ["/other"]],
    ["a type of memory", { memory: { type: "ddr4", capacityMib: 1024 } }, ["/small"]],
    ["a device beside the computer", { pciDevices: ["GPU"] }, ["/gpu", "/small"]],
    ["two of a kind are two blocks", { pciDevices: ["SSD", "ssd"] }, ["/small", "/ssd1", "/ssd2"]],
    ["the smaller of two drives", { pciDevices: ["SSD"] }, ["/small", "/ssd1"]],
    ["capacity decides", { remoteStorage: { capacityGib: 1000 } }, ["/small", "/ssd2"]],
  ])("%s", (_, requirements, expected) => {
    expect(paths(requirements)).toEqual(expected);
  });

  it.each<[string, Requirements, RegExp]>([
    ["cores", { processor: { totalCores: 100 } }, /z1: 56 of 100 cores/],
    ["a model", { processor: { model: "POWER9" } }, /0 of 1 cores of POWER9/],
    ["a type of memory", { memory: { type: "DDR5" } }, /0 of 1 MiB memory of DDR5/],
    ["a device", { pciDevices: ["GPU", "GPU"] }, /1 of 2 GPU/],
    ["several things at once", { processor: { totalCores: 100 }, pciDevices: ["FPGA"] }, /cores, 0 of 1 FPGA/],
    ["why blocks cannot be had", { pciDevices: ["FPGA"] }, /\(blocks in use: 1\)/],
  ])("refuses and names %s", (_, requirements, message) => {
    expect(refusal(requirements)).toMatchObject({
      code: "pod-manager.no-fit",
      message: expect.stringMatching(message),
    });
  });

  it("never takes what is promised to others", () => {
    expect(paths({}, { taken: ["/small"] })).toEqual(["/other"]);
    expect(refusal({}, { taken: ["/small", "/other", "/large"] }).message).toMatch(/promised to other nodes: 3/);
  });

  it("obeys how many blocks of a type a system may and must have", () => {
    const limited = { zones: [{ ...ALL, most: { Compute: 1 } }] };
    expect(refusal({ processor: { totalCores: 48 } }, limited).message).toMatch(/at most 1 Compute/);
    expect(paths({}, { zones: [{ ...ALL, least: { Storage: 1 } }] })).toEqual(["/small", "/ssd1"]);
    expect(refusal({}, { zones: [{ ...ALL, least: { Network: 1 } }] }).message).toMatch(/0 of the 1 Network blocks/);
  });

  it("breaks no whole zone while a broken one serves, though that fits less well", () => {
    const blocks = [compute("/a", 8, 32), compute("/b", 32, 128), compute("/c", 8, 32, inUse)];
    const zones = [zone("whole", ["/a"]), zone("broken", ["/b", "/c"])];
    const found = chosen({ processor: { totalCores: 8 } }, { blocks, zones });
    expect(found.blocks.map(({ path }) => path)).toEqual(["/b"]);
    expect(found).toMatchObject({ zonesBroken: 0 });
    expect(found.reasons[0]).toMatch(/^broken serves best of 2 that can: no whole zone is broken/);
  });

  it("counts every whole zone that a block is in", () => {
    const blocks = [compute("/a", 8, 32), device("/d", "SSD")];
    const zones = [zone("z1", ["/a", "/d"]), zone("z2", ["/d"])];
    expect(chosen({ pciDevices: ["SSD"] }, { blocks, zones })).toMatchObject({ zonesBroken: 2 });
  });

  it("stays in one rack when it can", () => {
    const blocks = [
      compute("/a", 8, 32, { chassis: ["r1"] }),
      compute("/b", 16, 64, { chassis: ["r2"] }),
      device("/gpu", "GPU", { chassis: ["r2"] }),
    ];
    const found = chosen({ pciDevices: ["GPU"] }, { blocks, zones: [zone("z", ["/a", "/b", "/gpu"])] });
    expect(found.blocks.map(({ path }) => path)).toEqual(["/b", "/gpu"]);
    expect(found.racks).toBe(0);
  });

  it("combines processors and memory where no block is a computer", () => {
    const blocks = [
      block("/cpu", { types: ["Processor"], cores: 8, cpus: 1 }),
      block("/dimm", { types: ["Memory"], memoryMib: 8192, modules: 1 }),
    ];
    const zones = [zone("z", ["/cpu", "/dimm"])];
    expect(paths({ memory: { capacityMib: 4096 } }, { blocks, zones })).toEqual(["/cpu", "/dimm"]);
    expect(paths({}, { blocks, zones })).toEqual(["/cpu"]);
  });

  it("says in basis points what was not asked for", () => {
    const blocks = [compute("/a", 16, 64)];
    const found = chosen(
      { processor: { totalCores: 8 }, memory: { capacityMib: 65_536 } },
      { blocks, zones: [zone("z", ["/a"])] },
    );
    expect(found.wasteBp).toBe(2500);
    expect(found.reasons).toContain("a: 16 cores, 65536 MiB memory, 0 GiB storage; 25.00 % of it not asked for.");
  });

  it("says so when there is no zone at all", () => {
    expect(refusal({}, { zones: [] }).message).toMatch(/no zone/);
  });
});
