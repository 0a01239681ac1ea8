import type { Server } from "node:http";
import { type AddressInfo, isIPv6 } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { AppError } from "./errors.ts";

export interface Listener {
  readonly url: string;
  /** Stops accepting, lets running requests finish, and after `graceMs` cuts what is left. */
  stop(graceMs: number): Promise<void>;
}

interface Api {
  fetch(request: Request): Response | Promise<Response>;
}

/** Serves an API; port 0 takes any free one. Throws address.unavailable. */
export async function listen(api: Api, host: string, port: number): Promise<Listener> {
  const server = createAdaptorServer({ fetch: (request) => api.fetch(request) }) as Server;
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
    url: `http://${isIPv6(host) ? `[${host}]` : host}:${bound}`,
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
