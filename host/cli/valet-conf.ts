// What the keys of the originals' configuration files have become: a setting of ours, or nothing and why.

import type { Config } from "../config.ts";

/** A key becomes a setting, with its value as it is or as `read` makes of it; or it means nothing any more. */
export type Fate =
  | { readonly setting: keyof Config; readonly read?: (value: string) => unknown; readonly note?: string }
  /** Together with others; `host/cli/config-convert.ts` looks at it. */
  | { readonly together: true }
  | { readonly gone: string };

export const gone = (reason: string): Fate => ({ gone: reason });
export const setting = (key: keyof Config, read?: (value: string) => unknown): Fate =>
  read === undefined ? { setting: key } : { setting: key, read };
/** Looked at together with other keys. */
export const TOGETHER: Fate = { together: true };

const MUSIC = gone("there is no Music; the store is --database, an embedded one unless it says postgres://…");
const LOG_FILES = gone("logs are JSON lines on standard output, kept and cut by who starts the service");
const ENGINES = gone("there is one kind of process, and any number may share one PostgreSQL as equals");
const HAVALET = gone("nobody needs to be watched and switched: run two services on one PostgreSQL");
const FREQUENCY = TOGETHER;

/** oslo.config's words for true. */
export const boolean = (value: string): unknown => {
  if (/^(true|1|yes|on)$/i.test(value)) return true;
  return /^(false|0|no|off)$/i.test(value) ? false : value;
};
const LEVELS: Readonly<Record<string, string>> = { warning: "warn", critical: "fatal", notset: "trace" };
export const level = (value: string): unknown => LEVELS[value.toLowerCase()] ?? value.toLowerCase();
const letters = (value: string): string => value.replaceAll(/\s+/g, "");
const lower = (value: string): string => value.toLowerCase();

const BUS_KEYS: Readonly<Record<string, Fate>> = {
  exchange: setting("busExchange"),
  exchange_type: setting("busExchangeType", lower),
  auto_delete: setting("busAutoDelete", boolean),
};
const LOGGING: Readonly<Record<string, Fate>> = {
  output_format: gone("only `ostro listen --output_format` prints messages"),
  logging_level: setting("logLevel", level),
  logging_dir: LOG_FILES,
  logger_name: LOG_FILES,
  max_main_log_size: LOG_FILES,
  max_log_size: LOG_FILES,
  max_num_of_logs: LOG_FILES,
};

/** Options of oslo.log, which every service of OpenStack takes. */
const OSLO_LOG: Readonly<Record<string, Fate>> = {
  debug: setting("logLevel", (value) =>
    boolean(value) === true ? "debug" : boolean(value) === false ? "info" : value,
  ),
  ...Object.fromEntries(
    [
      ...["verbose", "default_log_levels", "logging_default_format_string", "logging_context_format_string"],
      ...["logging_debug_format_suffix", "logging_exception_prefix", "log_config", "log_config_append"],
      ...[
        "log_date_format",
        "log_file",
        "log_dir",
        "watch_log_file",
        "use_syslog",
        "syslog_log_facility",
        "use_stderr",
      ],
      ...["use_journal", "use_json", "log_rotation_type", "max_logfile_count", "max_logfile_size_mb"],
    ].map((key) => [key, LOG_FILES]),
  ),
};

/** valet.conf, by section and key. */
export const VALET: Readonly<Record<string, Readonly<Record<string, Fate>>>> = {
  DEFAULT: OSLO_LOG,
  server: { host: setting("host"), port: setting("valetPort") },
  messaging: {
    username: TOGETHER,
    password: setting("busPassword"),
    host: TOGETHER,
    port: TOGETHER,
    timeout: setting("busTimeoutSeconds"),
  },
  identity: {
    username: setting("keystoneUsername"),
    password: setting("keystonePassword"),
    project_name: setting("keystoneProject"),
    auth_url: TOGETHER,
    interface: gone("Keystone is asked at its auth_url; --cloud-interface says which addresses of Nova are used"),
  },
  music: Object.fromEntries(
    [
      ...["host", "hosts", "port", "keyspace", "replication_factor", "tries", "interval", "music_server_retries"],
      ...["request_table", "response_table", "event_table", "resource_table", "app_table", "resource_index_table"],
      ...["app_index_table", "uuid_table", "group_table"],
    ].map((key) => [key, MUSIC]),
  ),
  engine: {
    ...LOGGING,
    store: gone("what the service logs it logs always"),
    pid: gone("the service stays in the foreground, and who starts it knows it"),
    mode: TOGETHER,
    sim_cfg_loc: gone("a simulated data center is --datacenter sim:RACKSxHOSTS, or a FILE.json"),
    ip: gone("/v1/status tells the address that --host binds"),
    health_timeout: gone("ask /healthz and /readyz instead"),
    priority: ENGINES,
    datacenter_name: gone("one store holds one data center, which needs no name"),
    num_of_region_chars: setting("numOfRegionChars"),
    rack_code_list: setting("rackCodeList", letters),
    node_code_list: setting("nodeCodeList", letters),
    compute_trigger_frequency: FREQUENCY,
    topology_trigger_frequency: FREQUENCY,
    metadata_trigger_frequency: FREQUENCY,
    update_batch_wait: gone("messages are applied as they come, and the cloud is read in pages"),
    default_cpu_allocation_ratio: setting("cpuRatio"),
    default_ram_allocation_ratio: setting("ramRatio"),
    default_disk_allocation_ratio: setting("diskRatio"),
    static_cpu_standby_ratio: setting("cpuStandby"),
    static_mem_standby_ratio: setting("ramStandby"),
    static_local_disk_standby_ratio: setting("diskStandby"),
    ...Object.fromEntries(
      ["network_control", "network_control_url", "rpc_server_ip", "rpc_server_port"].map((key) => [
        key,
        gone("already the last releases of Valet no longer looked at it"),
      ]),
    ),
    compute_trigger_time: gone("the cloud is read when the service starts, and then every --refresh-seconds"),
    topology_trigger_time: gone("the cloud is read when the service starts, and then every --refresh-seconds"),
  },
  events_listener: {
    ...BUS_KEYS,
    ...LOGGING,
    store: gone("what messages say is always applied where --bus-url is set"),
  },
};

/** ostro-listener.conf; everything stands in [DEFAULT]. */
export const LISTENER: Readonly<Record<string, Fate>> = {
  ...BUS_KEYS,
  host: TOGETHER,
  port: TOGETHER,
  username: TOGETHER,
  passwdfile: TOGETHER,
  output_format: gone("the service prints no messages; `ostro listen -c` reads this file and does"),
  store: gone("what messages say is always applied where --bus-url is set"),
  music: MUSIC,
  keyspace: MUSIC,
  replication_factor: MUSIC,
};

/** Of havalet, either form, every key. */
export const HAVALET_KEYS: Readonly<Record<string, Fate>> = Object.fromEntries(
  [
    ...["order", "priority", "host", "user", "stand_by_list", "standy_by_list", "start", "stop", "test"],
    ...["port", "protocol", "start_command", "stop_command", "test_command"],
  ].map((key) => [key, HAVALET]),
);
