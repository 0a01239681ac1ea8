import { readFileSync, statSync } from "node:fs";
import { type Command, Option } from "commander";
import { AppError } from "../errors.ts";
import { type Ini, readIni } from "./ini.ts";

export type Format = "yaml" | "json" | "dict";

/** What the original's options and its file say; null: neither does. */
export interface ListenOptions {
  readonly exchange: string | null;
  readonly exchangeType: "topic" | "fanout" | null;
  readonly autoDelete: boolean | null;
  readonly host: string | null;
  readonly port: number | null;
  readonly username: string | null;
  readonly passwdfile: string | null;
  readonly outputFormat: Format | null;
  readonly store: boolean | null;
  /** Options that were given and mean nothing any more. */
  readonly obsolete: readonly string[];
}

/** The original's options, under its names. */
const OPTIONS = {
  exchange: ["-x", "<name>", "exchange that Nova's services talk over (nova)"],
  exchange_type: ["-t", "<type>", "its type, topic or fanout (topic)"],
  auto_delete: ["-a", "[true|false]", "Nova declares it as auto-delete (false)"],
  host: ["-H", "<name>", "host of the broker (localhost)"],
  port: ["-p", "<port>", "its port (5672)"],
  username: ["-u", "<name>", "user there (guest)"],
  passwdfile: ["-P", "<file>", 'file with lines "host password", readable by its owner only'],
  output_format: ["-o", "<format>", "how to print what messages say: yaml, json or dict (dict)"],
  store: ["-s", "[true|false]", "apply it to the store of the service, see --database, instead of printing (false)"],
  music: ["-m", "<url>", "taken and not used: there is no Music, see --database"],
  keyspace: ["-k", "<name>", "taken and not used, as --music"],
  replication_factor: ["-r", "<count>", "taken and not used, as --music"],
} as const;
type Name = keyof typeof OPTIONS;
const NAMES = Object.keys(OPTIONS) as readonly Name[];
const OBSOLETE: readonly Name[] = ["music", "keyspace", "replication_factor"];
const FILE_VARIABLES = ["OSTRO_LISTENER_CONFIG", "OSTRO_EVENT_LISTENER_CONFIG"];

/** Adds them, with hyphens as well as with underscores, and `-c`. */
export function addListenOptions(command: Command): void {
  for (const name of NAMES) {
    const [short, value, help] = OPTIONS[name];
    command.addOption(new Option(`${short}, --${name} ${value}`, help));
    if (name.includes("_")) command.addOption(new Option(`--${name.replaceAll("_", "-")} ${value}`).hideHelp());
  }
  const variables = FILE_VARIABLES.join(" or ");
  command.addOption(new Option("-c, --conf_file <file>", `file with these options under [DEFAULT] [${variables}]`));
  for (const name of ["conf-file", "config-file", "config_file"])
    command.addOption(new Option(`--${name} <file>`).hideHelp());
}

/** Option before file. Throws config.invalid, naming the option, or the file and its key. */
export function readListenOptions(
  flags: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>>,
): ListenOptions {
  const flagged = (name: string): unknown => {
    const [first = "", ...rest] = name.split("_");
    return flags[name] ?? flags[first + rest.map((part) => part.charAt(0).toUpperCase() + part.slice(1)).join("")];
  };
  const named = FILE_VARIABLES.map((variable) => environment[variable]).find((path) => path);
  const path = (flagged("conf_file") ?? flagged("config_file") ?? named) as string | undefined;
  const file = path === undefined ? null : readFile(path);
  const told = (name: Name): { from: string; value: string } | null => {
    const flag = flagged(name);
    if (flag !== undefined) return { from: `--${name}`, value: String(flag) };
    const value = file?.get("DEFAULT")?.get(name);
    return value === undefined || value === "" ? null : { from: `${path}: ${name}`, value };
  };
  const oneOf = <const T extends string>(name: Name, values: readonly T[]): T | null => {
    const given = told(name);
    if (given === null) return null;
    const value = values.find((known) => known === given.value.toLowerCase());
    if (value !== undefined) return value;
    throw new AppError("config.invalid", `${given.from}: expected ${values.join(" or ")}, got "${given.value}"`);
  };
  const port = told("port");
  if (port !== null && !(/^\d{1,5}$/.test(port.value) && Number(port.value) >= 1 && Number(port.value) <= 65_535)) {
    throw new AppError("config.invalid", `${port.from}: expected a port from 1 to 65535, got "${port.value}"`);
  }
  const yes = (name: Name) => {
    const value = oneOf(name, ["true", "false", "yes", "no", "1", "0"]);
    return value === null ? null : ["true", "yes", "1"].includes(value);
  };
  return {
    exchange: told("exchange")?.value ?? null,
    exchangeType: oneOf("exchange_type", ["topic", "fanout"]),
    autoDelete: yes("auto_delete"),
    host: told("host")?.value ?? null,
    port: port === null ? null : Number(port.value),
    username: told("username")?.value ?? null,
    passwdfile: told("passwdfile")?.value ?? null,
    outputFormat: oneOf("output_format", ["yaml", "json", "dict"]),
    store: yes("store"),
    obsolete: OBSOLETE.filter((name) => told(name) !== null),
  };
}

function readFile(path: string): Ini {
  const file = readIni(path);
  const known: ReadonlySet<string> = new Set(NAMES);
  const unknown = [...(file.get("DEFAULT")?.keys() ?? [])].filter((key) => !known.has(key));
  if (unknown.length > 0) {
    throw new AppError("config.invalid", `${path}: unknown key ${unknown.join(", ")} (known: ${NAMES.join(", ")})`);
  }
  return file;
}

/** The password for a broker from a file with lines "host password". Throws config.invalid; no message repeats one. */
export function readPassword(path: string, host: string): string {
  let text: string;
  try {
    const { mode } = statSync(path);
    if ((mode & 0o077) !== 0) {
      const shown = (mode & 0o777).toString(8);
      throw new AppError("config.invalid", `${path}: others can read it (mode ${shown}); chmod 600 ${path}`);
    }
    text = readFileSync(path, "utf8");
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw new AppError("config.invalid", `${path}: cannot be read (${(cause as NodeJS.ErrnoException).code})`, {
      cause,
    });
  }
  for (const line of text.split(/\r?\n/)) {
    const blank = line.indexOf(" ");
    if (blank > 0 && line.slice(0, blank) === host) return line.slice(blank + 1);
  }
  throw new AppError("config.invalid", `${path}: no line "${host} PASSWORD"`);
}
