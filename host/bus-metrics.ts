import { Counter, Gauge, type Registry } from "prom-client";
import type { Listening } from "./openstack/bus.ts";
import type { Outcome } from "./openstack/messages.ts";
import type { Events } from "./services/events.ts";
import type { Notifications } from "./services/notifications.ts";

// What is counted about the message bus, read where it is counted when the metrics are asked for.

/** Of following the cloud. */
export function measureBus(
  registry: Registry,
  measured: {
    readonly outcomes: Readonly<Record<Outcome, number>>;
    readonly events: Events;
    readonly listening: Listening;
  },
): void {
  const { outcomes, events, listening } = measured;
  gauge(registry, "ostro_bus_connected", "1 while messages of the bus arrive", () => (listening.connected ? 1 : 0));
  counter(registry, "ostro_bus_messages_total", "Messages on the bus, by what they were to us", () => outcomes);
  gauge(registry, "ostro_events_waiting", "Changes of the cloud that are not applied yet", () => events.waiting);
  const help = "Changes of the cloud: applied, merged with a later one, dropped or failed (then all is read again)";
  counter(registry, "ostro_events_total", help, () => {
    const { applied, merged, dropped, failed } = events.counters;
    return { applied, merged, dropped, failed };
  });
}

/** Of the notifications about requests. */
export function measureNotifications(registry: Registry, { counters }: Notifications): void {
  counter(registry, "ostro_notifications_total", "Notifications of requests: sent, or dropped", () => counters);
}

function gauge(registry: Registry, name: string, help: string, value: () => number): void {
  new Gauge({
    name,
    help,
    registers: [registry],
    collect() {
      this.set(value());
    },
  });
}

function counter(registry: Registry, name: string, help: string, values: () => Readonly<Record<string, number>>): void {
  new Counter({
    name,
    help,
    labelNames: ["outcome"],
    registers: [registry],
    collect() {
      this.reset();
      for (const [outcome, count] of Object.entries(values())) this.inc({ outcome }, count);
    },
  });
}
