import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Connection } from "rabbitmq-client";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { AppError } from "../../../host/errors.ts";
import { type ConnectionOptions, listenOnBus, publishOnBus, type Subscription } from "../../../host/openstack/bus.ts";
import { readBusUrl } from "../../../host/openstack/bus-url.ts";
import { BrokerProxy, rabbitUrl } from "../../support/rabbit.ts";
import { scratchFolders } from "../../support/scratch-folder.ts";

const scratch = scratchFolders();

/** Of 127.0.0.1, for a day. */
function selfSigned(): { key: string; cert: string } {
  const folder = scratch();
  const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const names = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];
  const args = ["req", "-x509", "-nodes", "-days", "1", ...curve, ...names, "-keyout", key, "-out", cert];
  execFileSync("openssl", args, { stdio: "ignore" });
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}

describe("the URL of a bus", () => {
  const address = { username: "guest", password: "guest", vhost: "/", tls: false };
  test.each([
    ["amqp://mq", { ...address, brokers: [{ host: "mq", port: 5672 }] }],
    ["amqps://mq/", { ...address, brokers: [{ host: "mq", port: 5671 }], tls: true }],
    [
      "rabbit://ostro:p%40ss@mq1:5673/%2Fcloud",
      { brokers: [{ host: "mq1", port: 5673 }], username: "ostro", password: "p@ss", vhost: "/cloud", tls: false },
    ],
    [
      "rabbit://u:p@mq1:5672,u:p@mq2,mq3:5674/v?ssl=1",
      {
        brokers: [
          { host: "mq1", port: 5672 },
          { host: "mq2", port: 5671 },
          { host: "mq3", port: 5674 },
        ],
        username: "u",
        password: "p",
        vhost: "v",
        tls: true,
      },
    ],
    ["amqp://[::1]:5672", { ...address, brokers: [{ host: "::1", port: 5672 }] }],
    [
      "amqp://ostro@mq",
      { ...address, username: "ostro", password: "from outside", brokers: [{ host: "mq", port: 5672 }] },
    ],
  ])("%s", (url, expected) => {
    expect(readBusUrl(url, url.includes("ostro@") ? "from outside" : "")).toEqual(expected);
  });

  test.each([
    ["http://mq", "expected amqp(s):// or rabbit://"],
    ["amqp://", "expected amqp(s):// or rabbit://"],
    ["amqp://u:secret@mq:99999", "port 99999: expected one from 1 to 65535"],
    ["amqp://u:secret@m q", "…@m q: expected HOST or HOST:PORT"],
    ["amqp://[::1],[::2]", "of several brokers none can be an IPv6 address"],
    ["amqp://u:%zz@mq", "need %25 for a percent sign"],
  ])("%s is refused with what would be right, and without its password", (url, problem) => {
    const read = () => readBusUrl(url, "");
    expect(read).toThrow(AppError);
    expect(read).toThrow(problem);
    expect(read).not.toThrow("secret");
  });
});

describe.skipIf(rabbitUrl === null)("on a real RabbitMQ", () => {
  const exchange = `ostro-test-${randomUUID()}`;
  const closers: (() => Promise<void>)[] = [];
  let proxy: BrokerProxy;
  let direct: Connection;
  let received: string[];
  let ready: number;
  let lost: string[];

  beforeEach(async () => {
    received = [];
    lost = [];
    ready = 0;
    proxy = await BrokerProxy.start();
    direct = new Connection(rabbitUrl!);
    closers.push(
      () => proxy.close(),
      () => direct.close(),
    );
  });

  afterEach(async () => {
    await direct.exchangeDelete({ exchange });
    for (const close of closers.splice(0).reverse()) await close();
  });

  const options = (): ConnectionOptions => {
    return { ...readBusUrl(proxy.url, ""), ca: null, name: "ostro test", retryMs: [20, 100] };
  };

  function listen(more: Partial<Subscription & ConnectionOptions> = {}) {
    const listening = listenOnBus(
      { ...options(), ...more },
      {
        exchange,
        type: "topic",
        autoDelete: false,
        durable: false,
        received: (body, routingKey) => received.push(`${routingKey} ${Buffer.from(body).toString()}`),
        ready: () => ready++,
        lost: (reason) => lost.push(reason),
        ...more,
      },
    );
    closers.push(() => listening.close());
    return listening;
  }

  const publish = (routingKey: string, body: string, more: object = {}) =>
    direct.acquire().then(async (channel) => {
      await channel.confirmSelect();
      await channel.basicPublish({ exchange, routingKey, contentType: "application/json", ...more }, Buffer.from(body));
      await channel.close();
    });

  const isReady = (times = 1) => vi.waitFor(() => expect(ready).toBe(times), 5000);

  test("receives what is published under any key, as bytes, whatever the message says that it is", async () => {
    const listening = listen();
    await isReady();
    expect(listening.connected).toBe(true);
    await publish("conductor", '{"a":1}', { contentEncoding: "utf-8" });
    await publish("compute.h1.example.org", '{"b": 2}');
    await publish("x", "{");
    await publish("y", "text", { contentType: "text/plain" });
    await vi.waitFor(() => expect(received).toHaveLength(4));
    expect(received.toSorted()).toEqual(['compute.h1.example.org {"b":2}', 'conductor {"a":1}', "x {", "y text"]);
  });

  test("declares the exchange as Nova does, so that Nova finds it as it wants it, whoever comes first", async () => {
    listen();
    await isReady();
    await direct.exchangeDeclare({ exchange, type: "topic", durable: false, autoDelete: false });
    await expect(direct.exchangeDeclare({ exchange, type: "topic", durable: true })).rejects.toThrow("PRECONDITION");
  });

  test("takes no message from others who listen", async () => {
    listen();
    const others: string[] = [];
    listen({ received: (body) => others.push(Buffer.from(body).toString()) });
    await isReady(2);
    for (let at = 0; at < 5; at++) await publish("k", `${at}`);
    await vi.waitFor(() => expect([received.length, others.length]).toEqual([5, 5]));
  });

  test("an exchange with other properties is named in one line, with what would help, and tried again", async () => {
    await direct.exchangeDeclare({ exchange, type: "topic", durable: true });
    listen();
    await vi.waitFor(() => expect(lost).toHaveLength(1), 5000);
    expect(lost[0]).toMatch(
      /^the exchange \S+ is not as we declare it \(type topic, not auto-delete, not durable\); give it the properties that Nova uses: .*inequivalent arg 'durable'/,
    );
    await sleep(300);
    expect(lost).toHaveLength(1);
    await direct.exchangeDelete({ exchange });
    await isReady();
  });

  test("a broker that comes late, and then has another exchange, is told as both", async () => {
    await direct.exchangeDeclare({ exchange, type: "topic", durable: true });
    proxy.refuse(true);
    listen();
    await vi.waitFor(() => expect(lost).toHaveLength(1), 5000);
    proxy.refuse(false);
    await vi.waitFor(
      () => expect(lost).toEqual([expect.any(String), expect.stringContaining("is not as we declare it")]),
      5000,
    );
  });

  test("a wrong password is told as such, and shown nowhere", async () => {
    listen({ password: "wrong-secret" });
    await vi.waitFor(() => expect(lost).toHaveLength(1), 5000);
    expect(lost[0]).toMatch(/^the broker refuses the user, the password or the vhost: /);
    expect(lost[0]).not.toContain("wrong-secret");
  });

  test.each([
    ["the connection is cut", (proxy: BrokerProxy) => proxy.cut()],
    ["the broker closes it", (proxy: BrokerProxy) => proxy.offend()],
  ])("goes on when %s, and says from when on messages arrive", async (_, hurt) => {
    const listening = listen();
    await isReady();
    hurt(proxy);
    await vi.waitFor(() => expect(lost).toHaveLength(1), 5000);
    expect(listening.connected).toBe(false);
    await isReady(2);
    await publish("k", "after");
    await vi.waitFor(() => expect(received).toEqual(["k after"]));
  });

  test("after twenty restarts of the broker there is one connection, one queue, and each message comes once", async () => {
    listen();
    for (let restart = 1; restart <= 20; restart++) {
      await isReady(restart);
      proxy.refuse(true);
      await sleep(30);
      proxy.refuse(false);
    }
    await isReady(21);
    expect(proxy.open).toBe(1);
    expect(lost).toHaveLength(20);
    await publish("k", "once");
    await sleep(100);
    expect(received).toEqual(["k once"]);
  });

  test("goes to the next broker when the first one is away", async () => {
    const [broker] = options().brokers;
    listen({ brokers: [{ host: "127.0.0.1", port: 1 }, broker!] });
    await isReady();
  });

  test("follows a fanout exchange that is deleted with its last queue", async () => {
    listen({ type: "fanout", autoDelete: true });
    await isReady();
    await publish("any", "fanned");
    await vi.waitFor(() => expect(received).toEqual(["any fanned"]));
  });

  test("speaks TLS with a broker whose authority is trusted, and with no other", async () => {
    const { key, cert } = selfSigned();
    const secure = await BrokerProxy.start({ key, cert });
    closers.push(() => secure.close());
    const brokers = [{ host: "127.0.0.1", port: secure.port }];
    listen({ brokers, tls: true });
    await vi.waitFor(() => expect(lost).toEqual([expect.stringContaining("self-signed certificate")]), 5000);
    listen({ brokers, tls: true, ca: cert });
    await isReady();
    await publish("k", "secret");
    await vi.waitFor(() => expect(received).toEqual(["k secret"]));
  });

  test("closes, connected or not, and stays closed", async () => {
    const listening = listen();
    await isReady();
    await listening.close();
    await vi.waitFor(() => expect(proxy.open).toBe(0));
    proxy.refuse(true);
    const waiting = listen();
    await vi.waitFor(() => expect(lost).toHaveLength(1), 5000);
    await waiting.close();
    proxy.refuse(false);
    await sleep(300);
    expect(proxy.open).toBe(0);
  });

  test("a flood arrives whole", async () => {
    listen();
    await isReady();
    const channel = await direct.acquire();
    const body = Buffer.alloc(8_000, "x");
    for (let at = 0; at < 5_000; at++) await channel.basicPublish({ exchange, routingKey: "k" }, body);
    await vi.waitFor(() => expect(received).toHaveLength(5_000), 20_000);
    await channel.close();
  });

  test("publishes, and says when that failed", async () => {
    listen();
    await isReady();
    const publisher = publishOnBus(options(), exchange, 1_000);
    closers.push(() => publisher.close());
    await publisher.publish("notifications.info", Buffer.from('{"payload":"ü"}'));
    await vi.waitFor(() => expect(received).toEqual(['notifications.info {"payload":"ü"}']));
    expect(publisher.ready).toBe(true);
    proxy.refuse(true);
    await expect(publisher.publish("notifications.info", Buffer.from("{}"))).rejects.toThrow();
    expect(publisher.ready).toBe(false);
    proxy.refuse(false);
    await vi.waitFor(() => expect(publisher.ready).toBe(true), 5000);
    await publisher.publish("notifications.info", Buffer.from("{}"));
    await vi.waitFor(() => expect(received).toHaveLength(2), 5000);
  });
});
