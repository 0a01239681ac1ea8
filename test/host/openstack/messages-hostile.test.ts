import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { readMessage } from "../../../host/openstack/messages.ts";
import { propertySeed } from "../../support/property-seed.ts";
import { RECORDED_MESSAGES, recorded } from "../../support/recorded-messages.ts";

const SERVER = "rpc-build_and_run_instance-with-hints";

describe("messages that are damaged or hostile are counted and dropped", () => {
  test.each([
    ["nothing", "", "unreadable"],
    ["no JSON", "{", "unreadable"],
    ["no object", "[1]", "unreadable"],
    ["no text", "\xff\xfe", "unreadable"],
    ["an envelope around nothing", '{"oslo.message":"","oslo.version":"2.0"}', "unreadable"],
    ["an envelope around an envelope", '{"oslo.message":"{\\"oslo.message\\":\\"{}\\"}"}', "unreadable"],
    ["an unknown method", '{"method":"melt","args":{}}', "silent"],
    ["a method named as what every object has", '{"method":"constructor","args":{}}', "silent"],
    ["an unknown event", '{"event_type":"volume.create.end","payload":{}}', "silent"],
    ["a method that is a number", '{"method":1}', "unreadable"],
    ["arguments that are none", '{"method":"object_action","args":[]}', "silent"],
    ["depth", `{"method":"object_action","args":${"[".repeat(100_000)}${"]".repeat(100_000)}}`, "silent"],
    ["depth without an end", `{"method":"object_action","args":${'{"a":'.repeat(100_000)}`, "unreadable"],
  ])("%s", (_, body, outcome) => {
    expect(readMessage(Buffer.from(body, "latin1"), "conductor")).toMatchObject({ outcome, changes: [] });
  });

  test("more than 1 MiB is not even parsed", () => {
    const body = Buffer.from(JSON.stringify({ ...recorded(SERVER), padding: "x".repeat(1024 * 1024) }));
    expect(readMessage(body, "compute.qos102")).toEqual({ outcome: "too-large", name: null, changes: [] });
  });

  test("a message cut short is unreadable, wherever it was cut", () => {
    const { body } = RECORDED_MESSAGES.find(({ name }) => name === SERVER)!;
    const whole = Buffer.from(body);
    for (let end = 0; end < whole.length; end += 97) {
      expect(readMessage(whole.subarray(0, end), "compute.qos102").outcome).toBe("unreadable");
    }
  });

  test("what no store could keep is left out: NUL, halves of surrogate pairs, endless names; __proto__ is a key", () => {
    const message = recorded(SERVER);
    const data = message.args.instance["nova_object.data"];
    data.display_name = "a\0b";
    data.availability_zone = "\ud800";
    data.project_id = "p".repeat(256);
    message.args.filter_properties.scheduler_hints = { many: Array(1000).fill("x") };
    data.metadata = JSON.parse('{"ok":"","nul":"\\u0000","number":1,"__proto__":"own","half\\ud800":"x"}');
    const [change] = readMessage(Buffer.from(JSON.stringify(message)), "compute.qos 102").changes;
    expect(change).toMatchObject({
      server: { name: null, zone: null, projectId: null, host: null, size: { vcpus: 1 } },
    });
    expect(change).toMatchObject({ server: { hints: { many: Array(64).fill("x") } } });
    const { metadata } = (change as Extract<typeof change, { kind: "server" }>)!.server;
    expect(Object.entries(metadata!)).toEqual([
      ["ok", ""],
      ["__proto__", "own"],
    ]);
    expect(Object.getPrototypeOf(metadata)).toBe(Object.prototype);
  });

  test.each([-1, 2 ** 31, Number.NaN, "1", null, [1], true])("a flavor with %j vcpus tells no size", (vcpus) => {
    const message = recorded(SERVER);
    message.args.instance["nova_object.data"].flavor["nova_object.data"].vcpus = vcpus;
    const [change] = readMessage(Buffer.from(JSON.stringify(message)), "compute.qos102").changes;
    expect(change).toMatchObject({ server: { size: null } });
  });

  test("recorded messages with anything put anywhere never throw, and what they say has its form", () => {
    const messages = RECORDED_MESSAGES.map(({ body, routingKey }) => ({
      text: JSON.parse(body)["oslo.message"] as string,
      routingKey,
    }));
    const strange = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(
        "",
        "\0",
        "\ud800",
        "__proto__",
        "constructor",
        1e308,
        -0,
        2 ** 53,
        null,
        [],
        {},
        [[]],
        [{}],
        true,
      ),
      fc.string({ unit: "binary", maxLength: 300 }),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...messages),
        fc.array(fc.tuple(fc.nat(), strange), { minLength: 1, maxLength: 4 }),
        ({ text, routingKey }, wounds) => {
          const message = JSON.parse(text);
          for (const [at, value] of wounds) wound(message, at, value);
          for (const body of [message, { "oslo.version": "2.0", "oslo.message": JSON.stringify(message) }]) {
            for (const change of readMessage(Buffer.from(JSON.stringify(body)), routingKey).changes) {
              expectForm(change);
            }
          }
        },
      ),
      { seed: propertySeed, numRuns: 1000 },
    );
  });
});

/** Puts a value in place of one of those in the message. */
function wound(message: object, at: number, value: unknown): void {
  const places: [object, string][] = [];
  const visit = (from: object) => {
    for (const [key, inside] of Object.entries(from)) {
      places.push([from, key]);
      if (typeof inside === "object" && inside !== null) visit(inside);
    }
  };
  visit(message);
  const place = places[at % Math.max(1, places.length)];
  if (place !== undefined) Reflect.set(place[0], place[1], value);
}

const TEXT = expect.stringMatching(/^[^\0]{1,255}$/);
const HOST = /^[\w.:-]{1,255}$/;

function expectForm(change: ReturnType<typeof readMessage>["changes"][number]): void {
  // What PostgreSQL cannot keep in a JSON column would be escaped here.
  expect(JSON.stringify(change)).not.toMatch(/\\u0000|\\ud[89a-f]/);
  if (change.kind === "facts") expect(["hosts", "aggregates", "flavors", "server-groups"]).toContain(change.of);
  if (change.kind === "host") expect(change.host).toMatch(HOST);
  if (change.kind === "facts" || change.kind === "host") return;
  const { id, host, at } = change.kind === "server" ? change.server : change;
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
  if (host !== null) expect(host).toMatch(HOST);
  if (at !== null) expect(Number.isFinite(at)).toBe(true);
  if (change.kind !== "server") return;
  const { size, name, projectId, zone } = change.server;
  for (const amount of Object.values(size ?? {})) expect(Number.isInteger(amount) && amount >= 0).toBe(true);
  for (const text of [name, projectId, zone]) if (text !== null) expect(text).toEqual(TEXT);
}
