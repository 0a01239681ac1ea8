// Ironic, the bare metal service: its nodes and ports. Contract: drivers, section 5; what Ironic 21.4 answers was looked at.

import { AppError, UpstreamError } from "../errors.ts";
import { type CloudSession, reasonOf } from "./cloud-session.ts";
import type { HttpAnswer, HttpClient } from "./http-client.ts";
import { isRecord, listOf, textOf } from "./json.ts";

/** Who asks, and where: through Keystone and its catalog, or a standalone Ironic, with or without a password. */
export type IronicAccess =
  | { readonly session: CloudSession }
  | { readonly url: string; readonly client: HttpClient; readonly basic?: { user: string; password: string } };

export interface IronicNode {
  readonly uuid: string;
  readonly name: string | null;
  /** enroll, manageable, available, active, … */
  readonly provisionState: string | null;
  /** Why its last change failed. */
  readonly lastError: string | null;
  /** Passwords come masked. */
  readonly driverInfo: Readonly<Record<string, unknown>>;
  readonly extra: Readonly<Record<string, unknown>>;
}

export interface IronicOptions {
  /** Wait before the second try at a node that Ironic has locked, ms, longer by as much before each further one; default 2,000. */
  readonly pauseMs?: number;
  /** How often what may pass is tried; default 5. */
  readonly attempts?: number;
}

/** Names are taken from 1.5 on, hardware types from 1.31, descriptions from 1.51; newer ones change what we do not use. */
const LEAST = 31;
const MOST = 80;
const TIMEOUT_MS = 30_000;
const MOST_BYTES = 16 * 1024 * 1024;

/** All methods reject with provisioning.unavailable (no answer, or none that can be read) or provisioning.refused. */
export class Ironic {
  readonly #access: IronicAccess;
  readonly #attempts: number;
  readonly #pauseMs: number;
  #found: { readonly url: string; readonly version: string } | null = null;

  constructor(access: IronicAccess, { attempts = 5, pauseMs = 2_000 }: IronicOptions = {}) {
    this.#access = access;
    this.#attempts = attempts;
    this.#pauseMs = pauseMs;
  }

  /** @param fields as of POST /v1/nodes */
  async createNode(fields: Readonly<Record<string, unknown>>): Promise<IronicNode> {
    return nodeOf(await this.#ask("POST", "/v1/nodes", fields));
  }

  /** By UUID or name; null: there is none. */
  async node(ident: string): Promise<IronicNode | null> {
    const json = await this.#ask("GET", `/v1/nodes/${encodeURIComponent(ident)}`, undefined, [404]);
    return json === null ? null : nodeOf(json);
  }

  async createPort(nodeId: string, mac: string): Promise<void> {
    await this.#ask("POST", "/v1/ports", { node_uuid: nodeId, address: mac });
  }

  /** MACs of the node's ports, in lower case. */
  async ports(nodeId: string): Promise<string[]> {
    const json = await this.#ask("GET", `/v1/ports?node=${encodeURIComponent(nodeId)}&fields=address`);
    return listOf(json?.ports).flatMap((port) => (isRecord(port) ? (textOf(port.address)?.toLowerCase() ?? []) : []));
  }

  /** `manage`, `provide`, … Returns when Ironic has accepted it. */
  async provision(nodeId: string, target: string): Promise<void> {
    await this.#ask("PUT", `/v1/nodes/${encodeURIComponent(nodeId)}/states/provision`, { target });
  }

  /** Ironic lets go of a node in maintenance in any state, but for one with an instance on it. */
  async startMaintenance(nodeId: string, reason: string): Promise<void> {
    await this.#ask("PUT", `/v1/nodes/${encodeURIComponent(nodeId)}/maintenance`, { reason });
  }

  /** A node that is gone already is deleted. */
  async deleteNode(nodeId: string): Promise<void> {
    await this.#ask("DELETE", `/v1/nodes/${encodeURIComponent(nodeId)}`, undefined, [404]);
  }

  /** Null: one of the statuses in `absent`, or an answer without a body. */
  async #ask(
    method: "GET" | "POST" | "PUT" | "DELETE",
    path: string,
    body?: Readonly<Record<string, unknown>>,
    absent: readonly number[] = [],
  ): Promise<Readonly<Record<string, unknown>> | null> {
    for (let attempt = 1; ; attempt++) {
      const { url, version } = await this.#find();
      const answer = await this.#send(`${url}${path}`, {
        method,
        headers: {
          "X-OpenStack-Ironic-API-Version": version,
          ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const { status } = answer;
      if (status >= 200 && status < 300) return recordIn(answer, path);
      if (absent.includes(status)) return null;
      // It may have been replaced by another release.
      if (status === 406) this.#found = null;
      const fault = faultOf(answer);
      // Only these say that nothing was done: a node that another request has locked, or an API without a worker.
      const passes = status === 503 || (status === 409 && /\blocked\b/i.test(fault.text));
      if (!passes || attempt >= this.#attempts) throw refusal(status, fault);
      await new Promise((resolve) => setTimeout(resolve, this.#pauseMs * attempt));
    }
  }

  async #send(
    url: string,
    request: { method: "GET" | "POST" | "PUT" | "DELETE"; headers: Record<string, string>; body?: string },
  ) {
    const access = this.#access;
    const limits = { timeoutMs: TIMEOUT_MS, mostBytes: MOST_BYTES };
    try {
      if ("session" in access) return await access.session.ask(url, { ...request, ...limits });
      const { basic } = access;
      const authorization =
        basic === undefined
          ? {}
          : { Authorization: `Basic ${Buffer.from(`${basic.user}:${basic.password}`).toString("base64")}` };
      return await access.client.send(url, {
        ...request,
        headers: { ...request.headers, ...authorization },
        ...limits,
      });
    } catch (cause) {
      throw unavailable(url, cause);
    }
  }

  /** Where it is, and the newest microversion that both sides speak. */
  async #find(): Promise<{ readonly url: string; readonly version: string }> {
    if (this.#found !== null) return this.#found;
    const url = await this.#address();
    const { status, headers } = await this.#send(`${url}/v1/`, {
      method: "GET",
      headers: { "X-OpenStack-Ironic-API-Version": `1.${LEAST}` },
    });
    const named = headers["x-openstack-ironic-api-maximum-version"];
    const highest = /^1\.(\d{1,4})$/.exec(typeof named === "string" ? named : "")?.[1];
    if (highest === undefined)
      throw new AppError(
        "provisioning.unavailable",
        `${url}/v1/ answered ${status} and names no version of Ironic's API: is this Ironic?`,
      );
    if (Number(highest) < LEAST)
      throw new AppError(
        "provisioning.unavailable",
        `Ironic at ${url} speaks 1.${highest} at most, 1.${LEAST} is needed`,
      );
    this.#found = { url, version: `1.${Math.min(MOST, Number(highest))}` };
    return this.#found;
  }

  async #address(): Promise<string> {
    const access = this.#access;
    if (!("session" in access)) return bare(access.url);
    let url: string | null;
    try {
      url = await access.session.endpoint("baremetal");
    } catch (cause) {
      throw unavailable("Keystone", cause);
    }
    if (url === null)
      throw new AppError(
        "provisioning.unavailable",
        "Keystone's catalog names no service baremetal with a usable address",
      );
    return bare(url);
  }
}

/** Without a slash or version at the end. */
function bare(url: string): string {
  return url.replace(/\/+$/, "").replace(/\/v1$/, "");
}

function unavailable(what: string, cause: unknown): AppError {
  if (cause instanceof AppError && cause.code.startsWith("provisioning.")) return cause;
  return new AppError("provisioning.unavailable", `Ironic cannot be asked: ${what}: ${reasonOf(cause)}`, { cause });
}

function recordIn({ status, body }: HttpAnswer, path: string): Readonly<Record<string, unknown>> | null {
  if (body.length === 0) return null;
  const json = parsed(body);
  if (isRecord(json)) return json;
  throw new AppError(
    "provisioning.unavailable",
    `Ironic answered ${status} to ${path} with something that is no JSON object`,
  );
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

interface Fault {
  readonly code: string | null;
  readonly text: string;
}

/**
 * `{"error_message": "<JSON as text>"}` with faultcode and faultstring, an object instead of the text, plain text, or, of
 * version faults, title and description.
 */
function faultOf({ body }: HttpAnswer): Fault {
  const json = parsed(body);
  const outer = isRecord(json) ? (json.error_message ?? json) : null;
  const inner = typeof outer === "string" ? (parsed(Buffer.from(outer)) ?? outer) : outer;
  if (typeof inner === "string") return { code: null, text: inner.trim() };
  if (!isRecord(inner)) return { code: null, text: "" };
  return {
    code: textOf(inner.faultcode) ?? textOf(inner.title),
    text: (textOf(inner.faultstring) ?? textOf(inner.description) ?? "").trim(),
  };
}

const LONGEST_TEXT = 1000;

function refusal(status: number, { code, text }: Fault): AppError {
  const said = text === "" ? "without a reason" : text.slice(0, LONGEST_TEXT);
  if (status === 401 || status === 403)
    return new AppError(
      "provisioning.unavailable",
      `Ironic rejected our credentials (${status}): the service user needs the role admin. It says: ${said}`,
    );
  if (status >= 500) return new AppError("provisioning.unavailable", `Ironic answered ${status}: ${said}`);
  const passed = status === 406 ? 502 : status;
  return new UpstreamError(
    "provisioning.refused",
    { status: passed, code, title: "Ironic refused" },
    `Ironic: ${said}`,
  );
}

function nodeOf(json: Readonly<Record<string, unknown>> | null): IronicNode {
  const uuid = textOf(json?.uuid);
  if (json === null || uuid === null)
    throw new AppError("provisioning.unavailable", "Ironic answered a node without a uuid");
  return {
    uuid,
    name: textOf(json.name),
    provisionState: textOf(json.provision_state),
    lastError: textOf(json.last_error),
    driverInfo: isRecord(json.driver_info) ? json.driver_info : {},
    extra: isRecord(json.extra) ? json.extra : {},
  };
}
