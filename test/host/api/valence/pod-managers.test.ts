import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, startEem, startPod, type TestApi } from "./test-api.ts";

let api: TestApi;
let pod: Awaited<ReturnType<typeof startPod>>;
let eem: Awaited<ReturnType<typeof startEem>>;
beforeAll(async () => {
  [api, pod, eem] = [await openTestApi(), await startPod(), await startEem()];
});
afterAll(async () => {
  await api.close();
  await Promise.all([pod.close(), eem.close()]);
});
afterEach(async () => {
  for (const { uuid } of (await api.ask("GET", "/v1/pod_managers")).json)
    await api.ask("DELETE", `/v1/pod_managers/${uuid}?force=true`);
});

const register = async (more: object = {}, headers = {}) =>
  await api.ask("POST", "/v1/pod_managers", { ...pod.registration, ...more }, headers);
const authentication = (username: string, password: string) => [{ type: "basic", auth_items: { username, password } }];
/** Nothing listens there. */
const AWAY = "http://127.0.0.1:1/redfish/v1";

test("one that is registered is shown as the client needs it, its password masked", async () => {
  const { status, json } = await register();
  expect(status, JSON.stringify(json)).toBe(200);
  expect(json).toEqual({
    uuid: expect.stringMatching(/^[0-9a-f-]{36}$/),
    name: "pod",
    url: pod.registration.url,
    driver: "redfishv1",
    authentication: authentication("admin", "***"),
    status: "Online",
    verify_ca: true,
    created_at: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/),
    updated_at: json.created_at,
    links: [
      { rel: "self", href: `http://localhost:8181/v1/pod_managers/${json.uuid}` },
      { rel: "bookmark", href: `http://localhost:8181/pod_managers/${json.uuid}` },
    ],
  });
  expect((await api.ask("GET", `/v1/pod_managers/${json.uuid}`)).json).toEqual(json);
  expect((await api.ask("GET", "/v1/pod_managers?status=Online&driver=redfishv1")).json).toEqual([json]);
  expect((await api.ask("GET", "/v1/pod_managers?location=none")).json).toEqual([]);
});

describe("what is answered when it", () => {
  test("cannot be reached: it is stored as Offline, but not with ExpEther", async () => {
    const { status, json } = await register({ url: AWAY });
    expect([status, json.status]).toEqual([200, "Offline"]);
    const refused = await register({ name: "e", url: "http://127.0.0.1:1/eem", driver: "expether" });
    expect([refused.status, refused.json.title]).toEqual([503, "Connection Error"]);
    expect((await api.ask("GET", "/v1/pod_managers")).json).toHaveLength(1);
  });

  test("rejects the credentials: Offline, and 401 with ExpEther", async () => {
    const wrong = { authentication: authentication("admin", "hunter22") };
    expect((await register(wrong)).json.status).toBe("Offline");
    const { status, json } = await register({ ...eem.registration, ...wrong });
    expect([status, json.code, json.title]).toEqual([401, "Unauthorized", "Authorization Error"]);
    expect(JSON.stringify(json) + api.logged.join()).not.toContain("hunter22");
  });

  test("has the name or the URL of another, however written: 400", async () => {
    await register();
    for (const more of [
      { url: AWAY },
      { name: "other" },
      { name: "other", url: `${pod.registration.url}/` },
      { name: "other", url: pod.registration.url.replace("/redfish/v1", "") },
    ]) {
      const { status, json } = await register(more);
      expect([status, json.code, json.title]).toEqual([400, "Bad Request", "Bad Request"]);
    }
  });

  test("has a driver that nobody knows: 404 naming those there are", async () => {
    const { status, json } = await register({ driver: "redfishv9" });
    expect([status, json.title]).toEqual([404, "Unsupported Driver Specified"]);
    expect(json.detail).toMatch(/redfishv9.*redfishv1.*expether/s);
  });

  test("has no basic credentials: 400 saying that only those are supported", async () => {
    const { status, json } = await register({
      authentication: [{ type: "token", auth_items: { username: "u", password: "s3cret" } }],
    });
    expect([status, json.detail]).toEqual([400, expect.stringContaining("basic")]);
    expect(json.detail).not.toContain("s3cret");
  });
});

describe("PATCH", () => {
  test("changes what is given, by members or operations, and keeps a masked password", async () => {
    const { uuid, authentication: masked } = (await register()).json;
    const patch = async (body: unknown) => (await api.ask("PATCH", `/v1/pod_managers/${uuid}`, body)).json;
    const changed = await patch({
      name: "rack 7",
      description: "d",
      authentication: masked,
      url: "x",
      uuid: "y",
      bogus: 1,
    });
    expect(changed).toMatchObject({
      uuid,
      name: "rack 7",
      description: "d",
      url: pod.registration.url,
      status: "Online",
    });
    expect(await patch({ authentication: authentication("admin", "wrong") })).toMatchObject({ status: "Offline" });
    expect(
      await patch([
        { op: "test", path: "/name", value: "rack 7" },
        { op: "replace", path: "/authentication/0/auth_items/password", value: "Passw0rd" },
        { op: "add", path: "/location", value: "row 1" },
        { op: "remove", path: "/description" },
      ]),
    ).toMatchObject({ status: "Online", location: "row 1" });
    const shown = (await api.ask("GET", `/v1/pod_managers/${uuid}`)).json;
    expect([shown.authentication, shown.description]).toEqual([masked, undefined]);
  });

  test.each([
    ["a name of another type", { name: 5 }, 400, /-> name: expected string, got 5/],
    ["an empty name", { name: "" }, 400, /-> name: expected at least 1/],
    ["a list of names", { name: ["secret"] }, 400, /-> name/],
    ["authentication that is a text", { authentication: "admin:hunter22" }, 400, /-> authentication: expected array$/],
    ["no authentication", { authentication: [] }, 400, /at least 1 entries/],
    ["an unknown driver", { driver: "x" }, 404, /no driver/],
    ["a certificate that is none", { verify_ca: "yes" }, 400, /verify_ca/],
    ["a path that cannot be changed", [{ op: "replace", path: "/url", value: "x" }], 400, /\/url cannot be changed/],
    [
      "a path into the text of a name",
      [{ op: "add", path: "/authentication/0/type/x", value: 1 }],
      400,
      /cannot be changed/,
    ],
    ["a failed test", [{ op: "test", path: "/name", value: "x" }], 409, /has not the value/],
    [
      "a password that fails a test",
      [{ op: "test", path: "/authentication/0/auth_items/password", value: "Passw0rd" }],
      409,
      /has not/,
    ],
  ])("%s is refused", async (_, body, status, detail) => {
    const { uuid } = (await register()).json;
    const before = (await api.ask("GET", `/v1/pod_managers/${uuid}`)).json;
    const answer = await api.ask("PATCH", `/v1/pod_managers/${uuid}`, body);
    expect([answer.status, answer.json.detail]).toEqual([status, expect.stringMatching(detail)]);
    expect(answer.text).not.toMatch(/hunter22|Passw0rd/);
    expect((await api.ask("GET", `/v1/pod_managers/${uuid}`)).json).toEqual(before);
  });

  test("a name that is taken is 400", async () => {
    const { uuid } = (await register()).json;
    await register({ name: "other", url: AWAY });
    expect((await api.ask("PATCH", `/v1/pod_managers/${uuid}`, { name: "other" })).status).toBe(400);
  });
});

describe("DELETE", () => {
  test("gives the hardware of its nodes back and forgets its devices", async () => {
    const before = pod.sim.snapshot();
    const { uuid } = (await register()).json;
    expect((await api.ask("POST", "/v1/nodes", { name: "n", podm_id: uuid })).status).toBe(200);
    await api.settled();
    expect((await api.ask("GET", `/v1/devices?podm_id=${uuid}`)).json.length).toBeGreaterThan(0);
    const { status, json } = await api.ask("DELETE", `/v1/pod_managers/${uuid}`);
    expect([status, json.code]).toEqual([200, "DELETED"]);
    expect(Object.keys(pod.sim.snapshot().nodes)).toEqual(Object.keys(before.nodes));
    for (const path of ["nodes", "devices", "pod_managers"])
      expect((await api.ask("GET", `/v1/${path}`)).json).toEqual([]);
    expect((await api.ask("DELETE", `/v1/pod_managers/${uuid}`)).status).toBe(404);
  });

  test("of one that is away fails and keeps everything, unless only the records are to go", async () => {
    const { uuid } = (await register()).json;
    const node = (await api.ask("POST", "/v1/nodes", { name: "n", podm_id: uuid })).json;
    const back = pod.sim.fault({ kind: "drop", times: 10_000 });
    try {
      const { status, json } = await api.ask("DELETE", `/v1/pod_managers/${uuid}`);
      expect([status, json.title]).toEqual([503, "Connection Error"]);
      expect((await api.ask("GET", "/v1/nodes")).json).toHaveLength(1);
      expect((await api.ask("DELETE", `/v1/pod_managers/${uuid}?force=perhaps`)).status).toBe(400);
      expect((await api.ask("DELETE", `/v1/pod_managers/${uuid}?force=true`)).status).toBe(200);
      expect((await api.ask("GET", "/v1/nodes")).json).toEqual([]);
    } finally {
      back();
    }
    // Its hardware is as it was: registered again it can be managed and given back.
    const again = (await register()).json;
    const managed = await api.ask("POST", "/v1/nodes/manage", { node_index: node.index, podm_id: again.uuid });
    expect(managed.status).toBe(200);
    expect((await api.ask("DELETE", `/v1/pod_managers/${again.uuid}`)).status).toBe(200);
  });
});
