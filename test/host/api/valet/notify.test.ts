import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { ApiExchange } from "../../../../host/services/notifications.ts";
import { openTestApi, type TestApi } from "./test-api.ts";

let api: TestApi;
const told: ApiExchange[] = [];

beforeAll(async () => {
  api = await openTestApi((exchange) => told.push(exchange));
});
afterAll(() => api.close());
beforeEach(() => {
  told.length = 0;
});

/** Told after the answer, so waited for. */
async function only(): Promise<ApiExchange> {
  await vi.waitFor(() => expect(told).toHaveLength(1));
  return told[0]!;
}

describe("each request is told once, with its own path and the status that the caller got", () => {
  test("one that made something, with both bodies", async () => {
    const body = { name: "told", type: "diversity", level: "rack", description: "" };
    const { text } = await api.ask("POST", "/v1/groups/?x=1", body);
    expect(await only()).toEqual({
      method: "POST",
      path: "/v1/groups/",
      requestBody: body,
      status: 201,
      responseBody: text,
      projectId: "demo",
      userId: "root",
    });
  });

  test("one that reads", async () => {
    await api.ask("GET", "/v1/status");
    expect(await only()).toMatchObject({ method: "GET", path: "/v1/status", status: 200, requestBody: undefined });
  });

  test.each([
    ["an unknown item", "GET", "/v1/plans/none", undefined, 404],
    ["an unknown path", "GET", "/v1/nothing/at/all", undefined, 404],
    ["a body that is none", "POST", "/v1/plans", "{", 400],
    ["a method that the path does not take", "PUT", "/v1/status", {}, 405],
  ])("%s", async (_, method, path, body, status) => {
    const { text } = await api.ask(method, path, body);
    expect(await only()).toMatchObject({ method, path, status, responseBody: text, userId: "root" });
  });

  test("one without a valid token, of whom nothing is known", async () => {
    await api.ask("GET", "/v1/plans", undefined, "wrong-token");
    expect(await only()).toMatchObject({ path: "/v1/plans", status: 401, projectId: null, userId: null });
  });
});

test("no token is told, neither a valid one nor another", async () => {
  await api.ask("GET", "/v1/plans");
  await api.ask("GET", "/v1/plans", undefined, "wrong-token");
  await vi.waitFor(() => expect(told).toHaveLength(2));
  expect(JSON.stringify(told)).not.toMatch(/(admin|wrong)-token/);
});

test("questions about health and metrics are not told", async () => {
  for (const path of ["/healthz", "/readyz", "/metrics"]) await api.ask("GET", path);
  await api.ask("GET", "/v1");
  expect(await only()).toMatchObject({ path: "/v1" });
});
