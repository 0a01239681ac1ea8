import { connect } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import { valenceApi } from "../../host/api/valence/index.ts";
import { type Listener, listen } from "../../host/listen.ts";
import { SETTINGS } from "./api/valence/settings.ts";

const open: Listener[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((listener) => listener.stop(0)));
});
async function serve(api: { fetch(request: Request): Response | Promise<Response> }): Promise<Listener> {
  const listener = await listen(api, "127.0.0.1", 0);
  open.push(listener);
  return listener;
}

const failed: unknown[] = [];
const api = valenceApi({ ...SETTINGS, observer: { finished: () => {}, failed: (error) => failed.push(error) } });

/** What a server answers to these bytes; it has to end the connection or stay silent for 300 ms. */
function exchange(url: string, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(new URL(url).port), "127.0.0.1", () => socket.write(bytes));
    socket.setTimeout(300, () => socket.destroy());
    socket.on("data", (chunk) => {
      answer += chunk;
    });
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

describe("requests that no client library would send", () => {
  const cases: [name: string, bytes: string, answer: RegExp][] = [
    ["bytes of another protocol", "\x16\x03\x01\x00\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["no Host", "GET / HTTP/1.1\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["a Host that is a path", "GET / HTTP/1.1\r\nHost: a/b?c\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["a Host with a blank", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", /^HTTP\/1\.1 400 /],
    [
      "two lengths",
      "POST /v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
      /^HTTP\/1\.1 400 /,
    ],
    ["a star for a path", "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", /^HTTP\/1\.1 400 /],
    ["two slashes", "GET //healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", /^HTTP\/1\.1 404 /],
    [
      "another host in the path",
      "GET http://elsewhere/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
      /^HTTP\/1\.1 200 /,
    ],
    [
      "a header of 20,000 bytes",
      `GET / HTTP/1.1\r\nHost: localhost\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
  ];
  test.each(cases)("%s", async (_, bytes, answer) => {
    const { url } = await serve(api);
    expect(await exchange(url, bytes)).toMatch(answer);
    expect((await fetch(`${url}/healthz`)).status).toBe(200);
    expect(failed).toEqual([]);
  });

  test("a body on GET and DELETE is read over, and the connection can be used again", async () => {
    const { url } = await serve(api);
    const request = (method: string) => `${method} /v1 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}`;
    const answers = await exchange(url, request("GET") + request("DELETE") + request("GET"));
    expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 200", "HTTP/1.1 405", "HTTP/1.1 200"]);
  });
});

describe("stopping", () => {
  test("lets a running request finish and takes no new one", async () => {
    let finish = (_: Response) => {};
    const begun = new Promise<void>((began) => {
      const slow = () => {
        began();
        return new Promise<Response>((resolve) => {
          finish = resolve;
        });
      };
      void serve({ fetch: slow });
    });
    while (open.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    const { url, stop } = open.pop()!;
    const running = fetch(url);
    await begun;
    const stopped = stop(10_000);
    await expect(fetch(url)).rejects.toThrow();
    finish(new Response("done"));
    expect(await (await running).text()).toBe("done");
    await stopped;
  });

  test("cuts what takes longer than the grace", async () => {
    const { url, stop } = await serve({ fetch: () => new Promise<Response>(() => {}) });
    const running = fetch(url);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await stop(50);
    await expect(running).rejects.toThrow();
  });
});

test("a port in use is told with its address", async () => {
  const { url } = await serve(api);
  const port = Number(new URL(url).port);
  await expect(listen(api, "127.0.0.1", port)).rejects.toMatchObject({
    code: "address.unavailable",
    message: `127.0.0.1:${port} is in use, perhaps by another ostro`,
  });
});

test("an address that is not ours is told with the reason", async () => {
  await expect(listen(api, "192.0.2.1", 0)).rejects.toMatchObject({
    code: "address.unavailable",
    message: "192.0.2.1:0 cannot be bound (EADDRNOTAVAIL)",
  });
});

test("an address of version 6 is written with brackets", async () => {
  const listener = await listen(api, "::1", 0);
  open.push(listener);
  expect(listener.url).toMatch(/^http:\/\/\[::1\]:\d+$/);
  expect((await fetch(`${listener.url}/healthz`)).status).toBe(200);
});
