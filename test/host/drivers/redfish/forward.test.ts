import { describe, expect, it } from "vitest";
import type { ForwardedRequest } from "../../../../host/drivers/driver.ts";
import { client, json, never, raw, root, service } from "./service.ts";

const ROOT = "GET /redfish/v1/";

describe("what is passed through", () => {
  it("arrives with query and body as they are, in our own name", async () => {
    const peer = await service({ [ROOT]: root(), "*": (_, r) => json(r, 200, { done: true }) });
    const body = '{ "ResetType" : "On" }';
    await client(peer.url).forward({ method: "POST", path: "Systems/1/Actions/Reset?x=1&x=2", body }, never);
    expect(peer.received.at(-1)).toMatchObject({
      method: "POST",
      path: "/redfish/v1/Systems/1/Actions/Reset?x=1&x=2",
      body,
      headers: { authorization: expect.stringMatching(/^Basic /), "content-type": "application/json" },
    });
  });

  it.each([200, 202, 204, 400, 403, 404, 405, 409, 500, 501])("is answered with %i as it is", async (status) => {
    const body = status === 204 ? "" : '{"error":{}}';
    const peer = await service({ [ROOT]: root(), "GET /redfish/v1/Systems": raw(status, body, { "x-own": "kept" }) });
    const answer = await client(peer.url).forward({ method: "GET", path: "Systems" }, never);
    expect({ ...answer, body: Buffer.from(answer.body).toString() }).toMatchObject({
      status,
      body,
      headers: { "x-own": "kept" },
    });
  });

  it("of the connection, our log-in and the length stays with us", async () => {
    const headers = {
      connection: "keep-alive, X-Hop",
      "x-hop": "1",
      "keep-alive": "timeout=9",
      "set-cookie": "session=1",
      "www-authenticate": "Basic",
      "x-auth-token": "t",
      "content-type": "application/json",
      etag: '"1"',
      allow: "GET, PATCH",
    };
    const peer = await service({ [ROOT]: root(), "GET /redfish/v1/Systems": raw(200, "{}", headers) });
    const answer = await client(peer.url).forward({ method: "GET", path: "Systems" }, never);
    const { date, ...left } = answer.headers;
    expect(left).toEqual({ "content-type": "application/json", etag: '"1"', allow: "GET, PATCH" });
    expect(date).toBeDefined();
  });

  it("names where something was created by a path, and nothing at another host", async () => {
    const peer = await service({ [ROOT]: root() });
    const created = async (location: string) => {
      peer.on("POST /redfish/v1/Nodes", raw(201, "", { location }));
      return (await client(peer.url).forward({ method: "POST", path: "Nodes", body: "{}" }, never)).headers.location;
    };
    expect(await created(`${peer.url}/redfish/v1/Nodes/1`)).toBe("/redfish/v1/Nodes/1");
    expect(await created("/redfish/v1/Nodes/1")).toBe("/redfish/v1/Nodes/1");
    expect(await created("https://evil.example/redfish/v1/Nodes/1")).toBeUndefined();
  });

  it("is not answered with 401: it is we whom the pod manager does not know", async () => {
    const peer = await service({ [ROOT]: root(), "*": (_, r) => json(r, 401, {}) });
    await expect(client(peer.url).forward({ method: "GET", path: "Systems" }, never)).rejects.toMatchObject({
      code: "pod-manager.credentials",
    });
  });

  it.each<[ForwardedRequest["method"], number]>([
    ["GET", 3],
    ["POST", 1],
    ["PATCH", 1],
    ["DELETE", 1],
  ])("by %s is sent %i times to one that breaks off", async (method, times) => {
    const peer = await service({ [ROOT]: root(), "* /redfish/v1/Systems": (_, r) => void r.destroy() });
    await expect(client(peer.url).forward({ method, path: "Systems" }, never)).rejects.toMatchObject({
      code: "pod-manager.unreachable",
    });
    expect(peer.count(`${method} /redfish/v1/Systems`)).toBe(times);
  });

  it.each([
    "../../admin",
    "Systems/../../../admin",
    "Systems/%2e%2e/%2e%2e/%2e%2e/admin",
    "Systems/..%2f..%2f..%2fadmin",
    "Systems/..%5c..%5cadmin",
    "Systems\\..\\..\\..\\admin",
    "Chassis/%252e%252e%252fManagers/..",
  ])("as %s does not leave /redfish/v1", async (path) => {
    const peer = await service({ [ROOT]: root(), "*": {} });
    await client(peer.url)
      .forward({ method: "GET", path }, never)
      .catch((error: unknown) => expect(error).toMatchObject({ code: "pod-manager.refused", upstreamStatus: 404 }));
    for (const { path: asked } of peer.received)
      expect(decodeURIComponent(decodeURIComponent(asked))).not.toMatch(/admin|\/\.\.\/|\/\.\.$/);
  });

  it.each(["//evil.example/x", "https://evil.example/x", "/\\evil.example/x"])(
    "as %s stays at its host",
    async (path) => {
      const peer = await service({ [ROOT]: root(), "*": {} });
      await client(peer.url)
        .forward({ method: "GET", path }, never)
        .catch(() => undefined);
      for (const { path: asked } of peer.received) expect(asked).toMatch(/^\/redfish\/v1\//);
    },
  );
});
