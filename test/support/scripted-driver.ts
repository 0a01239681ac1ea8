import type { DeviceFacts, Driver, PodManager, PodManagerAccess, Status } from "../../host/drivers/driver.ts";
import { AppError } from "../../host/errors.ts";

/** A driver whose pod manager does what a test says; all that are not scripted reject. */
export interface ScriptedDriver extends Driver {
  /** Of every connection that was made, in order. */
  readonly accesses: PodManagerAccess[];
  /** Closed connections, by their position in `accesses`. */
  readonly closed: number[];
  status: () => Promise<Status>;
  devices: (signal: AbortSignal) => Promise<DeviceFacts[]>;
  /** Null: it offers no events. */
  follow: NonNullable<PodManager["follow"]> | null;
}

export function scriptedDriver(name = "scripted"): ScriptedDriver {
  const driver: ScriptedDriver = {
    name,
    accesses: [],
    closed: [],
    status: async () => "Online",
    devices: async () => [],
    follow: null,
    connect(access) {
      const at = driver.accesses.push(access) - 1;
      return {
        status: () => driver.status(),
        devices: (signal) => driver.devices(signal),
        choose: unscripted,
        operations: { compose: [], release: [] },
        node: unscripted,
        systems: unscripted,
        system: unscripted,
        assets: unscripted,
        provisioning: unscripted,
        ...(driver.follow === null ? {} : { follow: driver.follow }),
        async close() {
          driver.closed.push(at);
        },
      };
    },
  };
  return driver;
}

async function unscripted(): Promise<never> {
  throw new AppError("pod-manager.unsupported", "the test does not say");
}

export function device(id: string, values: Partial<DeviceFacts> = {}): DeviceFacts {
  return {
    resourceUri: `devices/${id}`,
    type: "SSD",
    state: "free",
    nodeIndex: null,
    pooledGroupId: "4093",
    properties: { device_id: id },
    extra: {},
    ...values,
  };
}
