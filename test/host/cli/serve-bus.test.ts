import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "rabbitmq-client";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { rabbitUrl } from "../../support/rabbit.ts";
import { recorded } from "../../support/recorded-messages.ts";
import { scratchFolders } from "../../support/scratch-folder.ts";
import { run, start } from "./command.ts";

const folder = scratchFolders();
const FREE = ["--valet-port", "0", "--valence-port", "0", "--database", "memory:"];

test("notifications without a bus are refused with what is missing", async () => {
  const { code, err } = await run(["serve", "--bus-notifications", "true"]);
  expect(code).toBe(2);
  expect(err).toBe("ostro: --bus-notifications needs a message bus, give --bus-url\n");
});

test("a file of authorities that cannot be read is named", async () => {
  const state = folder();
  const { code, err } = await run([
    ...["serve", ...FREE, "--state-dir", state, "--bus-url", "amqps://mq", "--bus-ca", join(state, "none.pem")],
  ]);
  expect(code).toBe(2);
  expect(err).toMatch(/^ostro: --bus-ca \S+none.pem: cannot be read \(ENOENT\)$/m);
});

describe.skipIf(rabbitUrl === null)("a server on a real RabbitMQ", () => {
  const exchanges = [`ostro-test-${randomUUID()}`, `ostro-test-${randomUUID()}`] as const;
  const [nova, openstack] = exchanges;
  let bus: Connection;
  let server: ReturnType<typeof start> | null = null;

  beforeEach(() => {
    bus = new Connection(rabbitUrl!);
  });
  afterEach(async () => {
    server?.child.kill("SIGTERM");
    await server?.finished;
    for (const exchange of exchanges) await bus.exchangeDelete({ exchange });
    await bus.close();
  });

  test("follows the cloud, tells of each request, and ends in order", async () => {
    const state = folder();
    const heard: { event_type: string; payload: { request: object } }[] = [];
    const consumer = bus.createConsumer(
      {
        queue: "",
        queueOptions: { exclusive: true },
        exchanges: [{ exchange: openstack, type: "topic", durable: false, autoDelete: false }],
        queueBindings: [{ exchange: openstack, routingKey: "notifications.*" }],
      },
      ({ body }) => {
        heard.push(JSON.parse(String(body)));
      },
    );
    server = start([
      ...["serve", ...FREE, "--state-dir", state, "--bus-url", rabbitUrl!, "--bus-exchange", nova],
      ...["--bus-notifications", "true", "--bus-notifications-exchange", openstack],
    ]);
    const [, url, token] = await server.printed(/API at (http:\S+),.*^Token: (\S+)$/ms);
    const metric = async (name: string) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      return text.split("\n").find((line) => line.startsWith(`${name} `)) ?? "";
    };
    await vi.waitFor(async () => expect(await metric("ostro_bus_connected")).toBe("ostro_bus_connected 1"), 10_000);

    const message = recorded("rpc-object_action-Instance-save-active-None");
    message.args.objinst["nova_object.data"].host = "sim01r01c001";
    const publisher = bus.createPublisher({ confirm: true });
    const before = Number((await metric("ostro_vms")).split(" ")[1]);
    const publish = (body: string) => publisher.send({ exchange: nova, routingKey: "conductor" }, Buffer.from(body));
    await publish("{");
    await publish("x".repeat(2_000_000));
    await publish(JSON.stringify({ "oslo.version": "2.0", "oslo.message": JSON.stringify(message) }));
    await vi.waitFor(async () => expect(await metric("ostro_vms")).toBe(`ostro_vms ${before + 1}`), 10_000);
    expect(await metric('ostro_bus_messages_total{outcome="unreadable"}')).toMatch(/ 1$/);
    expect(await metric('ostro_bus_messages_total{outcome="too-large"}')).toMatch(/ 1$/);
    expect(await metric('ostro_events_total{outcome="applied"}')).toMatch(/ 1$/);

    await fetch(`${url}/v1/plans/none`, { headers: { "X-Auth-Token": token! } });
    await vi.waitFor(() => expect(heard.map(({ event_type }) => event_type)).toEqual(["api.v1.plans"]), 5_000);
    expect(JSON.stringify(heard)).not.toContain(token);
    expect(await metric('ostro_notifications_total{outcome="sent"}')).toMatch(/ 1$/);

    await sleep(10);
    server.child.kill("SIGTERM");
    expect((await server.finished).code).toBe(0);
    expect(server.output().err).toContain('"msg":"following the message bus"');
    await consumer.close();
    await publisher.close();
  });
});
