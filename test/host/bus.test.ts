import { randomUUID } from "node:crypto";
import { Connection } from "rabbitmq-client";
import { afterEach, describe, expect, test, vi } from "vitest";
import { brokersOf, followBus } from "../../host/bus.ts";
import { readConfig } from "../../host/config.ts";
import { createLog } from "../../host/log.ts";
import type { CloudChange } from "../../host/openstack/records.ts";
import { BrokerProxy, rabbitUrl } from "../support/rabbit.ts";
import { recorded } from "../support/recorded-messages.ts";

describe.skipIf(rabbitUrl === null)("following a cloud over a real RabbitMQ", () => {
  const exchange = `ostro-test-${randomUUID()}`;
  const closers: (() => Promise<void>)[] = [];
  afterEach(async () => {
    vi.restoreAllMocks();
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function followed() {
    const proxy = await BrokerProxy.start();
    const direct = new Connection(rabbitUrl!);
    const config = readConfig({ flags: { busUrl: proxy.url, busExchange: exchange }, environment: {} });
    const applied: CloudChange[] = [];
    const up = new Map<string, boolean>();
    const rereads: string[] = [];
    const sink = {
      servers: { apply: async (changes: readonly CloudChange[]) => void applied.push(...changes) },
      inventory: {
        setUp: async (told: ReadonlyMap<string, boolean>) => {
          for (const [host, is] of told) up.set(host, is);
        },
      },
      reread: (what: string) => rereads.push(what),
    };
    const brokers = { ...brokersOf(config)!, retryMs: [20, 100] as const };
    const following = followBus(brokers, config, { sink, log: createLog("silent") });
    closers.push(
      () => proxy.close(),
      () => direct.close(),
      async () => void (await direct.exchangeDelete({ exchange })),
      () => following.close(),
    );
    const publish = async (message: object, routingKey: string) => {
      const publisher = direct.createPublisher({ confirm: true });
      await publisher.send({ exchange, routingKey }, Buffer.from(JSON.stringify(message)));
      await publisher.close();
    };
    await vi.waitFor(() => expect(rereads).toEqual(["services"]), 5000);
    rereads.length = 0;
    return { proxy, applied, up, rereads, publish };
  }

  test("servers are applied, hosts are switched and looked at again, facts are read", async () => {
    const { applied, up, rereads, publish } = await followed();
    await publish(recorded("rpc-object_action-Instance-save-active-None"), "conductor");
    await publish(recorded("rpc-set_host_enabled"), "compute.h1.example.org");
    await publish(recorded("versioned-notification-aggregate.add_host.end"), "versioned_notifications.info");
    await vi.waitFor(() => expect(up).toEqual(new Map([["h1.example.org", false]])), 5000);
    expect(applied.map(({ kind }) => kind)).toEqual(["server", "host"]);
    await vi.waitFor(() => expect(rereads.toSorted()).toEqual(["aggregates", "services"]), 5000);
  });

  test("after each lost connection what may have been missed is read, and not all servers", async () => {
    const { proxy, rereads } = await followed();
    const started = performance.now();
    vi.spyOn(performance, "now").mockImplementation(() => started + 3_600_000);
    proxy.cut();
    await vi.waitFor(() => expect(rereads).toEqual(["services", "aggregates", "server-groups"]), 5000);
  });
});
