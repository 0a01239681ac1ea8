import { type Config, SETTINGS } from "../config.ts";
import { AppError } from "../errors.ts";
import { type Ini, osloValue, readIni } from "./ini.ts";
import { readPassword } from "./listen-options.ts";
import { VALENCE, valenceTogether } from "./valence-conf.ts";
import { type Fate, HAVALET_KEYS, LISTENER, VALET } from "./valet-conf.ts";

/** What files of the originals become: a settings file, and what a reader should know about it. */
export interface Converted {
  readonly settings: Partial<Record<keyof Config, unknown>>;
  /** One line each, naming file, section and key; no secrets. */
  readonly notes: readonly string[];
}

type Fates = Readonly<Record<string, Readonly<Record<string, Fate>>>>;

/** Keys that are looked at together with others, by `section.key`, as oslo.config reads them. */
type Together = ReadonlyMap<string, string>;

/**
 * Reads valet.conf, valence.conf, ostro-listener.conf and havalet's file, in any order; of a key in several the last counts.
 * Throws config.invalid, naming file, section and key, when a value cannot be meant; the value of a secret is not told.
 */
export function convert(paths: readonly string[]): Converted {
  const settings: Partial<Record<keyof Config, unknown>> = {};
  const notes: string[] = [];
  for (const path of paths) {
    const ini = readIni(path);
    const fates = fatesOf(path, ini);
    const together = new Map<string, string>();
    for (const [section, keys] of ini) {
      const known = fates[section] ?? fates["*"];
      if (known === undefined) notes.push(`${path}: [${section}] is unknown, nothing of it was taken`);
      for (const [key, raw] of known === undefined ? [] : keys) {
        const where = `${path}: [${section}] ${key}`;
        const fate = Object.hasOwn(known!, key) ? known![key]! : undefined;
        if (fate === undefined) {
          notes.push(`${where} is unknown, it was not taken`);
          continue;
        }
        if ("gone" in fate) {
          notes.push(`${where} means nothing any more: ${fate.gone}`);
          continue;
        }
        const value = osloValue(ini, section, raw);
        if (value === null)
          throw new AppError("config.invalid", `${where}: refers to a key that the file does not have`);
        // As in oslo.config an empty value is one of its own; none of these keys has a use for it.
        if (value === "") continue;
        if ("together" in fate) together.set(`${section}.${key}`, value);
        else put(settings, where, fate.setting, fate.read?.(value) ?? value);
      }
    }
    combine(path, together, settings, notes);
    if (ini.has("engine")) standby(path, settings, notes);
  }
  return { settings, notes };
}

/** By what stands in it, not by its name: operators rename files. */
function fatesOf(path: string, ini: Ini): Fates {
  const sections = [...ini.keys()];
  if (sections.some((name) => Object.hasOwn(VALENCE, name) && name !== "DEFAULT")) return VALENCE;
  if (sections.some((name) => Object.hasOwn(VALET, name) && name !== "DEFAULT")) return VALET;
  const keys = [...ini.values()].flatMap((section) => [...section.keys()]);
  if (keys.some((key) => /^(start|stop|test)(_command)?$/.test(key))) return { "*": HAVALET_KEYS };
  const listens = [...(ini.get("DEFAULT")?.keys() ?? [])].some((key) => Object.hasOwn(LISTENER, key));
  if (listens) return { DEFAULT: LISTENER };
  if (ini.has("DEFAULT")) return VALET;
  throw new AppError(
    "config.invalid",
    `${path}: neither valet.conf, valence.conf, nor ostro-listener's file, nor havalet's`,
  );
}

function put(settings: Partial<Record<keyof Config, unknown>>, where: string, key: keyof Config, raw: unknown): void {
  const { read, secret }: { read: (raw: unknown) => unknown; secret?: boolean } = SETTINGS[key];
  try {
    settings[key] = read(raw);
  } catch (cause) {
    const given = secret ? "" : `, got ${JSON.stringify(raw)}`;
    throw new AppError("config.invalid", `${where}: expected ${(cause as Error).message}${given}`, { cause });
  }
}

function combine(
  path: string,
  together: Together,
  settings: Partial<Record<keyof Config, unknown>>,
  notes: string[],
): void {
  for (const section of ["messaging", "DEFAULT"]) {
    const of = (key: string) => together.get(`${section}.${key}`);
    const passwdfile = of("passwdfile");
    if (of("host") !== undefined || of("username") !== undefined || of("port") !== undefined) {
      const host = of("host") ?? "localhost";
      put(settings, `${path}: [${section}] port`, "busUrl", busUrl(host, of("port") ?? "5672", of("username"), path));
      if (section === "messaging") settings.busNotifications = true;
    }
    if (passwdfile !== undefined) settings.busPassword = readPassword(passwdfile, of("host") ?? "localhost");
  }
  const url = together.get("identity.auth_url");
  if (url !== undefined) {
    const where = `${path}: [identity] auth_url`;
    const third = url.replace(/\/+$/, "").replace(/\/v2\.0$/, "/v3");
    put(settings, where, "identity", `keystone:${third}`);
    if (/\/v2\.0\/*$/.test(url)) notes.push(`${where}: version 2.0 of Keystone is no more, ${third} was taken`);
  }
  const mode = together.get("engine.mode");
  if (mode !== undefined && !/^(live|sim)/.test(mode))
    throw new AppError("config.invalid", `${path}: [engine] mode: expected live or sim, got "${mode}"`);
  if (mode?.startsWith("sim")) settings.datacenter = SETTINGS.datacenter.fallback;
  else if (url !== undefined || mode !== undefined) settings.datacenter = "nova";
  frequency(path, together, settings, notes);
  const valence = valenceTogether(path, (key) => together.get(key));
  notes.push(...valence.notes);
  if (valence.ironic !== undefined) put(settings, `${path}: [ironic_client] auth_url`, "ironic", valence.ironic);
}

function busUrl(host: string, port: string, username: string | undefined, path: string): string {
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
    throw new AppError("config.invalid", `${path}: port of the broker: expected one from 1 to 65535, got "${port}"`);
  const user = username === undefined ? "" : `${encodeURIComponent(username)}@`;
  return `amqp://${user}${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}/`;
}

/** The original read hosts, topology and metadata one by one. */
function frequency(
  path: string,
  together: Together,
  settings: Partial<Record<keyof Config, unknown>>,
  notes: string[],
): void {
  const told = ["compute", "topology", "metadata"].flatMap((what) => {
    const key = `${what}_trigger_frequency`;
    const value = together.get(`engine.${key}`);
    if (value === undefined) return [];
    if (/^\d{1,9}$/.test(value)) return [{ where: `${path}: [engine] ${key}`, value: Number(value) }];
    throw new AppError("config.invalid", `${path}: [engine] ${key}: expected seconds, got "${value}"`);
  });
  if (told.length === 0) return;
  const [least] = told.toSorted((one, other) => one.value - other.value) as [(typeof told)[number]];
  put(settings, least.where, "refreshSeconds", Math.min(Math.max(least.value, 10), 86_400));
  if (told.length > 1)
    notes.push(
      `${path}: [engine] *_trigger_frequency: everything is read at once, every ${settings.refreshSeconds} s, the least of them`,
    );
}

/** The only default that differs between the releases of Valet and changes what hosts hold. */
function standby(path: string, settings: Partial<Record<keyof Config, unknown>>, notes: string[]): void {
  const missing = (["cpuStandby", "ramStandby", "diskStandby"] as const).filter((key) => settings[key] === undefined);
  if (missing.length > 0)
    notes.push(
      `${path}: [engine] static_*_standby_ratio: ${missing.join(", ")} left at 0, as in Valet of 2018; in that of 2017 the default was 20`,
    );
}
