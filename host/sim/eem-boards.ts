// The boards of a simulated ExpEther network and their groups. Contract: drivers, sections 2.2, 2.3 and 2.7.
import { AppError } from "../errors.ts";

/** A record as the manager answers it: every value is text. */
export interface Board {
  readonly id: string;
  /** `eesv`: in a server. `eeio`: holds one PCIe device. */
  readonly status: "eesv" | "eeio";
  group_id: string;
  readonly type: "10g" | "40g";
  readonly mac_address: string;
  readonly device_id: string;
  readonly serial_number: string;
  readonly model: string;
  readonly ee_version: string;
  power_status: "on" | "off";
  /** ms since 1970. */
  update_time: string;
  notification_status0: [Link, Link];
  notification_status1: [Link, Link];
  readonly max_eeio_count?: string;
  readonly host_model?: string;
  readonly host_serial_number?: string;
  readonly pcie_class_code?: string;
  readonly pcie_vendor_id?: string;
  readonly pcie_device_id?: string;
}

type Link = "up" | "down";

/** Of an I/O board that is at no server, and of a server's board that has no group. */
export const DEFAULT_GROUP = { eeio: "4093", eesv: "4094" } as const;

/** What the manager says no to; code and message are its own. */
export class EemRefusal extends Error {
  readonly status: 400 | 404 | 409;
  readonly code: string;

  constructor(status: 400 | 404 | 409, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Every kind of device a 40G board reports; the 10G boards between them report none. Vendor and device of the PCI id list. */
const DEVICES = [
  { class: "0x010802", vendor: "0x8086", device: "0x0a54" },
  { class: "0x020000", vendor: "0x8086", device: "0x10fb" },
  { class: "0x030200", vendor: "0x10de", device: "0x1db4" },
  { class: "0x010802", vendor: "0x144d", device: "0xa808" },
  { class: "0x020000", vendor: "0x15b3", device: "0x1017" },
  { class: "0x030000", vendor: "0x10de", device: "0x1eb8" },
  null,
  { class: "0x0c0330", vendor: "0x104c", device: "0x8241" },
  { class: "0x120000", vendor: "0x10ee", device: "0x5000" },
  { class: "0x048000", vendor: "0x1102", device: "0x0012" },
] as const;

/** Made the same each time: servers in turn 40G (up to 16 devices) and 10G (up to 8), devices of every type. */
export function madeBoards(counts: { servers: number; devices: number }, now: number): Board[] {
  const common = (kind: number, index: number, fast: boolean) => {
    const digits = (0x8cdf_9d00_0000 + kind * 0x10_0000 + index).toString(16);
    return {
      id: `0x${digits}`,
      type: fast ? ("40g" as const) : ("10g" as const),
      mac_address: digits.match(/../g)!.join(":"),
      device_id: `0x${index.toString(16).padStart(5, "0")}`,
      model: `ExpEther Board (${fast ? "40" : "10"}G)`,
      ee_version: fast ? "v2.0" : "v1.0",
      power_status: "on" as const,
      update_time: String(now),
      notification_status0: ["up", "up"] as [Link, Link],
      notification_status1: ["up", "down"] as [Link, Link],
    };
  };
  const servers = Array.from({ length: counts.servers }, (_, index): Board => {
    const fast = index % 2 === 0;
    return {
      ...common(1, index, fast),
      status: "eesv",
      group_id: DEFAULT_GROUP.eesv,
      serial_number: `SV ${String(index).padStart(5, "0")}`,
      max_eeio_count: fast ? "16" : "8",
      host_model: "Express5800/R120h-1M",
      host_serial_number: `HOST${String(index).padStart(5, "0")}`,
    };
  });
  const devices = Array.from({ length: counts.devices }, (_, index): Board => {
    const kind = DEVICES[index % DEVICES.length]!;
    return {
      ...common(2, index, kind !== null),
      status: "eeio",
      group_id: DEFAULT_GROUP.eeio,
      serial_number: `IO ${String(index).padStart(5, "0")}`,
      ...(kind && { pcie_class_code: kind.class, pcie_vendor_id: kind.vendor, pcie_device_id: kind.device }),
    };
  });
  return [...servers, ...devices];
}

export interface BoardOptions {
  /** Group numbers that the manager gives out, both inclusive; without 4093 and 4094. */
  readonly groups: readonly [first: number, last: number];
  /** Clock, ms since 1970. */
  readonly now: () => number;
}

export class Boards {
  readonly #boards = new Map<string, Board>();
  readonly #options: BoardOptions;

  /** @throws AppError config.invalid: two boards have one id */
  constructor(boards: readonly Board[], options: BoardOptions) {
    for (const board of boards) {
      if (this.#boards.has(board.id)) throw new AppError("config.invalid", `two boards have the id ${board.id}`);
      this.#boards.set(board.id, structuredClone(board));
    }
    this.#options = options;
  }

  get all(): readonly Board[] {
    return [...this.#boards.values()];
  }

  /** @throws EemRefusal 404 */
  find(id: string): Board {
    const board = this.#boards.get(id);
    if (board === undefined) throw new EemRefusal(404, "40400", `Device ${id} not found`);
    return board;
  }

  list(filter: { status?: string | undefined; groupId?: string | undefined }): Board[] {
    return this.all.filter(
      (board) =>
        (filter.status === undefined || board.status === filter.status) &&
        (filter.groupId === undefined || board.group_id === filter.groupId),
    );
  }

  /** Puts a board into a group, from whichever it is in; null: into one that nobody is in. @throws EemRefusal */
  assign(id: string, groupId: string | null): Board {
    const board = this.find(id);
    const wanted = groupId ?? this.#freeGroup();
    const owner = this.list({ status: "eesv", groupId: wanted })[0];
    if (board.status === "eeio" && owner && board.group_id !== wanted) {
      const attached = this.list({ status: "eeio", groupId: wanted }).length;
      if (attached >= Number(owner.max_eeio_count))
        throw new EemRefusal(409, "40901", `Group ${wanted} already has ${attached} I/O boards`);
    }
    return this.#set(board, wanted);
  }

  /** Back to the group of boards that are nowhere. @throws EemRefusal 404 */
  release(id: string): Board {
    const board = this.find(id);
    return this.#set(board, DEFAULT_GROUP[board.status]);
  }

  /** Pulls the cables of a board, or plugs them in. @throws EemRefusal 404 */
  link(id: string, state: Link): void {
    const board = this.find(id);
    board.notification_status0 = [state, state];
    this.#touch(board);
  }

  #set(board: Board, groupId: string): Board {
    board.group_id = groupId;
    this.#touch(board);
    return board;
  }

  #touch(board: Board): void {
    board.update_time = String(this.#options.now());
  }

  #freeGroup(): string {
    const taken = new Set(this.all.map((board) => board.group_id));
    const [first, last] = this.#options.groups;
    for (let group = first; group <= last; group++) if (!taken.has(String(group))) return String(group);
    throw new EemRefusal(409, "40900", `No group id is free between ${first} and ${last}`);
  }
}
