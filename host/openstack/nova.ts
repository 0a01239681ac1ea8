// Nova's own view of the data center, for a user with role admin.

import { AppError } from "../errors.ts";
import type { CloudSession } from "./cloud-session.ts";
import { amountOf, isRecord, listOf, textOf, textsOf } from "./json.ts";
import { type CloudFlavor, sizeOfFlavor } from "./nova-flavors.ts";
import { type Migration, migrationOf, UNFINISHED } from "./nova-migrations.ts";
import { type ListedServer, serverOf } from "./nova-servers.ts";
import type { ServerGroupRecord } from "./records.ts";
import { COMPUTE, type Entry, ServiceApi } from "./service-api.ts";

/** A compute service: what Nova calls a host. */
export interface ComputeService {
  readonly host: string;
  /** Availability zone; null: not told, as from a cell that is down. */
  readonly zone: string | null;
  /** Enabled, seen lately, and not forced down. */
  readonly up: boolean;
}

/** A machine under a compute service; sizes are null where this release does not tell them any more. */
export interface Hypervisor {
  /** Its UUID, in old releases a number; a resource provider has the same UUID. */
  readonly id: string;
  /** What Nova calls a node. */
  readonly node: string;
  /** Of its compute service; null: it has none. */
  readonly host: string | null;
  readonly vcpus: number | null;
  readonly ramMiB: number | null;
  readonly diskGiB: number | null;
  readonly freeDiskGiB: number | null;
  /** What is left on the disk when every image grows to its full size, GiB; null or 0: not known. */
  readonly diskAvailableLeastGiB: number | null;
}

/** A host aggregate. */
export interface Aggregate {
  readonly name: string;
  readonly hosts: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
}

// The minor version at which an answer has the most of what is read here, as of Nova's history of its API.
const SERVICES = 69; // forced_down since 11, hosts of cells that are down since 69
const HYPERVISORS = 87; // sizes until 87, pages since 33, UUIDs since 53
const FLAVORS = 61; // with their extra specs
const SERVERS = 100; // flavors inside since 47, servers of cells that are down since 69, hints since 100
const MIGRATIONS = 59; // UUIDs and pages since 59
const GROUPS = 64; // one policy, with rules
const AGGREGATES = 1;

/** @throws AppError cloud.unavailable, cloud.unreadable, from every method: complete or nothing */
export class Nova {
  readonly #api: ServiceApi;

  constructor(session: CloudSession) {
    this.#api = new ServiceApi(session, COMPUTE);
  }

  /** By Nova's clock, of its latest answer, ms since 1970; 0: none yet. */
  get time(): number {
    return this.#api.time;
  }

  async services(): Promise<ComputeService[]> {
    const entries = await this.#api.all({
      path: "/os-services",
      query: { binary: "nova-compute" },
      version: SERVICES,
      key: "services",
      idOf: ({ host, binary }) => (textOf(host) === null ? null : `${textOf(binary)} ${host}`),
    });
    return entries
      .filter(({ binary }) => binary === "nova-compute")
      .map(({ host, zone, status, state, forced_down }) => ({
        host: textOf(host)!,
        zone: textOf(zone),
        up: status === "enabled" && state === "up" && forced_down !== true,
      }));
  }

  async hypervisors(): Promise<Hypervisor[]> {
    const entries = await this.#api.all({
      path: "/os-hypervisors/detail",
      version: HYPERVISORS,
      key: "hypervisors",
      idOf: identity,
      // Before 33 unknown parameters were ignored and all came at once.
      ...((await this.#highest()) >= 33 ? { next: "marker" as const } : {}),
    });
    return entries.map((entry) => ({
      id: identity(entry)!,
      node: textOf(entry.hypervisor_hostname) ?? "",
      host: isRecord(entry.service) ? textOf(entry.service.host) : null,
      vcpus: amountOf(entry.vcpus),
      ramMiB: amountOf(entry.memory_mb),
      diskGiB: amountOf(entry.local_gb),
      freeDiskGiB: amountOf(entry.free_disk_gb),
      diskAvailableLeastGiB: amountOf(entry.disk_available_least),
    }));
  }

  async aggregates(): Promise<Aggregate[]> {
    const entries = await this.#api.all({
      path: "/os-aggregates",
      version: AGGREGATES,
      key: "aggregates",
      idOf: ({ name }) => textOf(name),
    });
    return entries
      .filter(({ deleted }) => deleted !== true)
      .map(({ name, hosts, metadata }) => ({
        name: textOf(name)!,
        hosts: listOf(hosts).filter((host) => typeof host === "string"),
        metadata: textsOf(metadata),
      }));
  }

  /** Public and private ones; disabled ones count as unknown. */
  async flavors(): Promise<CloudFlavor[]> {
    const entries = await this.#api.all({
      path: "/flavors/detail",
      query: { is_public: "None" },
      version: FLAVORS,
      key: "flavors",
      idOf: identity,
      next: "marker",
    });
    const flavors: CloudFlavor[] = [];
    for (const entry of entries) {
      if (entry["OS-FLV-DISABLED:disabled"] === true) continue;
      const id = identity(entry)!;
      const specs = isRecord(entry.extra_specs) ? entry.extra_specs : await this.#extraSpecs(id);
      if (specs === null) continue; // deleted meanwhile
      flavors.push({ id, name: textOf(entry.name) ?? id, ...sizeOfFlavor(entry), extraSpecs: textsOf(specs) });
    }
    return flavors;
  }

  async serverGroups(): Promise<ServerGroupRecord[]> {
    const entries = await this.#api.all({
      path: "/os-server-groups",
      query: { all_projects: "True" },
      version: GROUPS,
      key: "server_groups",
      idOf: identity,
      next: "offset",
    });
    return entries.map(serverGroupOf).filter((group) => group !== null);
  }

  /** Migrations that have not ended, by the UUID of their server. */
  async migrations(): Promise<Map<string, Migration>> {
    const paged = (await this.#highest()) >= MIGRATIONS;
    const found = new Map<string, Migration>();
    for (const status of UNFINISHED) {
      const entries = await this.#api.all({
        path: "/os-migrations",
        query: { status },
        version: MIGRATIONS,
        key: "migrations",
        idOf: (entry) => textOf(entry.uuid) ?? identity(entry),
        ...(paged ? { next: "marker" as const } : {}),
      });
      for (const entry of entries) {
        const migration = migrationOf(entry);
        // Of several the newest counts: a server migrates once at a time, and an old row may have been left behind.
        if (migration && migration.number > (found.get(migration.server)?.number ?? -1))
          found.set(migration.server, migration);
      }
    }
    return found;
  }

  /** Is there such a server, deleted ones aside? @throws AppError cloud.unavailable, cloud.unreadable */
  async has(id: string): Promise<boolean> {
    return (await this.#api.get(`/servers/${encodeURIComponent(id)}`, SERVERS)) !== null;
  }

  /**
   * The servers of all projects, in pages.
   * @param since only those that changed since then, deleted ones among them; ms since 1970 by Nova's clock
   */
  async *servers(flavor: (id: string) => CloudFlavor | undefined, since?: number): AsyncGenerator<ListedServer[]> {
    const query = since === undefined ? {} : { "changes-since": new Date(since).toISOString().replace(/\.\d+Z$/, "Z") };
    const pages = this.#api.pages({
      path: "/servers/detail",
      query: { all_tenants: "1", ...query },
      version: SERVERS,
      key: "servers",
      idOf: identity,
      next: "marker",
    });
    for await (const { entries, at } of pages) yield entries.map((entry) => serverOf(entry, at, flavor));
  }

  async #extraSpecs(flavor: string): Promise<unknown> {
    const answer = await this.#api.get(`/flavors/${encodeURIComponent(flavor)}/os-extra_specs`, FLAVORS);
    return answer && (answer.json.extra_specs ?? {});
  }

  async #highest(): Promise<number> {
    const highest = await this.#api.highest();
    if (highest === null) throw new AppError("cloud.unreadable", "the catalog of Keystone names no service compute");
    return highest;
  }
}

function identity({ id }: Entry): string | null {
  return typeof id === "number" ? String(id) : textOf(id);
}

/** Of one group on one host. */
const MOST_MEMBERS = 1_000_000;
const POLICIES = ["affinity", "anti-affinity", "soft-affinity", "soft-anti-affinity"] as const;

/** Null: a policy that says nothing about hosts, as `legacy` of old releases. */
function serverGroupOf(entry: Entry): ServerGroupRecord | null {
  const named = textOf(entry.policy) ?? listOf(entry.policies)[0];
  const policy = POLICIES.find((one) => one === named);
  if (policy === undefined) return null;
  const rules = isRecord(entry.rules) ? entry.rules : {};
  return {
    id: identity(entry)!,
    name: textOf(entry.name) ?? "",
    projectId: textOf(entry.project_id),
    policy,
    mostPerHost: Math.min(MOST_MEMBERS, Math.max(1, Math.floor(amountOf(rules.max_server_per_host) ?? 1))),
    members: listOf(entry.members)
      .map(textOf)
      .filter((member) => member !== null),
  };
}
