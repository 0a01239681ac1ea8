// Where composed nodes are registered: an Ironic that a Keystone's catalog names, or one that stands alone.

import { keystoneOf, loginOf, readPem } from "./cloud.ts";
import type { Config } from "./config.ts";
import { CloudSession } from "./openstack/cloud-session.ts";
import { HttpClient } from "./openstack/http-client.ts";
import { Ironic } from "./openstack/ironic.ts";

export interface OpenedIronic {
  readonly ironic: Ironic;
  close(): void;
}

/** Nothing is asked before it is used. Null: the settings name none. @throws AppError config.invalid: a file cannot be read */
export function openIronic(config: Config): OpenedIronic | null {
  const { ironic: source, ironicUsername: user, ironicPassword: password } = config;
  const caFile = config.ironicCaFile || config.cloudCaFile;
  const ca =
    caFile === "" ? undefined : readPem(config.ironicCaFile === "" ? "--cloud-ca-file" : "--ironic-ca-file", caFile);
  if (/^https?:/.test(source)) {
    const client = new HttpClient(ca);
    const basic = user === "" ? {} : { basic: { user, password } };
    return { ironic: new Ironic({ url: source, client, ...basic }), close: () => client.close() };
  }
  const keystone = source.startsWith("keystone:") ? source.slice("keystone:".length) : keystoneOf(config);
  if (keystone === null) return null;
  const login = loginOf(config, keystone);
  const session = new CloudSession({
    ...login,
    username: user || login.username,
    password: password || login.password,
    project: config.ironicProject || login.project,
    userDomain: config.ironicUserDomain || login.userDomain,
    projectDomain: config.ironicProjectDomain || login.projectDomain,
    ca,
  });
  return { ironic: new Ironic({ session }), close: () => session.close() };
}
