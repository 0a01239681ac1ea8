import { afterAll, beforeAll, expect, test } from "vitest";
import { openTestApi, type TestApi } from "./test-api.ts";

let api: TestApi;
let description: { openapi: string; paths: Record<string, Record<string, { responses: Record<string, unknown> }>> };
beforeAll(async () => {
  api = await openTestApi();
  description = (await api.ask("GET", "/openapi.json", undefined, null)).json;
});
afterAll(() => api.close());

test("the description is the one that was reviewed", async () => {
  await expect(`${JSON.stringify(description, null, 2)}\n`).toMatchFileSnapshot("../../../golden/openapi.json");
});

test("it describes exactly the methods that the Allow headers name", async () => {
  await api.ask("POST", "/v1/groups", { name: "g", type: "affinity" });
  await api.ask("PUT", "/v1/groups/g/members", { members: ["demo"] });
  const server = { name: "s", type: "OS::Nova::Server", properties: { flavor: "m1.small" } };
  await api.ask("POST", "/v1/plans", { plan_name: "p", stack_id: "p", resources: { s: server } });
  const values: Record<string, string> = { group: "g", member: "demo", plan: "p", placement: "s" };
  for (const [path, methods] of Object.entries(description.paths)) {
    const { allow } = await api.ask(
      "OPTIONS",
      path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name]!),
    );
    const described = Object.keys(methods).map((method) => method.toUpperCase());
    expect([path, described.toSorted()]).toEqual([path, allow!.split(",").toSorted()]);
  }
});

test("every reference inside it leads somewhere", () => {
  const text = JSON.stringify(description);
  for (const [, path] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
    const target = path!
      .split("/")
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], description);
    expect([path, target]).not.toEqual([path, undefined]);
  }
});
