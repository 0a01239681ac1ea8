import { type DeviceFilter, type DeviceRow, findDevice, listDevices } from "../../../db/queries/devices.ts";
import type { Store } from "../../../db/store.ts";
import type { DeviceState } from "../../drivers/driver.ts";
import { AppError } from "../../errors.ts";
import type { Sync, SyncOutcome } from "./sync.ts";

export type { DeviceFilter } from "../../../db/queries/devices.ts";
export type { DeviceState } from "../../drivers/driver.ts";
export type { SyncOutcome } from "./sync.ts";

export interface DeviceView {
  readonly id: string;
  readonly podManagerId: string;
  /** What the pod manager calls the node that has it, which need not be one of ours. */
  readonly nodeIndex: string | null;
  readonly type: string | null;
  readonly pooledGroupId: string | null;
  /** `error`: it is at a node, and gone or down. */
  readonly state: DeviceState;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly resourceUri: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

/** Devices of the pools, as the last sync or operation found them. */
export class DeviceService {
  readonly #store: Store;
  readonly #sync: Sync;

  constructor(store: Store, sync: Sync) {
    this.#store = store;
    this.#sync = sync;
  }

  /** In order of discovery. */
  async list(filter: DeviceFilter = {}): Promise<DeviceView[]> {
    return (await this.#store.read((db) => listDevices(db, filter))).map(viewOf);
  }

  /** @throws AppError device.not-found */
  async find(id: string): Promise<DeviceView> {
    const row = await this.#store.read((db) => findDevice(db, id));
    if (row === undefined) throw new AppError("device.not-found", `Device ${id} not found`);
    return viewOf(row);
  }

  /** Lists the devices of one pod manager, or of all at a time; what fails at one is told, and the others go on. */
  async sync(podManagerId: string | null, signal: AbortSignal): Promise<SyncOutcome[]> {
    return await this.#sync.now(podManagerId, signal);
  }
}

function viewOf(row: DeviceRow): DeviceView {
  return {
    id: row.id,
    podManagerId: row.podManagerId,
    nodeIndex: row.nodeIndex,
    type: row.type,
    pooledGroupId: row.pooledGroupId,
    state: row.state,
    properties: row.properties,
    extra: row.extra,
    resourceUri: row.resourceUri,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
