import type { Flavor, Host } from "../core/model.ts";
import type { CloudSession } from "../openstack/cloud-session.ts";
import { Nova } from "../openstack/nova.ts";
import type { CloudFlavor } from "../openstack/nova-flavors.ts";
import type { Migration } from "../openstack/nova-migrations.ts";
import type { ListedServer } from "../openstack/nova-servers.ts";
import { PlacementApi } from "../openstack/placement-api.ts";
import type { CloudChange, ServerGroupRecord, ServerRecord } from "../openstack/records.ts";
import { type CapacityOptions, type CloudFacts, cloudFacts } from "./cloud-facts.ts";

export type CapacitySettings = Omit<CapacityOptions, "known">;

/** The data center as Nova and Placement tell it. @throws AppError cloud.unavailable, cloud.unreadable */
export class CloudSource {
  readonly #nova: Nova;
  readonly #placement: PlacementApi;
  readonly #capacity: CapacitySettings;
  /** UUID of a machine -> its compute service. */
  #hostOf: ReadonlyMap<string, string> = new Map();
  #flavors: ReadonlyMap<string, CloudFlavor> = new Map();
  /** Compute services whose machines were seen, and that Placement gives servers to whenever they are up. */
  #seen: ReadonlySet<string> = new Set();

  constructor(session: CloudSession, capacity: CapacitySettings) {
    this.#nova = new Nova(session);
    this.#placement = new PlacementApi(session);
    this.#capacity = capacity;
  }

  /** Everything but servers and their groups. */
  async facts(known: (host: string) => Host | undefined): Promise<CloudFacts> {
    const services = await this.#nova.services();
    const hypervisors = await this.#nova.hypervisors();
    const aggregates = await this.#nova.aggregates();
    const flavors = await this.#readFlavors();
    const providers = await this.#placement.providers();
    this.#hostOf = new Map(
      hypervisors.flatMap(({ id, node, host }) => {
        const provider = providers?.get(id) ?? providers?.get(node);
        return host === null || provider === undefined ? [] : [[provider.uuid, host]];
      }),
    );
    const isUp = new Map(services.map(({ host, up }) => [host, up]));
    // What is disabled at Placement though its service is up stays so until it is read again; else the service tells.
    const takes = hypervisors.filter(({ id, node, host }) => {
      return !(isUp.get(host ?? "") && (providers?.get(id) ?? providers?.get(node))?.disabled);
    });
    this.#seen = new Set(takes.map(({ host }) => host).filter((host) => host !== null));
    return cloudFacts({ services, hypervisors, aggregates, flavors, providers }, { ...this.#capacity, known });
  }

  async flavors(): Promise<Flavor[]> {
    return (await this.#readFlavors()).map(({ id, name, vcpus, ramMiB, diskGiB, extraSpecs }) => {
      return { id, name, vcpus, ramMiB, diskGiB, extraSpecs };
    });
  }

  /** Which compute services are up, and the time by Nova's clock, ms since 1970. */
  async up(): Promise<{ readonly hosts: Map<string, boolean>; readonly at: number }> {
    const services = await this.#nova.services();
    // As of the facts, where a host without a machine takes nothing.
    return { hosts: new Map(services.map(({ host, up }) => [host, up && this.#seen.has(host)])), at: this.#nova.time };
  }

  async serverGroups(): Promise<ServerGroupRecord[]> {
    return await this.#nova.serverGroups();
  }

  /** All servers, page by page. */
  async *servers(): AsyncGenerator<ServerRecord> {
    for await (const page of this.#listed()) for (const server of page) if (!server.gone) yield server.record;
  }

  /** What changed since then by Nova's clock, page by page. */
  async *changes(since: number): AsyncGenerator<CloudChange[]> {
    for await (const page of this.#listed(since))
      yield page.map((server) =>
        server.gone
          ? { kind: "server-gone", id: server.id, host: null, at: server.at }
          : { kind: "server", server: server.record },
      );
  }

  /** Those of these servers that the cloud does not have. */
  async missing(ids: readonly string[]): Promise<string[]> {
    const missing: string[] = [];
    for (const id of ids) if (!(await this.#nova.has(id))) missing.push(id);
    return missing;
  }

  async *#listed(since?: number): AsyncGenerator<ListedServer[]> {
    const migrations = await this.#nova.migrations();
    for await (const page of this.#nova.servers((id) => this.#flavors.get(id), since)) {
      for (const [at, server] of page.entries()) {
        const migration = !server.gone && server.moving ? migrations.get(server.record.id) : undefined;
        if (server.gone || migration === undefined) continue;
        page[at] = { ...server, record: { ...server.record, alsoOn: await this.#alsoOn(server.record, migration) } };
      }
      yield page;
    }
  }

  /** The room that a moving server holds where it is not, or not any more. */
  async #alsoOn(server: ServerRecord, migration: Migration): Promise<ServerRecord["alsoOn"]> {
    const { source, target, finished, uuid } = migration;
    // Of a resize that was confirmed: the row was left behind.
    if (finished && server.state !== "resized") return null;
    const arrived = server.state === "resized" || (server.host === target && source !== target);
    const host = arrived ? source : target;
    if (host === null || server.host === null) return null;
    // What it leaves is held by the migration, what it takes by the server itself.
    const consumer = arrived ? uuid : server.id;
    const held = consumer === null ? [] : await this.#placement.held(consumer);
    for (const [provider, size] of held) if (this.#hostOf.get(provider) === host) return { host, size };
    return server.size === null ? null : { host, size: server.size };
  }

  async #readFlavors(): Promise<CloudFlavor[]> {
    const flavors = await this.#nova.flavors();
    this.#flavors = new Map(flavors.map((flavor) => [flavor.id, flavor]));
    return flavors;
  }
}
