import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { AppError } from "./errors.ts";
import { decimal, oneOf, optional, type Setting, secret, text, trueOrFalse, whole } from "./setting.ts";

// Every setting of `ostro serve`, once: flag before environment before file before default.

const DATABASE_FORM = /^(postgres(ql)?:\/\/.+|pglite:.+|memory:)$/;
const DATACENTER_FORM = /^(nova|sim:\d+x\d+|.+\.json)$/;
const BUS_FORM = /^(amqps?|rabbit):\/\/.+$/;
const IRONIC_FORM = /^(keystone|(keystone:)?https?:\/\/.+)$/;
const IDENTITY_FORM = /^(local|keystone:https?:\/\/.+|.+\.json)$/;
const URL_FORM = /^https?:\/\/.+$/;
const DRIVERS_FORM = /^[A-Za-z0-9][\w.-]*=[^,=]+(,[A-Za-z0-9][\w.-]*=[^,=]+)*$/;
const ORIGINS_FORM = /^(\*|https?:\/\/[^,/]+(,https?:\/\/[^,/]+)*)$/;
/** As of Secrets. */
const SECRET_KEY_FORM = /^.{32,}$/s;

export const SETTINGS = {
  host: text("address", "127.0.0.1", "address to bind; beyond loopback only with a real identity source"),
  valetPort: whole("port", 8090, "port of Valet's API; 0 takes any free one", 0, 65_535),
  valencePort: whole("port", 8181, "port of Valence's API; 0 takes any free one", 0, 65_535),
  stateDir: text("dir", "./.ostro", "where the local token and the embedded store live"),
  database: text(
    "url",
    "",
    "postgres://…, pglite:DIR or memory: (default pglite:<state-dir>/data)",
    DATABASE_FORM,
    "postgres://…, pglite:DIR or memory:",
  ),
  datacenter: text(
    "source",
    "sim:4x16",
    "FILE.json, sim:RACKSxHOSTS or nova",
    DATACENTER_FORM,
    "FILE.json, sim:RACKSxHOSTS or nova",
  ),
  identity: text(
    "source",
    "local",
    "local (a generated admin token), FILE.json or keystone:URL",
    IDENTITY_FORM,
    "local, FILE.json or keystone:http(s)://…",
  ),
  workers: whole("count", availableParallelism(), "size of the search pool (default: number of cores)", 1, 256),
  planBudget: optional(
    whole(
      "work",
      0,
      "work to improve each plan with, about a microsecond each (default: 50 a VM, at most 1000)",
      0,
      1_000_000_000,
    ),
  ),
  planDeadlineMs: optional(
    whole("ms", 0, "end of the search for each plan; alone, it is searched until then (default: none)", 1, 86_400_000),
  ),
  adminRequired: oneOf("which", ["groups_and_migrate", "all"], "requests that need the role admin"),
  bodyLimitBytes: whole("bytes", 8 * 1024 * 1024, "largest request body", 1024, 1024 * 1024 * 1024),
  pendingGraceSeconds: whole(
    "seconds",
    600,
    "how long a reservation waits for its server to be built, or to move there",
    0,
    31_536_000,
  ),
  logLevel: oneOf("level", ["info", "trace", "debug", "warn", "error", "fatal", "silent"], "logs from this level on"),
  keystoneUsername: text(
    "name",
    "ostro",
    "service user that may validate tokens and, for --datacenter nova, read the cloud",
  ),
  keystonePassword: secret(text("text", "", "password of the service user")),
  keystoneProject: text("name", "service", "project of the service user"),
  keystoneUserDomain: text("name", "Default", "domain of the service user"),
  keystoneProjectDomain: text("name", "Default", "domain of that project"),
  keystoneCacheSeconds: whole("seconds", 30, "for how long a valid token is trusted without asking again", 0, 3600),
  cloudAuthUrl: text(
    "url",
    "",
    "Keystone of the cloud that --datacenter nova reads, asked by the service user (default: that of --identity)",
    /^https?:\/\/.+$/,
    "http(s)://…",
  ),
  cloudRegion: text("name", "", "region in Keystone's catalog (default: the first)"),
  cloudInterface: oneOf("which", ["internal", "public", "admin"], "addresses of the catalog to use"),
  cloudCaFile: text("file", "", "authorities to trust for https to the cloud, PEM (default: those of Node)"),
  refreshSeconds: whole("seconds", 600, "between two readings of everything from the cloud", 10, 86_400),
  changesSeconds: whole("seconds", 60, "between two readings of what changed in the cloud; 0: never", 0, 86_400),
  cpuRatio: decimal(
    "ratio",
    16,
    "how often a CPU is given away where neither aggregates nor Placement say",
    0.01,
    1000,
  ),
  ramRatio: decimal("ratio", 1.5, "the same for RAM", 0.01, 1000),
  diskRatio: decimal("ratio", 1, "the same for disk", 0.01, 1000),
  cpuStandby: decimal("percent", 0, "part of the CPUs of each host that is kept free", 0, 100),
  ramStandby: decimal("percent", 0, "the same for RAM", 0, 100),
  diskStandby: decimal("percent", 0, "the same for disk", 0, 100),
  hostReservedRamMib: whole("MiB", 512, "RAM a host keeps for itself in a cloud without Placement", 0, 1_000_000_000),
  topologyOrder: text(
    "sources",
    "file,aggregates,names",
    "who tells the rack and cluster of a host, the first that knows",
    /^(file|aggregates|names)(,(file|aggregates|names)){0,2}$/,
    "file, aggregates and names in an order of your own, separated by commas",
  ),
  topologyFile: text("file", "", "YAML or JSON that maps hosts to racks, clusters and links"),
  topologyRackKey: text("key", "ostro:rack", "metadata of aggregates that names the rack"),
  topologyClusterKey: text("key", "ostro:cluster", "metadata of aggregates that names the cluster"),
  numOfRegionChars: whole("count", 3, "letters of the region at the start of a host's name", 0, 100),
  rackCodeList: text("letters", "r", "letters that begin the rack in a host's name"),
  nodeCodeList: text("letters", "a,c,u,f,o,p,s", "letters that begin the node in a host's name"),
  busUrl: text(
    "url",
    "",
    "message bus of the cloud, amqp(s)://USER@HOST/VHOST or a transport_url as in nova.conf (default: none)",
    BUS_FORM,
    "amqp://…, amqps://… or rabbit://…",
  ),
  busPassword: secret(text("text", "", "password for the message bus, where the URL has none")),
  busCa: text("file", "", "authorities to trust for amqps, PEM (default: those of the system)"),
  busExchange: text("name", "nova", "exchange that Nova's services talk over"),
  busExchangeType: oneOf("type", ["topic", "fanout"], "its type"),
  busAutoDelete: trueOrFalse(false, "Nova declares it as auto-delete"),
  busDurable: trueOrFalse(false, "Nova declares it as durable (its amqp_durable_queues)"),
  busNotifications: trueOrFalse(false, "send a notification for each request of Valet's API"),
  busNotificationsExchange: text("name", "openstack", "exchange for these notifications"),
  busTimeoutSeconds: whole("seconds", 3, "after which a notification that the bus does not take is dropped", 1, 300),
  simulatedPodManager: oneOf(
    "which",
    ["auto", "true", "false"],
    "register a simulated pod manager; auto: with --datacenter sim: and an embedded store",
  ),
  drivers: text(
    "list",
    "",
    "drivers of pod managers beside our own, name=module separated by commas (default: none)",
    DRIVERS_FORM,
    "name=module, several separated by commas",
  ),
  syncPeriodic: trueOrFalse(false, "list the devices of every pod manager again and again"),
  syncSeconds: whole("seconds", 30, "between two such listings", 1, 86_400),
  eventDestination: text(
    "url",
    "",
    "where pod managers reach Valence's API, for events that they push (default: they cannot)",
    URL_FORM,
    "http(s)://…",
  ),
  assembleSeconds: whole("seconds", 600, "for which a node may be assembled", 1, 86_400),
  secretKey: secret(
    text("text", "", "key that encrypts the passwords of pod managers", SECRET_KEY_FORM, "at least 32 characters"),
  ),
  secretKeyFile: text("file", "", "file with that key (default <state-dir>/secret-key, which is made)"),
  ironic: text(
    "source",
    "",
    "Ironic that composed nodes are registered with: keystone, keystone:URL, or http(s)://… of one that stands alone (default: keystone, where the settings name one)",
    IRONIC_FORM,
    "keystone, keystone:http(s)://… or http(s)://…",
  ),
  ironicUsername: text("name", "", "its service user (default: that of Keystone's settings; alone: none is named)"),
  ironicPassword: secret(text("text", "", "password of that user")),
  ironicProject: text("name", "", "project of that user (default: that of Keystone's settings)"),
  ironicUserDomain: text("name", "", "domain of that user (default: that of Keystone's settings)"),
  ironicProjectDomain: text("name", "", "domain of that project (default: that of Keystone's settings)"),
  ironicCaFile: text(
    "file",
    "",
    "authorities to trust for https to it and its Keystone, PEM (default: --cloud-ca-file)",
  ),
  podmUrl: text(
    "url",
    "",
    "pod manager of the Redfish passthrough (default: the only one registered)",
    URL_FORM,
    "http(s)://…",
  ),
  podmUsername: text("name", "", "user there"),
  podmPassword: secret(text("text", "", "its password")),
  podmBaseExt: text("path", "/redfish/v1/", "path of its service root"),
  podmVerifyCa: text("which", "true", "verify its certificate: true, false or a file with authorities, PEM"),
  publicEndpoint: text(
    "url",
    "",
    "start of the links in answers of Valence's API (default: as the request came)",
    URL_FORM,
    "http(s)://…",
  ),
  corsOrigins: text(
    "list",
    "",
    "origins whose pages may use Valence's API, separated by commas, or * (default: those of loopback)",
    ORIGINS_FORM,
    "http(s)://HOST:PORT, several separated by commas, or *",
  ),
  valenceBasicUser: text("name", "", "user that may use Valence's API with a password (default: none)"),
  valenceBasicPassword: secret(text("text", "", "the password of that user")),
  maxLimit: whole("count", 1000, "most items in one answer of Valence's API", 1, 1_000_000),
  tlsCert: text("file", "", "certificate of Valence's API, which is https then, PEM"),
  tlsKey: text("file", "", "its private key, PEM"),
} satisfies Record<string, Setting<unknown>>;

export type Config = { readonly [K in keyof typeof SETTINGS]: ReturnType<(typeof SETTINGS)[K]["read"]> };
type Key = keyof Config;

export const SETTING_KEYS = Object.keys(SETTINGS) as readonly Key[];

/** `valetPort` -> `valet-port`. */
export function flagOf(key: Key): string {
  return key.replaceAll(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`);
}

/** `valetPort` -> `OSTRO_VALET_PORT`. */
export function variableOf(key: Key): string {
  return `OSTRO_${flagOf(key).replaceAll("-", "_").toUpperCase()}`;
}

export interface ConfigSources {
  /** By key, as given on the command line. */
  readonly flags: Partial<Record<Key, string>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Path of a JSON file. */
  readonly file?: string | undefined;
}

/** The settings in force. Throws config.invalid, in one line, naming the flag, variable or key that is wrong. */
export function readConfig({ flags, environment, file }: ConfigSources): Config {
  const filed = file === undefined ? {} : readFile(file);
  const read = <K extends Key>(key: K): unknown => {
    const variable = variableOf(key);
    const found: [source: string, raw: unknown] | undefined =
      flags[key] !== undefined
        ? [`--${flagOf(key)}`, flags[key]]
        : environment[variable] !== undefined
          ? [variable, environment[variable]]
          : Object.hasOwn(filed, key)
            ? [`${file}: ${key}`, filed[key]]
            : undefined;
    const setting: Setting<unknown> = SETTINGS[key];
    if (!found) return setting.fallback;
    try {
      return setting.read(found[1]);
    } catch (cause) {
      const given = setting.secret ? "" : `, got ${shown(found[1])}`;
      throw new AppError("config.invalid", `${found[0]}: expected ${(cause as Error).message}${given}`, { cause });
    }
  };
  const config = Object.fromEntries(SETTING_KEYS.map((key) => [key, read(key)])) as unknown as Config;
  return checked({ ...config, database: config.database || `pglite:${join(config.stateDir, "data")}` });
}

/** Passwords inside URLs stay out of messages. */
function shown(raw: unknown): string {
  return (JSON.stringify(raw) ?? String(raw)).replace(/:[^/@]*@/, ":…@");
}

function readFile(path: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const reason = code ? `cannot be read (${code})` : `is not JSON: ${message.replaceAll("\n", " ")}`;
    throw new AppError("config.invalid", `${path}: ${reason}`, { cause });
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new AppError("config.invalid", `${path}: expected a JSON object with settings`);
  }
  const unknown = Object.keys(json).filter((key) => !Object.hasOwn(SETTINGS, key));
  if (unknown.length > 0) {
    throw new AppError(
      "config.invalid",
      `${path}: unknown key ${unknown.join(", ")} (known: ${SETTING_KEYS.join(", ")})`,
    );
  }
  return json as Record<string, unknown>;
}

/** What no single setting can know. */
function checked(config: Config): Config {
  if (config.busNotifications && config.busUrl === "") {
    throw new AppError("config.invalid", "--bus-notifications needs a message bus, give --bus-url");
  }
  for (const [one, other] of [
    ["tlsCert", "tlsKey"],
    ["valenceBasicUser", "valenceBasicPassword"],
  ] as const) {
    if ((config[one] === "") !== (config[other] === ""))
      throw new AppError("config.invalid", `${nameOf(one)} and ${nameOf(other)} only serve together`);
  }
  if (/^keystone:.*\/v2\.0\/*$/.test(config.identity)) {
    throw new AppError(
      "config.invalid",
      `--identity ${config.identity}: only version 3 of Keystone is spoken, use …/v3`,
    );
  }
  if (config.identity.startsWith("keystone:") && config.keystonePassword === "") {
    throw new AppError("config.invalid", "--identity keystone: needs the service user's OSTRO_KEYSTONE_PASSWORD");
  }
  if (config.ironic === "keystone" && config.cloudAuthUrl === "" && !config.identity.startsWith("keystone:"))
    throw new AppError("config.invalid", "--ironic keystone: no setting names a Keystone, use --ironic keystone:URL");
  if (config.ironic.startsWith("keystone") && config.ironicPassword === "" && config.keystonePassword === "")
    throw new AppError("config.invalid", `--ironic ${config.ironic} needs the service user's OSTRO_IRONIC_PASSWORD`);
  if ((config.ironicUsername === "") !== (config.ironicPassword === ""))
    throw new AppError("config.invalid", "--ironic-username and OSTRO_IRONIC_PASSWORD only serve together");
  if (config.datacenter === "nova") {
    if (config.cloudAuthUrl === "" && !config.identity.startsWith("keystone:"))
      throw new AppError("config.invalid", "--datacenter nova needs --cloud-auth-url, or --identity keystone:URL");
    if (config.keystonePassword === "")
      throw new AppError("config.invalid", "--datacenter nova needs the service user's OSTRO_KEYSTONE_PASSWORD");
  }
  if (config.identity === "local" && !isLoopback(config.host)) {
    throw new AppError(
      "config.invalid",
      `--host ${config.host}: beyond loopback a real identity source is needed, use --identity keystone:URL or --identity FILE.json`,
    );
  }
  return config;
}

/** As a user gives it. */
function nameOf(key: Key): string {
  return "secret" in SETTINGS[key] ? variableOf(key) : `--${flagOf(key)}`;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
}
