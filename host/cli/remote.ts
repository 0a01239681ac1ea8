// The commands that ask a running service: where it is, with which token, and what its errors look like.

import { existsSync, readFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { join } from "node:path";
import { type Command, Option } from "commander";
import { type Config, readConfig, SETTINGS } from "../config.ts";
import { AppError } from "../errors.ts";
import { CloudSession, reasonOf } from "../openstack/cloud-session.ts";
import { HttpClient } from "../openstack/http-client.ts";
import { isRecord } from "../openstack/json.ts";
import { wholeFrom } from "./whole.ts";

/** No answer of the service is longer, not even the list of a million groups. */
const MOST_BYTES = 512 * 1024 * 1024;
const TIMEOUT_SECONDS = 10;

/** Which of the two APIs of a service is asked. */
export interface RemoteApi {
  readonly name: string;
  /** Variable that may hold its address. */
  readonly variable: string;
  readonly port: "valetPort" | "valencePort";
  /** Near by it may be asked without credentials. */
  readonly anonymous: boolean;
}

const VALET: RemoteApi = { name: "Valet's API", variable: "OSTRO_URL", port: "valetPort", anonymous: false };
export const VALENCE: RemoteApi = {
  name: "Valence's API",
  variable: "OSTRO_VALENCE_URL",
  port: "valencePort",
  anonymous: true,
};

/** Options of the command line, by commander's names. */
export interface RemoteFlags {
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly timeout?: number;
  readonly config?: string;
  readonly token?: string;
  readonly stateDir?: string;
  readonly osAuthUrl?: string;
  readonly osTenantName?: string;
  readonly osProjectName?: string;
  readonly osUserName?: string;
  readonly osUsername?: string;
  readonly osPassword?: string;
  readonly osUserDomainName?: string;
  readonly osProjectDomainName?: string;
  readonly osCacert?: string;
}

/** Adds the options, `--host` and the like under the names of the original `valet group`. */
export function addRemote(command: Command, api: RemoteApi = VALET): Command {
  const os = (flag: string, variable: string, help: string) =>
    command.addOption(new Option(`${flag} <text>`, help).env(variable));
  command
    .addOption(new Option("--url <url>", "the service, instead of --host and --port").env(api.variable))
    .option("--host <name>", "host of the service (default: that of its settings, 127.0.0.1)")
    .option(
      "--port <port>",
      `port of ${api.name} (default: that of its settings, ${SETTINGS[api.port].fallback})`,
      wholeFrom(1, 65_535),
    )
    .option(
      "--timeout <seconds>",
      `for each answer (default ${TIMEOUT_SECONDS}${api === VALENCE ? ", more where hardware is changed" : ""})`,
      wholeFrom(1, 86_400),
    )
    .option("--config <file>", "JSON file with the settings of the service")
    .option("--state-dir <dir>", "where a service with a local identity keeps its token (default ./.ostro)")
    .addOption(new Option("--token <token>", "token to use; none is asked for then").env("OSTRO_TOKEN"));
  os("--os-auth-url", "OS_AUTH_URL", "Keystone that gives the token, http(s)://…/v3");
  os("--os-user-name", "OS_USERNAME", "user there (default: the service user of the settings)");
  os("--os-password", "OS_PASSWORD", "password there; better in the variable, since others can read a command line");
  os("--os-tenant-name", "OS_PROJECT_NAME", "project there");
  os("--os-user-domain-name", "OS_USER_DOMAIN_NAME", "domain of the user (default Default)");
  os("--os-project-domain-name", "OS_PROJECT_DOMAIN_NAME", "domain of the project (default Default)");
  os("--os-cacert", "OS_CACERT", "authorities to trust for https, PEM");
  for (const alias of ["--os-username", "--os-project-name"])
    command.addOption(new Option(`${alias} <text>`).hideHelp());
  return command;
}

/** The service said no, or said nothing; the message is what the user reads, as it is. Exit code 1. */
export class RemoteError extends Error {}

interface AskOptions {
  readonly headers?: Readonly<Record<string, string>>;
  /** How long this answer may take if no --timeout says so, s. */
  readonly timeoutSeconds?: number;
  /** Called with the headers of the answer. */
  readonly heads?: (headers: IncomingHttpHeaders) => void;
}

/** One request to a running service; resolves to its JSON, undefined for an answer without a body. */
export type Ask = (
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: object,
  options?: AskOptions,
) => Promise<unknown>;

/**
 * Gets the token first, then asks.
 * @throws AppError config.invalid when an option is wrong or no token is to be had, RemoteError when the service or
 *   Keystone refuses
 */
export async function withRemote(
  flags: RemoteFlags,
  use: (ask: Ask) => Promise<void>,
  api: RemoteApi = VALET,
): Promise<void> {
  const settings = readConfig({
    flags: flags.stateDir === undefined ? {} : { stateDir: flags.stateDir },
    environment: process.env,
    file: flags.config,
  });
  const base = baseOf(flags, settings, api);
  const timeoutMs = (flags.timeout ?? TIMEOUT_SECONDS) * 1000;
  const client = new HttpClient(certificates(flags.osCacert));
  try {
    const proof = await proofOf(flags, settings, timeoutMs, api);
    await use(async (method, path, body, options = {}) => {
      const url = base + path;
      const fail = (reason: string, explanation: string) =>
        new RemoteError(`API error: ${method} ${url} (Reason: ${reason})\n${explanation}`);
      const request = {
        method,
        headers: { ...proof, "Content-Type": "application/json", ...options.headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        timeoutMs: 1000 * (flags.timeout ?? options.timeoutSeconds ?? TIMEOUT_SECONDS),
        mostBytes: MOST_BYTES,
      };
      const answer = await client.send(url, request).catch((cause: unknown) => {
        throw fail("no answer", `${reasonOf(cause)}: is the service running there? See --url`);
      });
      const text = answer.body.toString("utf8");
      const json = parsed(text);
      if (answer.status < 200 || answer.status > 299) throw fail(String(answer.status), explanationOf(json, text));
      options.heads?.(answer.headers);
      if (text.trim() === "") return undefined;
      if (json === undefined) throw fail("the answer is no JSON", firstLine(text));
      return json;
    });
  } finally {
    client.close();
  }
}

function baseOf({ url, host, port }: RemoteFlags, settings: Config, api: RemoteApi): string {
  const shown = host ?? settings.host;
  const scheme = api === VALENCE && settings.tlsCert !== "" ? "https" : "http";
  const given = url ?? `${scheme}://${shown.includes(":") ? `[${shown}]` : shown}:${port ?? settings[api.port]}`;
  if (!URL.canParse(given) || !/^https?:\/\//.test(given))
    throw new AppError("config.invalid", `--url: expected http(s)://HOST:PORT, got ${JSON.stringify(given)}`);
  // Plugins are configured with /v1 at the end; both are meant.
  return given.replace(/\/+$/, "").replace(/\/v1$/, "");
}

/** Headers that say who asks. */
async function proofOf(
  flags: RemoteFlags,
  settings: Config,
  timeoutMs: number,
  { anonymous }: RemoteApi,
): Promise<Record<string, string>> {
  const named = flags.token !== undefined || flags.osAuthUrl !== undefined;
  if (anonymous && !named) {
    const { valenceBasicUser: user, valenceBasicPassword: password } = settings;
    if (user !== "") return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
    const hasToken = settings.identity.startsWith("keystone:") || existsSync(join(settings.stateDir, "token"));
    if (!hasToken) return {};
  }
  return { "X-Auth-Token": await tokenOf(flags, settings, timeoutMs) };
}

async function tokenOf(flags: RemoteFlags, settings: Config, timeoutMs: number): Promise<string> {
  if (flags.token !== undefined) return visible(flags.token, "--token");
  const ofService = settings.identity.startsWith("keystone:") ? settings.identity.slice("keystone:".length) : "";
  const url = flags.osAuthUrl ?? ofService;
  if (url === "") return localToken(settings);
  if (/\/v2\.0\/*$/.test(url))
    throw new AppError("config.invalid", `--os-auth-url ${url}: only version 3 of Keystone is spoken, use …/v3`);
  const password = flags.osPassword ?? settings.keystonePassword;
  if (password === "")
    throw new AppError("config.invalid", "no password for Keystone: set OS_PASSWORD, or OSTRO_TOKEN");
  const session = new CloudSession({
    url,
    password,
    username: flags.osUserName ?? flags.osUsername ?? settings.keystoneUsername,
    project: flags.osTenantName ?? flags.osProjectName ?? settings.keystoneProject,
    userDomain: flags.osUserDomainName ?? settings.keystoneUserDomain,
    projectDomain: flags.osProjectDomainName ?? settings.keystoneProjectDomain,
    ca: certificates(flags.osCacert),
    timeoutMs,
  });
  try {
    return await session.token();
  } catch (cause) {
    throw new RemoteError(`Failed in get_token\n${reasonOf(cause)}`, { cause });
  } finally {
    session.close();
  }
}

function localToken(settings: Config): string {
  const path = join(settings.stateDir, "token");
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code;
    throw new AppError(
      "config.invalid",
      `no token: ${path} cannot be read (${reason}); give --token, --os-auth-url, or the service's --state-dir`,
      { cause },
    );
  }
  return visible(text, path);
}

/** What a header can hold; a message never repeats a token. */
function visible(token: string, source: string): string {
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new AppError("config.invalid", `${source}: expected a token of visible ASCII characters`);
}

function certificates(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const reason = (cause as NodeJS.ErrnoException).code;
    throw new AppError("config.invalid", `--os-cacert ${path}: cannot be read (${reason})`, { cause });
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function explanationOf(json: unknown, text: string): string {
  if (!isRecord(json)) return firstLine(text);
  const { explanation, detail } = json;
  return [explanation, detail].find((told) => typeof told === "string") ?? firstLine(text);
}

function firstLine(text: string): string {
  return text.slice(0, 200).replaceAll(/\s+/g, " ").trim() || "no explanation came with it";
}
