import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { TurnedClock } from "../../../host/sim/base/clock.ts";
import { createEemSim, type EemSim } from "../../../host/sim/eem.ts";
import { scratchFolders } from "../../support/scratch-folder.ts";

const scratchFolder = scratchFolders();
const AUTHORIZATION = `Basic ${btoa("admin:Passw0rd")}`;

const ask = async (sim: EemSim, method: string, path: string, body?: unknown, authorization = AUTHORIZATION) => {
  const answer = await sim.app.request(path, {
    method,
    headers: { Authorization: authorization, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, json: text === "" ? null : JSON.parse(text) };
};
const idsOf = async (sim: EemSim, query: string): Promise<string[]> => {
  const { json } = await ask(sim, "GET", `/eem/devices?${query}`);
  return json.devices.map(({ id }: { id: string }) => id);
};
const group = (id: string) => `/eem/devices/${id}/group_id`;

test("it tells its version to who knows the password, and nothing to others", async () => {
  const sim = createEemSim();
  expect((await ask(sim, "GET", "/eem/api_version")).status).toBe(200);
  const refused = await ask(sim, "GET", "/eem/devices", undefined, "Basic eDp5");
  expect(refused).toEqual({ status: 401, json: { code: "40100", message: "Invalid credentials passed" } });
});

test("boards are listed in brief and in full, filtered by kind and group at once, every value a text", async () => {
  const sim = createEemSim({ servers: 2, devices: 3, clock: new TurnedClock(1_518_999_910_510) });
  const [server] = await idsOf(sim, "status=eesv");
  const [device] = await idsOf(sim, "status=eeio");
  for (const id of [server!, device!]) await ask(sim, "PUT", group(id), { group_id: "1234" });
  expect(await idsOf(sim, "group_id=1234")).toEqual([server, device]);
  expect(await idsOf(sim, "status=eeio&group_id=1234")).toEqual([device]);
  expect(await idsOf(sim, "status=eeio&group_id=4093")).toHaveLength(2);
  const { json } = await ask(sim, "GET", "/eem/devices/detail?status=eesv&group_id=1234");
  expect(json).toMatchObject({
    timestamp: "1518999910510",
    devices: [{ id: server, type: "40g", max_eeio_count: "16", group_id: "1234", notification_status0: ["up", "up"] }],
  });
  const values = Object.values(json.devices[0]).flat();
  expect(values.every((value) => typeof value === "string")).toBe(true);
});

describe("groups", () => {
  test("are given out one by one, each once, until none is left", async () => {
    const sim = createEemSim({ servers: 4, groups: [10, 12] });
    const given: unknown[] = [];
    for (const id of await idsOf(sim, "status=eesv")) given.push(await ask(sim, "PUT", group(id), { group_id: null }));
    expect(given).toMatchObject([
      { status: 200, json: { group_id: "10" } },
      { status: 200, json: { group_id: "11" } },
      { status: 200, json: { group_id: "12" } },
      { status: 409, json: { code: "40900" } },
    ]);
  });

  test("are left by deleting: a device is free then, a server has none", async () => {
    const sim = createEemSim();
    for (const [status, then] of [
      ["eesv", "4094"],
      ["eeio", "4093"],
    ]) {
      const [id] = await idsOf(sim, `status=${status}`);
      await ask(sim, "PUT", group(id!), { group_id: "5" });
      expect((await ask(sim, "DELETE", group(id!))).status).toBe(200);
      expect((await ask(sim, "GET", `/eem/devices/${id}`)).json.device.group_id).toBe(then);
    }
  });

  test("let a device go from one to another at once, up to as many as the server takes", async () => {
    const sim = createEemSim({ servers: 2, devices: 9 });
    const [fast, slow] = await idsOf(sim, "status=eesv");
    await ask(sim, "PUT", group(slow!), { group_id: "5" });
    await ask(sim, "PUT", group(fast!), { group_id: "6" });
    const devices = await idsOf(sim, "status=eeio");
    for (const id of devices.slice(0, 8))
      expect((await ask(sim, "PUT", group(id), { group_id: "5" })).status).toBe(200);
    expect(await ask(sim, "PUT", group(devices[8]!), { group_id: "5" })).toMatchObject({
      status: 409,
      json: { code: "40901", message: "Group 5 already has 8 I/O boards" },
    });
    expect((await ask(sim, "PUT", group(devices[0]!), { group_id: "6" })).status).toBe(200);
    expect(await idsOf(sim, "status=eeio&group_id=5")).toHaveLength(7);
  });

  test.each([
    ["eeio", { group_id: "4094" }],
    ["eesv", { group_id: "4093" }],
    ["eesv", { group_id: "0" }],
    ["eesv", { group_id: "4095" }],
    ["eesv", { group_id: "007" }],
    ["eesv", { group_id: 7 }],
    ["eesv", {}],
    ["eesv", "no JSON"],
    ["eesv", "null"],
  ])("of %s are not %j", async (status, body) => {
    const sim = createEemSim();
    const before = sim.snapshot();
    const [id] = await idsOf(sim, `status=${status}`);
    expect(await ask(sim, "PUT", group(id!), body)).toMatchObject({ status: 400, json: { code: "40000" } });
    expect(sim.snapshot()).toEqual(before);
  });
});

test.each([
  ["GET", "/eem/devices/0x1"],
  ["PUT", "/eem/devices/0x1/group_id"],
  ["DELETE", "/eem/devices/0x1/group_id"],
])("%s %s of a board that is not there is 40400", async (method, path) => {
  const answer = await ask(createEemSim(), method, path, method === "PUT" ? { group_id: "1" } : undefined);
  expect(answer).toMatchObject({ status: 404, json: { code: "40400", message: expect.stringContaining("0x1") } });
});

test("a cable is pulled and plugged in again", async () => {
  const sim = createEemSim();
  const [id] = await idsOf(sim, "status=eeio");
  const links = async () => (await ask(sim, "GET", `/eem/devices/${id}`)).json.device.notification_status0;
  expect((await ask(sim, "PUT", `/sim/boards/${id}/down`)).status).toBe(204);
  expect(await links()).toEqual(["down", "down"]);
  await ask(sim, "PUT", `/sim/boards/${id}/up`);
  expect(await links()).toEqual(["up", "up"]);
});

test("a manager that is started again knows its groups; other hardware is not mistaken for it", async () => {
  const stateFile = join(scratchFolder(), "eem.json");
  const sim = createEemSim({ stateFile });
  const [server] = await idsOf(sim, "status=eesv");
  await ask(sim, "PUT", group(server!), { group_id: "77" });
  expect(createEemSim({ stateFile }).boards.find(server!).group_id).toBe("77");
  expect(() => createEemSim({ stateFile, servers: 1 })).toThrow("is of other hardware");
});
