import { AppError } from "../../errors.ts";
import type { DeviceService, DeviceView } from "./devices.ts";

/** Types of devices that hold data. */
const STORAGE = new Set(["ssd", "hdd", "nvme", "drive", "volume", "storage", "logicaldrive"]);

export function isStorage({ type }: Pick<DeviceView, "type">): boolean {
  return type !== null && STORAGE.has(type.toLowerCase());
}

/** The devices of the pools that hold data. */
export class StorageService {
  readonly #devices: DeviceService;

  constructor(devices: DeviceService) {
    this.#devices = devices;
  }

  async list(podManagerId: string | null): Promise<DeviceView[]> {
    const devices = await this.#devices.list(podManagerId === null ? {} : { podManagerId });
    return devices.filter(isStorage);
  }

  /** @throws AppError storage.not-found */
  async find(id: string): Promise<DeviceView> {
    const device = (await this.#devices.list({ id }))[0];
    if (device !== undefined && isStorage(device)) return device;
    throw new AppError("storage.not-found", `Storage ${id} not found`);
  }
}
