// Every row of the table of shapes, drivers 0.3.
import { describe, expect, it } from "vitest";
import {
  allowable,
  at,
  booleanOf,
  idOf,
  isRecord,
  link,
  links,
  listOf,
  numberOf,
  recordOf,
  textOf,
} from "../../../../host/drivers/redfish/shapes.ts";
import { client, json, never, root, service } from "./service.ts";

const ROOT = "GET /redfish/v1/";
const member = (id: number) => ({ "@odata.id": `/redfish/v1/Systems/${id}` });

describe("links of the service root", () => {
  it.each<[string, object]>([
    ["at the top", { Systems: { "@odata.id": "/redfish/v1/Systems" } }],
    ["under Links", { Links: { Systems: { "@odata.id": "/redfish/v1/Systems" } } }],
    ["as bare text", { Systems: "redfish/v1/Systems/" }],
  ])("%s are found", async (_, links) => {
    const peer = await service({ [ROOT]: { "@odata.id": "/redfish/v1", ...links } });
    expect(await client(peer.url).entry("Systems", never)).toBe("/redfish/v1/Systems");
  });

  it("that are missing are null", async () => {
    const peer = await service({ [ROOT]: {} });
    expect(await client(peer.url).entry("Systems", never)).toBeNull();
  });

  it("come from the form of the path without a slash where the other is unknown", async () => {
    const peer = await service({ "GET /redfish/v1": root() });
    expect(await client(peer.url).entry("Systems", never)).toBe("/redfish/v1/Systems");
  });

  it("come from where /redfish/v1/ is redirected to", async () => {
    const peer = await service({
      [ROOT]: (_, r) => void r.writeHead(308, { location: "/redfish/v1" }).end(),
      "GET /redfish/v1": root(),
    });
    expect(await client(peer.url).entry("Systems", never)).toBe("/redfish/v1/Systems");
  });
});

describe("members of a collection", () => {
  it.each<[string, object]>([
    ["in Members", { Members: [member(1), member(2)], "Members@odata.count": 2 }],
    ["in Links.Members", { Links: { Members: [member(1), member(2)] } }],
    ["with Member@odata.count", { Members: [member(1), member(2)], "Member@odata.count": 2 }],
    ["without a count", { Members: [member(1), member(2)] }],
    ["with a count that is too small", { Members: [member(1), member(2)], "Members@odata.count": 1 }],
    ["with a count that is too large", { Members: [member(1), member(2)], "Members@odata.count": 99 }],
    ["told twice", { Members: [member(1), member(2), member(1), "/redfish/v1/Systems/2/"] }],
    ["as bare texts", { Members: ["/redfish/v1/Systems/1", "redfish/v1/Systems/2"] }],
    ["among nulls and empty objects", { Members: [null, member(1), {}, 7, member(2)] }],
  ])("%s are found", async (_, collection) => {
    const peer = await service({ [ROOT]: root(), "GET /redfish/v1/Systems": collection });
    expect(await client(peer.url).paths("/redfish/v1/Systems", never)).toEqual([
      "/redfish/v1/Systems/1",
      "/redfish/v1/Systems/2",
    ]);
  });

  it("that are one object instead of a list are a list of one", async () => {
    const peer = await service({ [ROOT]: root(), "GET /redfish/v1/Systems": { Members: member(1) } });
    expect(await client(peer.url).paths("/redfish/v1/Systems", never)).toEqual(["/redfish/v1/Systems/1"]);
  });

  it.each<[string, object]>([
    ["an empty list", { Members: [] }],
    ["null", { Members: null }],
    ["a count of 0 alone", { "Members@odata.count": 0 }],
  ])("that are %s are none", async (_, collection) => {
    const peer = await service({ [ROOT]: root(), "GET /redfish/v1/Systems": collection });
    expect(await client(peer.url).paths("/redfish/v1/Systems", never)).toEqual([]);
  });

  it("of what is no collection are an error rather than none", async () => {
    const peer = await service({ [ROOT]: root(), "GET /redfish/v1/Systems": { Name: "no collection" } });
    await expect(client(peer.url).paths("/redfish/v1/Systems", never)).rejects.toMatchObject({
      code: "pod-manager.unreadable",
      message: expect.stringContaining("it has no Members"),
    });
  });

  it("go on over pages until the pages repeat", async () => {
    const page = (id: number, next: number) => ({
      Members: [member(id)],
      "Members@odata.nextLink": `/redfish/v1/Systems?$skip=${next}`,
    });
    const peer = await service({
      [ROOT]: root(),
      "GET /redfish/v1/Systems": page(1, 1),
      "GET /redfish/v1/Systems?$skip=1": page(2, 2),
      "GET /redfish/v1/Systems?$skip=2": page(3, 1),
    });
    expect(await client(peer.url).paths("/redfish/v1/Systems", never)).toHaveLength(3);
    expect(peer.received).toHaveLength(4);
  });

  it("whose next page is at another host are not read there", async () => {
    const other = await service();
    const peer = await service({
      [ROOT]: root(),
      "GET /redfish/v1/Systems": {
        Members: [member(1)],
        "Members@odata.nextLink": `${other.url}/redfish/v1/Systems?2`,
      },
    });
    await expect(client(peer.url).paths("/redfish/v1/Systems", never)).rejects.toMatchObject({
      code: "pod-manager.unreadable",
    });
    expect(other.received).toEqual([]);
  });

  it("that go while they are read are left out, the others keep their order", async () => {
    const peer = await service({
      [ROOT]: root(),
      "GET /redfish/v1/Systems": { Members: [member(3), member(2), member(1)] },
      "GET /redfish/v1/Systems/1": { Id: 1 },
      "GET /redfish/v1/Systems/3": { Id: 3 },
    });
    const found = await client(peer.url).members("/redfish/v1/Systems", never);
    expect(found.map(idOf)).toEqual(["3", "1"]);
  });
});

describe("expanded collections", () => {
  const expands = root({ ProtocolFeaturesSupported: { ExpandQuery: { NoLinks: true, Levels: true } } });
  const EXPANDED = "GET /redfish/v1/Systems?$expand=.($levels=1)";
  const plain = {
    "GET /redfish/v1/Systems": { Members: [member(1), member(2)] },
    "GET /redfish/v1/Systems/1": { Id: "1", Name: "one" },
    "GET /redfish/v1/Systems/2": { Id: "2", Name: "two" },
  };
  const names = async (url: string, limits = {}) =>
    (await client(url, { limits }).members("/redfish/v1/Systems", never)).map(({ body }) => body.Name);

  it("are asked for only where the service says that it can", async () => {
    const peer = await service({ [ROOT]: root(), ...plain });
    expect(await names(peer.url)).toEqual(["one", "two"]);
    expect(peer.received.some(({ path }) => path.includes("expand"))).toBe(false);
  });

  it("take one request, and one for each member that is a reference all the same", async () => {
    const peer = await service({
      [ROOT]: expands,
      ...plain,
      [EXPANDED]: { Members: [{ ...member(1), Name: "one", "@odata.etag": '"1"' }, member(2)] },
    });
    expect(await names(peer.url)).toEqual(["one", "two"]);
    expect(peer.received.map(({ path }) => path).slice(1)).toEqual([
      "/redfish/v1/Systems?$expand=.($levels=1)",
      "/redfish/v1/Systems/2",
    ]);
  });

  it.each<[string, object | ((...args: never[]) => unknown)]>([
    ["refused", (_: never, r: never) => json(r, 501, {})],
    ["longer than what is read", { Members: [{ ...member(1), Name: "x".repeat(3000) }] }],
  ])("that are %s are read one by one", async (_, reply) => {
    const peer = await service({ [ROOT]: expands, ...plain, [EXPANDED]: reply });
    expect(await names(peer.url, { mostBytes: 2000 })).toEqual(["one", "two"]);
  });
});

describe("values", () => {
  it("of ids are texts, also of numbers", () => {
    expect(idOf({ path: "/x/9", body: { Id: 4 } })).toBe("4");
    expect(idOf({ path: "/x/9", body: { Id: "a" } })).toBe("a");
    expect(idOf({ path: "/x/a%20b", body: {} })).toBe("a b");
  });

  it.each<[unknown, string | null]>([
    [{ "@odata.id": "/a" }, "/a"],
    ["/a", "/a"],
    [null, null],
    [{}, null],
    [undefined, null],
    [[{ "@odata.id": "/a" }], null],
    ["", null],
  ])("as references: %j", (value, expected) => expect(link(value)).toBe(expected));

  it("that should be lists are, each once", () => {
    expect(links({ "@odata.id": "/a" })).toEqual(["/a"]);
    expect(links([{ "@odata.id": "/a" }, "/b", null, {}, "/a"])).toEqual(["/a", "/b"]);
    expect(links(null)).toEqual([]);
    expect(listOf("x")).toEqual(["x"]);
    expect(listOf(undefined)).toEqual([]);
  });

  it.each<[unknown, string | null, number | null]>([
    ["12", "12", 12],
    [12, "12", 12],
    [-1.5, "-1.5", -1.5],
    ["", null, null],
    ["12 GiB", "12 GiB", null],
    [null, null, null],
    [undefined, null, null],
    [{}, null, null],
    [[], null, null],
    ["a\0b\ud800", "ab", null],
  ])("as text and number: %j", (value, text, number) => {
    expect(textOf(value)).toBe(text);
    expect(numberOf(value)).toBe(number);
  });

  it("as booleans, also in quotes", () => {
    expect([true, "true", false, "false", "False", null, 1].map(booleanOf)).toEqual([
      true,
      true,
      false,
      false,
      false,
      null,
      null,
    ]);
  });

  it("deep inside are undefined where something on the way is missing or null", () => {
    expect(at({ Status: { Health: "OK" } }, "Status", "Health")).toBe("OK");
    expect(at({ Status: null }, "Status", "Health")).toBeUndefined();
    expect(at(null, "Status")).toBeUndefined();
    expect(at({}, "constructor")).toBeUndefined();
    expect(recordOf(null)).toEqual({});
    expect(isRecord([])).toBe(false);
  });
});

describe("allowable values", () => {
  const info = (values: unknown) => ({ Parameters: [{ Name: "Other" }, { Name: "ResetType", ...(values as object) }] });
  it.each<[string, object, string[] | null]>([
    ["of Redfish", { "ResetType@Redfish.AllowableValues": ["On", "ForceOff"] }, ["On", "ForceOff"]],
    ["of DMTF, as Valence knew it", { "ResetType@DMTF.AllowableValues": ["On"] }, ["On"]],
    ["that are references", { "ResetType@Redfish.AllowableValues": [{ "@odata.id": "/a" }] }, ["/a"]],
    ["behind an ActionInfo", { "@Redfish.ActionInfo": "/redfish/v1/info" }, ["Nmi"]],
    ["behind an ActionInfo that says nothing of it", { "@Redfish.ActionInfo": "/redfish/v1/mute" }, null],
    ["behind an ActionInfo that is missing", { "@Redfish.ActionInfo": "/redfish/v1/gone" }, null],
    ["that are an empty list: ask the service", { "ResetType@Redfish.AllowableValues": [] }, null],
    ["nowhere: ask the service", { target: "/x" }, null],
  ])("%s", async (_, action, expected) => {
    const peer = await service({
      [ROOT]: root(),
      "GET /redfish/v1/info": info({ AllowableValues: ["Nmi"], Required: "true" }),
      "GET /redfish/v1/mute": info({}),
    });
    expect(await allowable(client(peer.url), action, "ResetType", never)).toEqual(expected);
  });
});

describe("answers to orders", () => {
  const order = async (status: number, body: string, headers: Record<string, string> = {}) => {
    const peer = await service({
      [ROOT]: root(),
      "POST /redfish/v1/x": (_, r) => void r.writeHead(status, headers).end(body),
    });
    return await client(peer.url).post("/redfish/v1/x", {}, never);
  };

  it.each([
    [200, ""],
    [200, '{"Id":"1"}'],
    [200, '"done"'],
    [200, "done"],
    [201, "null"],
    [202, ""],
    [204, ""],
  ])("%i with the body %j are success", async (status, body) => {
    expect(await order(status, body)).toMatchObject({ status, body: body.startsWith("{") ? { Id: "1" } : null });
  });

  it.each([
    ["a bare 500", "500", {}, "the number 500"],
    ["a bare 404", "404", {}, "the number 404"],
    ["a list", "[]", {}, "a list"],
    ["HTML", "<!DOCTYPE html><html>log in</html>", {}, "an HTML page"],
  ])("200 with %s are failures", async (_, body, headers, told) => {
    await expect(order(200, body, headers)).rejects.toMatchObject({
      code: "pod-manager.unreadable",
      message: expect.stringContaining(told),
    });
  });

  it("keep to themselves where something was created at another host", async () => {
    expect((await order(201, "", { location: "http://evil.example/redfish/v1/Nodes/1" })).location).toBeNull();
    expect((await order(201, "", { location: "redfish/v1/Nodes/1/" })).location).toBe("/redfish/v1/Nodes/1");
  });
});

describe("answers to reading", () => {
  it.each([
    ["the number 500", "500"],
    ["a list", "[1]"],
    ["nothing", ""],
    ['what is no JSON ("{broken")', "{broken"],
    ["an HTML page", "<html>"],
    ['"text"', '"text"'],
    ["null", "null"],
    ["true", "true"],
  ])("that are %s are failures", async (told, body) => {
    const peer = await service({
      [ROOT]: root(),
      "GET /redfish/v1/x": (_, r) => void r.writeHead(200).end(body),
    });
    await expect(client(peer.url).find("/redfish/v1/x", never)).rejects.toMatchObject({
      code: "pod-manager.unreadable",
      message: `${peer.url}: GET /redfish/v1/x was answered with ${told} where a resource was expected`,
    });
  });

  it("that are a bare 404 mean that there is nothing", async () => {
    const peer = await service({ [ROOT]: root(), "GET /redfish/v1/x": (_, r) => void r.writeHead(200).end("404") });
    expect(await client(peer.url).find("/redfish/v1/x", never)).toBeNull();
  });
});
