// Recordings of services that change: what is read depends on what was written before, and perhaps on how often it was read
// since.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Exchange, RecordedService } from "./recorded-service.ts";

/** `after`: how many requests that are no GET came before. */
export interface Kept extends Exchange {
  readonly after: number;
}

const isRead = ({ request }: Exchange): boolean => request.startsWith("GET ");

/** Members that nobody reads, and that make up half of a resource. */
const UNREAD = new Set(["@Redfish.Copyright", "@odata.type", "@odata.context", "Oem", "MemoryLocation"]);

/** One a line; what was read again as it was before is left out, as are members that are not read. */
export function keptOf(exchanges: readonly Exchange[]): string {
  const last = new Map<string, string>();
  const lines: string[] = [];
  let after = 0;
  for (const exchange of exchanges) {
    const text = JSON.stringify(exchange, (key, value: unknown) => (UNREAD.has(key) ? undefined : value));
    if (!isRead(exchange) || last.get(exchange.request) !== text) lines.push(`{"after":${after},${text.slice(1)}`);
    last.set(exchange.request, text);
    if (!isRead(exchange)) after++;
  }
  return `[\n${lines.join(",\n")}\n]\n`;
}

/** Answers as the service did; 599 to what it was not asked, or with another body. */
export async function replayChanges(kept: readonly Kept[]): Promise<RecordedService> {
  const writes = kept.filter((exchange) => !isRead(exchange));
  const seen: Exchange[] = [];
  const reads = new Map<string, number>();
  let written = 0;
  const read = (request: string): Exchange | undefined => {
    const known = kept.filter((exchange) => exchange.request === request && exchange.after <= written);
    const now = known.filter(({ after }) => after === written);
    // Since the last write it may have changed by itself, from one look to the next.
    const count = reads.get(`${written} ${request}`) ?? 0;
    reads.set(`${written} ${request}`, count + 1);
    return now[Math.min(count, now.length - 1)] ?? known.at(-1);
  };
  const answerTo = (request: string, sent: unknown): Exchange => {
    const exchange = request.startsWith("GET ") ? read(request) : writes[written++];
    const isSame = exchange?.request === request && JSON.stringify(exchange.sent) === JSON.stringify(sent);
    if (exchange !== undefined && isSame) return exchange;
    return { request, status: 599, answer: { message: `never recorded: ${request} ${JSON.stringify(sent)}` } };
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const exchange = answerTo(`${request.method} ${request.url}`, text === "" ? undefined : JSON.parse(text));
    seen.push(exchange);
    const { location, answer } = exchange;
    response.writeHead(exchange.status, { "content-type": "application/json", ...(location && { location }) });
    response.end(answer === null ? undefined : JSON.stringify(answer));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges: seen,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
