import { EventEmitter, once } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { client, json, never, type Reply, raw, root, service } from "./service.ts";

const ROOT = "GET /redfish/v1/";
const EVENTS = "GET /redfish/v1/EventService";
const SSE = "/redfish/v1/EventService/SSE";
const SUBSCRIPTIONS = "/redfish/v1/EventService/Subscriptions";
const DESTINATION = "https://ostro.example/events/1";

const withEvents = root({ EventService: { "@odata.id": "/redfish/v1/EventService" } });

/** Counts what it is told, and lets a test wait for the n-th time. */
function changes() {
  const told = new EventEmitter();
  let count = 0;
  return {
    changed: () => {
      count++;
      told.emit("change");
    },
    atLeast: async (times: number) => {
      while (count < times) await once(told, "change");
    },
    count: () => count,
  };
}

/** A stream that a test writes to; `opened` resolves with each connection in turn. */
function streams() {
  const waiting: ((response: ServerResponse) => void)[] = [];
  const open: ServerResponse[] = [];
  const reply: Reply = (_, response) => {
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.flushHeaders();
    const next = waiting.shift();
    if (next === undefined) open.push(response);
    else next(response);
  };
  const opened = async () => open.shift() ?? (await new Promise<ServerResponse>((resolve) => waiting.push(resolve)));
  return { reply, opened };
}

const options = { destination: null as string | null, context: "c-1" };

describe("events as a stream", () => {
  const streaming = { ServiceEnabled: true, ServerSentEventUri: SSE, Subscriptions: { "@odata.id": SUBSCRIPTIONS } };

  it("tell of changes, and go on after the connection where they had ended", async () => {
    const { reply, opened } = streams();
    const peer = await service({ [ROOT]: withEvents, [EVENTS]: streaming, [`GET ${SSE}`]: reply });
    const { changed, atLeast } = changes();
    const subscription = await client(peer.url).follow({ ...options, changed, destination: DESTINATION }, never);
    onTestFinished(async () => await subscription?.close());
    const first = await opened();
    first.write(': hello\n\nid: 41\ndata: {"Events":[]}\n\nid: 42\nda');
    first.write('ta: {"Events":[]}\n\n');
    await atLeast(2);
    first.destroy();
    const second = await opened();
    // What happened meanwhile may be lost: that it is connected again is a change.
    await atLeast(3);
    second.write("data: {}\n\n");
    await atLeast(4);
    const asked = peer.received.filter(({ path }) => path === SSE);
    expect(asked.map(({ headers }) => headers["last-event-id"])).toEqual([undefined, "42"]);
    expect(asked[0]!.headers).toMatchObject({ accept: "text/event-stream", authorization: expect.any(String) });
    expect(peer.count(`POST ${SUBSCRIPTIONS}`)).toBe(0);
  });

  it("are connected again over an outage of the service", async () => {
    const { reply, opened } = streams();
    const peer = await service({ [ROOT]: withEvents, [EVENTS]: streaming, [`GET ${SSE}`]: reply });
    const { changed, atLeast } = changes();
    const subscription = await client(peer.url).follow({ ...options, changed }, never);
    onTestFinished(async () => await subscription?.close());
    const first = await opened();
    let outages = 0;
    peer.on(`GET ${SSE}`, (received, response) => {
      if (++outages > 3) return reply(received, response);
      return outages === 1 ? void response.destroy() : json(response, outages === 2 ? 503 : 404, {});
    });
    first.end();
    await opened();
    await atLeast(1);
    expect(outages).toBe(4);
  });

  it("outlive the session they began with", async () => {
    const sessions = "/redfish/v1/SessionService/Sessions";
    let made = 0;
    const { reply, opened } = streams();
    const peer = await service({
      [ROOT]: { ...withEvents, Links: { Sessions: { "@odata.id": sessions } } },
      [EVENTS]: streaming,
      [`POST ${sessions}`]: (_, r) => json(r, 201, {}, { "x-auth-token": `t${++made}` }),
      [`GET ${SSE}`]: (received, r) =>
        received.headers["x-auth-token"] === `t${made}` ? reply(received, r) : json(r, 401, {}),
    });
    const { changed, atLeast } = changes();
    const opener = client(peer.url);
    const subscription = await opener.follow({ ...options, changed }, never);
    onTestFinished(async () => await subscription?.close());
    const first = await opened();
    // Its session ends: only the next token is taken.
    peer.on(`GET ${SSE}`, (received, r) =>
      received.headers["x-auth-token"] === "t2" ? reply(received, r) : json(r, 401, {}),
    );
    first.end();
    await opened();
    await atLeast(1);
    expect(made).toBe(2);
  });

  it("end when they are not wanted any more", async () => {
    const { reply, opened } = streams();
    const peer = await service({ [ROOT]: withEvents, [EVENTS]: streaming, [`GET ${SSE}`]: reply });
    const { changed, count } = changes();
    const subscription = await client(peer.url).follow({ ...options, changed }, never);
    const stream = await opened();
    const closed = once(stream, "close");
    await subscription!.close();
    await subscription!.close();
    await closed;
    expect(count()).toBe(0);
    expect(peer.count(`GET ${SSE}`)).toBe(1);
  });

  it("without an end to one event are connected again", async () => {
    const { reply, opened } = streams();
    const peer = await service({ [ROOT]: withEvents, [EVENTS]: streaming, [`GET ${SSE}`]: reply });
    const { changed, atLeast } = changes();
    const subscription = await client(peer.url).follow({ ...options, changed }, never);
    onTestFinished(async () => await subscription?.close());
    const first = await opened();
    first.on("error", () => undefined);
    const line = `data: ${"x".repeat(100_000)}\n`;
    const more = () => {
      while (!first.destroyed && first.write(line));
      if (!first.destroyed) first.once("drain", more);
    };
    more();
    await opened();
    await atLeast(1);
  });

  it.each<[string, Reply]>([
    ["404", (_, r) => json(r, 404, {})],
    ["501", (_, r) => json(r, 501, {})],
    ["something else", (_, r) => json(r, 200, {})],
  ])("that are announced, but answered with %s, are pushed instead", async (_, reply) => {
    const peer = await service({
      [ROOT]: withEvents,
      [EVENTS]: streaming,
      [`GET ${SSE}`]: reply,
      [`GET ${SUBSCRIPTIONS}`]: { Members: [] },
      [`POST ${SUBSCRIPTIONS}`]: raw(201, "", { location: `${SUBSCRIPTIONS}/1` }),
      [`DELETE ${SUBSCRIPTIONS}/1`]: raw(204, ""),
    });
    const { changed } = changes();
    const subscription = await client(peer.url).follow({ ...options, changed, destination: DESTINATION }, never);
    await subscription!.close();
    expect(peer.count(`POST ${SUBSCRIPTIONS}`)).toBe(1);
  });
});

describe("events that are pushed", () => {
  const pushing = { Subscriptions: { "@odata.id": SUBSCRIPTIONS } };
  async function subscribed(events: object, routes: Record<string, Reply | object> = {}, limits = {}) {
    const peer = await service({
      [ROOT]: withEvents,
      [EVENTS]: { ...pushing, ...events },
      [`GET ${SUBSCRIPTIONS}`]: { Members: [] },
      [`POST ${SUBSCRIPTIONS}`]: raw(201, "", { location: `${SUBSCRIPTIONS}/1` }),
      [`GET ${SUBSCRIPTIONS}/1`]: { Destination: DESTINATION },
      [`DELETE ${SUBSCRIPTIONS}/1`]: raw(204, ""),
      ...routes,
    });
    const heard = changes();
    const opened = client(peer.url, { limits });
    const subscription = await opened.follow({ ...options, changed: heard.changed, destination: DESTINATION }, never);
    onTestFinished(async () => await subscription?.close());
    const orders = peer.received.filter(({ method }) => method === "POST").map(({ body }) => JSON.parse(body));
    return { peer, subscription, orders, ...heard };
  }
  const essentials = { Destination: DESTINATION, Protocol: "Redfish", Context: "c-1" };

  it.each<[string, object, object]>([
    ["by registries", { RegistryPrefixes: ["Base", "ResourceEvent"] }, { RegistryPrefixes: ["ResourceEvent"] }],
    [
      "by types",
      { EventTypesForSubscription: ["Alert", "ResourceAdded", "MetricReport"] },
      { EventTypes: ["Alert", "ResourceAdded"] },
    ],
    [
      "by all types where it does not say",
      {},
      { EventTypes: ["StatusChange", "ResourceUpdated", "ResourceAdded", "ResourceRemoved", "Alert"] },
    ],
    ["without a choice where it offers none of ours", { RegistryPrefixes: ["Oem"] }, {}],
  ])("are chosen %s", async (_, events, chosen) => {
    const { orders } = await subscribed(events);
    expect(orders).toEqual([{ ...essentials, ...chosen }]);
  });

  it("are asked for more simply where the service is strict", async () => {
    const strict: Reply = ({ body }, r) =>
      "EventTypes" in JSON.parse(body) ? json(r, 400, {}) : json(r, 201, {}, { location: `${SUBSCRIPTIONS}/1` });
    const { orders } = await subscribed({}, { [`POST ${SUBSCRIPTIONS}`]: strict });
    expect(orders.at(-1)).toEqual(essentials);
  });

  it("end with the subscription", async () => {
    const { peer, subscription } = await subscribed({});
    await subscription!.close();
    await subscription!.close();
    expect(peer.count(`DELETE ${SUBSCRIPTIONS}/1`)).toBe(1);
  });

  it("go on with the subscription that a process before left", async () => {
    const { orders, peer, subscription } = await subscribed(
      {},
      {
        [`GET ${SUBSCRIPTIONS}`]: {
          Members: [{ "@odata.id": `${SUBSCRIPTIONS}/1` }, { "@odata.id": `${SUBSCRIPTIONS}/2` }],
        },
        [`GET ${SUBSCRIPTIONS}/1`]: { Destination: DESTINATION, Context: "c-1" },
        [`GET ${SUBSCRIPTIONS}/2`]: { Destination: DESTINATION, Context: "of another" },
      },
    );
    expect(orders).toEqual([]);
    await subscription!.close();
    expect(peer.count(`DELETE ${SUBSCRIPTIONS}/1`)).toBe(1);
  });

  it.each<[string, Reply]>([
    ["200 and the subscription", (_, r) => json(r, 200, { "@odata.id": `${SUBSCRIPTIONS}/1` })],
    ["204 and a Location", raw(204, "", { location: `${SUBSCRIPTIONS}/1` })],
  ])("are answered with %s", async (_, reply) => {
    const { peer, subscription } = await subscribed({}, { [`POST ${SUBSCRIPTIONS}`]: reply });
    await subscription!.close();
    expect(peer.count(`DELETE ${SUBSCRIPTIONS}/1`)).toBe(1);
  });

  it("are subscribed to again after the service forgot, which is a change", async () => {
    let forgot = false;
    const { peer, atLeast } = await subscribed(
      {},
      {
        [`GET ${SUBSCRIPTIONS}/1`]: (_, r) => {
          if (forgot) return json(r, 200, {});
          forgot = true;
          return json(r, 404, {});
        },
      },
      { pollMs: 0.1 },
    );
    await atLeast(1);
    expect(peer.count(`POST ${SUBSCRIPTIONS}`)).toBe(2);
  });

  it("are looked after again after the service could not be asked", async () => {
    let asked = 0;
    const { atLeast } = await subscribed(
      {},
      { [`GET ${SUBSCRIPTIONS}/1`]: (_, r) => (++asked < 3 ? json(r, 500, {}) : json(r, 404, {})) },
      { pollMs: 0.1 },
    );
    await atLeast(1);
    expect(asked).toBeGreaterThanOrEqual(3);
  });

  it("are none where the service takes no subscriptions", async () => {
    for (const status of [400, 404, 405, 501]) {
      const { subscription } = await subscribed(
        {},
        { [`POST ${SUBSCRIPTIONS}`]: (_, r) => json(r, status, { error: {} }) },
      );
      expect(subscription).toBeNull();
    }
  });
});

it.each<[string, object, Record<string, Reply | object>]>([
  ["has no EventService", root(), {}],
  ["announces one that is not there", withEvents, {}],
  ["has switched it off", withEvents, { [EVENTS]: { ServiceEnabled: false, ServerSentEventUri: SSE } }],
  ["only pushes, and cannot reach us", withEvents, { [EVENTS]: { Subscriptions: { "@odata.id": SUBSCRIPTIONS } } }],
])("there are no events where a service %s", async (_, services, routes) => {
  const peer = await service({ [ROOT]: services, ...routes });
  expect(await client(peer.url).follow({ ...options, changed: () => undefined }, never)).toBeNull();
});
