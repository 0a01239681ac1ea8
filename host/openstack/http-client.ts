// One HTTP request and its whole answer. Node's fetch takes no certificate authority of a setting, hence node:http(s).

import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";

export interface HttpRequest {
  readonly method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** From the call to the last byte of the answer. */
  readonly timeoutMs: number;
  /** A longer answer is an error, and not read to its end. */
  readonly mostBytes: number;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Keeps connections open between requests. Redirects are answers like others: they are never followed. */
export class HttpClient {
  readonly #http = new HttpAgent({ keepAlive: true, maxSockets: 16 });
  readonly #https: HttpsAgent;

  /** @param ca certificates in PEM form that are trusted instead of Node's own */
  constructor(ca?: string) {
    this.#https = new HttpsAgent({ keepAlive: true, maxSockets: 16, ...(ca === undefined ? {} : { ca }) });
  }

  /** @throws Error in one line without the URL: refused, broken off, too slow or too long */
  async send(
    url: string,
    { method = "GET", headers = {}, body, timeoutMs, mostBytes }: HttpRequest,
  ): Promise<HttpAnswer> {
    const { protocol } = new URL(url);
    if (protocol !== "http:" && protocol !== "https:") throw new Error(`${protocol} is neither http: nor https:`);
    return await new Promise<HttpAnswer>((resolve, reject) => {
      const sent = { "Accept-Encoding": "identity", Accept: "application/json", ...headers };
      const length = body === undefined ? {} : { "Content-Length": String(Buffer.byteLength(body)) };
      const options = { method, headers: { ...sent, ...length } };
      const request: ClientRequest =
        protocol === "https:"
          ? httpsRequest(url, { ...options, agent: this.#https })
          : httpRequest(url, { ...options, agent: this.#http });
      const timer = setTimeout(() => request.destroy(new Error(`no whole answer within ${timeoutMs} ms`)), timeoutMs);
      const fail = (error: Error) => {
        clearTimeout(timer);
        reject(error);
      };
      request.on("error", fail);
      request.on("response", (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > mostBytes) request.destroy(new Error(`the answer is longer than ${mostBytes} bytes`));
          else chunks.push(chunk);
        });
        // After `destroy` with an error it is the response that tells of it.
        response.on("error", fail);
        response.on("end", () => {
          clearTimeout(timer);
          if (response.complete)
            resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) });
          else reject(new Error("the answer broke off"));
        });
      });
      request.end(body);
    });
  }

  /** Idle connections keep no process alive, but a server may wait for them to end. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}
