// A cloud that answers as the recorded one did: Keystone, Nova and Placement behind one port, with any number of hosts
// and servers, and with whatever a test wants to go wrong.
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

// biome-ignore lint/suspicious/noExplicitAny: recorded answers of every form
type Json = any;

const recorded = (path: string): Json =>
  JSON.parse(readFileSync(new URL(`../fixtures/${path}`, import.meta.url), "utf8"));
const SERVER = recorded("openstack/nova-server-v2.90.json").server;
const [HYPERVISOR] = recorded("openstack/nova-hypervisors-detail-v2.1.json").hypervisors;
const [SERVICE] = recorded("openstack/nova-services.json").services;
const [FLAVOR] = recorded("openstack/nova-flavors-detail.json").flavors;
const [AGGREGATE] = recorded("openstack/nova-aggregates.json").aggregates;
const [PROVIDER] = recorded("openstack/placement-resource-providers.json").resource_providers;
const TOKEN = recorded("keystone/auth-tokens-201.json");

export interface Asked {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly version: string;
}

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  /** Anything but text is sent as JSON. */
  readonly body?: unknown;
}

export class StandInCloud {
  services: Json[] = [];
  hypervisors: Json[] = [];
  aggregates: Json[] = [];
  flavors: Json[] = [];
  servers: Json[] = [];
  groups: Json[] = [];
  migrations: Json[] = [];
  /** By UUID of the provider. */
  inventories: Record<string, Json> = {};
  /** By UUID of the provider. */
  traits: Record<string, string[]> = {};
  /** Providers below a machine: UUID -> that of the machine. */
  below: Record<string, string> = {};
  /** By UUID of the consumer. */
  allocations: Record<string, Json> = {};
  generation = 1;
  /** Nova's highest microversion. */
  highest = 93;
  /** Nova's max_limit. */
  mostAPage = 1000;
  placement = true;
  token = "service-token";
  tokenLifeMs = 3_600_000;
  password = "secret";
  /** What a test wants to be otherwise; undefined: as it would be. "cut": the connection ends without an answer. */
  tweak: (asked: Asked) => Answer | "cut" | undefined | Promise<Answer | "cut" | undefined> = () => undefined;
  readonly asked: Asked[] = [];
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#serve(request, response));
  }

  static async start(): Promise<StandInCloud> {
    const cloud = new StandInCloud();
    await new Promise<void>((resolve) => cloud.#server.listen(0, "127.0.0.1", resolve));
    return cloud;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** For a session with it; nothing is waited for longer than a test wants to. */
  get login() {
    return {
      url: `${this.url}/identity/v3`,
      username: "ostro",
      password: "secret",
      project: "service",
      userDomain: "Default",
      projectDomain: "Default",
      pauseMs: 1,
      timeoutMs: 5_000,
    };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Paths asked for, in their order, without those of Keystone. */
  paths(): string[] {
    return this.asked.map(({ path }) => path).filter((path) => !path.startsWith("/identity"));
  }

  /** A host with one machine of the recorded size (10 vCPU, 8,192 MiB, 1,028 GiB), known to Placement. */
  addHost(host: string, { hypervisor = {}, service = {} }: { hypervisor?: Json; service?: Json } = {}): void {
    const uuid = uuidOf(1, this.hypervisors.length);
    this.services.push({ ...SERVICE, id: uuidOf(2, this.services.length), host, forced_down: false, ...service });
    this.hypervisors.push({
      ...HYPERVISOR,
      id: uuid,
      hypervisor_hostname: host,
      service: { ...HYPERVISOR.service, host },
      free_disk_gb: 1028,
      local_gb_used: 0,
      vcpus_used: 0,
      ...hypervisor,
    });
    const stock = (total: number, reserved: number, ratio: number) => ({
      total,
      reserved,
      min_unit: 1,
      max_unit: total,
      step_size: 1,
      allocation_ratio: ratio,
    });
    this.inventories[uuid] = { VCPU: stock(10, 0, 16), MEMORY_MB: stock(8192, 512, 1.5), DISK_GB: stock(1028, 0, 1) };
  }

  /** A flavor of the recorded form with its extra specs, as since microversion 61. */
  addFlavor(id: string, name: string, vcpus: number, ram: number, disk: number, more: Json = {}): void {
    this.flavors.push({ ...FLAVOR, id, name, vcpus, ram, disk, description: null, extra_specs: {}, ...more });
  }

  addAggregate(name: string, hosts: string[], metadata: Record<string, string>): void {
    this.aggregates.push({ ...AGGREGATE, id: this.aggregates.length + 1, name, hosts, metadata });
  }

  /** An active server of 1 vCPU, 512 MiB and 1 GiB. Returns its UUID. */
  addServer(host: string | null, more: Json = {}): string {
    const id = more.id ?? uuidOf(3, this.servers.length);
    this.servers.push({
      ...SERVER,
      id,
      name: `server-${this.servers.length}`,
      "OS-EXT-SRV-ATTR:host": host,
      "OS-EXT-SRV-ATTR:hypervisor_hostname": host,
      ...more,
    });
    return id;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { pathname: path, searchParams: query } = new URL(request.url!, this.url);
    const version = String(request.headers["openstack-api-version"] ?? "");
    const asked = { method: request.method!, path, query, version };
    this.asked.push(asked);
    const wanted = await this.tweak(asked);
    if (wanted === "cut") {
      request.socket.destroy();
      return;
    }
    const {
      status = 200,
      headers = {},
      body,
    } = wanted ?? this.#answer(asked, request, Buffer.concat(chunks).toString());
    const text = typeof body === "string" ? body : JSON.stringify(body);
    response.writeHead(status, { "Content-Type": "application/json", ...headers });
    response.end(text);
  }

  #answer({ method, path, query }: Asked, request: IncomingMessage, body: string): Answer {
    if (path === "/identity/v3/auth/tokens" && method === "POST") {
      if (JSON.parse(body).auth.identity.password.user.password !== this.password)
        return { status: 401, body: { error: { code: 401, message: "wrong password", title: "Unauthorized" } } };
      const token = { ...TOKEN.token, expires_at: new Date(Date.now() + this.tokenLifeMs).toISOString() };
      return {
        status: 201,
        headers: { "X-Subject-Token": this.token },
        body: { token: { ...token, catalog: this.#catalog() } },
      };
    }
    if (request.headers["x-auth-token"] !== this.token) return { status: 401, body: { error: { code: 401 } } };
    const of = (root: string) => (path.startsWith(root) ? path.slice(root.length) : null);
    return (
      this.#compute(of("/compute/v2.1"), query) ??
      (this.placement ? this.#placement(of("/placement")) : undefined) ?? {
        status: 404,
        body: { message: "not found" },
      }
    );
  }

  #compute(path: string | null, query: URLSearchParams): Answer | undefined {
    if (path === "/")
      return { body: { version: { id: "v2.1", status: "CURRENT", version: `2.${this.highest}`, min_version: "2.1" } } };
    if (path === "/os-services") return { body: { services: this.services } };
    if (path === "/os-hypervisors/detail") return this.#page("hypervisors", this.hypervisors, query);
    if (path === "/os-aggregates") return { body: { aggregates: this.aggregates } };
    if (path === "/flavors/detail") return this.#page("flavors", this.flavors, query);
    if (path === "/os-server-groups") return this.#page("server_groups", this.groups, query);
    if (path === "/os-migrations")
      return this.#page(
        "migrations",
        this.migrations.filter(({ status }) => status === query.get("status")),
        query,
      );
    if (path === "/servers/detail") {
      const since = query.get("changes-since");
      const listed = this.servers.filter(({ status, updated }) =>
        since === null ? status !== "DELETED" : Date.parse(updated) >= Date.parse(since),
      );
      return this.#page("servers", listed, query);
    }
    const server = this.servers.find(({ id, status }) => path === `/servers/${id}` && status !== "DELETED");
    return server === undefined ? undefined : { body: { server } };
  }

  #placement(path: string | null): Answer | undefined {
    if (path === "/")
      return { body: { versions: [{ id: "v1.0", max_version: "1.39", min_version: "1.0", status: "CURRENT" }] } };
    if (path === "/resource_providers") {
      const providers = this.hypervisors
        .filter(({ id }) => id in this.inventories)
        .map(({ id, hypervisor_hostname }) => ({
          ...PROVIDER,
          uuid: id,
          root_provider_uuid: id,
          name: hypervisor_hostname,
          generation: this.generation,
        }));
      const below = Object.entries(this.below).map(([uuid, root]) => ({
        ...PROVIDER,
        uuid,
        name: `below-${uuid}`,
        parent_provider_uuid: root,
        root_provider_uuid: root,
        generation: this.generation,
      }));
      return { body: { resource_providers: [...providers, ...below] } };
    }
    const [, kind, id, of] = /^\/(resource_providers|allocations)\/([^/]+)(?:\/([^/]+))?/.exec(path ?? "") ?? [];
    if (of === "traits" && (id! in this.inventories || id! in this.below))
      return { body: { resource_provider_generation: this.generation, traits: this.traits[id!] ?? [] } };
    if (kind === "resource_providers" && id! in this.inventories)
      return { body: { resource_provider_generation: this.generation, inventories: this.inventories[id!] } };
    if (kind === "allocations") return { body: { allocations: this.allocations[id!] ?? {} } };
    return undefined;
  }

  #page(key: string, entries: Json[], query: URLSearchParams): Answer {
    const marker = query.get("marker");
    const at = marker === null ? -1 : entries.findIndex(({ id, uuid }) => String(uuid ?? id) === marker);
    if (marker !== null && at < 0)
      return { status: 400, body: { badRequest: { code: 400, message: `marker [${marker}] not found` } } };
    const from = marker === null ? Number(query.get("offset") ?? 0) : at + 1;
    const limit = Math.min(this.mostAPage, Number(query.get("limit") ?? this.mostAPage));
    return { body: { [key]: entries.slice(from, from + limit) } };
  }

  #catalog(): Json[] {
    const service = (type: string, url: string) => ({
      type,
      name: type,
      endpoints: ["public", "internal", "admin"].map((name) => ({
        interface: name,
        region: "RegionOne",
        region_id: "RegionOne",
        url,
      })),
    });
    return [
      service("identity", `${this.url}/identity/v3`),
      service("compute", `${this.url}/compute/v2.1`),
      service("orchestration", `${this.url}/heat/v1/${TOKEN.token.project.id}`),
      ...(this.placement ? [service("placement", `${this.url}/placement`)] : []),
    ];
  }
}

/** A UUID of a kind. */
export function uuidOf(kind: number, number: number): string {
  return `${String(kind).padStart(8, "0")}-0000-4000-8000-${String(number).padStart(12, "0")}`;
}
