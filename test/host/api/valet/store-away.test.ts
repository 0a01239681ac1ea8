import { expect, test } from "vitest";
import { openTestApi } from "./test-api.ts";

test("without its store the service answers 503 in Valet's form, is alive, and is not ready", async () => {
  const api = await openTestApi();
  expect((await api.ask("GET", "/readyz")).json).toEqual({ status: "ready" });
  await api.close();

  const server = { name: "s", type: "OS::Nova::Server", properties: { flavor: "m1.small" } };
  const requests = [
    api.ask("GET", "/v1/plans"),
    api.ask("GET", "/v1/groups/g"),
    api.ask("POST", "/v1/groups", { name: "g", type: "affinity" }),
    api.ask("POST", "/v1/plans", { plan_name: "p", stack_id: "p", resources: { s: server } }),
    api.ask("DELETE", "/v1/plans/p"),
    api.ask("POST", "/v1/placements/s", { locations: [] }),
    api.ask("GET", "/v1/resources"),
  ];
  for (const { status, json } of await Promise.all(requests)) {
    expect([status, json.title, json.code, json.error]).toEqual([
      503,
      "Service Unavailable",
      503,
      {
        message: "The server is currently unavailable. Please try again at a later time.",
        traceback: null,
        type: "HTTPServiceUnavailable",
      },
    ]);
    expect(json.explanation).toMatch(/store/);
  }

  const ready = await api.ask("GET", "/readyz", undefined, null);
  expect([ready.status, ready.json.status]).toEqual([503, "not ready"]);
  expect((await api.ask("GET", "/healthz", undefined, null)).status).toBe(200);
  const { status, json } = await api.ask("GET", "/v1/status");
  expect([status, json.status.ostro.status.type]).toEqual([200, "error"]);
  expect((await api.ask("HEAD", "/v1/status")).status).toBe(204);
});
