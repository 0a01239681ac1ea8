import type { RequestReport } from "../../../../host/api/observe.ts";
import { type ValenceApi, valenceApi } from "../../../../host/api/valence/index.ts";
import { type Driver, drivers as known } from "../../../../host/drivers/index.ts";
import { Secrets } from "../../../../host/services/hardware/secrets.ts";
import { type HardwareServices, hardwareServices } from "../../../../host/services/hardware/services.ts";
import { listenSim } from "../../../../host/sim/base/listen.ts";
import { PASSWORD, USERNAME } from "../../../../host/sim/base/sim.ts";
import { createEemSim, type EemSim, type EemSimOptions } from "../../../../host/sim/eem.ts";
import { createPodmSim, type PodmOptions, type PodmSim } from "../../../../host/sim/podm.ts";
import { freshDatabase } from "../../../support/postgres.ts";
import { SETTINGS } from "./settings.ts";

export interface Answered {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape
  readonly json: any;
}

export interface TestApi {
  readonly hardware: HardwareServices;
  /** What the services logged. */
  readonly logged: string[];
  readonly reports: RequestReport[];
  /** Errors of the service itself. */
  readonly failed: unknown[];
  /** A body that is neither text nor bytes goes as JSON. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answered>;
  /** The same services behind other settings. */
  with(settings: Partial<ValenceApi>): Pick<TestApi, "ask">;
  /** Nothing goes on any more: no sync, no operation. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** What a pod manager is registered with. */
export interface Registration {
  readonly name: string;
  readonly url: string;
  readonly driver: string;
  readonly authentication: readonly object[];
}

const AUTHENTICATION = [{ type: "basic", auth_items: { username: USERNAME, password: PASSWORD } }];

/** A simulated pod manager that listens, and how it is registered. */
export async function startPod(
  options: PodmOptions = {},
): Promise<{ sim: PodmSim; registration: Registration; close(): Promise<void> }> {
  const sim = createPodmSim({ assembleMs: 1, resetMs: 1, systems: 8, devices: 8, ...options });
  const { url, close } = await listenSim(sim.app);
  return {
    sim,
    registration: { name: "pod", url: `${url}/redfish/v1`, driver: "redfishv1", authentication: AUTHENTICATION },
    async close() {
      sim.close();
      await close();
    },
  };
}

/** The same with ExpEther. */
export async function startEem(
  options: EemSimOptions = {},
): Promise<{ sim: EemSim; registration: Registration; close(): Promise<void> }> {
  const sim = createEemSim(options);
  const { url, close } = await listenSim(sim.app);
  return {
    sim,
    registration: { name: "eem", url: `${url}/eem`, driver: "expether", authentication: AUTHENTICATION },
    close,
  };
}

/** Valence's API over the real services and the store that tests use here; `more`: drivers beside our own. */
export async function openTestApi(more: readonly Driver[] = []): Promise<TestApi> {
  const database = await freshDatabase();
  const store = await database.open();
  const logged: string[] = [];
  const log = (message: string, details: Record<string, unknown>) =>
    void logged.push(`${message} ${JSON.stringify(details)}`);
  const hardware = hardwareServices({
    store,
    secrets: new Secrets("a key of tests, longer than 32 characters"),
    drivers: [...known.values(), ...more],
    log,
    limits: { pollMs: 4, connectMs: 2_000 },
  });
  await hardware.start();
  const reports: RequestReport[] = [];
  const failed: unknown[] = [];
  const observer = {
    finished: (report: RequestReport) => void reports.push(report),
    failed: (error: unknown) => void failed.push(error),
  };
  const asking = (settings: Partial<ValenceApi>): TestApi["ask"] => {
    const app = valenceApi({ ...SETTINGS, hardware, observer, ...settings });
    return async (method, path, body, headers = {}) => {
      const raw = typeof body === "string" || body instanceof Uint8Array;
      const response = await app.request(path.startsWith("http") ? path : `http://localhost:8181${path}`, {
        method,
        headers: { ...(body === undefined ? {} : { "Content-Type": "application/json" }), ...headers },
        ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
      });
      const text = await response.text();
      const isJson = response.headers.get("Content-Type") === "application/json" && text !== "";
      return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined };
    };
  };
  return {
    hardware,
    logged,
    reports,
    failed,
    ask: asking({}),
    with: (settings) => ({ ask: asking(settings) }),
    async settled() {
      // One that begins after those that go on.
      await hardware.devices.sync(null, AbortSignal.timeout(20_000));
      await hardware.operations.settled();
    },
    async close() {
      await hardware.close();
      await database.remove();
    },
  };
}
