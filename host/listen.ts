import type { Server } from "node:http";
import { createServer } from "node:https";
import { type AddressInfo, isIPv6 } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { AppError } from "./errors.ts";

export interface Listener {
  readonly url: string;
  /** Stops accepting, lets running requests finish, and after `graceMs` cuts what is left. */
  stop(graceMs: number): Promise<void>;
}

interface Api {
  /** `bindings`: Node's own objects of the request and its connection. */
  fetch(request: Request, bindings?: object): Response | Promise<Response>;
}

export interface Tls {
  /** PEM, both. */
  readonly key: string;
  readonly cert: string;
}

/** Serves an API; port 0 takes any free one, `tls` makes it https. Throws address.unavailable, config.invalid. */
export async function listen(api: Api, host: string, port: number, tls?: Tls): Promise<Listener> {
  const server = serverOf(api, tls);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve());
  }).catch((cause: NodeJS.ErrnoException) => {
    const reason =
      cause.code === "EADDRINUSE" ? "is in use, perhaps by another ostro" : `cannot be bound (${cause.code})`;
    throw new AppError("address.unavailable", `${host}:${port} ${reason}`, { cause });
  });
  const { port: bound } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? "http" : "https"}://${isIPv6(host) ? `[${host}]` : host}:${bound}`,
    async stop(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      // Connections become idle one by one, as what runs on them finishes; clients would keep them open.
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearInterval(idle);
      clearTimeout(cut);
    },
  };
}

function serverOf(api: Api, tls: Tls | undefined): Server {
  const fetch = (request: Request, bindings: object) => api.fetch(request, bindings);
  if (tls === undefined) return createAdaptorServer({ fetch }) as Server;
  try {
    return createAdaptorServer({ fetch, createServer, serverOptions: { ...tls } }) as Server;
  } catch (cause) {
    const { message } = cause as Error;
    throw new AppError("config.invalid", `The TLS key or certificate cannot be used: ${message}`, { cause });
  }
}
