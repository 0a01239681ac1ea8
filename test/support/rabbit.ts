// A real RabbitMQ for tests, and a way to it that can be cut.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import { Connection } from "rabbitmq-client";

/** URL of a broker on which exchanges and queues may be made, or null: then tests that need one are skipped. */
export const rabbitUrl: string | null = await findBroker();

async function findBroker(): Promise<string | null> {
  const wanted = process.env.TEST_AMQP_URL;
  const url = wanted ?? "amqp://guest:guest@127.0.0.1:5672";
  const connection = new Connection({ url, connectionTimeout: 3_000 });
  connection.on("error", () => {});
  try {
    await connection.onConnect(3_000);
    return url;
  } catch (cause) {
    if (wanted === undefined && process.env.CI !== "true") {
      process.stderr.write(`No RabbitMQ at ${url} (TEST_AMQP_URL): tests that need one are skipped.\n`);
      return null;
    }
    throw new Error(`no RabbitMQ at ${url}: start one, or name another by TEST_AMQP_URL`, { cause });
  } finally {
    connection.unsafeDestroy();
  }
}

/** A TCP proxy before the broker: what goes wrong on the way, or with the broker, is made to. */
export class BrokerProxy {
  readonly #server: Server;
  readonly #target: URL;
  readonly #pairs = new Set<readonly [client: Socket, broker: Socket]>();
  #refusing = false;
  /** Connections that were let through. */
  accepted = 0;

  private constructor(target: URL, tls: TlsOptions | null) {
    this.#target = target;
    const join = (client: Socket) => this.#join(client);
    this.#server = tls === null ? createServer(join) : createTlsServer(tls, join);
  }

  /** `tls`: clients have to speak it; the broker itself does not. */
  static async start(tls: TlsOptions | null = null): Promise<BrokerProxy> {
    const proxy = new BrokerProxy(new URL(rabbitUrl!), tls);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    const { username, password } = this.#target;
    return `amqp://${username}:${password}@127.0.0.1:${this.port}`;
  }

  get open(): number {
    return this.#pairs.size;
  }

  /** As when the broker's machine loses power. */
  cut(): void {
    for (const pair of [...this.#pairs]) for (const socket of pair) socket.destroy();
  }

  /** As while the broker restarts. */
  refuse(refusing: boolean): void {
    this.#refusing = refusing;
    if (refusing) this.cut();
  }

  /** Sends the broker what is no frame, for which it closes the connection in order. */
  offend(): void {
    for (const [, broker] of this.#pairs) broker.write(Buffer.alloc(64, 0xff));
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, "close");
  }

  #join(client: Socket): void {
    if (this.#refusing) {
      client.destroy();
      return;
    }
    this.accepted++;
    const broker = connect(Number(this.#target.port || 5672), this.#target.hostname);
    const pair = [client, broker] as const;
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.on("error", () => {});
      socket.on("close", () => {
        this.#pairs.delete(pair);
        for (const other of pair) other.destroy();
      });
    }
    client.pipe(broker).pipe(client);
  }
}
