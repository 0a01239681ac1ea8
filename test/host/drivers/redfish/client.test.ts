import { describe, expect, it } from "vitest";
import { client, json, never, PASSWORD, root, service } from "./service.ts";

const ROOT = "GET /redfish/v1/";
const basic = `Basic ${Buffer.from(`admin:${PASSWORD}`).toString("base64")}`;

describe("resources", () => {
  it("are read with the credentials of the account", async () => {
    const peer = await service({ [ROOT]: root(), "GET /redfish/v1/Systems/1": { Id: 1, "@odata.etag": 'W/"7"' } });
    const { path, etag, body } = await client(peer.url).get("redfish/v1/Systems/1/#/Status", never);
    expect({ path, etag, body }).toEqual({
      path: "/redfish/v1/Systems/1",
      etag: 'W/"7"',
      body: { Id: 1, "@odata.etag": 'W/"7"' },
    });
    expect(peer.received.at(-1)!.headers.authorization).toBe(basic);
  });

  it("that are not there are null, to those who ask whether they are", async () => {
    const peer = await service({ [ROOT]: root(), "GET /redfish/v1/b": (_, r) => json(r, 410, {}) });
    expect(await client(peer.url).find("/redfish/v1/a", never)).toBeNull();
    expect(await client(peer.url).find("/redfish/v1/b", never)).toBeNull();
  });
});

describe("orders", () => {
  it("say where that is what they created", async () => {
    const peer = await service({
      [ROOT]: root(),
      "POST /redfish/v1/Nodes": (_, r) => json(r, 201, { Id: "4" }, { location: "/redfish/v1/Nodes/4", etag: '"1"' }),
    });
    const written = await client(peer.url).post({ "@odata.id": "/redfish/v1/Nodes" }, { Name: "n" }, never);
    expect(written).toEqual({
      status: 201,
      location: "/redfish/v1/Nodes/4",
      body: { Id: "4" },
      etag: '"1"',
      monitor: null,
    });
    expect(peer.received.at(-1)).toMatchObject({
      body: '{"Name":"n"}',
      headers: { "content-type": "application/json" },
    });
  });
});

describe("collections", () => {
  it("are read page by page", async () => {
    const peer = await service({
      [ROOT]: root(),
      "GET /redfish/v1/Systems": {
        Members: [{ "@odata.id": "/redfish/v1/Systems/1" }],
        "Members@odata.nextLink": "/redfish/v1/Systems?$skip=1",
      },
      "GET /redfish/v1/Systems?$skip=1": { Members: [{ "@odata.id": "/redfish/v1/Systems/2" }] },
      "GET /redfish/v1/Systems/1": { Name: "one" },
      "GET /redfish/v1/Systems/2": { Name: "two" },
    });
    const found = await client(peer.url).members("/redfish/v1/Systems", never);
    expect(found.map(({ body }) => body.Name)).toEqual(["one", "two"]);
  });
});
