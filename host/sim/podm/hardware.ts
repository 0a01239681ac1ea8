import { createHash } from "node:crypto";
import { chassisPath, fabricPath, systemPath } from "./paths.ts";

/** What stands in a pod; nothing of it changes. */
export interface Hardware {
  readonly chassis: readonly Chassis[];
  readonly systems: readonly System[];
  readonly devices: readonly Device[];
  readonly volumes: readonly Volume[];
}

export interface Chassis {
  readonly id: string;
  readonly type: "Pod" | "Rack" | "Enclosure" | "Drawer";
  readonly name: string;
  readonly model: string;
  readonly uuid: string;
  /** Null: it stands in none. */
  readonly parent: string | null;
}

export interface System {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly type: "Physical" | "Logical";
  readonly uuid: string;
  readonly model: string;
  readonly hostName: string;
  readonly chassis: string;
  readonly rack: string;
  readonly cpus: readonly Cpu[];
  readonly modules: readonly MemoryModule[];
  readonly interfaces: readonly Interface[];
  readonly drives: readonly LocalDrive[];
}

export interface Cpu {
  readonly path: string;
  readonly id: string;
  readonly model: string;
  readonly cores: number;
  readonly mhz: number;
}

export interface MemoryModule {
  readonly path: string;
  readonly id: string;
  readonly mib: number;
  readonly type: string;
  readonly mhz: number;
}

export interface Interface {
  readonly path: string;
  readonly id: string;
  readonly mac: string;
  readonly mbps: number;
}

export interface LocalDrive {
  readonly path: string;
  readonly id: string;
  readonly gib: number;
  readonly media: "HDD" | "SSD";
  readonly protocol: "SATA" | "SAS";
}

/** A device of a pool, behind a PCIe switch of its rack. */
export interface Device {
  readonly id: string;
  readonly kind: "NVMe" | "NIC" | "GPU" | "FPGA";
  readonly rack: string;
  readonly chassis: string;
  readonly fabric: string;
  readonly path: string;
  readonly endpoint: string;
  readonly uuid: string;
  readonly model: string;
  readonly vendor: string;
  readonly pci: { readonly vendor: string; readonly device: string; readonly class: string };
  /** GiB of a drive, cores of an accelerator, Mbit/s of a NIC. */
  readonly size: number;
}

/** Remote storage. */
export interface Volume {
  readonly id: string;
  readonly gib: number;
  /** A master is copied, never given away. */
  readonly master: boolean;
}

const CPU_MODEL = "Multi-Core Intel(R) Xeon(R) processor 7xxx Series";

export interface HardwareOptions {
  /** Default: the 48 of the original simulator. */
  readonly systems?: number;
  /** Pooled ones; default 24. */
  readonly devices?: number;
  readonly seed?: number;
}

/** The topology of Valence's own simulator, or a larger one of the same manner. Equal options make equal hardware. */
export function hardwareOf({ systems = 48, devices = 24, seed = 1 }: HardwareOptions): Hardware {
  const racks = systems === 48 ? 2 : Math.max(1, Math.ceil(systems / 42));
  const { chassis, systems: made } = systems === 48 ? originalPod() : largePod(systems, racks, seed);
  const switches = Array.from({ length: Math.min(racks, devices) }, (_, at) =>
    box(`PCIe${at + 1}`, "Drawer", `PCIeSwitch${at + 1}`, "PCIe switch", `Rack${at + 1}`),
  );
  return {
    chassis: [...chassis, ...switches],
    systems: made,
    devices: Array.from({ length: devices }, (_, at) => device(at, racks)),
    volumes: [
      { id: "1", gib: 20, master: true },
      { id: "2", gib: 40, master: true },
      { id: "3", gib: 500, master: false },
      { id: "4", gib: 1000, master: false },
    ],
  };
}

/** 1 pod, 2 racks, 3 enclosures of 14 systems, 6 drawers of one. */
function originalPod(): Pick<Hardware, "chassis" | "systems"> {
  const chassis = [
    box("Pod1", "Pod", "Pod1", "Intel Pod Manager", null),
    box("Rack1", "Rack", "Rack1", "Intel RSA Chassis-Rack", "Pod1"),
    box("Rack2", "Rack", "Rack2", "Intel RSA Chassis-Rack", "Pod1"),
    ...[1, 2, 3].map((n) =>
      box(`Chassis${n}`, "Enclosure", `FLEX-${n}`, "Lenovo FLEX 8731", n <= 2 ? "Rack1" : "Rack2"),
    ),
    ...[1, 2, 3, 4, 5, 6].map((n) =>
      box(`Drawer${n}`, "Drawer", `ServerNode${n}`, "Lenovo System x3120", n === 1 || n === 4 ? "Rack1" : "Rack2"),
    ),
  ];
  const rackOf = new Map(chassis.map(({ id, parent }) => [id, parent!]));
  const systems = Array.from({ length: 48 }, (_, at) => {
    const n = at + 1;
    const logical = n > 42;
    const within = logical ? `Drawer${n - 42}` : `Chassis${Math.ceil(n / 14)}`;
    return system(n, {
      name: logical ? `ServerNode${n - 42}` : `LTE-${n}`,
      type: logical ? "Logical" : "Physical",
      model: n <= 8 || (logical && n <= 45) ? "Lenovo System x3120" : "Lenovo System x3650",
      chassis: within,
      rack: rackOf.get(within)!,
      cores: 16,
      modules: 4,
      moduleMib: 16_384,
    });
  });
  return { chassis, systems };
}

/** Racks of 3 enclosures of 14 systems, of several sizes. */
function largePod(count: number, racks: number, seed: number): Pick<Hardware, "chassis" | "systems"> {
  const enclosures = Math.ceil(count / 14);
  const chassis = [
    box("Pod1", "Pod", "Pod1", "Intel Pod Manager", null),
    ...Array.from({ length: racks }, (_, at) => box(`Rack${at + 1}`, "Rack", `Rack${at + 1}`, "Rack", "Pod1")),
    ...Array.from({ length: enclosures }, (_, at) =>
      box(`Chassis${at + 1}`, "Enclosure", `FLEX-${at + 1}`, "Lenovo FLEX 8731", `Rack${Math.floor(at / 3) + 1}`),
    ),
  ];
  const systems = Array.from({ length: count }, (_, at) => {
    const n = at + 1;
    const draw = digest(`${seed} System${n}`);
    return system(n, {
      name: `LTE-${n}`,
      type: "Physical",
      model: "Lenovo System x3650",
      chassis: `Chassis${Math.ceil(n / 14)}`,
      rack: `Rack${Math.floor((Math.ceil(n / 14) - 1) / 3) + 1}`,
      cores: [8, 16, 24, 32][draw[0]! % 4]!,
      modules: [4, 8][draw[1]! % 2]!,
      moduleMib: [8_192, 16_384, 32_768][draw[2]! % 3]!,
    });
  });
  return { chassis, systems };
}

function box(id: string, type: Chassis["type"], name: string, model: string, parent: string | null): Chassis {
  return { id, type, name, model, uuid: uuidOf(id), parent };
}

interface SystemSize extends Pick<System, "name" | "type" | "model" | "chassis" | "rack"> {
  readonly cores: number;
  readonly modules: number;
  readonly moduleMib: number;
}

function system(n: number, { cores, modules, moduleMib, ...facts }: SystemSize): System {
  const id = `System${n}`;
  const path = systemPath(id);
  return {
    ...facts,
    id,
    description: `Nova node${n > 42 && facts.type === "Logical" ? n - 42 : n}`,
    uuid: uuidOf(id),
    hostName: `nova-${n}`,
    cpus: ["CPU1", "CPU2"].map((cpu) => ({
      path: `${path}/Processors/${cpu}`,
      id: cpu,
      model: CPU_MODEL,
      cores,
      mhz: 3_700,
    })),
    modules: Array.from({ length: modules }, (_, at) => ({
      path: `${path}/Memory/Dimm${at + 1}`,
      id: `Dimm${at + 1}`,
      mib: moduleMib,
      type: "DDR4",
      mhz: 2_400,
    })),
    interfaces: ["LAN1", "LAN2"].map((lan, at) => ({
      path: `${path}/EthernetInterfaces/${lan}`,
      id: lan,
      mac: macOf(`${id} ${lan}`),
      mbps: at === 0 ? 10_000 : 1_000,
    })),
    drives: [
      { path: `${path}/Storage/1/Drives/Drive1`, id: "Drive1", gib: 500, media: "SSD", protocol: "SATA" },
      { path: `${path}/Storage/1/Drives/Drive2`, id: "Drive2", gib: 2_000, media: "HDD", protocol: "SAS" },
    ],
  };
}

const KINDS = ["NVMe", "NIC", "NVMe", "GPU", "NVMe", "FPGA"] as const;
const MAKES = {
  NVMe: { vendor: "Intel", model: "SSD DC P4500", folder: "Drives", pci: ["0x8086", "0x0a54", "0x010802"] },
  NIC: { vendor: "Mellanox", model: "ConnectX-5", folder: "NetworkAdapters", pci: ["0x15b3", "0x1017", "0x020000"] },
  GPU: { vendor: "NVIDIA", model: "Tesla V100", folder: "Processors", pci: ["0x10de", "0x1db4", "0x030200"] },
  FPGA: { vendor: "Intel", model: "Arria 10", folder: "Processors", pci: ["0x8086", "0x09c4", "0x120000"] },
} as const;
const SIZES = { NVMe: [1_000, 2_000, 4_000], NIC: [25_000, 100_000], GPU: [5_120], FPGA: [1] } as const;

/** Kinds take turns, and so do racks after all kinds. */
function device(at: number, racks: number): Device {
  const kind = KINDS[at % KINDS.length]!;
  const turn = Math.floor(at / KINDS.length);
  const n = (turn % racks) + 1;
  const id = `${kind}${at + 1}`;
  const { vendor, model, folder, pci } = MAKES[kind];
  const sizes = SIZES[kind];
  return {
    id,
    kind,
    rack: `Rack${n}`,
    chassis: `PCIe${n}`,
    fabric: `PCIe${n}`,
    path: `${chassisPath(`PCIe${n}`)}/${folder}/${id}`,
    endpoint: `${fabricPath(`PCIe${n}`)}/Endpoints/${id}`,
    uuid: uuidOf(id),
    vendor,
    model,
    pci: { vendor: pci[0], device: pci[1], class: pci[2] },
    size: sizes[Math.floor(at / 2) % sizes.length]!,
  };
}

/** In the order they come. */
export function groupsOf<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const found = new Map<string, T[]>();
  for (const one of all) {
    const group = found.get(keyOf(one));
    if (group === undefined) found.set(keyOf(one), [one]);
    else group.push(one);
  }
  return found;
}

/** Version 3 in the DNS namespace, as the original makes them. */
export function uuidOf(name: string): string {
  const bytes = createHash("md5").update(DNS).update(name).digest();
  bytes[6] = (bytes[6]! & 0x0f) | 0x30;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

const DNS = Buffer.from("6ba7b8109dad11d180b400c04fd430c8", "hex");

function macOf(name: string): string {
  return `02:${[...digest(name).subarray(0, 5)].map((byte) => byte.toString(16).padStart(2, "0")).join(":")}`;
}

function digest(text: string): Buffer {
  return createHash("sha1").update(text).digest();
}
