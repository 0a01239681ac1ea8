import { randomUUID } from "node:crypto";

/** Of notifications that wait: more are dropped, as the bus is slower than the API, or away. */
const MOST_WAITING = 1_000;
const MOST_WAITING_BYTES = 32 * 1024 * 1024;

/** A request of the API and what became of it. The token is no part of it. */
export interface ApiExchange {
  readonly method: string;
  /** As asked for, without the query. */
  readonly path: string;
  /** Null: there was none, or it was never read. */
  readonly requestBody: unknown;
  readonly status: number;
  readonly responseBody: string;
  readonly projectId: string | null;
  readonly userId: string | null;
}

export interface NotificationsOptions {
  /** Resolves when the broker has it; rejects in bounded time. */
  readonly publish: (routingKey: string, body: Buffer) => Promise<void>;
  /** What waited longer is not sent any more, ms. */
  readonly limitMs: number;
  readonly warn: (message: string, details: object) => void;
  readonly now?: () => number;
}

interface Waiting {
  readonly routingKey: string;
  readonly body: Buffer;
  readonly until: number;
}

/**
 * One oslo notification on the bus for each request of the API, in the form of Valet. No request waits for it: what the
 * bus does not take in time is dropped and counted.
 */
export class Notifications {
  readonly counters = { sent: 0, dropped: 0 };
  readonly #options: NotificationsOptions;
  readonly #now: () => number;
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #sending = false;
  #closed = false;
  /** Told in the log, until one is sent again. */
  #told = false;

  constructor(options: NotificationsOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  /** Returns at once and never throws. */
  offer(exchange: ApiExchange): void {
    if (this.#closed) return;
    const { routingKey, message } = notificationOf(exchange, this.#now());
    const body = Buffer.from(JSON.stringify(message));
    if (this.#waiting.length >= MOST_WAITING || this.#waitingBytes + body.length > MOST_WAITING_BYTES) {
      this.#dropped("more notifications than the message bus takes");
      return;
    }
    this.#waiting.push({ routingKey, body, until: this.#now() + this.#options.limitMs });
    this.#waitingBytes += body.length;
    if (!this.#sending) void this.#send();
  }

  /** Drops what waits. */
  close(): void {
    this.#closed = true;
    this.#waiting = [];
  }

  async #send(): Promise<void> {
    this.#sending = true;
    while (this.#waiting.length > 0) {
      // As many as came while others were on the way; each waits for its own confirmation.
      const batch = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      await Promise.all(batch.map((waiting) => this.#sendOne(waiting)));
    }
    this.#sending = false;
  }

  async #sendOne({ routingKey, body, until }: Waiting): Promise<void> {
    if (this.#now() > until) {
      this.#dropped("the message bus was away for too long");
      return;
    }
    try {
      await this.#options.publish(routingKey, body);
      this.counters.sent++;
      this.#told = false;
    } catch (error) {
      this.#dropped((error as Error).message);
    }
  }

  #dropped(reason: string): void {
    this.counters.dropped++;
    if (this.#told || this.#closed) return;
    this.#told = true;
    this.#options.warn("notifications are dropped", { reason });
  }
}

/** In the form of oslo.messaging's driver `messaging`: version 1, without an envelope. */
export function notificationOf(exchange: ApiExchange, now: number): { routingKey: string; message: object } {
  const { method, path, requestBody, status, responseBody, projectId, userId } = exchange;
  const level = status >= 200 && status < 300 ? "info" : "error";
  const segments = path.split("/").filter((segment) => segment !== "");
  return {
    routingKey: `notifications.${level}`,
    message: {
      message_id: randomUUID(),
      publisher_id: "valet",
      event_type: ["api", ...segments.slice(0, 2)].join("."),
      priority: level.toUpperCase(),
      // As Python prints a time in UTC.
      timestamp: new Date(now).toISOString().replace("T", " ").replace("Z", "000"),
      payload: {
        context: { tenant_id: projectId, user_id: userId },
        request: { method, path, body: requestBody ?? null },
        response: { status_code: status, body: decoded(responseBody) },
      },
      _unique_id: randomUUID().replaceAll("-", ""),
    },
  };
}

function decoded(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
