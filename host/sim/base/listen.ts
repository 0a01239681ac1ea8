import { type Listener, listen } from "../../listen.ts";

export interface ListenSimOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0: any free one. */
  readonly port?: number;
  /** PEM; plain HTTP without. */
  readonly tls?: { readonly key: string; readonly cert: string };
}

export interface ListeningSim {
  /** Scheme, address and port. */
  readonly url: string;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** Serves a simulator. Throws address.unavailable. */
export async function listenSim(
  app: { fetch(request: Request, bindings?: object): Response | Promise<Response> },
  { host = "127.0.0.1", port = 0, tls }: ListenSimOptions = {},
): Promise<ListeningSim> {
  const listener: Listener = await listen(app, host, port, tls);
  return { url: listener.url, close: () => listener.stop(0) };
}
