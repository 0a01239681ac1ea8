import { Connection } from "rabbitmq-client";
import type { BusAddress } from "./bus-url.ts";

/** Longest wait for a broker that says goodbye, ms. */
const GOODBYE_MS = 2_000;
/** The protocol's usual size; the client's own default of 8 KiB cuts messages of Nova into pieces. */
const FRAME_BYTES = 128 * 1024;
/** Messages on the way to us that were not acknowledged yet. */
const PREFETCH = 100;
/** What the broker keeps for us at most; beyond, the oldest are dropped. Some 30 s of a very busy cloud. */
const QUEUE_MESSAGES = 50_000;
const QUEUE_BYTES = 256 * 1024 * 1024;

export interface ConnectionOptions extends BusAddress {
  /** PEM of the authorities to trust; null: those of the system. */
  readonly ca: string | null;
  /** Shown in the broker's list of connections. */
  readonly name: string;
  /** Waits between attempts grow from the first to the second, each with jitter. */
  readonly retryMs?: readonly [first: number, longest: number];
}

export interface Subscription {
  readonly exchange: string;
  readonly type: "topic" | "fanout";
  readonly autoDelete: boolean;
  readonly durable: boolean;
  /** Each message; must not throw. A message is acknowledged when this returns. */
  readonly received: (body: Uint8Array, routingKey: string) => void;
  /** From now on messages arrive; called again after each lost connection. What came in between is not told. */
  readonly ready: () => void;
  /** When messages stop to arrive, or still do not after a connection was made; in words for the log, once each. */
  readonly lost: (reason: string) => void;
}

export interface Listening {
  readonly connected: boolean;
  close(): Promise<void>;
}

/**
 * Receives what is published on an exchange, from a queue of its own, so that nobody misses a message for it. Declares
 * the exchange as its owner does: whoever comes first makes it. Goes on trying for ever, through all brokers.
 */
export function listenOnBus(options: ConnectionOptions, subscription: Subscription): Listening {
  const { exchange, type, autoDelete, durable, received } = subscription;
  let connected = false;
  let told = false;
  const connection = connect(options);
  // What is wrong next, if anything, is another thing.
  connection.on("connection", () => {
    told = false;
  });
  const lost = (error: unknown) => {
    connected = false;
    if (told) return;
    told = true;
    subscription.lost(explained(error, subscription));
  };
  const consumer = connection.createConsumer(
    {
      queue: "",
      queueOptions: {
        exclusive: true,
        arguments: { "x-max-length": QUEUE_MESSAGES, "x-max-length-bytes": QUEUE_BYTES },
      },
      exchanges: [{ exchange, type, durable, autoDelete }],
      queueBindings: [{ exchange, routingKey: "#" }],
      qos: { prefetchCount: PREFETCH },
      requeue: false,
    },
    // Whatever is returned would be taken for an order to put the message back.
    (message) => {
      received(bytesOf(message.body), message.routingKey);
    },
  );
  consumer.on("ready", () => {
    connected = true;
    told = false;
    subscription.ready();
  });
  consumer.on("error", lost);
  connection.on("error", lost);
  return {
    get connected() {
      return connected;
    },
    async close() {
      await closed(connection, () => consumer.close());
    },
  };
}

export interface Publisher {
  /** False while the broker takes nothing. */
  readonly ready: boolean;
  /** Resolves when the broker has it. Rejects when that is not so within the time limit. */
  publish(routingKey: string, body: Buffer): Promise<void>;
  close(): Promise<void>;
}

/** Publishes JSON on a topic exchange that is declared as oslo.messaging does. */
export function publishOnBus(options: ConnectionOptions, exchange: string, limitMs: number): Publisher {
  const connection = connect(options, limitMs);
  // Whoever publishes is told; a connection that is away is tried again by itself.
  connection.on("error", () => {});
  let blocked = false;
  connection.on("connection.blocked", () => {
    blocked = true;
  });
  connection.on("connection.unblocked", () => {
    blocked = false;
  });
  connection.on("connection", () => {
    blocked = false;
  });
  const publisher = connection.createPublisher({
    confirm: true,
    exchanges: [{ exchange, type: "topic", durable: false, autoDelete: false }],
  });
  return {
    get ready() {
      return connection.ready && !blocked;
    },
    publish: (routingKey, body) => {
      // As oslo.messaging writes it: UTF-8 is named, so that no client decodes twice.
      const envelope = { exchange, routingKey, contentType: "application/json", contentEncoding: "utf-8" };
      return within(limitMs, publisher.send(envelope, body));
    },
    close: () => closed(connection, () => publisher.close()),
  };
}

function connect(options: ConnectionOptions, acquireTimeout = 2 ** 31 - 1): Connection {
  const { brokers, username, password, vhost, tls, ca, name } = options;
  const [retryLow, retryHigh] = options.retryMs ?? [500, 15_000];
  const [first] = brokers;
  return new Connection({
    ...(brokers.length === 1
      ? { hostname: first!.host, port: first!.port }
      : { hosts: brokers.map(({ host, port }) => `${host}:${port}`) }),
    username,
    password,
    vhost,
    connectionName: name,
    frameMax: FRAME_BYTES,
    heartbeat: 30,
    acquireTimeout,
    retryLow,
    retryHigh,
    ...(tls ? { tls: ca === null ? true : { ca } } : {}),
  });
}

/** The client decodes bodies that are called text or JSON without an encoding; Nova's come as bytes. */
function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
}

/** In one line, and with what would help. */
function explained(error: unknown, { exchange, type, autoDelete, durable }: Subscription): string {
  const { code, message } = error as { code?: unknown; message?: unknown };
  const reason = String(message ?? error)
    .replaceAll(/\s*\n\s*/g, " ")
    .replaceAll(/\/\/[^/@\s]*@/g, "//…@");
  if (code === "PRECONDITION_FAILED") {
    const ours = `type ${type}, ${autoDelete ? "" : "not "}auto-delete, ${durable ? "" : "not "}durable`;
    return `the exchange ${exchange} is not as we declare it (${ours}); give it the properties that Nova uses: ${reason}`;
  }
  if (code === "ACCESS_REFUSED") return `the broker refuses the user, the password or the vhost: ${reason}`;
  return reason;
}

async function closed(connection: Connection, closeChannel: () => Promise<void>): Promise<void> {
  if (connection.ready) {
    await within(
      GOODBYE_MS,
      closeChannel().then(() => connection.close()),
    ).catch(() => {});
  }
  connection.unsafeDestroy();
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the broker did not answer within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
