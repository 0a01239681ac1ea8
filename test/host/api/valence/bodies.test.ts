import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openTestApi, type TestApi } from "./test-api.ts";

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(async () => {
  expect(api.failed).toEqual([]);
  await api.close();
});

type Fault = [name: string, body: unknown, detail: RegExp];

/** Every fault is 400 with the title of the contract; the first word of `detail` is the field. */
function refused(method: string, path: string, faults: Fault[]): void {
  test.each(faults)("%s", async (_, body, detail) => {
    const { status, json, text } = await api.ask(method, path, body);
    expect([status, json.code, json.title]).toEqual([400, "Bad Request", "Validation Error"]);
    expect(json.detail).toMatch(detail);
    expect(text).not.toContain("hunter22");
  });
}

describe("a pod manager", () => {
  const items = { username: "u", password: "hunter22" };
  const basic = { type: "basic", auth_items: items };
  const body = (more: object) => ({ name: "p", url: "https://h/redfish/v1", authentication: [basic], ...more });
  refused("POST", "/v1/pod_managers", [
    ["without anything", {}, /^-> name: is required; -> url: is required; -> authentication: is required$/],
    ["without a name", { ...body({}), name: undefined }, /^-> name: is required$/],
    ["with a number for a name", body({ name: 5 }), /^-> name: expected string, got 5$/],
    ["with an empty name", body({ name: "" }), /^-> name: expected at least 1/],
    ["with an endless name", body({ name: "x".repeat(300) }), /^-> name: expected at most 255/],
    ["with a number for a URL", body({ url: 5 }), /^-> url: expected string$/],
    ["with a relative URL", body({ url: "/redfish/v1" }), /^url: .*absolute/],
    ["with a URL of another scheme", body({ url: "ftp://h/redfish/v1" }), /^url: .*https/],
    ["with a URL that runs", body({ url: "javascript:alert(1)" }), /^url: /],
    [
      "with a password in the URL",
      body({ url: "https://u:hunter22@h/" }),
      /^url: credentials belong into authentication/,
    ],
    ["with a query in the URL", body({ url: "https://h/?x=1" }), /^url: .*query/],
    ["with a number for a driver", body({ driver: 1 }), /^-> driver: expected string/],
    ["without authentication", { ...body({}), authentication: undefined }, /^-> authentication: is required$/],
    ["with an empty list", body({ authentication: [] }), /^-> authentication: expected at least 1 entries$/],
    ["with a text for authentication", body({ authentication: "u:hunter22" }), /^-> authentication: expected array$/],
    [
      "without a type",
      body({ authentication: [{ auth_items: items }] }),
      /^-> authentication -> 0 -> type: is required$/,
    ],
    [
      "without a password",
      body({ authentication: [{ type: "basic", auth_items: { username: "u" } }] }),
      /^-> authentication -> 0 -> auth_items -> password: is required$/,
    ],
    [
      "with a list for a password",
      body({ authentication: [{ type: "basic", auth_items: { username: "u", password: ["hunter22"] } }] }),
      /-> password: expected string$/,
    ],
    [
      "with a text for auth_items",
      body({ authentication: [{ type: "basic", auth_items: "hunter22" }] }),
      /-> auth_items: expected object$/,
    ],
    [
      "with more in auth_items",
      body({ authentication: [{ ...basic, auth_items: { ...items, more: 1 } }] }),
      /-> more: unknown key/,
    ],
    ["with a description", body({ description: "d" }), /^-> description: unknown key \(known: name, url, driver/],
    ["with two unknown keys", body({ a: 1, b: 2 }), /^-> a, -> b: unknown key/],
    ["without basic credentials", body({ authentication: [{ ...basic, type: "token" }] }), /^authentication: .*basic/],
    ["with half a surrogate pair", '{"name": "\\ud800"}', /^-> name: .*surrogate/],
    ["with NUL", body({ name: "a\0b" }), /^-> name: .*NUL/],
    ["with a prototype", '{"__proto__": {}}', /__proto__/],
    ["nested deeply", `{"name": ${"[".repeat(100)}${"]".repeat(100)}}`, /nested deeper/],
  ]);
});

const PROPERTIES: Fault[] = [
  ["a number for a capacity", { memory: { capacity_mib: 10 } }, /-> memory -> capacity_mib: expected string, got 10$/],
  ["words for a capacity", { memory: { capacity_mib: "much" } }, /-> capacity_mib: expected a number of MiB as text/],
  ["less than nothing", { processor: { total_cores: "-1" } }, /-> total_cores: expected a number of cores/],
  ["a list for memory", { memory: [] }, /-> properties -> memory: expected object/],
  ["an unknown property", { disk: {} }, /-> properties -> disk: unknown key/],
  ["an unknown member", { memory: { size: "1" } }, /-> memory -> size: unknown key/],
  ["a text for types", { pci_device: { type: "SSD" } }, /-> pci_device -> type: expected array/],
  ["a number among the types", { pci_device: { type: [1] } }, /-> type -> 0: expected string/],
  ["too many devices", { pci_device: { type: Array(101).fill("SSD") } }, /at most 100/],
  [
    "remote storage in words",
    { remote_storage: { capacity_gib: "1 TB" } },
    /-> capacity_gib: expected a number of GiB/,
  ],
];

describe("a flavor", () => {
  refused("POST", "/v1/flavors", [
    ["without a name", { properties: {} }, /^-> name: is required$/],
    ["without properties", { name: "f" }, /^-> properties: is required$/],
    ["with a text for properties", { name: "f", properties: "x" }, /^-> properties: expected object, got "x"$/],
    ["with an id", { name: "f", properties: {}, uuid: "x" }, /^-> uuid: unknown key/],
    [
      "with a number for a description",
      { name: "f", properties: {}, description: 1 },
      /^-> description: expected string/,
    ],
    ...PROPERTIES.map(([name, properties, detail]): Fault => [`with ${name}`, { name: "f", properties }, detail]),
  ]);
  test("nothing of that is stored", async () => {
    expect((await api.ask("GET", "/v1/flavors")).json).toEqual([]);
  });

  test("is changed by members or operations, properties as a whole", async () => {
    const properties = { memory: { capacity_mib: "3000", type: "DDR2" }, processor: { total_cores: "10" } };
    const { uuid, created_at } = (await api.ask("POST", "/v1/flavors", { name: "f", description: "d", properties }))
      .json;
    const patch = async (body: unknown) => await api.ask("PATCH", `/v1/flavors/${uuid}`, body);
    const changed = (await patch({ properties: { memory: {} }, uuid: null, created_at: 5, bogus: 1 })).json;
    expect(changed).toMatchObject({ uuid, created_at, name: "f", description: "d" });
    expect(changed.properties).toEqual({ memory: {} });
    const operations = [
      { op: "add", path: "/properties/memory/capacity_mib", value: "1" },
      { op: "add", path: "/properties/pci_device", value: { type: ["SSD"] } },
      { op: "add", path: "/properties/pci_device/type/-", value: "GPU" },
      { op: "remove", path: "/description" },
    ];
    const { json } = await patch(operations);
    expect(json.properties).toEqual({ memory: { capacity_mib: "1" }, pci_device: { type: ["SSD", "GPU"] } });
    expect(json).not.toHaveProperty("description");
    for (const [body, status] of [
      [{ name: 5 }, 400],
      [{ properties: "x" }, 400],
      [{ properties: null }, 400],
      [[{ op: "replace", path: "/uuid", value: "x" }], 400],
      [[{ op: "add", path: "/properties/memory/constructor", value: "x" }], 400],
      [[{ op: "add", path: "/properties/toString/x", value: "x" }], 400],
      [[{ op: "test", path: "/name", value: "x" }], 409],
    ] as const)
      expect([body, (await patch(body)).status]).toEqual([body, status]);
    expect((await api.ask("GET", `/v1/flavors/${uuid}`)).json.properties).toEqual(json.properties);
    expect((await api.ask("DELETE", `/v1/flavors/${uuid}`)).json).toMatchObject({
      code: "DELETED",
      detail: expect.stringContaining(uuid),
    });
  });
});

describe("a composition", () => {
  refused("POST", "/v1/nodes", [
    ["without a name", {}, /^-> name: is required$/],
    ["with a flavor and properties", { name: "n", flavor_id: "f", properties: {} }, /exclude each other/],
    ["with a number for a flavor", { name: "n", flavor_id: 1 }, /^-> flavor_id: expected string/],
    ["with a list for a pod manager", { name: "n", podm_id: [] }, /^-> podm_id: expected string/],
    [
      "with an unknown key",
      { name: "n", flavour_id: "f" },
      /^-> flavour_id: unknown key \(known: name, description, flavor_id/,
    ],
    ...PROPERTIES.map(([name, properties, detail]): Fault => [`with ${name}`, { name: "n", properties }, detail]),
  ]);
  test("without any pod manager is 404 and says what to do", async () => {
    const { status, json } = await api.ask("POST", "/v1/nodes", { name: "n" });
    expect([status, json.detail]).toEqual([404, expect.stringContaining("/v1/pod_managers")]);
  });
});

describe("a node to manage", () => {
  refused("POST", "/v1/nodes/manage", [
    ["without an index", { podm_id: "p" }, /^-> node_index: is required$/],
    ["with a number for an index", { node_index: 1 }, /^-> node_index: expected string, got 1$/],
    ["with an empty index", { node_index: "" }, /^-> node_index: expected at least 1/],
    ["with a name", { node_index: "1", name: "n" }, /^-> name: unknown key/],
  ]);
});

describe("an action on a node that may not be there", () => {
  refused("POST", "/v1/nodes/none/action", [
    ["that is none", {}, /exactly one action is needed: Reset, Boot, attach, detach/],
    ["that is two", { Reset: { Type: "On" }, attach: { resource_id: "d" } }, /exactly one action/],
    ["that nobody knows", { Explode: {} }, /^-> Explode: unknown key \(known: Reset, Boot, attach, detach\)/],
    ["that resets to nothing", { Reset: {} }, /^-> Reset -> Type: /],
    ["that resets otherwise", { Reset: { Type: "Sideways" } }, /^-> Reset -> Type: expected "On" or "ForceOn"/],
    ["that resets with more", { Reset: { Type: "On", Force: true } }, /^-> Reset -> Force: unknown key/],
    ["that boots once from nowhere", { Boot: { Enabled: "Once" } }, /^-> Boot -> Target: /],
    [
      "that disables the boot",
      { Boot: { Enabled: "Disabled", Target: "Pxe" } },
      /^-> Boot -> Enabled: expected "Once"/,
    ],
    ["that boots from a floppy", { Boot: { Enabled: "Once", Target: "Floppy" } }, /^-> Boot -> Target: expected "Pxe"/],
    ["that attaches nothing", { attach: {} }, /exactly one of resource_id and uuid/],
    ["that attaches by both ids", { attach: { resource_id: "a", uuid: "b" } }, /exactly one of resource_id and uuid/],
    ["that detaches a number", { detach: { resource_id: 5 } }, /^-> detach -> resource_id: expected string/],
  ]);
  test("a good one is 404", async () => {
    expect((await api.ask("POST", "/v1/nodes/none/action", { Reset: { Type: "On" } })).status).toBe(404);
  });
});

describe("a sync", () => {
  refused("POST", "/v1/devices/sync", [
    ["of a number", { podm_id: 5 }, /^-> podm_id: expected string/],
    ["of something else", { podm: "x" }, /^-> podm: unknown key/],
  ]);
  test("of nothing does nothing, of an unknown pod manager FAILED", async () => {
    for (const body of [undefined, {}, { podm_id: null }])
      expect((await api.ask("POST", "/v1/devices/sync", body)).json).toEqual([]);
    expect((await api.ask("POST", "/v1/devices/sync", { podm_id: "none" })).json).toEqual([
      { podm_id: "none", status: "FAILED", detail: expect.stringContaining("none") },
    ]);
  });
});
