// A TCP proxy in front of a database, to take it away in different ways.
import { connect, createServer, type Server, type Socket } from "node:net";

export class Gate {
  /** `dead`: nothing is answered and nothing closed, as when a cable is pulled. */
  mode: "through" | "dead" = "through";
  /** Called with what clients send; true: pass it on, and cut the connection before the answer. */
  cutAfter: (sent: Buffer, client: Socket) => boolean = () => false;
  readonly #target: { host: string; port: number };
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;

  constructor(target: { host: string; port: number }) {
    this.#target = target;
  }

  async listen(): Promise<number> {
    this.#server = createServer((client) => this.#relay(client));
    await new Promise<void>((resolve) => this.#server!.listen(this.#port, "127.0.0.1", resolve));
    this.#port = (this.#server.address() as { port: number }).port;
    return this.#port;
  }

  /** Refuses connections and resets the open ones. */
  async stop(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server?.close(() => resolve()));
    this.reset();
    await closed;
  }

  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #relay(client: Socket): void {
    const server = connect(this.#target);
    let cut = false;
    for (const [from, to] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(from);
      from.on("error", () => {});
      from.on("close", () => {
        this.#sockets.delete(from);
        if (!cut) to.destroy();
      });
    }
    client.on("data", (sent) => {
      if (this.mode === "dead") return;
      cut ||= this.cutAfter(sent, client);
      server.write(sent);
      // The server gets to read it before it sees that nobody is there any more.
      if (cut)
        setTimeout(
          () =>
            [client, server].forEach((socket) => {
              socket.destroy();
            }),
          100,
        );
    });
    server.on("data", (sent) => {
      if (this.mode === "through" && !cut) client.write(sent);
    });
  }
}
