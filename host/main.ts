import { join } from "node:path";
import { openStore } from "../db/client.ts";
import type { Store } from "../db/store.ts";
import type { RequestObserver } from "./api/observe.ts";
import type { Operating } from "./api/operating.ts";
import { type ValenceApi, valenceApi } from "./api/valence/index.ts";
import type { AdminRequired } from "./api/valet/auth.ts";
import { valetApi } from "./api/valet/index.ts";
import { brokersOf, followBus, notifyBus } from "./bus.ts";
import { measureNotifications } from "./bus-metrics.ts";
import { type Cloud, loginOf, openCloud, readPem, sessionForStacks } from "./cloud.ts";
import type { Config } from "./config.ts";
import type { DataCenter } from "./core/model.ts";
import { type Breakdown, PoolSolver } from "./core/pool.ts";
import { readProblemFile } from "./core/problem.ts";
import { simulatedDataCenter } from "./core/simulated.ts";
import type { Solver } from "./core/task.ts";
import { AppError } from "./errors.ts";
import { type OpenedHardware, openHardware } from "./hardware.ts";
import { measureHardware } from "./hardware-metrics.ts";
import { type Listener, listen, type Tls } from "./listen.ts";
import { createLog, type Logger } from "./log.ts";
import { counted, Metrics } from "./metrics.ts";
import { HeatApi } from "./openstack/heat.ts";
import { Keystone } from "./openstack/keystone.ts";
import { GroupService } from "./services/groups.ts";
import { fileIdentity, type IdentitySource, localIdentity } from "./services/identity.ts";
import { InventoryService } from "./services/inventory.ts";
import type { ApiExchange } from "./services/notifications.ts";
import { PlacementService } from "./services/placements.ts";
import { Planner, type PlannerOptions } from "./services/planner.ts";
import { PlanService } from "./services/plans.ts";
import { saveForReplay } from "./services/replay.ts";
import { ServerService } from "./services/servers.ts";
import { StackService, type StackSource } from "./services/stacks.ts";
import { StatusService } from "./services/status.ts";

/** How long running requests may go on after the order to stop, ms. */
const GRACE_MS = 30_000;

export interface RunningServer {
  readonly valetUrl: string;
  readonly valenceUrl: string;
  /** The generated token; null when another identity source is used. */
  readonly localToken: string | null;
  /** A simulated pod manager is registered. */
  readonly simulatedHardware: boolean;
  readonly log: Logger;
  /** Reads everything from the cloud again, if there is one. */
  resync(): void;
  /** Stops accepting, lets what runs finish, closes everything. */
  stop(): Promise<void>;
}

/**
 * Builds everything and serves both APIs; returns when both answer. Nothing stays open when it throws.
 * @throws AppError config.invalid, file.invalid, address.unavailable, store.unavailable, store.in-use
 */
export async function startServer(config: Config): Promise<RunningServer> {
  const log = createLog(config.logLevel);
  const listeners: Listener[] = [];
  const closers: (() => Promise<void>)[] = [];
  const stop = async (graceMs = GRACE_MS) => {
    await Promise.all(listeners.splice(0).map((listener) => listener.stop(graceMs)));
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    const { identity, token } = await openIdentity(config, log);
    const brokers = brokersOf(config);
    const source = config.datacenter === "nova" ? null : await readDataCenter(config.datacenter, log);

    // Both ports are taken before the store is opened, so that a port in use is told at once; requests wait meanwhile.
    let begin: (apis: Apis) => void = () => {};
    const apis = new Promise<Apis>((resolve) => {
      begin = resolve;
    });
    const { host, stateDir, workers: parallel, adminRequired, bodyLimitBytes } = config;
    const valet = await listen({ fetch: async (request) => (await apis).valet.fetch(request) }, host, config.valetPort);
    listeners.push(valet);
    const valence = await listen(
      { fetch: async (request, bindings) => (await apis).valence.fetch(request, bindings) },
      host,
      config.valencePort,
      certificateOf(config),
    );
    listeners.push(valence);

    const store = await openStore(config.database);
    closers.push(() => store.close());
    const solver = new PoolSolver({ workers: config.workers, broken: (breakdown) => keep(breakdown, stateDir, log) });
    closers.push(() => solver.close());
    const inventory = await InventoryService.open(store, source);
    closers.push(() => inventory.close());
    if (inventory.vanishedHosts > 0) {
      const { datacenter } = config;
      log.warn(
        { hosts: inventory.vanishedHosts, datacenter },
        "hosts of the store that the data center does not name are out of use",
      );
    }
    const servers = new ServerService({
      store,
      inventory,
      pendingGraceSeconds: config.pendingGraceSeconds,
      log: (message, details) => log.warn(details, message),
    });
    const cloud = config.datacenter === "nova" ? openCloud(config, { inventory, servers, log }) : null;
    if (cloud !== null) closers.push(async () => cloud.close());
    const parts = { store, inventory, servers, solver, identity, log, parallel, queue: () => solver.queueSize };
    const { planBudget, planDeadlineMs } = config;
    const limits = {
      ...(planBudget === null ? {} : { budget: planBudget }),
      ...(planDeadlineMs === null ? {} : { deadlineMs: planDeadlineMs }),
    };
    const notifying = config.busNotifications && brokers !== null ? notifyBus(brokers, config, log) : null;
    if (notifying !== null) closers.push(() => notifying.close());
    const stackSession = sessionForStacks(config);
    if (stackSession !== null) closers.push(async () => stackSession.close());
    const hardware = await openHardware(config, store, log);
    closers.push(() => hardware.close());
    const built = buildApis({
      ...parts,
      valence: valenceOf(config, hardware),
      stacks: stackSession === null ? null : new HeatApi(stackSession),
      host,
      stateDir,
      adminRequired,
      bodyLimitBytes,
      limits,
      cloud,
      ...(notifying === null ? {} : { answered: (exchange) => notifying.notifications.offer(exchange) }),
    });
    measureHardware(built.registry, store, hardware.services);
    begin(built);
    if (notifying !== null) measureNotifications(built.registry, notifying.notifications);
    await cloud?.refresh.start();
    if (brokers !== null) {
      const following = followBus(brokers, config, {
        sink: { servers, inventory, reread: (what) => cloud?.refresh.soon(what) },
        log,
        registry: built.registry,
      });
      closers.push(() => following.close());
    }
    log.info({ valet: valet.url, valence: valence.url, hosts: inventory.inventory.hosts.size }, "ready");
    return {
      valetUrl: valet.url,
      valenceUrl: valence.url,
      localToken: token,
      simulatedHardware: hardware.simulated,
      log,
      resync: () => cloud?.refresh.now(),
      stop: () => stop(),
    };
  } catch (error) {
    await stop(0);
    throw error;
  }
}

interface Apis {
  readonly valet: ReturnType<typeof valetApi>;
  readonly valence: ReturnType<typeof valenceApi>;
  /** Of what is measured. */
  readonly registry: Metrics["registry"];
}

export interface ApiParts {
  readonly store: Store;
  readonly inventory: InventoryService;
  readonly servers: ServerService;
  readonly solver: Solver;
  readonly identity: IdentitySource;
  readonly log: Logger;
  /** Solves at a time. */
  readonly parallel: number;
  /** Solves that wait for a worker. */
  readonly queue: () => number;
  readonly host: string;
  readonly stateDir: string;
  readonly adminRequired: AdminRequired;
  readonly bodyLimitBytes: number;
  /** Of the search for each plan. */
  readonly limits?: NonNullable<PlannerOptions["limits"]>;
  /** Where stacks are read that nobody has told of; absent: their servers are planned one by one. */
  readonly stacks?: StackSource | null;
  /** Null or absent: the data center is no cloud. */
  readonly cloud?: Cloud | null;
  /** What Valence's API serves; absent: only its version documents. */
  readonly valence?: ValenceParts;
  /** Told of every answered request. */
  readonly answered?: (exchange: ApiExchange) => void;
}

/** Both APIs over opened parts, not yet listening. */
export function buildApis(parts: ApiParts): Apis {
  const { store, inventory, solver, identity } = parts;
  const metrics = new Metrics({
    hosts: () => inventory.inventory.hosts.size,
    vms: () => inventory.inventory.vmCount,
    reserved: () => inventory.inventory.reserved,
    poolQueue: parts.queue,
    snapshotBytes: () => solver.bytesCopied,
  });
  const planner = new Planner({
    store,
    inventory,
    solver: counted(solver, metrics),
    parallel: parts.parallel,
    replayDirectory: replayDirectory(parts.stateDir),
    ...(parts.limits === undefined ? {} : { limits: parts.limits }),
    conflicted: () => metrics.conflict(),
  });
  const groups = new GroupService(store, identity);
  // Its pings are no plans, so they are not counted.
  const status = new StatusService(store, inventory, solver, parts.host === "localhost" ? "127.0.0.1" : parts.host);
  const refresh = parts.cloud?.refresh ?? null;
  if (refresh !== null) refresh.onRead = metrics.cloudReadings();
  const operating: Operating = {
    notReady: async () => refresh?.notReady() ?? (await status.notReady()),
    metrics: async () => ({ contentType: metrics.registry.contentType, text: await metrics.registry.metrics() }),
  };
  const observer = observerOf(parts.log, metrics);
  const { adminRequired, bodyLimitBytes } = parts;
  const plans = new PlanService({ store, inventory, planner, groups, explainer: solver });
  const placements = new PlacementService({ store, inventory, planner });
  const stacks = new StackService({
    store,
    plans,
    placements,
    source: parts.stacks ?? null,
    log: (message, details) => parts.log.warn(details, message),
  });
  return {
    valet: valetApi({
      groups,
      plans,
      stacks,
      placements,
      servers: parts.servers,
      status,
      identity,
      adminRequired,
      bodyLimitBytes,
      operating,
      observer,
      refresh,
      ...(parts.answered === undefined ? {} : { answered: parts.answered }),
    }),
    valence: valenceApi({
      operating,
      observer,
      identity,
      bodyLimitBytes,
      bound: parts.host,
      ...(parts.valence ?? NO_HARDWARE),
    }),
    registry: metrics.registry,
  };
}

type ValenceParts = Pick<ValenceApi, "hardware" | "pushed" | "basic" | "publicEndpoint" | "corsOrigins" | "maxLimit">;

const NO_HARDWARE: ValenceParts = {
  hardware: null,
  basic: null,
  publicEndpoint: null,
  corsOrigins: ["loopback"],
  maxLimit: 1000,
};

function valenceOf(config: Config, { services }: OpenedHardware): ValenceParts {
  const { valenceBasicUser: user, valenceBasicPassword: password, publicEndpoint, corsOrigins, maxLimit } = config;
  return {
    hardware: services,
    pushed: (mark) => services.pushed(mark),
    basic: user === "" ? null : { user, password },
    publicEndpoint: publicEndpoint || null,
    corsOrigins: corsOrigins === "" ? ["loopback"] : corsOrigins.split(","),
    maxLimit,
  };
}

function certificateOf({ tlsCert, tlsKey }: Config): Tls | undefined {
  return tlsCert === "" ? undefined : { cert: readPem("--tls-cert", tlsCert), key: readPem("--tls-key", tlsKey) };
}

function replayDirectory(stateDir: string): string {
  return join(stateDir, "replay");
}

/** Saves what broke the search, so that it can be broken again where someone looks. */
function keep({ inventory, application, options, error }: Breakdown, stateDir: string, log: Logger): string | null {
  const saved = saveForReplay(replayDirectory(stateDir), inventory, application, options, null, [error.message]);
  log.error({ err: error, saved }, "the search broke down, it is tried once more");
  return saved;
}

function observerOf(log: Logger, metrics: Metrics): RequestObserver {
  return {
    finished(report) {
      metrics.request(report);
      const { ms, ...facts } = report;
      log.info({ ...facts, ms: Math.round(ms * 10) / 10 }, "request");
    },
    failed: (error, requestId) => log.error({ err: error, requestId }, "a request failed"),
  };
}

async function openIdentity(config: Config, log: Logger): Promise<{ identity: IdentitySource; token: string | null }> {
  if (config.identity === "local") {
    const { source, token } = await localIdentity(config.stateDir);
    return { identity: source, token };
  }
  if (!config.identity.startsWith("keystone:")) return { identity: await fileIdentity(config.identity), token: null };
  const identity = new Keystone({
    ...loginOf(config, config.identity.slice("keystone:".length)),
    cacheSeconds: config.keystoneCacheSeconds,
    log: (message, details) => log.warn(details, message),
  });
  return { identity, token: null };
}

async function readDataCenter(name: string, log: Logger): Promise<DataCenter> {
  if (name.startsWith("sim:")) return simulatedDataCenter(name);
  const { dataCenter } = await readProblemFile(name);
  if (dataCenter.hosts.length === 0) throw new AppError("file.invalid", `${name}: hosts: there is none`);
  if (dataCenter.flavors.length > 0) return dataCenter;
  log.warn({ file: name }, "the file has no flavors, so those of the simulated data center are used");
  return { ...dataCenter, flavors: simulatedDataCenter("sim:1x1").flavors };
}
