// Pod managers that hang, break off, lie or are somebody else: each ends soon, and in words that help.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { retryAfterMs } from "../../../../host/drivers/redfish/requests.ts";
import { scratchFolders } from "../../../support/scratch-folder.ts";
import { client, json, never, PASSWORD, type Reply, raw, root, service } from "./service.ts";

const ROOT = "GET /redfish/v1/";
const X = "/redfish/v1/x";

async function failureOf(run: Promise<unknown>): Promise<{ code: string; message: string }> {
  return await run.then(
    () => ({ code: "none", message: "it went well" }),
    (error) => error,
  );
}

/** A port that speaks no HTTP but this. */
async function port(answer: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    answer(socket);
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as { port: number }).port}`;
}

describe("a pod manager that", () => {
  it("does not answer is given up at the deadline", async () => {
    const peer = await service({ [ROOT]: root(), [`GET ${X}`]: () => undefined });
    const opened = client(peer.url, { username: "", password: "", limits: { answerMs: 50 } });
    expect(await failureOf(opened.get(X, never))).toMatchObject({
      code: "pod-manager.timeout",
      message: `${peer.url}: GET ${X} was not answered within 50 ms`,
    });
    expect(peer.count(`GET ${X}`)).toBeLessThan(2);
  });

  it("stops in the middle of an answer is given up at the deadline", async () => {
    const stop: Reply = (_, response) => void response.writeHead(200, { "content-length": 100 }).write('{"Name":');
    const peer = await service({ [ROOT]: root(), [`GET ${X}`]: stop });
    expect((await failureOf(client(peer.url, { limits: { answerMs: 50 } }).get(X, never))).code).toBe(
      "pod-manager.timeout",
    );
  });

  it("composes slowly has longer for that", async () => {
    const peer = await service({ [`POST ${X}`]: (_, r) => void setTimeout(() => json(r, 201, {}), 100) });
    const slow = client(peer.url, { username: "", password: "", limits: { answerMs: 40, composeMs: 60_000 } });
    expect((await slow.post(X, {}, never, { compose: true })).status).toBe(201);
    expect(await failureOf(slow.post(X, {}, never))).toMatchObject({
      code: "pod-manager.timeout",
      message: expect.stringContaining("whether it took effect is not known"),
    });
  });

  it("hangs is left as soon as the caller gives up, with what the caller says", async () => {
    const abort = new AbortController();
    const peer = await service({ [ROOT]: root(), [`GET ${X}`]: () => void abort.abort(new Error("enough")) });
    await expect(client(peer.url).get(X, abort.signal)).rejects.toThrow("enough");
  });

  it("hangs at the log-in keeps nobody who gives up", async () => {
    const abort = new AbortController();
    const peer = await service({ [ROOT]: () => void abort.abort(new Error("enough")) });
    await expect(client(peer.url).get(X, abort.signal)).rejects.toThrow("enough");
  });

  it("cuts a connection in the middle of an answer is asked again, if it was only asked", async () => {
    const cut: Reply = (_, response) => {
      response.writeHead(200, { "content-length": 100 }).write('{"Name":');
      setImmediate(() => response.destroy());
    };
    const peer = await service({ [ROOT]: root(), [`GET ${X}`]: cut, [`POST ${X}`]: cut });
    expect(await failureOf(client(peer.url).get(X, never))).toMatchObject({
      code: "pod-manager.unreachable",
      message: expect.stringContaining("the connection broke off before the answer was whole"),
    });
    expect(peer.count(`GET ${X}`)).toBe(3);
    expect((await failureOf(client(peer.url).post(X, {}, never))).code).toBe("pod-manager.unreachable");
    expect(peer.count(`POST ${X}`)).toBe(1);
  });

  it("loses the answer to an order is not given the order twice", async () => {
    const peer = await service({ [ROOT]: root(), [`POST ${X}`]: (_, r) => void r.destroy() });
    expect((await failureOf(client(peer.url).post(X, {}, never))).code).toBe("pod-manager.unreachable");
    expect(peer.count(`POST ${X}`)).toBe(1);
  });

  it("answers with 10 MB is not read to the end", async () => {
    const peer = await service({ [ROOT]: root(), [`GET ${X}`]: { text: "x".repeat(10_000_000) } });
    expect(await failureOf(client(peer.url).get(X, never))).toMatchObject({
      code: "pod-manager.unreadable",
      message: `${peer.url}: an answer is longer than 8388608 bytes, the most that is read`,
    });
  });

  it("answers without end is not read on", async () => {
    const endless: Reply = (_, response) => {
      const more = () => {
        while (!response.destroyed && response.write("x".repeat(1000)));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
    };
    const peer = await service({ [ROOT]: root(), [`GET ${X}`]: endless });
    expect((await failureOf(client(peer.url, { limits: { mostBytes: 5000 } }).get(X, never))).code).toBe(
      "pod-manager.unreadable",
    );
  });

  it("compresses without being asked is understood, up to the same size", async () => {
    const gzip = (body: string) => raw(200, gzipSync(body), { "content-encoding": "gzip" });
    const peer = await service({
      [ROOT]: root(),
      [`GET ${X}`]: gzip('{"Name":"squeezed"}'),
      "GET /redfish/v1/bomb": gzip(`{"Name":"${"x".repeat(100_000)}"}`),
      "GET /redfish/v1/brotli": raw(200, "?", { "content-encoding": "br" }),
    });
    const small = client(peer.url, { limits: { mostBytes: 50_000 } });
    expect((await small.get(X, never)).body).toEqual({ Name: "squeezed" });
    expect((await failureOf(small.get("/redfish/v1/bomb", never))).message).toContain("is too long");
    expect((await failureOf(small.get("/redfish/v1/brotli", never))).message).toContain("br cannot be read");
  });

  it("redirects to another host is not followed there", async () => {
    const other = await service({ "*": { stolen: true } });
    const peer = await service({
      [ROOT]: root(),
      [`GET ${X}`]: (_, r) => void r.writeHead(302, { location: `${other.url}/redfish/v1/x` }).end(),
    });
    expect(await failureOf(client(peer.url).get(X, never))).toMatchObject({
      code: "pod-manager.unreadable",
      message: expect.stringContaining("at another host, where its credentials do not belong"),
    });
    expect(other.received).toEqual([]);
  });

  it("redirects in a circle is not followed for ever", async () => {
    const peer = await service({
      [ROOT]: root(),
      [`GET ${X}`]: (_, r) => void r.writeHead(301, { location: X }).end(),
    });
    expect((await failureOf(client(peer.url).get(X, never))).message).toContain("redirected more than 5 times");
  });

  it.each([
    [301, "GET"],
    [302, "GET"],
    [303, "GET"],
    [307, "GET"],
    [308, "GET"],
    [307, "POST"],
    [308, "POST"],
  ])("redirects with %i is followed by %s with all that was sent", async (status, method) => {
    const peer = await service({
      [ROOT]: root(),
      [`* ${X}`]: (_, r) => void r.writeHead(status, { location: "y" }).end(),
      "* /redfish/v1/y": { Name: "here" },
    });
    const there = method === "GET" ? client(peer.url).get(X, never) : client(peer.url).post(X, { a: 1 }, never);
    expect((await there).body).toEqual({ Name: "here" });
    expect(peer.received.at(-1)).toMatchObject({ method, body: method === "POST" ? '{"a":1}' : "" });
  });

  it.each([301, 302, 303])("redirects an order with %i is not followed", async (status) => {
    const peer = await service({
      [ROOT]: root(),
      [`POST ${X}`]: (_, r) => void r.writeHead(status, { location: "y" }).end(),
    });
    expect((await failureOf(client(peer.url).post(X, {}, never))).code).toBe("pod-manager.unreadable");
    expect(peer.received.at(-1)!.path).toBe(X);
  });

  it("is not there is said to be so", async () => {
    const peer = await service();
    const gone = peer.url.replace(/\d+$/, "1");
    expect(await failureOf(client(gone).get(X, never))).toMatchObject({
      code: "pod-manager.unreachable",
      message: `${gone}: connection refused. Does the pod manager run, and is this its port?`,
    });
  });

  it("speaks no HTTP is said to be so", async () => {
    const url = await port((socket) => socket.end("220 mail.example ESMTP\r\n"));
    expect(await failureOf(client(url).get(X, never))).toMatchObject({
      code: "pod-manager.unreadable",
      message: expect.stringContaining("does not speak proper HTTP"),
    });
  });

  it("is a web site is said to be so", async () => {
    const peer = await service({ "*": raw(200, "<html>Welcome</html>", { "content-type": "text/html" }) });
    expect(await failureOf(client(peer.url).root(never))).toMatchObject({
      code: "pod-manager.unreadable",
      message: expect.stringContaining("Is this the address of a pod manager?"),
    });
  });

  it("has headers without end is said to be so", async () => {
    const url = await port((socket) => socket.write(`HTTP/1.1 200 OK\r\nX: ${"x".repeat(200_000)}\r\n\r\n`));
    expect((await failureOf(client(url).get(X, never))).code).toBe("pod-manager.unreadable");
  });

  it("names an ETag or Location that no request could carry does not break the next request", async () => {
    const peer = await service({
      [ROOT]: root(),
      [`GET ${X}`]: { "@odata.etag": "a\r\nX-Evil: 1" },
      [`PATCH ${X}`]: raw(204, ""),
    });
    const { etag } = await client(peer.url).get(X, never);
    expect(etag).toBeNull();
    expect((await client(peer.url).patch(X, {}, never, { etag })).status).toBe(204);
  });
});

describe("many requests", () => {
  it("are sent some at a time", async () => {
    let [now, most] = [0, 0];
    const slow: Reply = (_, response) => {
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        json(response, 200, {});
      }, 2);
    };
    const peer = await service({ [ROOT]: root(), "*": slow });
    const paths = Array.from({ length: 60 }, (_, i) => `/redfish/v1/Systems/${i}`);
    const few = client(peer.url, { limits: { concurrency: 4 } });
    await Promise.all(paths.map(async (path) => await few.get(path, never)));
    expect(most).toBe(4);
  });

  it("end with the first failure", async () => {
    const peer = await service({
      [ROOT]: root(),
      "*": (_, r) => json(r, 200, {}),
      "GET /redfish/v1/Systems/3": (_, r) => json(r, 500, {}),
    });
    const paths = Array.from({ length: 1000 }, (_, i) => `/redfish/v1/Systems/${i}`);
    const few = client(peer.url, { limits: { concurrency: 2 } });
    expect((await failureOf(few.each(paths, () => undefined, never))).code).toBe("pod-manager.refused");
    expect(peer.received.length).toBeLessThan(50);
  });

  it("that wait for their turn end when the caller gives up", async () => {
    const abort = new AbortController();
    const peer = await service({ [ROOT]: root(), [`GET ${X}`]: () => void abort.abort(new Error("enough")) });
    const one = client(peer.url, { limits: { concurrency: 1 } });
    const all = await Promise.allSettled([one.get(X, abort.signal), one.get("/redfish/v1/y", abort.signal)]);
    expect(all.map((outcome) => outcome.status === "rejected" && String(outcome.reason))).toEqual([
      "Error: enough",
      "Error: enough",
    ]);
    await expect(one.find("/redfish/v1/y", never)).resolves.toBeNull();
  });

  it("after the end are refused, and ending twice is no error", async () => {
    const peer = await service({ [ROOT]: root(), [`GET ${X}`]: {} });
    const ended = client(peer.url);
    await ended.get(X, never);
    await ended.close();
    await ended.close();
    expect((await failureOf(ended.get(X, never))).code).toBe("pod-manager.unreachable");
  });
});

describe("what may pass", () => {
  const failing = (times: number, reply: Reply): Reply => {
    let left = times;
    return (received, response) => (left-- > 0 ? reply(received, response) : json(response, 200, { Name: "at last" }));
  };
  const status =
    (code: number, headers: Record<string, string> = {}): Reply =>
    (_, response) =>
      json(response, code, {}, headers);

  it.each([429, 502, 503, 504])("as %i does is asked for again", async (code) => {
    const peer = await service({ [ROOT]: root(), [`GET ${X}`]: failing(2, status(code)) });
    expect((await client(peer.url).get(X, never)).body).toEqual({ Name: "at last" });
  });

  it.each([400, 404, 409, 412, 500, 501])("is not what %i says", async (code) => {
    const peer = await service({ [ROOT]: root(), [`GET ${X}`]: failing(1, status(code)) });
    expect((await failureOf(client(peer.url).get(X, never))).code).toBe("pod-manager.refused");
    expect(peer.count(`GET ${X}`)).toBe(1);
  });

  it("is asked for again when the service says, in seconds or as a date by its own clock", async () => {
    const date = new Date(Date.now() + 86_400_000).toUTCString();
    for (const headers of [{ "retry-after": "0" }, { date, "retry-after": date }]) {
      const peer = await service({ [ROOT]: root(), [`GET ${X}`]: failing(1, status(503, headers)) });
      // Were it not heard, this would take a quarter of an hour.
      expect((await client(peer.url, { limits: { pollMs: 3_600_000 } }).get(X, never)).body).toEqual({
        Name: "at last",
      });
    }
  });

  it.each([
    ["120", 120_000],
    ["Wed, 21 Oct 2015 07:28:30 GMT", 30_000],
    ["Wed, 21 Oct 2015 07:27:00 GMT", 0],
    ["soon", null],
    ["-1", null],
    ["", null],
    [undefined, null],
  ])("after %j is waited for so many ms", (after, ms) => {
    const headers = { date: "Wed, 21 Oct 2015 07:28:00 GMT", ...(after === undefined ? {} : { "retry-after": after }) };
    expect(retryAfterMs({ status: 503, reason: "", headers, body: Buffer.alloc(0) })).toBe(ms);
  });

  it("is not asked for again when an order met it", async () => {
    const peer = await service({ [ROOT]: root(), [`* ${X}`]: status(503) });
    const peerClient = client(peer.url);
    await failureOf(peerClient.post(X, {}, never));
    await failureOf(peerClient.patch(X, {}, never));
    await failureOf(peerClient.patch(X, {}, never, { etag: '"1"', once: true }));
    expect(peer.received.filter(({ path }) => path === X)).toHaveLength(3);
  });

  it("is ordered again where it does no harm", async () => {
    const peer = await service({ [ROOT]: root(), [`PATCH ${X}`]: failing(1, (_, r) => void r.destroy()) });
    await client(peer.url).patch(X, {}, never, { etag: 'W/"1"' });
    expect(peer.received.filter(({ path }) => path === X).map(({ headers }) => headers["if-match"])).toEqual([
      'W/"1"',
      'W/"1"',
    ]);
  });

  it("and is then gone has been deleted", async () => {
    let there = true;
    const lose: Reply = (_, response) => {
      if (!there) return json(response, 404, {});
      there = false;
      response.destroy();
      return undefined;
    };
    const peer = await service({ [ROOT]: root(), [`DELETE ${X}`]: lose });
    expect((await client(peer.url).delete(X, never)).status).toBe(204);
    // What was never there is another matter.
    expect(await failureOf(client(peer.url).delete(X, never))).toMatchObject({ upstreamStatus: 404 });
  });
});

describe("the state that an order expects", () => {
  it("is named by its ETag, and a refusal is passed on", async () => {
    const peer = await service({
      [ROOT]: root(),
      [`PATCH ${X}`]: ({ headers }, r) => json(r, headers["if-match"] === '"2"' ? 200 : 412, {}),
    });
    expect(await failureOf(client(peer.url).patch(X, {}, never, { etag: '"1"' }))).toMatchObject({
      upstreamStatus: 412,
    });
    expect((await client(peer.url).patch(X, {}, never, { etag: '"2"' })).status).toBe(200);
  });

  it("is read where the service insists on it", async () => {
    const insist: Reply = ({ headers }, r) => json(r, headers["if-match"] === '"9"' ? 200 : 428, {});
    const peer = await service({
      [ROOT]: root(),
      [`GET ${X}`]: (_, r) => json(r, 200, {}, { etag: '"9"' }),
      [`PATCH ${X}`]: insist,
      [`DELETE ${X}`]: insist,
    });
    expect((await client(peer.url).patch(X, {}, never)).status).toBe(200);
    expect((await client(peer.url).delete(X, never)).status).toBe(200);
  });
});

describe("certificates", () => {
  const folder = scratchFolders();
  let made: { ca: string; key: string; cert: string; other: { key: string; cert: string } };
  beforeAll(() => {
    const at = folder();
    const file = (name: string) => join(at, name);
    const openssl = (...args: string[]) => execFileSync("openssl", args, { stdio: "ignore" });
    const selfSigned = (name: string, subject: string, san: string) =>
      openssl(
        ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"],
        ...["-subj", `/CN=${subject}`, "-addext", `subjectAltName=${san}`],
        ...["-keyout", file(`${name}.key`), "-out", file(`${name}.pem`)],
      );
    selfSigned("podm", "podm", "IP:127.0.0.1");
    selfSigned("other", "other", "DNS:other.example");
    const read = (name: string) => readFileSync(file(name), "utf8");
    made = {
      ca: read("podm.pem"),
      key: read("podm.key"),
      cert: read("podm.pem"),
      other: { key: read("other.key"), cert: read("other.pem") },
    };
  });
  const secure = async (tls = { key: made.key, cert: made.cert }) =>
    await service({ [ROOT]: root(), [`GET ${X}`]: { Name: "sealed" } }, { tls });

  it("that nobody vouches for are refused before any credentials are sent, with advice", async () => {
    const peer = await secure();
    expect(await failureOf(client(peer.url).get(X, never))).toMatchObject({
      code: "pod-manager.unreachable",
      message: expect.stringMatching(/certificate is not trusted \(.+\)\. Register the pod manager with the CA/),
    });
    expect(peer.received).toEqual([]);
  });

  it("of the registered CA are taken", async () => {
    const peer = await secure();
    expect((await client(peer.url, { ca: made.ca }).get(X, never)).body).toEqual({ Name: "sealed" });
  });

  it("of another CA are refused", async () => {
    const peer = await secure();
    expect((await failureOf(client(peer.url, { ca: made.other.cert }).get(X, never))).message).toContain("not trusted");
  });

  it("are not looked at where the pod manager is registered as insecure", async () => {
    const peer = await secure();
    expect((await client(peer.url, { insecure: true }).get(X, never)).body).toEqual({ Name: "sealed" });
  });

  it("for another name are refused", async () => {
    const peer = await secure(made.other);
    expect((await failureOf(client(peer.url, { ca: made.other.cert }).get(X, never))).message).toContain(
      "its certificate is for another name",
    );
  });

  it("that are missing, as the port is a plain one, are told from those that are bad", async () => {
    const peer = await service({ [ROOT]: root() });
    expect(await failureOf(client(peer.url.replace("http:", "https:")).get(X, never))).toMatchObject({
      code: "pod-manager.unreachable",
      message: expect.stringContaining("Is it a plain http:// one?"),
    });
  });

  it("of a CA that is no PEM are said to be so, not the pod manager's fault", async () => {
    const peer = await secure();
    const { code, message } = await failureOf(client(peer.url, { ca: "no certificate" }).get(X, never));
    expect(code).toBe("pod-manager.unreachable");
    expect(message).not.toContain(PASSWORD);
  });
});
