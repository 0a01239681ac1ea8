import { existsSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Agenda } from "../../../host/sim/base/agenda.ts";
import { done } from "../../../host/sim/base/answer.ts";
import { TurnedClock } from "../../../host/sim/base/clock.ts";
import { listenSim } from "../../../host/sim/base/listen.ts";
import { createRedfish, type RedfishOptions } from "../../../host/sim/base/redfish.ts";
import { collection } from "../../../host/sim/base/resources.ts";
import { StateFile } from "../../../host/sim/base/state-file.ts";
import { scratchFolders } from "../../support/scratch-folder.ts";

const folder = scratchFolders();
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** A service with five lamps that can be switched. */
function lamps(options: RedfishOptions = {}) {
  const redfish = createRedfish({ username: "", ...options });
  closing.push(() => redfish.close());
  const lit = new Map(["1", "2", "3", "4", "5"].map((id) => [id, false]));
  const path = "/redfish/v1/Lamps";
  const paths = [...lit.keys()].map((id) => `${path}/${id}`);
  redfish.resources.add(path, { get: () => collection(path, "LampCollection", "Lamps", paths) });
  redfish.resources.add(`${path}/:id`, {
    get: ({ id }) => (lit.has(id!) ? { "@odata.id": `${path}/${id}`, Id: id, Lit: lit.get(id!) } : null),
    patch: ({ params, body }) => {
      lit.set(params.id!, body.Lit === true);
      return done();
    },
  });
  const ask = (path: string, init: { method?: string; body?: unknown; headers?: Record<string, string> } = {}) =>
    redfish.app.request(path, {
      ...(init.method === undefined ? {} : { method: init.method }),
      headers: init.headers ?? {},
      ...(init.body === undefined ? {} : { body: JSON.stringify(init.body) }),
    });
  return { redfish, lit, ask };
}

async function serve(app: Parameters<typeof listenSim>[0]): Promise<string> {
  const { url, close } = await listenSim(app);
  closing.push(close);
  return url;
}

describe("a simulated Redfish service", () => {
  test("asks for credentials everywhere but at its root, and takes Basic and sessions", async () => {
    const { ask, redfish } = lamps({ username: "admin", password: "Passw0rd" });
    redfish.resources.add("/redfish/v1", { get: () => ({ "@odata.id": "/redfish/v1/" }) });
    expect((await ask("/redfish/v1/")).status).toBe(200);
    expect((await ask("/redfish/v1/Lamps")).status).toBe(401);
    const basic = `Basic ${Buffer.from("admin:Passw0rd").toString("base64")}`;
    expect((await ask("/redfish/v1/Lamps", { headers: { Authorization: basic } })).status).toBe(200);

    const sessions = "/redfish/v1/SessionService/Sessions";
    const wrong = await ask(sessions, { method: "POST", body: { UserName: "admin", Password: "x" } });
    expect(wrong.status).toBe(401);
    const login = await ask(sessions, { method: "POST", body: { UserName: "admin", Password: "Passw0rd" } });
    expect(login.status).toBe(201);
    const headers = { "X-Auth-Token": login.headers.get("x-auth-token")! };
    expect((await ask("/redfish/v1/Lamps/1", { headers })).status).toBe(200);
    expect((await ask(login.headers.get("location")!, { method: "DELETE", headers })).status).toBe(204);
    expect((await ask("/redfish/v1/Lamps/1", { headers })).status).toBe(401);
  });

  test("forgets a session that was not used for too long", async () => {
    const clock = new TurnedClock();
    const { ask } = lamps({ username: "u", password: "p", clock, sessionSeconds: 60 });
    const body = { UserName: "u", Password: "p" };
    const login = await ask("/redfish/v1/SessionService/Sessions", { method: "POST", body });
    const headers = { "X-Auth-Token": login.headers.get("x-auth-token")! };
    clock.turn(59_000);
    expect((await ask("/redfish/v1/Lamps", { headers })).status).toBe(200);
    clock.turn(61_000);
    expect((await ask("/redfish/v1/Lamps", { headers })).status).toBe(401);
  });

  test("refuses a change of what has changed meanwhile, and answers 304 for what has not", async () => {
    const { ask, lit } = lamps();
    const seen = await ask("/redfish/v1/Lamps/1");
    const etag = seen.headers.get("etag")!;
    expect((await ask("/redfish/v1/Lamps/1", { headers: { "If-None-Match": etag } })).status).toBe(304);
    const change = { method: "PATCH", body: { Lit: true }, headers: { "If-Match": etag } };
    expect((await ask("/redfish/v1/Lamps/1", change)).status).toBe(204);
    expect((await ask("/redfish/v1/Lamps/1", change)).status).toBe(412);
    expect(lit.get("1")).toBe(true);
    const strict = lamps({ etags: "required" });
    expect((await strict.ask("/redfish/v1/Lamps/1", { method: "PATCH", body: { Lit: true } })).status).toBe(428);
  });

  test("pages collections, and expands them when asked", async () => {
    const { ask } = lamps({ pageSize: 2, expand: true });
    const seen: unknown[] = [];
    let next: string | undefined = "/redfish/v1/Lamps?$expand=.";
    while (next !== undefined) {
      const page = (await (await ask(next)).json()) as { Members: { Id: string }[]; "Members@odata.nextLink"?: string };
      expect(page.Members.length).toBeLessThanOrEqual(2);
      seen.push(...page.Members.map(({ Id }) => Id));
      next = page["Members@odata.nextLink"];
    }
    expect(seen).toEqual(["1", "2", "3", "4", "5"]);
  });

  test("tells what a path does not take, and that there is none", async () => {
    const { ask } = lamps();
    const wrong = await ask("/redfish/v1/Lamps", { method: "DELETE" });
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
    const missing = await ask("/redfish/v1/Lamps/9");
    expect(missing.status).toBe(404);
    expect(await missing.json()).toMatchObject({ error: { code: "Base.1.0.ResourceMissingAtURI" } });
    const bad = await ask("/redfish/v1/Lamps/1", { method: "PATCH", body: [1] });
    expect(bad.status).toBe(400);
    const large = await ask("/redfish/v1/Lamps/1", { method: "PATCH", body: { Lit: "x".repeat(2 ** 20) } });
    expect(large.status).toBe(413);
  });

  test("answers 202 for long work: the monitor tells its end once", async () => {
    const clock = new TurnedClock();
    const { ask, redfish } = lamps({ clock });
    const answer = redfish.tasks.start("switch", 5_000, () => done({ Lit: true }));
    const monitor = answer.headers!.Location!;
    expect((await ask(monitor)).status).toBe(202);
    clock.turn(5_000);
    const task = await (await ask("/redfish/v1/TaskService/Tasks/1")).json();
    expect(task).toMatchObject({ TaskState: "Completed", TaskStatus: "OK" });
    const end = await ask(monitor);
    expect([end.status, await end.json()]).toEqual([200, { Lit: true }]);
    expect((await ask(monitor)).status).toBe(404);
  });

  test("streams events, also those missed since the last one seen, and pushes them", async () => {
    const { redfish } = lamps();
    const url = await serve(redfish.app);
    const pushed = new Promise<string>((resolve) => {
      const receiver = createServer((request, response) => {
        request.setEncoding("utf8").once("data", (body: string) => {
          response.end();
          resolve(body);
        });
      }).listen(0, "127.0.0.1", () => {
        const Destination = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
        const subscription = { Destination, Protocol: "Redfish", Context: "mine", EventTypes: ["ResourceUpdated"] };
        const body = JSON.stringify(subscription);
        fetch(`${url}/redfish/v1/EventService/Subscriptions`, { method: "POST", body }).then(() => {
          redfish.events.emit({ type: "ResourceUpdated", origin: "/redfish/v1/Lamps/1", message: "lit" });
          redfish.events.emit({ type: "ResourceAdded", origin: "/redfish/v1/Lamps/2", message: "new" });
        });
      });
      closing.push(() => receiver.close());
    });
    expect(JSON.parse(await pushed)).toMatchObject({
      Context: "mine",
      Events: [{ EventType: "ResourceUpdated", OriginOfCondition: { "@odata.id": "/redfish/v1/Lamps/1" } }],
    });
    const stream = await fetch(`${url}/redfish/v1/EventService/SSE`, { headers: { "Last-Event-ID": "1" } });
    const reader = stream.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (!text.includes("ResourceAdded")) text += (await reader.read()).value;
    expect(text).not.toContain("ResourceUpdated");
    await reader.cancel();
  });
});

describe("faults", () => {
  const cases: [kind: "fail" | "html" | "number", shown: [number, string]][] = [
    ["fail", [503, '{"message":"tired"}']],
    ["html", [200, "<html><body><h1>502 Bad Gateway</h1></body></html>"]],
    ["number", [200, "503"]],
  ];
  test.each(cases)("%s goes wrong at the second request only", async (kind, shown) => {
    const { redfish, ask } = lamps();
    redfish.fault({ kind, path: /Lamps\/1$/, nth: 2, status: 503, body: { message: "tired" } });
    expect((await ask("/redfish/v1/Lamps/1")).status).toBe(200);
    const wrong = await ask("/redfish/v1/Lamps/1");
    expect([wrong.status, await wrong.text()]).toEqual(shown);
    expect((await ask("/redfish/v1/Lamps/1")).status).toBe(200);
  });

  test("a lost answer has taken effect, a dropped request has not", async () => {
    const { redfish, lit } = lamps();
    const url = await serve(redfish.app);
    const lightUp = (id: string) =>
      fetch(`${url}/redfish/v1/Lamps/${id}`, { method: "PATCH", body: JSON.stringify({ Lit: true }) });
    redfish.fault({ kind: "lose", method: "PATCH" });
    await expect(lightUp("1")).rejects.toThrow();
    redfish.fault({ kind: "drop", method: "PATCH" });
    await expect(lightUp("2")).rejects.toThrow();
    expect([lit.get("1"), lit.get("2")]).toEqual([true, false]);
    expect((await lightUp("2")).status).toBe(204);
  });

  test("a request that hangs ends with its client, or with the simulator", async () => {
    const { redfish } = lamps();
    const { url, close } = await listenSim(redfish.app);
    redfish.fault({ kind: "hang", times: 2 });
    const giveUp = new AbortController();
    const first = fetch(`${url}/redfish/v1/Lamps`, { signal: giveUp.signal });
    giveUp.abort();
    await expect(first).rejects.toThrow("aborted");
    const second = fetch(`${url}/redfish/v1/Lamps`);
    second.catch(() => {});
    while (redfish.requests.total < 1) await new Promise(setImmediate);
    await close();
    await expect(second).rejects.toThrow();
  });

  test("are ordered over HTTP, by JSON only", async () => {
    const { ask } = lamps();
    const order = (body: unknown, type = "application/json") =>
      ask("/sim/faults", { method: "POST", body, headers: { "Content-Type": type } });
    expect((await order({ kind: "fail", path: "Lamps/1$", status: 507 })).status).toBe(201);
    expect((await order({ kind: "explode" })).status).toBe(400);
    expect((await order({ kind: "fail", path: "(" })).status).toBe(400);
    expect((await order({ kind: "fail" }, "text/plain")).status).toBe(415);
    expect((await ask("/redfish/v1/Lamps/1")).status).toBe(507);
    expect((await ask("/redfish/v1/Lamps/1")).status).toBe(200);
    expect(await (await ask("/sim/requests")).json()).toMatchObject({ total: 2 });
  });
});

describe("what a simulator keeps", () => {
  test("what is still to happen, happens in the next process, at once if it is late", () => {
    const clock = new TurnedClock();
    const happened: string[] = [];
    const kinds = { lit: (id: string) => void happened.push(id) };
    const first = new Agenda(clock, kinds, () => {});
    first.add("lit", "1", 1_000);
    first.add("lit", "2", 60_000);
    first.add("lit", "2", 5_000);
    const left = JSON.parse(JSON.stringify(first.list()));
    first.stop();
    clock.turn(2_000);
    expect(happened).toEqual([]);
    new Agenda(clock, kinds, () => {}).load(left);
    clock.turn(0);
    expect(happened).toEqual(["1"]);
    clock.turn(3_000);
    expect(happened).toEqual(["1", "2"]);
  });

  test("a state file is read back; one of other hardware, or damaged, is refused and told", () => {
    const path = join(folder(), "deep", "state.json");
    const file = new StateFile<{ lit: string[] }>(path, "5 lamps");
    expect(file.load()).toBeNull();
    file.save({ lit: ["1"] });
    expect(file.load()).toEqual({ lit: ["1"] });
    expect(existsSync(path)).toBe(true);
    expect(() => new StateFile(path, "6 lamps").load()).toThrow("is of other hardware (5 lamps, not 6 lamps)");
    writeFileSync(path, "{");
    expect(() => file.load()).toThrow(`${path} is not JSON`);
  });
});
