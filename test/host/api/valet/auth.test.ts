import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "./test-api.ts";

let original: TestApi;
let strict: Pick<TestApi, "ask">;
beforeAll(async () => {
  original = await openTestApi();
  strict = original.with("all");
  await original.ask("POST", "/v1/plans", { plan_name: "groups", stack_id: "groups", resources: SERVER });
});
afterAll(() => original.close());

const SERVER = { s: { name: "s", type: "OS::Nova::Server", properties: { flavor: "m1.tiny" } } };
const MIGRATE = { action: "migrate", resources: ["s"] };
const UPDATE = { action: "update", resources: {} };

const EVERYTHING: [method: string, path: string, body?: unknown][] = [
  ["GET", "/v1"],
  ["OPTIONS", "/v1"],
  ["GET", "/v1/groups"],
  ["OPTIONS", "/v1/groups"],
  ["POST", "/v1/groups", { name: "g", type: "affinity" }],
  ["GET", "/v1/groups/none"],
  ["PUT", "/v1/groups/none/members", { members: ["demo"] }],
  ["GET", "/v1/plans"],
  ["POST", "/v1/plans", { plan_name: "p", stack_id: "p", resources: {} }],
  ["PUT", "/v1/plans/groups", MIGRATE],
  ["PUT", "/v1/plans/groups", UPDATE],
  ["GET", "/v1/placements"],
  ["GET", "/v1/status"],
  ["HEAD", "/v1/status"],
  ["GET", "/v1/resources"],
  ["DELETE", "/v1/nothing"],
];

test.each(EVERYTHING)(
  "%s %s without a valid token is 401 in plain text, whatever is wrong with it",
  async (method, path, body) => {
    for (const token of [null, "", "nobody", "no-project-token"]) {
      const response = await original.ask(method, path, body, token);
      const expected = method === "HEAD" ? "" : "Authentication required";
      expect([token, response.status, response.text]).toEqual([token, 401, expected]);
      expect(response.headers.get("Content-Type")).toBe("text/plain");
      expect(response.headers.get("WWW-Authenticate")).toBeNull();
    }
  },
);

describe("as in 2017", () => {
  const ADMINS = EVERYTHING.filter(([, path, body]) => path.startsWith("/v1/groups") || body === MIGRATE);
  const OTHERS = EVERYTHING.filter((each) => !ADMINS.includes(each));

  test.each(ADMINS)("%s %s needs the role admin: %j", async (method, path, body) => {
    const member = await original.ask(method, path, body, "member-token");
    expect([member.status, member.text]).toEqual([401, "Authentication required"]);
    expect((await original.ask(method, path, body)).status).not.toBe(401);
  });

  test.each(OTHERS)("%s %s takes any token with a project: %j", async (method, path, body) => {
    expect((await original.ask(method, path, body, "member-token")).status).not.toBe(401);
  });

  test("a plan whose name contains the word group needs no admin, although the original looked at the text", async () => {
    expect((await original.ask("GET", "/v1/plans/groups", undefined, "member-token")).status).toBe(200);
  });

  test("a migrate of an unknown plan does not tell a member that the plan is unknown", async () => {
    expect((await original.ask("PUT", "/v1/plans/none", MIGRATE, "member-token")).status).toBe(401);
  });
});

test.each(EVERYTHING)("as in 2018, %s %s needs the role admin", async (method, path, body) => {
  expect((await strict.ask(method, path, body, "member-token")).status).toBe(401);
  expect((await strict.ask(method, path, body)).status).not.toBe(401);
});

test("/ is open in both", async () => {
  for (const api of [original, strict]) expect((await api.ask("GET", "/", undefined, null)).status).toBe(200);
});

test("plans of another project are seen and may be deleted, as in the originals", async () => {
  const body = { plan_name: "mine", stack_id: "mine", resources: SERVER };
  expect((await original.ask("POST", "/v1/plans", body, "member-token")).status).toBe(201);
  expect((await original.ask("GET", "/v1/plans/mine", undefined, "other-token")).status).toBe(200);
  expect((await original.ask("DELETE", "/v1/plans/mine", undefined, "other-token")).status).toBe(204);
});
