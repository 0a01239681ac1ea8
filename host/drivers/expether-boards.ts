// What ExpEther's manager (EEM) answers of its boards, made sense of. Contract: drivers, sections 2.2 to 2.5.

import { AppError, UpstreamError } from "../errors.ts";
import type { DeviceFacts, Facts, NodeView, SystemView } from "./driver.ts";
import type { PciNames } from "./pci-names.ts";
import { recordOf, textOf } from "./redfish/shapes.ts";

/** Group of I/O boards that are at no server: free. */
export const FREE_GROUP = "4093";
/** Group of servers' boards that have none. */
export const NO_GROUP = "4094";

export interface Board {
  readonly id: string;
  /** `server`: EESV. `device`: EEIO, which holds one PCIe device. */
  readonly kind: "server" | "device";
  readonly group: string;
  /** 10g, 40g; null: it does not say. */
  readonly speed: string | null;
  /** Its first link is down: nothing behind it can be reached. */
  readonly down: boolean;
  /** Devices a server takes. */
  readonly mostDevices: number;
  readonly raw: Facts;
}

/** EESV and EEIO as the manager calls them. */
export const STATUS = { server: "eesv", device: "eeio" } as const;

/** @throws AppError pod-manager.unreadable */
export function boardFrom(value: unknown, where: string): Board {
  const raw = recordOf(value);
  const id = textOf(raw.id);
  const status = textOf(raw.status)?.toLowerCase();
  const group = textOf(raw.group_id);
  if (id === null || group === null || (status !== STATUS.server && status !== STATUS.device))
    throw new AppError(
      "pod-manager.unreadable",
      `${where}: expected a board with id, group_id and status eesv or eeio, got ${JSON.stringify(value)?.slice(0, 120)}`,
    );
  const speed = textOf(raw.type)?.toLowerCase() ?? null;
  const links = raw.notification_status0;
  return {
    id,
    kind: status === STATUS.server ? "server" : "device",
    group,
    speed,
    down: textOf(Array.isArray(links) ? links[0] : links)?.toLowerCase() === "down",
    mostDevices: mostDevices(raw.max_eeio_count, speed),
    raw,
  };
}

/** What the manager itself says of an id it does not know. */
export function noSuchBoard(message: string): UpstreamError {
  return new UpstreamError("pod-manager.refused", { status: 404, code: "40400", title: "ExpEther Exception" }, message);
}

function mostDevices(given: unknown, speed: string | null): number {
  const count = textOf(given);
  if (count !== null && /^\d{1,6}$/.test(count)) return Number(count);
  // NEC's boards of either speed.
  return speed === "10g" ? 8 : 16;
}

/** As the API names a board: `devices/0x8cdf9d911cb0`. */
export function pathOf(id: string): string {
  return `devices/${encodeURIComponent(id)}`;
}

/** The base class of its PCI class code, `0xCCSSPP`. */
const TYPES: Readonly<Record<number, string>> = {
  1: "SSD",
  2: "NIC",
  3: "GPU",
  4: "Multi",
  6: "SWITCH",
  12: "USB",
  18: "ACS",
};

/** Null: 10G boards do not say. */
export function typeOf(board: Board): string | null {
  if (board.speed !== "40g") return null;
  const code = textOf(board.raw.pcie_class_code);
  // Text is hexadecimal with or without 0x; a number is one.
  const number =
    typeof board.raw.pcie_class_code === "number" ? board.raw.pcie_class_code : Number.parseInt(code ?? "", 16);
  return TYPES[number >> 16] ?? "Unknown";
}

/** The server each device is at: the first one in its group. */
export function ownersOf(servers: readonly Board[]): ReadonlyMap<string, Board> {
  const owners = new Map<string, Board>();
  for (const server of servers)
    if (server.group !== NO_GROUP && server.group !== FREE_GROUP && !owners.has(server.group))
      owners.set(server.group, server);
  return owners;
}

export function deviceFrom(board: Board, owner: Board | null, names: PciNames): DeviceFacts {
  const vendorId = pciId(board.raw.pcie_vendor_id);
  const deviceId = pciId(board.raw.pcie_device_id);
  const usual = board.group === FREE_GROUP ? "free" : "allocated";
  return {
    resourceUri: pathOf(board.id),
    type: typeOf(board),
    state: board.down ? "error" : usual,
    nodeIndex: owner?.id ?? null,
    pooledGroupId: board.group,
    properties: {
      device_id: textOf(board.raw.device_id),
      mac_address: textOf(board.raw.mac_address),
      model: board.speed,
    },
    extra:
      board.speed === "40g"
        ? { vendor_name: names.vendor(vendorId), device_name: names.device(vendorId, deviceId) }
        : {},
    ...(board.down && { down: true }),
  };
}

/** Four hexadecimal digits. */
function pciId(value: unknown): string {
  const digits = typeof value === "number" ? value.toString(16) : (textOf(value) ?? "").replace(/^0x/i, "");
  return digits.toLowerCase().padStart(4, "0");
}

export function systemFrom(board: Board): SystemView {
  const { raw } = board;
  return {
    id: board.id,
    resourceUri: pathOf(board.id),
    uuid: null,
    name: textOf(raw.status),
    description: textOf(raw.model),
    powerState: powerOf(board),
    health: null,
    cores: 0,
    architecture: null,
    processorModel: null,
    ramGib: 0,
    storageGib: 0,
    networks: 0,
    location: null,
    chassisId: null,
    assetTag: null,
    raw,
    board: {
      type: board.speed,
      pooled_group_id: board.group,
      mac_address: textOf(raw.mac_address),
      serial_number: textOf(raw.serial_number),
      host_model: textOrEmpty(raw.host_model),
      // The list of the original calls it so, its single record the other.
      host_serial_num: textOrEmpty(raw.host_serial_number),
      host_serial_number: textOrEmpty(raw.host_serial_number),
      ee_version: textOf(raw.ee_version),
      update_time: timeOf(raw.update_time),
    },
  };
}

export function nodeFrom(board: Board): NodeView {
  const { raw } = board;
  return {
    index: board.id,
    resourceUri: pathOf(board.id),
    name: board.id,
    description: textOf(raw.model),
    powerState: powerOf(board),
    state: null,
    health: null,
    bootTarget: null,
    pooledGroupId: board.group,
    computerSystem: pathOf(board.id),
    processors: [],
    memory: [],
    interfaces: [],
    drives: [],
    accelerators: [],
    board: {
      serial_number: textOf(raw.serial_number),
      host_model: textOrEmpty(raw.host_model),
      host_serial_number: textOrEmpty(raw.host_serial_number),
      type: board.speed,
      mac_address: textOf(raw.mac_address),
    },
  };
}

function textOrEmpty(value: unknown): string {
  return textOf(value) ?? "";
}

/** `On`, `Off`, as Redfish spells them. */
function powerOf({ raw }: Board): string | null {
  const state = textOf(raw.power_status);
  return state === null ? null : state.charAt(0).toUpperCase() + state.slice(1).toLowerCase();
}

/** `2018-02-19 00:25:10`, UTC, of ms since 1970. */
function timeOf(value: unknown): string | null {
  const ms = Number(textOf(value) ?? Number.NaN);
  // A Date holds no more.
  if (!Number.isInteger(ms) || Math.abs(ms) > 8.64e15) return null;
  return new Date(ms).toISOString().slice(0, 19).replace("T", " ");
}
