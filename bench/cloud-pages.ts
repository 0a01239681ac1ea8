// A cloud of any size that answers in the recorded shapes, from a thread of its own so that its work is not counted.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import type { CloudLogin } from "../host/openstack/cloud-session.ts";
import { inRepository } from "./paths.ts";

export interface CloudSize {
  readonly hosts: number;
  readonly servers: number;
}

const HOSTS_A_RACK = 40;

/** `xyz01r003c017`, by the naming convention. */
function hostName(number: number): string {
  const digits = (value: number) => String(value).padStart(3, "0");
  return `xyz01r${digits(Math.floor(number / HOSTS_A_RACK))}c${digits(number % HOSTS_A_RACK)}`;
}

/** A server of the cloud until it is closed. */
export async function serveCloud(size: CloudSize): Promise<{ login: CloudLogin; close(): Promise<void> }> {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: size });
  const port = await new Promise<number>((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
  const login = {
    url: `http://127.0.0.1:${port}/v3`,
    username: "ostro",
    password: "secret",
    project: "service",
    userDomain: "Default",
    projectDomain: "Default",
  };
  return { login, close: async () => void (await worker.terminate()) };
}

/** The text of a page, from one that was recorded: parsing it takes what parsing a real one takes. */
export class CloudPages {
  readonly #size: CloudSize;
  readonly #server = template("nova-server-v2.90", ({ server }) => server);
  readonly #hypervisor = template("nova-hypervisors-detail-v2.1", ({ hypervisors }) => hypervisors[0]);
  readonly #service = template("nova-services", ({ services }) => services[0]);
  readonly #flavors: string;

  constructor(size: CloudSize) {
    this.#size = size;
    const { flavors } = recorded("nova-flavors-detail");
    this.#flavors = JSON.stringify({ flavors: flavors.map((one: object) => ({ ...one, extra_specs: {} })) });
  }

  /** Null: no such path. */
  page(path: string, query: URLSearchParams, url: string): string | null {
    const from = numberOf(query.get("marker")) + 1;
    const limit = Number(query.get("limit") ?? 1000);
    switch (path) {
      case "/compute/v2.1/":
        return JSON.stringify({ version: { id: "v2.1", version: "2.93", min_version: "2.1" } });
      case "/compute/v2.1/os-services":
        return this.#list("services", 0, this.#size.hosts, this.#size.hosts, (i) => fill(this.#service, i, i));
      case "/compute/v2.1/os-hypervisors/detail":
        return this.#list("hypervisors", from, limit, this.#size.hosts, (i) => fill(this.#hypervisor, i, i));
      case "/compute/v2.1/servers/detail":
        return this.#list("servers", from, limit, this.#size.servers, (i) =>
          fill(this.#server, i, i % this.#size.hosts),
        );
      case "/compute/v2.1/flavors/detail":
        return query.has("marker") ? '{"flavors": []}' : this.#flavors;
      case "/compute/v2.1/os-aggregates":
        return '{"aggregates": []}';
      case "/compute/v2.1/os-server-groups":
        return '{"server_groups": []}';
      case "/compute/v2.1/os-migrations":
        return '{"migrations": []}';
      case "/v3/auth/tokens":
        return JSON.stringify({
          token: {
            expires_at: new Date(Date.now() + 3_600_000).toISOString(),
            project: { id: "p" },
            catalog: [{ type: "compute", endpoints: [{ interface: "internal", url: `${url}/compute/v2.1` }] }],
          },
        });
      default:
        return null;
    }
  }

  #list(key: string, from: number, limit: number, count: number, entry: (number: number) => string): string {
    const entries: string[] = [];
    for (let i = from; i < Math.min(count, from + limit); i++) entries.push(entry(i));
    return `{"${key}": [${entries.join(",")}]}`;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: recorded answers of every form
function recorded(name: string): any {
  return JSON.parse(readFileSync(inRepository(`test/fixtures/openstack/${name}.json`), "utf8"));
}

/** The entry as text with marks where numbers and hosts go. */
// biome-ignore lint/suspicious/noExplicitAny: recorded answers of every form
function template(name: string, entryOf: (json: any) => any): string {
  const entry = entryOf(recorded(name));
  const host = entry.service?.host ?? entry.host ?? entry["OS-EXT-SRV-ATTR:host"];
  return JSON.stringify({ ...entry, id: "@ID@" }, null, 2).replaceAll(`"${host}"`, '"@HOST@"');
}

function fill(text: string, number: number, host: number): string {
  return text.replace("@ID@", idOf(number)).replaceAll("@HOST@", hostName(host));
}

/** The UUID of a host's machine or of a server. */
export function idOf(number: number): string {
  return `17df485a-1b0b-4d87-84b3-${String(number).padStart(12, "0")}`;
}

function numberOf(id: string | null): number {
  return id === null ? -1 : Number(id.slice(-12));
}

if (!isMainThread && workerData?.hosts !== undefined) {
  const pages = new CloudPages(workerData as CloudSize);
  const server = createServer((request, response) => {
    const { port } = server.address() as AddressInfo;
    const url = `http://127.0.0.1:${port}`;
    const { pathname, searchParams } = new URL(request.url!, url);
    const text = pages.page(pathname, searchParams, url);
    request.resume();
    response.writeHead(text === null ? 404 : request.method === "POST" ? 201 : 200, {
      "Content-Type": "application/json",
      "X-Subject-Token": "token",
    });
    response.end(text ?? "{}");
  });
  server.listen(0, "127.0.0.1", () => parentPort!.postMessage((server.address() as AddressInfo).port));
}
