// What the keys of valence.conf have become: a setting of ours, or nothing and why. Contract: valence-components, section 4.

import { boolean, type Fate, gone, level, setting, TOGETHER } from "./valet-conf.ts";

const LOG_FILES = gone("logs are JSON lines on standard error, kept and cut by who starts the service");
const ETCD = gone("there is no etcd; the store is --database, an embedded one unless it says postgres://…");
const CLIENT_CERTIFICATE = gone("Ironic and Keystone are asked with a password only");

/** Valence names domains by id; those of the one that every Keystone has are the same word. */
const domain = (id: string): string => (id === "default" ? "Default" : id);
const extension = (path: string): string => `/${path.replace(/^\/+/, "")}`;

/** By section and key. */
export const VALENCE: Readonly<Record<string, Readonly<Record<string, Fate>>>> = {
  DEFAULT: {
    log_file: LOG_FILES,
    log_level: setting("logLevel", level),
    log_format: LOG_FILES,
  },
  api: {
    bind_port: setting("valencePort"),
    bind_host: setting("host"),
    enable_ssl_api: TOGETHER,
    workers: gone("one process serves; any number of them may share one PostgreSQL"),
    timeout: gone("a request has the deadlines of what it asks for, --assemble-seconds the longest"),
    max_limit: setting("maxLimit"),
    api_paste_config: gone("there is no pipeline to put together"),
    debug: gone("the service is started anew when its code changes, by who changes it"),
    log_file: LOG_FILES,
    log_level: setting("logLevel", level),
  },
  etcd: { host: ETCD, port: ETCD },
  ironic_client: {
    username: setting("ironicUsername"),
    password: setting("ironicPassword"),
    project: setting("ironicProject"),
    auth_url: TOGETHER,
    user_domain_id: setting("ironicUserDomain", domain),
    project_domain_id: setting("ironicProjectDomain", domain),
    api_version: gone("the newest version that Ironic and we know is agreed on"),
    os_cacert: setting("ironicCaFile"),
    os_cert: CLIENT_CERTIFICATE,
    os_key: CLIENT_CERTIFICATE,
    insecure: TOGETHER,
  },
  podm: {
    url: setting("podmUrl"),
    username: setting("podmUsername"),
    password: setting("podmPassword"),
    verify_ca: setting("podmVerifyCa", (value) => String(boolean(value))),
    base_ext: setting("podmBaseExt", extension),
    enable_periodic_sync: setting("syncPeriodic", boolean),
    sync_interval: setting("syncSeconds"),
  },
};

/** The keys that need a word, or a second setting. */
export function valenceTogether(
  path: string,
  of: (key: string) => string | undefined,
): { ironic?: string; notes: string[] } {
  const notes: string[] = [];
  if (boolean(of("api.enable_ssl_api") ?? "false") === true)
    notes.push(`${path}: [api] enable_ssl_api: https needs a certificate, give --tls-cert and --tls-key`);
  if (boolean(of("ironic_client.insecure") ?? "false") === true)
    notes.push(
      `${path}: [ironic_client] insecure: certificates are verified, give the authorities as --ironic-ca-file`,
    );
  const url = of("ironic_client.auth_url")?.replace(/\/+$/, "");
  if (url === undefined) return { notes };
  const third = url.replace(/\/v2\.0$/, "/v3");
  if (third !== url)
    notes.push(`${path}: [ironic_client] auth_url: version 2.0 of Keystone is no more, ${third} was taken`);
  return { ironic: `keystone:${third}`, notes };
}
