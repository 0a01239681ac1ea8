import { afterAll, beforeAll, expect, test } from "vitest";
import { is } from "../../../support/cloud.ts";
import { openTestApi, type TestApi } from "./test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

test("/v1/resources tells of servers that break a rule where they are, and of no others", async () => {
  expect((await api.ask("GET", "/v1/resources")).json).toEqual({ resources: {} });
  await api.ask("POST", "/v1/groups", { name: "apart", type: "diversity", level: "host" });
  const metadata = { valet: '{"groups":["apart"]}' };
  await api.servers.apply([is("vm-1", "sim01r01c001", { metadata }), is("vm-2", "sim01r01c002", { metadata })]);
  expect((await api.ask("GET", "/v1/resources/")).json).toEqual({ resources: {} });
  await api.servers.apply([is("vm-3", "sim01r01c002", { metadata })]);
  const { status, json } = await api.ask("GET", "/v1/resources");
  expect(status).toBe(200);
  expect(json).toEqual({
    resources: {
      "vm-3": {
        type: "OS::Nova::Server",
        status: "error",
        message: "incorrectly placed in diversity host of group (apart)",
      },
    },
  });
});
