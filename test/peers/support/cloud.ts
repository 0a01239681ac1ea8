// The cloud that up.sh has started, as its users see it: Keystone, Nova, Placement and Glance through their own APIs.
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

const directory = process.env.PEERS_DIR ?? "";

/** `PEERS_DIR/env`, see up.sh. */
export const env: Readonly<Record<string, string>> = Object.fromEntries(
  (existsSync(`${directory}/env`) ? readFileSync(`${directory}/env`, "utf8") : "")
    .split("\n")
    .filter((line) => line.includes("=") && !line.startsWith("#"))
    .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1).replaceAll('"', "")]),
);

/** Names of the compute hosts: two in each of two racks. */
export const HOSTS = (env.COMPUTES ?? "").split(" ");

/** `xyz01r02c001` -> `r02`. */
export function rackOf(host: string | null | undefined): string {
  return /r\d+/.exec(host ?? "")?.[0] ?? `no rack in ${host}`;
}

export interface Answer {
  readonly status: number;
  /** Parsed; null: none. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever the services say
  readonly body: any;
}

/** One user in one project. */
export class User {
  readonly name: string;
  readonly project: string;
  readonly projectId: string;
  #token: Promise<string> | null = null;

  constructor(name: string, project: string, projectId: string) {
    this.name = name;
    this.project = project;
    this.projectId = projectId;
  }

  /** Of Keystone; kept. */
  token(): Promise<string> {
    this.#token ??= this.#login();
    return this.#token;
  }

  async #login(): Promise<string> {
    const domain = { id: "default" };
    const user = { name: this.name, domain, password: env.PEERS_PASSWORD };
    const scope = { project: { name: this.project, domain } };
    const response = await fetch(`${env.KEYSTONE_URL}/auth/tokens`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ auth: { identity: { methods: ["password"], password: { user } }, scope } }),
    });
    const token = response.headers.get("x-subject-token");
    if (token === null) throw new Error(`Keystone gave ${this.name} no token: ${response.status}`);
    return token;
  }

  /** Any answer; rejects where there is none within 300 s. */
  async ask(method: string, url: string, body?: unknown): Promise<Answer> {
    const response = await fetch(url, {
      method,
      headers: {
        "x-auth-token": await this.token(),
        "content-type": "application/json",
        "openstack-api-version": url.startsWith(env.PLACEMENT_URL!) ? "placement 1.39" : "compute 2.90",
      },
      signal: AbortSignal.timeout(300_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return { status: response.status, body: text.startsWith("{") ? JSON.parse(text) : null };
  }

  /** The body of an answer that is a success. */
  async call(method: string, url: string, body?: unknown): Promise<Answer["body"]> {
    const answer = await this.ask(method, url, body);
    if (answer.status >= 300)
      throw new Error(`${method} ${url} by ${this.name}: ${answer.status} ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}

export const admin = new User("admin", "admin", env.ADMIN_PROJECT_ID ?? "");
export const demo = new User("demo", "demo", env.DEMO_PROJECT_ID ?? "");
/** As which the plugins and the service itself ask. */
export const service = new User("ostro", "service", env.SERVICE_PROJECT_ID ?? "");

/** What no waiting will change. */
export class Hopeless extends Error {}

/** Until `done` gives something, asked every quarter of a second; what it threw last is in the error. */
export async function until<T>(
  what: string,
  seconds: number,
  done: () => Promise<T | null | undefined | false>,
): Promise<T> {
  const end = Date.now() + seconds * 1000;
  let failure: unknown;
  do {
    failure = undefined;
    try {
      const result = await done();
      if (result !== null && result !== undefined && result !== false) return result;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      failure = error;
    }
    await sleep(250);
  } while (Date.now() < end);
  throw new Error(`after ${seconds} s: not ${what}`, { cause: failure });
}

/** One of the scripts of test/peers; its output is in the error when it fails. */
export async function script(name: string, args: readonly string[] = [], variables: Record<string, string> = {}) {
  const file = new URL(`../${name}`, import.meta.url).pathname;
  await promisify(execFile)("bash", [file, ...args], {
    env: { ...process.env, ...variables },
    timeout: 300_000,
    maxBuffer: 1 << 26,
  });
}

/** The id of a process that the scripts have started. */
export function pidOf(name: string): number {
  return Number(readFileSync(`${directory}/run/${name}.pid`, "utf8").split(" ")[0]);
}

/** What a service has logged from here on. */
export function logFrom(name: string): () => string {
  const file = `${directory}/log/${name}.log`;
  const start = existsSync(file) ? readFileSync(file).length : 0;
  return () => readFileSync(file).subarray(start).toString("utf8");
}

/** Makes builds on the host fail, or succeed again; see peer_driver.py. */
export function failFile(host: string): string {
  return `${directory}/nova/${host}/fail`;
}
