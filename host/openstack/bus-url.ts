import { AppError } from "../errors.ts";

/** Where a message bus is reached. */
export interface BusAddress {
  /** `host:port`, at least one. */
  readonly brokers: readonly { readonly host: string; readonly port: number }[];
  readonly username: string;
  readonly password: string;
  readonly vhost: string;
  readonly tls: boolean;
}

const FORM = /^(amqps?|rabbit):\/\/([^/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;
const BROKER = /^(?:([^:@]*)(?::([^@]*))?@)?(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i;
const WANTED = "amqp(s):// or rabbit://USER@HOST:PORT,HOST:PORT/VHOST";

/**
 * Reads an AMQP URL, or a `transport_url` as in nova.conf, which names several brokers after commas.
 * `password`: used where the URL has none. Throws config.invalid; no message repeats a password.
 */
export function readBusUrl(url: string, password: string): BusAddress {
  const [, scheme, authority, path = "", query] = FORM.exec(url) ?? [];
  if (scheme === undefined || authority === undefined) throw invalid(`expected ${WANTED}`);
  const tls = scheme === "amqps" || /^(1|true)$/i.test(new URLSearchParams(query).get("ssl") ?? "");
  const read = authority.split(",").map((broker) => {
    const [, user, secret, host, port = tls ? "5671" : "5672"] = BROKER.exec(broker) ?? [];
    if (host === undefined) throw invalid(`${broker.replace(/^.*@/, "…@")}: expected HOST or HOST:PORT`);
    if (Number(port) < 1 || Number(port) > 65_535) throw invalid(`port ${port}: expected one from 1 to 65535`);
    return { user, secret, host: host.replaceAll(/[[\]]/g, ""), port: Number(port) };
  });
  if (read.length > 1 && read.some(({ host }) => host.includes(":"))) {
    throw invalid("of several brokers none can be an IPv6 address, use names");
  }
  const named = read.find(({ user }) => user !== undefined);
  return {
    brokers: read.map(({ host, port }) => ({ host, port })),
    username: decoded(named?.user ?? "guest"),
    password: named?.secret === undefined ? password || "guest" : decoded(named.secret),
    vhost: decoded(path) || "/",
    tls,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw invalid("user, password and vhost need %25 for a percent sign", cause);
  }
}

function invalid(problem: string, cause?: unknown): AppError {
  return new AppError("config.invalid", `URL of the message bus: ${problem}`, { cause });
}
