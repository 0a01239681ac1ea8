import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestApi, type TestApi } from "./test-api.ts";

let api: TestApi;
let description: { paths: Record<string, Record<string, { summary: string; responses: Record<string, unknown> }>> };
beforeAll(async () => {
  api = await openTestApi();
  description = (await api.ask("GET", "/openapi.json")).json;
});
afterAll(() => api.close());

test("it describes every path of the contract", () => {
  const paths = Object.keys(description.paths).filter((path) => path.startsWith("/v1"));
  expect(paths.toSorted()).toEqual(
    [
      "/v1",
      ...["pod_managers", "flavors", "nodes", "devices", "systems", "racks", "storages", "pooled", "operations"].map(
        (name) => `/v1/${name}`,
      ),
      ...["/v1/devices/sync", "/v1/devices/{device_id}", "/v1/flavors/{flavor_id}", "/v1/nodes/manage"],
      ...["", "/action", "/assets", "/register", "/storages"].map((part) => `/v1/nodes/{node_ident}${part}`),
      ...["/v1/operations/{operation_id}", "/v1/pod_managers/{podm_id}", "/v1/pooled/{resource_id}"],
      ...["/v1/racks/{rack_id}", "/v1/storages/{storage_id}"],
      ...["/v1/systems/{system_ident}", "/v1/systems/{system_ident}/inventory"],
    ].toSorted(),
  );
});

test("it describes exactly the methods that the Allow headers name", async () => {
  for (const [path, methods] of Object.entries(description.paths)) {
    const { headers, status } = await api.ask("OPTIONS", path.replaceAll(/\{\w+\}/g, "x"));
    const described = Object.keys(methods).map((method) => method.toUpperCase());
    const allowed = headers.get("Allow")!.split(",");
    expect([path, status, described.toSorted()]).toEqual([
      path,
      200,
      allowed.filter((method) => !["HEAD", "OPTIONS"].includes(method)).toSorted(),
    ]);
  }
});

test("every operation says what it does and how it fails", () => {
  for (const [path, methods] of Object.entries(description.paths))
    for (const [method, { summary, responses }] of Object.entries(methods)) {
      expect([path, method, summary.length > 5]).toEqual([path, method, true]);
      expect(Object.keys(responses).some((status) => status.startsWith("2"))).toBe(true);
    }
});

test("every reference inside it leads somewhere", () => {
  const text = JSON.stringify(description);
  const references = [...text.matchAll(/"\$ref":"#\/([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(50);
  for (const [, path] of references) {
    const target = path!
      .split("/")
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], description);
    expect([path, target]).not.toEqual([path, undefined]);
  }
});
