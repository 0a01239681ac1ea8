import { describe, expect, it } from "vitest";
import { client, json, never, type Reply, raw, root, service } from "./service.ts";

const ROOT = "GET /redfish/v1/";
const NODES = "/redfish/v1/Nodes";
const MONITOR = "/redfish/v1/TaskMonitors/7";
const TASK = "/redfish/v1/TaskService/Tasks/7";

const task = (TaskState: string, more: object = {}) => ({
  "@odata.type": "#Task.v1_5_0.Task",
  "@odata.id": TASK,
  TaskState,
  ...more,
});

/** Each answer once, then the last for ever. */
const turns = (...replies: (Reply | object)[]): Reply => {
  let next = 0;
  return (received, response) => {
    const reply = replies[Math.min(next++, replies.length - 1)]!;
    return typeof reply === "function" ? (reply as Reply)(received, response) : json(response, 200, reply);
  };
};
const running: Reply = (_, r) => json(r, 202, task("Running"));
const created: Reply = (_, r) => json(r, 201, { Id: "1" }, { location: `${NODES}/1`, etag: '"1"' });

async function outcome(post: Reply, routes: Record<string, Reply | object>, limits = {}) {
  const peer = await service({ [ROOT]: root(), [`POST ${NODES}`]: post, ...routes });
  const opened = client(peer.url, { limits });
  const result = opened.finished(await opened.post(NODES, {}, never), never);
  return { peer, result };
}

const monitored: Reply = (_, r) => json(r, 202, task("New"), { location: MONITOR });

describe("an order that goes on", () => {
  it("ends as its monitor says: with the answer to the order itself", async () => {
    const { result, peer } = await outcome(monitored, { [`GET ${MONITOR}`]: turns(running, running, created) });
    await expect(result).resolves.toEqual({
      status: 201,
      location: `${NODES}/1`,
      body: { Id: "1" },
      etag: '"1"',
      monitor: null,
    });
    expect(peer.count(`POST ${NODES}`)).toBe(1);
  });

  it("was no task if the service was done at once", async () => {
    const { result } = await outcome(created, {});
    await expect(result).resolves.toMatchObject({ status: 201, location: `${NODES}/1` });
  });

  it("of which nothing more can be seen is taken for what it is: accepted", async () => {
    const { result } = await outcome(raw(202, ""), {});
    await expect(result).resolves.toMatchObject({ status: 202, location: null, monitor: null });
  });

  it.each<[string, Reply, string]>([
    [
      "a Task without Location, which names its monitor",
      (_, r) => json(r, 202, task("New", { TaskMonitor: MONITOR })),
      MONITOR,
    ],
    ["a Task without Location or monitor", (_, r) => json(r, 202, task("New")), TASK],
    ["a Location without a body", (_, r) => void r.writeHead(202, { location: MONITOR }).end(), MONITOR],
    ["a Location at another host and a Task", (_, r) => json(r, 202, task("New"), { location: "http://evil/t" }), TASK],
  ])("is followed from %s", async (_, post, monitor) => {
    const { result } = await outcome(post, { [`GET ${monitor}`]: turns(running, created) });
    await expect(result).resolves.toMatchObject({ status: 201, location: `${NODES}/1` });
  });

  it("may be a Task that ends, and says at its monitor what came of it", async () => {
    const { result } = await outcome((_, r) => json(r, 202, task("New")), {
      [`GET ${TASK}`]: turns(
        task("Pending"),
        task("Running"),
        task("Completed", { TaskStatus: "OK", TaskMonitor: MONITOR }),
      ),
      [`GET ${MONITOR}`]: created,
    });
    await expect(result).resolves.toMatchObject({ status: 201, location: `${NODES}/1` });
  });

  it("may be a Task that ends, and says itself what it created", async () => {
    const links = { Links: { CreatedResources: [{ "@odata.id": `${NODES}/1` }] } };
    const { result } = await outcome(monitored, { [`GET ${MONITOR}`]: turns(running, task("Completed", links)) });
    await expect(result).resolves.toMatchObject({ status: 200, location: `${NODES}/1`, monitor: null });
  });

  it("may have been shown to the end once, and only the task remembers", async () => {
    const { result } = await outcome(monitored, {
      [`GET ${MONITOR}`]: turns(running, (_, r) => json(r, 404, {})),
      [`GET ${TASK}`]: task("Completed"),
    });
    await expect(result).resolves.toMatchObject({ status: 200 });
  });

  it("that nobody remembers is not taken for done", async () => {
    const { result } = await outcome((_, r) => void r.writeHead(202, { location: MONITOR }).end(), {
      [`GET ${MONITOR}`]: (_, r) => json(r, 410, {}),
    });
    await expect(result).rejects.toMatchObject({ upstreamStatus: 502, message: expect.stringContaining("not known") });
  });

  it.each<[string, object]>([
    ["Exception", {}],
    ["Killed", {}],
    ["Cancelled", {}],
    ["Completed", { TaskStatus: "Critical" }],
  ])("that ends as %s has failed, and its messages say why", async (state, more) => {
    const Messages = [
      { Message: "No free sled." },
      { MessageId: "Base.1.0.ResourcesStateMismatch", Message: "Sorry." },
    ];
    const { result } = await outcome(monitored, {
      [`GET ${MONITOR}`]: turns(running, task(state, { Messages, ...more })),
    });
    await expect(result).rejects.toMatchObject({
      code: "pod-manager.refused",
      upstreamStatus: 502,
      upstreamCode: "Base.1.0.ResourcesStateMismatch",
      message: expect.stringContaining("No free sled. Sorry."),
    });
  });

  it("that its monitor refuses has failed with that status", async () => {
    const refuse: Reply = (_, r) => json(r, 409, { error: { code: "X", message: "Nothing matches." } });
    const { result } = await outcome(monitored, { [`GET ${MONITOR}`]: turns(running, refuse) });
    await expect(result).rejects.toMatchObject({ upstreamStatus: 409, message: "Nothing matches." });
  });

  it("is waited for over a restart of the service", async () => {
    const cut: Reply = (_, r) => void r.destroy();
    const busy: Reply = raw(503, "starting");
    const { result } = await outcome(monitored, {
      [`GET ${MONITOR}`]: turns(running, cut, cut, cut, busy, busy, busy, busy, running, created),
    });
    await expect(result).resolves.toMatchObject({ status: 201 });
  });

  it("is looked at when the service says", async () => {
    const soon: Reply = (_, r) => json(r, 202, task("Running"), { "retry-after": "0" });
    const { result } = await outcome(
      monitored,
      { [`GET ${MONITOR}`]: turns(soon, soon, created) },
      { pollMs: 3_600_000 / 16 },
    );
    await expect(result).resolves.toMatchObject({ status: 201 });
  });

  it("is cancelled when it takes too long", async () => {
    const { peer, result } = await outcome(
      monitored,
      { [`GET ${MONITOR}`]: running, [`DELETE ${MONITOR}`]: raw(204, "") },
      { composeMs: 30 },
    );
    await expect(result).rejects.toMatchObject({ code: "pod-manager.timeout" });
    expect(peer.count(`DELETE ${MONITOR}`)).toBe(1);
  });

  it("goes on when the caller gives up, for another process to wait for", async () => {
    const abort = new AbortController();
    const peer = await service({
      [ROOT]: root(),
      [`POST ${NODES}`]: monitored,
      [`GET ${MONITOR}`]: (received, response) => {
        abort.abort(new Error("enough"));
        return running(received, response);
      },
    });
    const opened = client(peer.url);
    const written = await opened.post(NODES, {}, never);
    await expect(opened.finished(written, abort.signal)).rejects.toThrow("enough");
    expect(peer.count(`DELETE ${MONITOR}`)).toBe(0);
    peer.on(`GET ${MONITOR}`, created);
    const recorded = JSON.parse(JSON.stringify(written));
    await expect(client(peer.url).finished(recorded, never)).resolves.toMatchObject({ location: `${NODES}/1` });
  });

  it("in a state that nobody knows is an error", async () => {
    const { result } = await outcome(monitored, { [`GET ${MONITOR}`]: task("Dreaming") });
    await expect(result).rejects.toMatchObject({
      code: "pod-manager.unreadable",
      message: expect.stringContaining('"Dreaming"'),
    });
  });
});
