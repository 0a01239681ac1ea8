import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestApi, type TestApi } from "./test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api.close());

test("a data center that is no cloud cannot be read again", async () => {
  for (const method of ["GET", "POST"]) {
    const { status, json } = await api.ask(method, "/v1/resync");
    expect(status).toBe(409);
    expect(json).toMatchObject({ title: "Conflict", explanation: expect.stringContaining("--datacenter nova") });
  }
});

test("only an admin may ask for it", async () => {
  for (const method of ["GET", "POST"])
    expect((await api.ask(method, "/v1/resync", undefined, "member-token")).status).toBe(401);
});

test("other methods are refused with those that are allowed", async () => {
  const options = await api.ask("OPTIONS", "/v1/resync");
  expect([options.status, options.allow, options.text]).toEqual([204, "GET,POST", ""]);
  const { status, allow } = await api.ask("DELETE", "/v1/resync/");
  expect([status, allow]).toEqual([405, "GET,POST"]);
});
