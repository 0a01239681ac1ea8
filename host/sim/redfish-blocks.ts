// The hardware of a simulated CompositionService: resource blocks in zones, one zone a rack.

import { createHash } from "node:crypto";

export type SimBlockType = "Compute" | "Memory" | "Network" | "Processor" | "Storage" | "ComputerSystem";

/** A part of a block; the members a Redfish resource of its kind has. */
export interface SimPart {
  readonly kind: "Processors" | "Memory" | "Drives" | "EthernetInterfaces";
  readonly id: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface SimBlock {
  readonly id: string;
  readonly types: readonly SimBlockType[];
  readonly zone: string;
  readonly parts: readonly SimPart[];
  /** How many systems may have it at a time. */
  readonly most: number;
  /** Id of the machine of its own that it is; null: it is none. */
  readonly machine: string | null;
  state: "Unused" | "Composing" | "Composed" | "ComposedAndAvailable" | "Failed" | "Unavailable";
  reserved: boolean;
  /** Of the reservation that holds it; null: none. */
  reservation: string | null;
  health: "OK" | "Warning" | "Critical";
  /** Ids. */
  systems: string[];
}

export interface BlockNumbers {
  /** Zones, each a rack. */
  readonly zones: number;
  /** Blocks that systems are made of, in all. */
  readonly compute: number;
  /** Blocks that are added to them: drives, NICs, GPUs, FPGAs, memory. */
  readonly devices: number;
}

const SIZES = [
  { cores: 8, dimms: 2, gib: 16, model: "Intel(R) Xeon(R) Gold 6130" },
  { cores: 8, dimms: 2, gib: 32, model: "Intel(R) Xeon(R) Gold 6130" },
  { cores: 16, dimms: 2, gib: 64, model: "Intel(R) Xeon(R) Platinum 8160" },
  { cores: 32, dimms: 4, gib: 64, model: "AMD EPYC 7543" },
] as const;

const GIB = 1024 ** 3;

/** Equal numbers make equal hardware. */
export function madeBlocks({ zones, compute, devices }: BlockNumbers): SimBlock[] {
  const blocks: SimBlock[] = [];
  const zoneOf = (i: number): string => String((i % zones) + 1);
  const made = (id: string, types: SimBlockType[], zone: string, parts: SimPart[], rest: Partial<SimBlock> = {}) =>
    blocks.push({
      id,
      types,
      zone,
      parts,
      most: 1,
      machine: null,
      state: "Unused",
      reserved: false,
      reservation: null,
      health: "OK",
      systems: [],
      ...rest,
    });
  for (let i = 0; i < compute; i++) {
    const id = `Compute-${i + 1}`;
    const { cores, dimms, gib, model } = SIZES[Math.floor(i / zones) % SIZES.length]!;
    made(id, ["Compute"], zoneOf(i), [
      cpu("CPU1", cores, model),
      cpu("CPU2", cores, model),
      ...modules(dimms, gib),
      nic(id, 1),
    ]);
  }
  for (let i = 0; i < devices; i++) {
    const zone = zoneOf(i);
    const id = i + 1;
    switch (Math.floor(i / zones) % 6) {
      case 0:
        made(`Drive-${id}`, ["Storage"], zone, [drive("NVMe1", 512, "SSD", "NVMe")]);
        break;
      case 1:
        made(`Network-${id}`, ["Network"], zone, [nic(`Network-${id}`, 1), nic(`Network-${id}`, 2)]);
        break;
      case 2:
        made(`Offload-${id}`, ["Processor"], zone, [offload("GPU", "Contoso VID2000")]);
        break;
      case 3:
        made(`Drive-${id}`, ["Storage"], zone, [drive("Disk1", 2048, "HDD", "SAS")], { most: 8 });
        break;
      case 4:
        made(`Memory-${id}`, ["Memory"], zone, modules(2, 32));
        break;
      default:
        made(`Offload-${id}`, ["Processor"], zone, [offload("FPGA", "Contoso X9000")]);
    }
  }
  for (let i = 0; i < zones; i++) {
    const id = `Server-${i + 1}`;
    const parts = [cpu("CPU1", 8, SIZES[0].model), ...modules(2, 16), nic(id, 1)];
    made(`${id}-Block`, ["ComputerSystem"], zoneOf(i), parts, { machine: id });
  }
  return blocks;
}

function cpu(id: string, cores: number, model: string): SimPart {
  const fields = {
    ProcessorType: "CPU",
    ProcessorArchitecture: "x86",
    InstructionSet: "x86-64",
    Model: model,
    MaxSpeedMHz: 2100,
    TotalCores: cores,
    TotalThreads: 2 * cores,
  };
  return { kind: "Processors", id, fields };
}

function offload(type: "GPU" | "FPGA", model: string): SimPart {
  return { kind: "Processors", id: `${type}1`, fields: { ProcessorType: type, Model: model, TotalCores: 1536 } };
}

function modules(count: number, gib: number): SimPart[] {
  const fields = {
    CapacityMiB: gib * 1024,
    MemoryType: "DRAM",
    MemoryDeviceType: "DDR4",
    DataWidthBits: 64,
    OperatingSpeedMhz: 2666,
  };
  return Array.from({ length: count }, (_, i) => ({ kind: "Memory", id: `DIMM${i + 1}`, fields }));
}

function drive(id: string, gib: number, media: "SSD" | "HDD", protocol: string): SimPart {
  return { kind: "Drives", id, fields: { CapacityBytes: gib * GIB, MediaType: media, Protocol: protocol } };
}

function nic(block: string, port: number): SimPart {
  const hash = createHash("sha256").update(`${block} ${port}`).digest();
  const mac = ["02", ...[...hash.subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, "0"))].join(":");
  const fields = { MACAddress: mac, SpeedMbps: 25_000, FullDuplex: true, LinkStatus: "LinkUp" };
  return { kind: "EthernetInterfaces", id: `NIC${port}`, fields };
}
