// Every form of error object, and every failure that has none, drivers 0.4.
import { describe, expect, it } from "vitest";
import { unreachable } from "../../../../host/drivers/redfish/errors.ts";
import { client, json, never, PASSWORD, type Reply, raw, root, service } from "./service.ts";

const ROOT = "GET /redfish/v1/";
const GET = "GET /redfish/v1/x";

async function failure(reply: Reply | object): Promise<Record<string, unknown>> {
  const peer = await service({ [ROOT]: root(), [GET]: reply });
  const error = await client(peer.url)
    .get("/redfish/v1/x", never)
    .catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(Error);
  return error as Record<string, unknown>;
}

const info = (...messages: (string | undefined)[]) =>
  messages.map((Message) => ({ MessageId: "Base.1.0.GeneralError", ...(Message === undefined ? {} : { Message }) }));

describe("an error body", () => {
  it.each<[string, unknown, string, string | null, string]>([
    [
      "of the standard",
      {
        error: {
          code: "Base.1.0.InvalidPayload",
          message: "Bad request",
          "@Message.ExtendedInfo": info("No Name.", "No Memory."),
        },
      },
      "Base.1.0.InvalidPayload",
      "Bad request",
      "No Name. No Memory.",
    ],
    ["without ExtendedInfo", { error: { code: "X", message: "Bad request" } }, "X", "Bad request", "Bad request"],
    [
      "with ExtendedInfo that is one object",
      { error: { code: "X", message: "Bad", "@Message.ExtendedInfo": info("No Name.")[0] } },
      "X",
      "Bad",
      "No Name.",
    ],
    ["with ExtendedInfo at the top", { "@Message.ExtendedInfo": info("No Name.") }, "Conflict", null, "No Name."],
    [
      "whose entries have no Message",
      { error: { code: "X", message: "Bad", "@Message.ExtendedInfo": info(undefined, "No Name.", undefined) } },
      "X",
      "Bad",
      "No Name.",
    ],
    [
      "none of whose entries has a Message",
      { error: { code: "X", message: "Bad", "@Message.ExtendedInfo": info(undefined) } },
      "X",
      "Bad",
      "Bad",
    ],
    ["with a message alone", { message: "busy" }, "Conflict", "busy", "busy"],
    ["with Status and Message", { Status: "409", Message: "busy" }, "Conflict", "busy", "busy"],
    ["that is an empty object", {}, "Conflict", null, "GET /redfish/v1/x was answered with 409 Conflict"],
    ["that is a text in JSON", "busy", "Conflict", null, "busy"],
    ["that is null", null, "Conflict", null, "GET /redfish/v1/x was answered with 409 Conflict"],
    ["that is a number", 409, "Conflict", null, "409"],
    [
      "with parts of wrong types",
      { error: { code: [], message: {}, "@Message.ExtendedInfo": [null, 3, "x"] } },
      "Conflict",
      null,
      '{"error":{"code":[],"message":{},"@Message.ExtendedInfo":[null,3,"x"]}}',
    ],
  ])("%s", async (_, body, code, title, detail) => {
    expect(await failure((_, r) => json(r, 409, body))).toMatchObject({
      code: "pod-manager.refused",
      upstreamStatus: 409,
      upstreamCode: code,
      upstreamTitle: title,
      message: detail,
    });
  });

  it.each([
    ["nothing", raw(400, ""), "GET /redfish/v1/x was answered with 400 Bad Request"],
    ["text", raw(400, "no\n such\tthing\u0007"), "no such thing"],
    ["HTML", raw(400, "<html><h1>Oops</h1></html>"), "GET /redfish/v1/x was answered with 400 Bad Request"],
    [
      "HTML by its type",
      raw(400, "Oops", { "content-type": "text/html" }),
      "GET /redfish/v1/x was answered with 400 Bad Request",
    ],
    ["HTML in a message", raw(400, '{"message":"<b>Oops</b> 1 < 2"}'), "Oops 1 < 2"],
    ["bytes", raw(400, Buffer.from([0xff, 0xfe, 0x00, 0x41])), "A"],
  ])("of %s", async (_, reply, message) => expect(await failure(reply)).toMatchObject({ message }));

  it("of megabytes is clipped", async () => {
    const { message } = await failure((_, r) => json(r, 400, { error: { message: "long ".repeat(1_000_000) } }));
    expect(message).toMatch(/^(long )+.{0,4}…$/);
    expect((message as string).length).toBeLessThan(1100);
  });

  it("does not give away the password or what is made of it", async () => {
    const echo = `Authorization: Basic ${Buffer.from(`admin:${PASSWORD}`).toString("base64")} (${PASSWORD})`;
    for (const reply of [raw(400, echo), raw(500, JSON.stringify({ error: { message: echo } })), raw(200, echo)]) {
      const { message } = await failure(reply);
      expect(message).toContain("***");
      expect(message).not.toContain(PASSWORD);
      expect(message).not.toContain(Buffer.from(PASSWORD).toString("base64").slice(0, 8));
    }
  });
});

describe("a status", () => {
  it.each([
    [400, "pod-manager.refused", 400],
    [404, "pod-manager.refused", 404],
    [405, "pod-manager.refused", 405],
    [409, "pod-manager.refused", 409],
    [412, "pod-manager.refused", 412],
    [429, "pod-manager.refused", 429],
    [500, "pod-manager.refused", 502],
    [501, "pod-manager.refused", 501],
    [502, "pod-manager.refused", 502],
    [503, "pod-manager.refused", 503],
    [504, "pod-manager.refused", 502],
    [507, "pod-manager.refused", 502],
    [401, "pod-manager.credentials", undefined],
    [403, "pod-manager.credentials", undefined],
  ])("of %i is %s (%s to our callers)", async (status, code, upstreamStatus) => {
    const error = await failure((_, r) => json(r, status, { error: { message: "the reason" } }));
    expect(error).toMatchObject({ code, message: expect.stringContaining("the reason") });
    expect(error.upstreamStatus).toBe(upstreamStatus);
  });

  it("of a password that must be changed says so", async () => {
    const body = {
      error: { "@Message.ExtendedInfo": [{ MessageId: "Base.1.8.PasswordChangeRequired", Message: "Change it." }] },
    };
    expect(await failure((_, r) => json(r, 403, body))).toMatchObject({
      code: "pod-manager.credentials",
      message: "The pod manager wants the password of this account changed before anything else: Change it.",
    });
  });
});

describe("no answer", () => {
  it.each([
    ["ECONNREFUSED", "pod-manager.unreachable", "connection refused"],
    ["ENOTFOUND", "pod-manager.unreachable", "cannot be resolved"],
    ["EAI_AGAIN", "pod-manager.unreachable", "DNS does not answer"],
    ["EHOSTUNREACH", "pod-manager.unreachable", "no route to the host"],
    ["ENETUNREACH", "pod-manager.unreachable", "no route to the network"],
    ["ECONNRESET", "pod-manager.unreachable", "broke off before the answer"],
    ["EPIPE", "pod-manager.unreachable", "broke off before the request"],
    ["UND_ERR_SOCKET", "pod-manager.unreachable", "broke off before the answer was whole (the cause)"],
    ["UND_ERR_CONNECT_TIMEOUT", "pod-manager.unreachable", "no connection in time"],
    [
      "DEPTH_ZERO_SELF_SIGNED_CERT",
      "pod-manager.unreachable",
      "not trusted (the cause). Register the pod manager with the CA",
    ],
    ["SELF_SIGNED_CERT_IN_CHAIN", "pod-manager.unreachable", "not trusted"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "pod-manager.unreachable", "not trusted"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "pod-manager.unreachable", "not trusted"],
    ["CERT_HAS_EXPIRED", "pod-manager.unreachable", "has expired"],
    ["CERT_NOT_YET_VALID", "pod-manager.unreachable", "Is the clock right"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "pod-manager.unreachable", "for another name"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "pod-manager.unreachable", "Is it a plain http:// one?"],
    ["HPE_INVALID_CONSTANT", "pod-manager.unreadable", "does not speak proper HTTP (the cause)"],
    ["UND_ERR_HEADERS_OVERFLOW", "pod-manager.unreadable", "does not speak proper HTTP"],
    ["SOMETHING_NEW", "pod-manager.unreachable", "the cause"],
  ])("for %s is %s", (given, code, told) => {
    const error = unreachable("https://podm", Object.assign(new Error("the cause"), { code: given }));
    expect(error).toMatchObject({ code, message: expect.stringContaining(told) });
    expect(error.message).toMatch(/^https:\/\/podm/);
  });
});
