import { afterEach, describe, expect, test, vi } from "vitest";
import { type ApiExchange, Notifications, notificationOf } from "../../../host/services/notifications.ts";

const EXCHANGE: ApiExchange = {
  method: "POST",
  path: "/v1/plans/",
  requestBody: { plan_name: "p" },
  status: 201,
  responseBody: '{"plan":{}}',
  projectId: "demo",
  userId: "alice",
};

describe("the notification of a request", () => {
  test("has the form of oslo.messaging's first version, as Valet sent it", () => {
    const at = Date.parse("2026-11-21T20:43:42.289Z");
    expect(notificationOf(EXCHANGE, at)).toEqual({
      routingKey: "notifications.info",
      message: {
        message_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        publisher_id: "valet",
        event_type: "api.v1.plans",
        priority: "INFO",
        timestamp: "2026-11-21 20:43:42.289000",
        payload: {
          context: { tenant_id: "demo", user_id: "alice" },
          request: { method: "POST", path: "/v1/plans/", body: { plan_name: "p" } },
          response: { status_code: 201, body: { plan: {} } },
        },
        _unique_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      },
    });
  });

  test.each([
    ["/", "api"],
    ["/v1", "api.v1"],
    ["/v1/groups", "api.v1.groups"],
    ["/v1/groups/g1/members", "api.v1.groups"],
  ])("%s is told as %s", (path, eventType) => {
    expect(notificationOf({ ...EXCHANGE, path }, 0).message).toMatchObject({ event_type: eventType });
  });

  test.each([
    [200, "info"],
    [204, "info"],
    [300, "error"],
    [401, "error"],
    [503, "error"],
  ])("status %i is told as %s", (status, level) => {
    const { routingKey, message } = notificationOf({ ...EXCHANGE, status }, 0);
    expect(routingKey).toBe(`notifications.${level}`);
    expect(message).toMatchObject({ priority: level.toUpperCase() });
  });

  test("a body that is no JSON is told as the text that it is, and none as null", () => {
    const unknown = { ...EXCHANGE, requestBody: undefined, responseBody: "Authentication required" };
    expect(notificationOf({ ...unknown, projectId: null, userId: null }, 0).message).toMatchObject({
      payload: {
        context: { tenant_id: null, user_id: null },
        request: { body: null },
        response: { body: "Authentication required" },
      },
    });
  });
});

describe("sending", () => {
  const made: Notifications[] = [];
  const warnings: unknown[] = [];
  let time = 0;
  function sender(publish: (routingKey: string, body: Buffer) => Promise<void>): Notifications {
    const warn = (_: string, details: object) => warnings.push(details);
    const notifications = new Notifications({ publish, limitMs: 3000, warn, now: () => time });
    made.push(notifications);
    return notifications;
  }

  afterEach(() => {
    for (const notifications of made.splice(0)) notifications.close();
    warnings.length = 0;
    time = 0;
  });

  test("each is sent once", async () => {
    const publish = vi.fn(async (_routingKey: string, _body: Buffer) => {});
    const notifications = sender(publish);
    for (let at = 0; at < 50; at++) notifications.offer(EXCHANGE);
    await vi.waitFor(() => expect(notifications.counters).toEqual({ sent: 50, dropped: 0 }));
    expect(publish).toHaveBeenCalledTimes(50);
    expect(publish.mock.calls[0]![0]).toBe("notifications.info");
  });

  test("a bus that fails costs the notifications only, is told of once, and again after it worked", async () => {
    let away = true;
    const notifications = sender(async () => {
      if (away) throw new Error("no broker");
    });
    for (let at = 0; at < 5; at++) notifications.offer(EXCHANGE);
    await vi.waitFor(() => expect(notifications.counters.dropped).toBe(5));
    expect(warnings).toEqual([{ reason: "no broker" }]);
    away = false;
    notifications.offer(EXCHANGE);
    await vi.waitFor(() => expect(notifications.counters.sent).toBe(1));
    away = true;
    notifications.offer(EXCHANGE);
    await vi.waitFor(() => expect(warnings).toHaveLength(2));
  });

  test("behind a bus that hangs only so many wait, by number and by size, and none for longer than the limit", async () => {
    let release = () => {};
    const publish = vi.fn(
      () =>
        new Promise<void>((resolve) => {
          release = resolve;
        }),
    );
    const notifications = sender(publish);
    for (let at = 0; at < 1_500; at++) notifications.offer(EXCHANGE);
    // The first is on its way.
    expect(notifications.counters.dropped).toBe(499);
    time = 4000;
    release();
    await vi.waitFor(() => expect(notifications.counters).toEqual({ sent: 1, dropped: 1_499 }));
    expect(publish).toHaveBeenCalledTimes(1);

    const large = { ...EXCHANGE, responseBody: "x".repeat(8 * 1024 * 1024) };
    for (let at = 0; at < 6; at++) notifications.offer(large);
    expect(notifications.counters.dropped).toBe(1_501);
    release();
  });
});
