// Hardware composed from pools: pod managers, their drivers, and all that goes on with them, as the settings say.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "../db/store.ts";
import { readPem } from "./cloud.ts";
import type { Config } from "./config.ts";
import { type Driver, drivers, type Limits, loadDriver, type PodManager } from "./drivers/index.ts";
import { AppError } from "./errors.ts";
import { openIronic } from "./ironic.ts";
import type { Logger } from "./log.ts";
import { openSecrets } from "./secret-key.ts";
import { type HardwareServices, hardwareServices } from "./services/hardware/services.ts";
import { openSimulatedPod, type SimulatedPod } from "./sim/simulated-pod.ts";

/** The simulated pod manager has the same id at each start: it is the same hardware. */
const SIMULATED_ID = "73696d75-6c61-4064-9064-706f646d0001";

type Log = (message: string, details: Record<string, unknown>) => void;

export interface OpenedHardware {
  readonly services: HardwareServices;
  /** A simulated pod manager is registered. */
  readonly simulated: boolean;
  close(): Promise<void>;
}

/**
 * All of it as the settings say.
 * @throws AppError config.invalid: a file cannot be read, a driver is none; address.unavailable, store.unavailable
 */
export async function openHardware(config: Config, store: Store, logger: Logger): Promise<OpenedHardware> {
  const log = (message: string, details: Record<string, unknown>) => logger.warn(details, message);
  const all = [...drivers.values(), ...(await thirdPartyDrivers(config.drivers))];
  const secrets = await openSecrets(config, logger);
  const limits = { assembleMs: config.assembleSeconds * 1000 };
  const ironic = openIronic(config);
  const services = hardwareServices({
    ...{ store, secrets, drivers: all, log, limits },
    configured: configuredPodManager(config, limits, log),
    ironic: ironic?.ironic ?? null,
    syncEveryMs: config.syncPeriodic ? config.syncSeconds * 1000 : null,
    eventDestination: config.eventDestination || null,
  });
  const closers = [() => services.close(), async () => ironic?.close()];
  const close = async () => {
    for (const one of closers.splice(0)) await one();
  };
  try {
    const pod = await openPod(config, log);
    if (pod !== null) closers.push(() => pod.close());
    const simulated = pod !== null && (await register(pod, services, log));
    await services.start();
    if (simulated) services.sync.created(SIMULATED_ID);
    return { services, simulated, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Where requests of the passthrough go that name no pod manager; null: the settings say nothing. */
function configuredPodManager(config: Config, limits: Partial<Limits>, log: Log): PodManager | null {
  const { podmUrl, podmBaseExt, podmUsername: username, podmPassword: password, podmVerifyCa: verify } = config;
  if (podmUrl === "") return null;
  const url = `${podmUrl.replace(/\/+$/, "")}/${podmBaseExt.replace(/^\/+/, "")}`;
  const trust =
    verify === "true" ? {} : verify === "false" ? { insecure: true } : { ca: readPem("--podm-verify-ca", verify) };
  return drivers.get("redfishv1")!.connect({ url, username, password, ...trust, log, limits });
}

/** Null: none is wanted. */
async function openPod(config: Config, log: Log): Promise<SimulatedPod | null> {
  const { simulatedPodManager: wanted, datacenter, database, stateDir } = config;
  // Of several processes on one store each would have its own, and one record cannot lead to all.
  const alone = !database.startsWith("postgres");
  if (wanted === "false" || (wanted === "auto" && !(datacenter.startsWith("sim:") && alone))) return null;
  mkdirSync(stateDir, { recursive: true });
  // Without the store's memory of its nodes nobody would give back what it has composed.
  const stateFile = database === "memory:" ? null : join(stateDir, "simulated-pod.json");
  return await openSimulatedPod({ stateFile, log });
}

/** False: another pod manager has its name. */
async function register(pod: SimulatedPod, { podManagers }: HardwareServices, log: Log): Promise<boolean> {
  const { url, username, password } = pod;
  const authentication = [{ type: "basic", auth_items: { username, password } }];
  const adopted = await podManagers.adopt(SIMULATED_ID, {
    name: "simulated",
    url,
    driver: "redfishv1",
    authentication,
  });
  if (!adopted)
    log("the simulated pod manager is not registered, another one has its name", { name: "simulated", url });
  return adopted;
}

/** `name=module` separated by commas. @throws AppError config.invalid */
async function thirdPartyDrivers(list: string): Promise<Driver[]> {
  const named = list === "" ? [] : list.split(",").map((entry) => entry.split("=") as [name: string, module: string]);
  return await Promise.all(
    named.map(async ([name, module]) => {
      if (drivers.has(name)) throw new AppError("config.invalid", `--drivers ${name}: one of our own has this name`);
      return { ...bound(await loadDriver(module)), name };
    }),
  );
}

/** Under another name it is still the same object to itself. */
function bound(driver: Driver): Driver {
  return { name: driver.name, connect: (access) => driver.connect(access) };
}
