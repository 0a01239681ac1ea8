import type { Store } from "../../../db/store.ts";
import { type Driver, LIMITS, type Limits, type PodManager } from "../../drivers/driver.ts";
import { AppError } from "../../errors.ts";
import type { Ironic } from "../../openstack/ironic.ts";
import { Connections } from "./connections.ts";
import { DeviceService } from "./devices.ts";
import { Everywhere } from "./everywhere.ts";
import { HardwareFlavorService } from "./flavors.ts";
import { Following } from "./following.ts";
import { NodeService } from "./nodes.ts";
import { OperationRunner } from "./operations.ts";
import { PassthroughService } from "./passthrough.ts";
import { PodManagerService } from "./pod-managers.ts";
import { nodeProcedures } from "./procedures.ts";
import { ProvisioningService } from "./provisioning.ts";
import { RackService } from "./racks.ts";
import type { Secrets } from "./secrets.ts";
import { StorageService } from "./storages.ts";
import { Sync } from "./sync.ts";
import { SystemService } from "./systems.ts";

/** Path of Valence's API that pod managers push events to; a mark follows. */
const EVENTS_PATH = "/v1/events";
/** Of a step of an operation: no driver needs so long, ms. */
const STEP_MS = 20 * 60_000;

export interface HardwareOptions {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly drivers: readonly Driver[];
  readonly log: (message: string, details: Record<string, unknown>) => void;
  /** That of the settings, for the passthrough. */
  readonly configured?: PodManager | null;
  readonly ironic?: Ironic | null;
  readonly limits?: Partial<Limits>;
  /** Between two rounds of sync, ms; null or absent: there are none. */
  readonly syncEveryMs?: number | null;
  /** Where pod managers reach Valence's API; null or absent: they cannot. */
  readonly eventDestination?: string | null;
}

/** The services over a store; nothing goes on before `start`. */
export function hardwareServices(options: HardwareOptions) {
  const { store, secrets, log, configured = null, ironic = null, limits = {}, eventDestination = null } = options;
  const connections = new Connections({ store, drivers: options.drivers, secrets, log, limits });
  const connect = (podManagerId: string) => connections.get(podManagerId);
  const provisioning = ironic === null ? null : new ProvisioningService({ store, connections, ironic, log });
  const { assembleMs = LIMITS.assembleMs, composeMs = LIMITS.composeMs } = limits;
  const operations = new OperationRunner({
    store,
    connect,
    procedures: nodeProcedures(provisioning?.beforeRelease),
    log,
    stepMs: Math.max(STEP_MS, assembleMs + 2 * composeMs),
  });
  const flavors = new HardwareFlavorService(store);
  const nodes = new NodeService({ store, connect, operations, flavors, log });
  const sync = new Sync({ store, connect, log, everyMs: options.syncEveryMs ?? null });
  const following = new Following({
    store,
    connections,
    secrets,
    destination: eventDestination === null ? null : eventDestination.replace(/\/+$/, "") + EVENTS_PATH,
    changed: (podManagerId) => sync.soon(podManagerId),
    log,
  });
  const stopping = new AbortController();
  const podManagers = new PodManagerService({
    store,
    connections,
    secrets,
    releaseNode: async (nodeId, requestId) => {
      await nodes.remove(nodeId, requestId, stopping.signal).catch((error: unknown) => {
        // Somebody else released it just now.
        if (!(error instanceof AppError && error.code === "node.not-found")) throw error;
      });
    },
    created: (podManagerId) => {
      sync.created(podManagerId);
      void following.look();
    },
    removed: (podManagerId) => {
      sync.removed(podManagerId);
      void following.look();
    },
  });
  const devices = new DeviceService(store, sync);
  const everywhere = new Everywhere(store, connections);
  return {
    ...{ podManagers, flavors, devices, nodes, operations, provisioning, sync, connections },
    systems: new SystemService(everywhere),
    racks: new RackService(everywhere),
    storages: new StorageService(devices),
    passthrough: new PassthroughService({ store, connections, configured }),
    /** An event was pushed to us. False: not with a mark of ours. */
    pushed: (mark: string) => following.pushed(mark),
    /** Goes on with what was left unfinished; then syncs and follows. @throws AppError store.unavailable */
    async start(): Promise<void> {
      await operations.recover();
      sync.start();
      following.start();
    },
    /** Leaves what goes on as it is recorded, and closes every connection. */
    async close(): Promise<void> {
      stopping.abort(new AppError("store.unavailable", "the service is stopping"));
      await Promise.all([following.close(), sync.stop(), operations.close()]);
      await connections.close();
      await configured?.close();
    },
  };
}

export type HardwareServices = ReturnType<typeof hardwareServices>;
