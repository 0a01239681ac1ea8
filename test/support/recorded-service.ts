// Exchanges with an HTTP service: written down on their way through, and answered from what was written down.
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";

/** One request and its answer. Bodies are JSON; null: none. */
export interface Exchange {
  readonly request: string;
  readonly sent?: unknown;
  readonly status: number;
  readonly location?: string;
  readonly answer: unknown;
}

export interface RecordedService {
  readonly url: string;
  readonly exchanges: Exchange[];
  close(): Promise<void>;
}

/** Passes all requests on to `target`. A Location there becomes one here, as `replay` needs it: without the origin. */
export async function record(target: string): Promise<RecordedService> {
  const exchanges: Exchange[] = [];
  return await serve(exchanges, async (request, sent) => {
    const answer = await fetch(new URL(request.url ?? "/", target), {
      method: request.method ?? "GET",
      headers: { "content-type": "application/json" },
      ...(sent === "" ? {} : { body: sent }),
    });
    const text = await answer.text();
    const location = answer.headers.get("location");
    const exchange: Exchange = {
      request: `${request.method} ${request.url}`,
      ...(sent === "" ? {} : { sent: JSON.parse(sent) as unknown }),
      status: answer.status,
      ...(location === null ? {} : { location: location.replace(target, "") }),
      answer: text === "" ? null : (JSON.parse(text) as unknown),
    };
    exchanges.push(exchange);
    return exchange;
  });
}

/** One a line; without what was answered as it was before. */
export function written(exchanges: readonly Exchange[]): string {
  const last = new Map<string, string>();
  const lines: string[] = [];
  for (const exchange of exchanges) {
    const line = JSON.stringify(exchange);
    if (isWrite(exchange.request) || last.get(exchange.request) !== line) lines.push(line);
    last.set(exchange.request, line);
  }
  return `[\n${lines.join(",\n")}\n]\n`;
}

/**
 * Answers as it was answered: writes must come in the order in which they came, with the same bodies, and what is read is as it
 * was between the same writes, however often it is read. All else was never recorded, and is answered with 599.
 */
export async function replay(exchanges: readonly Exchange[]): Promise<RecordedService> {
  let done = 0;
  const seen: Exchange[] = [];
  return await serve(seen, async (request, sent) => {
    const named = `${request.method} ${request.url}`;
    const until = indexOfWrite(exchanges, done);
    const next = isWrite(named)
      ? exchanges[until]
      : exchanges.slice(0, until).findLast((exchange) => exchange.request === named);
    const body = sent === "" ? undefined : JSON.stringify(JSON.parse(sent));
    const same = next?.request === named && body === (next.sent === undefined ? undefined : JSON.stringify(next.sent));
    if (!same) return { request: named, status: 599, answer: { message: `never recorded: ${named} ${sent}` } };
    if (isWrite(named)) done++;
    seen.push(next);
    return next;
  });
}

function isWrite(request: string): boolean {
  return !request.startsWith("GET ");
}

/** Of the n-th write, from 0; the end when there are no more. */
function indexOfWrite(exchanges: readonly Exchange[], n: number): number {
  const writes = exchanges.flatMap(({ request }, at) => (isWrite(request) ? [at] : []));
  return writes[n] ?? exchanges.length;
}

async function serve(
  exchanges: Exchange[],
  answer: (request: IncomingMessage, sent: string) => Promise<Exchange>,
): Promise<RecordedService> {
  const server: Server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { status, location, answer: body } = await answer(request, Buffer.concat(chunks).toString());
    response.writeHead(status, { "content-type": "application/json", ...(location && { location }) });
    response.end(body === null ? undefined : JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
