import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type CloudLogin, CloudSession } from "../../../host/openstack/cloud-session.ts";
import { Nova } from "../../../host/openstack/nova.ts";
import { StandInCloud } from "../../support/stand-in-cloud.ts";

let cloud: StandInCloud;
const sessions: CloudSession[] = [];
beforeEach(async () => {
  cloud = await StandInCloud.start();
});
afterEach(async () => {
  for (const session of sessions.splice(0)) session.close();
  await cloud.stop();
});
const open = (options: Partial<CloudLogin> = {}) => {
  const session = new CloudSession({ ...cloud.login, ...options });
  sessions.push(session);
  return session;
};
const services = (options?: Partial<CloudLogin>) => new Nova(open(options)).services();
const onServices = (answer: Awaited<ReturnType<StandInCloud["tweak"]>>, times = Infinity) => {
  let left = times;
  cloud.tweak = ({ path }) => (path.endsWith("/os-services") && left-- > 0 ? answer : undefined);
};
const logIns = () => cloud.asked.filter(({ method }) => method === "POST").length;

describe("the catalog", () => {
  test("names the address in the wanted region", async () => {
    expect(await open({ region: "RegionOne" }).endpoint("compute")).toBe(`${cloud.url}/compute/v2.1`);
    expect(await open({ region: "RegionTwo" }).endpoint("compute")).toBeNull();
    expect(await open({ endpointInterface: "admin" }).endpoint("compute")).toBe(`${cloud.url}/compute/v2.1`);
  });

  test("without the service it says so", async () => {
    await expect(new Nova(open({ region: "RegionTwo" })).services()).rejects.toThrow("names no service compute");
  });
});

describe("what may pass is tried again", () => {
  test.each([
    ["an overloaded service", { status: 503, body: "busy" }],
    ["too many requests", { status: 429, headers: { "Retry-After": "0" }, body: {} }],
    ["an error of the service", { status: 500, body: { computeFault: { code: 500 } } }],
    ["a page of a proxy", { status: 200, headers: { "Content-Type": "text/html" }, body: "<html>please wait</html>" }],
    ["an answer that is cut in two", { status: 200, body: '{"services": [{"host": "a"' }],
    ["a connection that ends", "cut"],
  ] as const)("%s", async (_, answer) => {
    cloud.addHost("a");
    onServices(answer, 2);
    expect(await services()).toHaveLength(1);
  });

  test("and after four times it is an error that names the address and what came", async () => {
    onServices({ status: 200, headers: { "Content-Type": "text/html" }, body: "<html>\nplease wait</html>" });
    await expect(services()).rejects.toMatchObject({
      code: "cloud.unavailable",
      message: expect.stringMatching(
        /^GET http.*\/os-services\S*: expected a JSON object, got text\/html: "<html> please/,
      ),
    });
    expect(cloud.paths().filter((path) => path.endsWith("os-services"))).toHaveLength(4);
  });

  test("an answer that does not come is given up", async () => {
    cloud.tweak = ({ path }) => (path.endsWith("os-services") ? new Promise(() => {}) : undefined);
    await expect(services({ timeoutMs: 30, attempts: 2 })).rejects.toThrow("no whole answer within 30 ms");
  });

  test("an answer without end is not read to its end", async () => {
    onServices({ body: { services: "x".repeat(2_000_000) } });
    await expect(services({ mostBytes: 100_000, attempts: 1 })).rejects.toThrow("longer than 100000 bytes");
  });

  test("a Keystone that refuses the connection is named", async () => {
    await expect(services({ url: "http://127.0.0.1:9/v3", attempts: 1 })).rejects.toMatchObject({
      code: "cloud.unavailable",
      message: expect.stringContaining("http://127.0.0.1:9/v3: connect ECONNREFUSED"),
    });
  });
});

describe("what will not pass is told at once", () => {
  test.each([
    [
      "a redirect is not followed",
      { status: 302, headers: { Location: "http://elsewhere/" }, body: "" },
      /302 to http:\/\/elsewhere\/; redirects are not followed/,
    ],
    [
      "a missing role",
      { status: 403, body: {} },
      /403: the service user ostro lacks a role, give it admin in project service/,
    ],
    ["a bad request", { status: 400, body: { badRequest: {} } }, /answered 400 with application\/json/],
  ] as const)("%s", async (_, answer, message) => {
    onServices(answer);
    await expect(services()).rejects.toMatchObject({
      code: "cloud.unreadable",
      message: expect.stringMatching(message),
    });
    expect(cloud.paths().filter((path) => path.endsWith("os-services"))).toHaveLength(1);
  });

  test("a wrong password, without telling it", async () => {
    const failing = services({ password: "not-this-one" });
    await expect(failing).rejects.toMatchObject({
      code: "cloud.unreadable",
      message: expect.stringContaining("401 to the log-in"),
    });
    await expect(failing).rejects.not.toThrow("not-this-one");
  });
});

describe("the token", () => {
  test("that is no longer taken is replaced, and the request goes on", async () => {
    cloud.addHost("a");
    const nova = new Nova(open());
    await nova.services();
    cloud.token = "the-next-one";
    expect(await nova.services()).toHaveLength(1);
    expect(logIns()).toBe(2);
  });

  test("is asked for once by many at the same time", async () => {
    const session = open();
    await Promise.all(Array.from({ length: 20 }, () => session.endpoint("compute")));
    expect(logIns()).toBe(1);
  });

  test("lives by Keystone's clock, whatever the time is here", async () => {
    // Keystone's clock is two hours behind ours: its token seems to have expired long ago.
    cloud.tweak = async ({ method }) => {
      if (method !== "POST") return undefined;
      const behind = Date.now() - 7_200_000;
      const token = { expires_at: new Date(behind + 3_600_000).toISOString(), catalog: [] };
      const headers = { "X-Subject-Token": cloud.token, Date: new Date(behind).toUTCString() };
      return { status: 201, headers, body: { token } };
    };
    const session = open();
    for (let i = 0; i < 3; i++) await session.endpoint("compute");
    expect(logIns()).toBe(1);
  });
});
