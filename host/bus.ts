import { readFileSync } from "node:fs";
import type { Registry } from "prom-client";
import { measureBus } from "./bus-metrics.ts";
import type { Config } from "./config.ts";
import { AppError } from "./errors.ts";
import type { Logger } from "./log.ts";
import { type ConnectionOptions, listenOnBus, publishOnBus } from "./openstack/bus.ts";
import { readBusUrl } from "./openstack/bus-url.ts";
import { type Outcome, type Reading, readMessage } from "./openstack/messages.ts";
import { Events, type Reread } from "./services/events.ts";
import type { InventoryService } from "./services/inventory.ts";
import { Notifications } from "./services/notifications.ts";
import type { ServerService } from "./services/servers.ts";

// What the service does on the message bus of the cloud, wired together.

/** Readings of what changed go back at least so far, ms. */
const JUST_READ_MS = 30_000;
/** Servers that changed since they were last read, deleted ones among them, and which hosts are up. */
const MISSED_AT_START: readonly Reread[] = ["services"];
const MISSED: readonly Reread[] = ["services", "aggregates", "server-groups"];

type Brokers = Omit<ConnectionOptions, "name">;
type BusConfig = Pick<Config, Extract<keyof Config, `bus${string}`>>;

/** Where the bus is; null when the service takes part in none. Throws config.invalid. */
export function brokersOf({ busUrl, busPassword, busCa }: BusConfig): Brokers | null {
  if (busUrl === "") return null;
  return { ...readBusUrl(busUrl, busPassword), ca: busCa === "" ? null : readCa(busCa) };
}

function readCa(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new AppError("config.invalid", `--bus-ca ${path}: cannot be read (${code})`, { cause });
  }
}

/** Where changes of the cloud go. */
export interface CloudSink {
  readonly servers: Pick<ServerService, "apply">;
  readonly inventory: Pick<InventoryService, "setUp">;
  /** Asks for a refresh, soon; returns at once. */
  readonly reread: (what: Reread) => void;
}

export interface CloudFollower {
  /** Null: nothing is applied. */
  readonly sink: CloudSink | null;
  /** Told of every message. */
  readonly read?: (reading: Reading) => void;
  readonly log: Logger;
  readonly registry?: Registry;
}

/** Reads what is said on the bus, and applies it, until it is closed. */
export function followBus(brokers: Brokers, config: BusConfig, follower: CloudFollower): { close(): Promise<void> } {
  const { sink, read, log, registry } = follower;
  const events = sink === null ? null : eventsInto(sink, log);
  const began = performance.now();
  const outcomes: Record<Outcome, number> = { told: 0, silent: 0, unreadable: 0, "too-large": 0 };
  const broker = brokers.brokers.map(({ host, port }) => `${host}:${port}`).join(",");
  const listening = listenOnBus(
    { ...brokers, name: "ostro" },
    {
      exchange: config.busExchange,
      type: config.busExchangeType,
      autoDelete: config.busAutoDelete,
      durable: config.busDurable,
      received(body, routingKey) {
        const reading = readMessage(body, routingKey);
        const { outcome, name } = reading;
        outcomes[outcome]++;
        if (isOdd(outcome)) log.debug({ outcome, name, routingKey, bytes: body.byteLength }, "a message was dropped");
        read?.(reading);
        events?.offer(reading.changes);
      },
      ready() {
        log.info({ broker, exchange: config.busExchange }, "following the message bus");
        // Everything else is as it was read a moment ago at start; later it may have changed unheard. A broker that
        // comes and goes must not cost the cloud a listing of all its servers each time.
        const atStart = performance.now() - began < JUST_READ_MS;
        for (const what of atStart ? MISSED_AT_START : MISSED) sink?.reread(what);
      },
      lost: (reason) => log.warn({ broker, reason }, "the message bus is away, trying again"),
    },
  );
  if (registry !== undefined && events !== null) measureBus(registry, { outcomes, events, listening });
  return {
    async close() {
      await listening.close();
      await events?.close();
    },
  };
}

function eventsInto({ servers, inventory, reread }: CloudSink, log: Logger): Events {
  return new Events({
    async apply(changes) {
      await servers.apply(changes);
      const hosts = changes.filter((change) => change.kind === "host");
      if (hosts.length === 0) return;
      await inventory.setUp(new Map(hosts.map(({ host, up }) => [host, up])));
      // A message tells a part of what makes a host take servers, and the host may be new.
      reread("services");
    },
    reread,
    warn: (message, details) => log.warn(details, message),
  });
}

function isOdd(outcome: Outcome): boolean {
  return outcome === "unreadable" || outcome === "too-large";
}

/** Sends a notification for each request, as Valet did. */
export function notifyBus(
  brokers: Brokers,
  config: BusConfig,
  log: Logger,
): { notifications: Notifications; close(): Promise<void> } {
  const limitMs = config.busTimeoutSeconds * 1000;
  const options = { ...brokers, name: "ostro notifications" };
  const publisher = publishOnBus(options, config.busNotificationsExchange, limitMs);
  const notifications = new Notifications({
    publish: (routingKey, body) => publisher.publish(routingKey, body),
    limitMs,
    warn: (message, details) => log.warn(details, message),
  });
  return {
    notifications,
    async close() {
      notifications.close();
      await publisher.close();
    },
  };
}
