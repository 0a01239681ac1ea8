// What only runs with `--datacenter nova`: the inventory follows a cloud.

import { readFileSync } from "node:fs";
import type { Config } from "./config.ts";
import { AppError } from "./errors.ts";
import type { Logger } from "./log.ts";
import { type CloudLogin, CloudSession } from "./openstack/cloud-session.ts";
import { CloudSource } from "./services/cloud-source.ts";
import type { InventoryService } from "./services/inventory.ts";
import { Refresh } from "./services/refresh.ts";
import type { ServerService } from "./services/servers.ts";
import { Topology, type TopologySource } from "./services/topology.ts";
import { type HostMapping, readHostMapping } from "./services/topology-file.ts";

/** Hosts in one line of the log. */
const MOST_LOGGED = 20;

export interface Cloud {
  readonly refresh: Refresh;
  close(): void;
}

/** How the service user of the settings logs in at a Keystone. @throws AppError config.invalid when a file cannot be read */
export function loginOf(config: Config, url: string): CloudLogin {
  return {
    url,
    username: config.keystoneUsername,
    password: config.keystonePassword,
    project: config.keystoneProject,
    userDomain: config.keystoneUserDomain,
    projectDomain: config.keystoneProjectDomain,
    region: config.cloudRegion || null,
    endpointInterface: config.cloudInterface,
    ...(config.cloudCaFile === "" ? {} : { ca: readPem("--cloud-ca-file", config.cloudCaFile) }),
  };
}

/** The service user, to read stacks with while a scheduler waits; null: the settings name no Keystone. */
export function sessionForStacks(config: Config): CloudSession | null {
  const url = keystoneOf(config);
  return url === null ? null : new CloudSession({ ...loginOf(config, url), timeoutMs: 5000, attempts: 2 });
}

/** Of the settings; null: they name none. */
export function keystoneOf({ cloudAuthUrl, identity }: Config): string | null {
  if (cloudAuthUrl !== "") return cloudAuthUrl;
  return identity.startsWith("keystone:") ? identity.slice("keystone:".length) : null;
}

/** Nothing is read before `refresh.start`. @throws AppError config.invalid, file.invalid */
export function openCloud(
  config: Config,
  { inventory, servers, log }: { inventory: InventoryService; servers: ServerService; log: Logger },
): Cloud {
  const session = new CloudSession(loginOf(config, keystoneOf(config)!));
  const mapping = config.topologyFile === "" ? null : readHostMapping(config.topologyFile);
  const topology = new Topology({
    order: config.topologyOrder.split(",") as TopologySource[],
    naming: {
      regionChars: config.numOfRegionChars,
      rackCodes: config.rackCodeList,
      nodeCodes: config.nodeCodeList,
    },
    rackKey: config.topologyRackKey,
    clusterKey: config.topologyClusterKey,
    mapping,
  });
  const source = new CloudSource(session, {
    ratios: { vcpus: config.cpuRatio, ramMiB: config.ramRatio, diskGiB: config.diskRatio },
    standby: { vcpus: config.cpuStandby, ramMiB: config.ramStandby, diskGiB: config.diskStandby },
    reserved: { vcpus: 0, ramMiB: config.hostReservedRamMib, diskGiB: 0 },
    topology,
  });
  const { refreshSeconds: fullSeconds, changesSeconds, topologyFile } = config;
  const refresh = new Refresh({
    source,
    inventory,
    servers,
    fullSeconds,
    changesSeconds,
    prepare: () => readAgain(topology, topologyFile, log),
    toldFacts: () => tellFaults(topology, log),
    log,
  });
  const close = () => {
    refresh.close();
    session.close();
  };
  return { refresh, close };
}

/** The operator may have changed it; a file that is damaged now changes nothing. */
function readAgain(topology: Topology, path: string, log: Logger): void {
  if (path === "") return;
  let mapping: HostMapping;
  try {
    mapping = readHostMapping(path);
  } catch (error) {
    log.warn({ fault: (error as Error).message }, "the mapping of hosts cannot be read; the one before stays");
    return;
  }
  topology.useMapping(mapping);
}

function tellFaults(topology: Topology, log: Logger): void {
  const faults = topology.takeFaults();
  if (faults.length === 0) return;
  const hosts = faults.slice(0, MOST_LOGGED).map(({ host, message }) => `${host}: ${message}`);
  log.warn(
    { count: faults.length, hosts },
    "these hosts are in no known rack and take no server of a rack-level group",
  );
}

/** @throws AppError config.invalid, naming the flag */
export function readPem(flag: string, path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new AppError("config.invalid", `${flag} ${path}: cannot be read (${code})`, { cause });
  }
}
