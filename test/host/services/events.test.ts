import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test, vi } from "vitest";
import { AppError } from "../../../host/errors.ts";
import type { CloudChange, ServerRecord } from "../../../host/openstack/records.ts";
import { EventQueue } from "../../../host/services/event-queue.ts";
import { Events, type EventsOptions, type Reread } from "../../../host/services/events.ts";

const SIZE = { vcpus: 1, ramMiB: 512, diskGiB: 1 };
const LARGER = { vcpus: 2, ramMiB: 2048, diskGiB: 20 };

function server(id: string, told: Partial<ServerRecord> = {}): Extract<CloudChange, { kind: "server" }> {
  const nothing = { name: null, projectId: null, size: null, alsoOn: null, zone: null, metadata: null, hints: null };
  return { kind: "server", server: { ...nothing, id, state: "active", host: "h1", at: null, ...told } };
}

const gone = (id: string, at: number | null = null): CloudChange => ({ kind: "server-gone", id, host: "h1", at });

describe("changes that wait become what is different at the end", () => {
  const left = (...changes: readonly CloudChange[]) => {
    const queue = new EventQueue(100);
    for (const change of changes) if (change.kind !== "facts") queue.offer(change);
    return queue.take(100);
  };

  test("the later state of a server counts, and what only the earlier one told is kept", () => {
    const built = server("a", { state: "building", hints: { heat_resource_uuid: ["r"] }, size: SIZE, name: "web" });
    const runs = server("a", { state: "active", host: "h2", zone: "nova" });
    expect(left(built, runs)).toEqual([
      server("a", { host: "h2", hints: { heat_resource_uuid: ["r"] }, size: SIZE, name: "web", zone: "nova" }),
    ]);
  });

  test("an earlier state that comes late does not win, whatever it adds", () => {
    const late = server("a", { host: "h1", at: 1000, name: "web" });
    expect(left(server("a", { host: "h2", at: 2000 }), late)).toEqual([
      server("a", { host: "h2", at: 2000, name: "web" }),
    ]);
  });

  test("what comes later is later where a time is missing", () => {
    expect(left(server("a", { host: "h2", at: 2000 }), server("a", { host: "h1" }))).toEqual([
      server("a", { host: "h1" }),
    ]);
  });

  test("a build that was linked to its stack and deleted at once is told whole, so that its place becomes free", () => {
    const built = server("a", { state: "building", hints: { heat_resource_uuid: ["r"] } });
    expect(left(built, gone("a"), gone("a"))).toEqual([built, gone("a")]);
  });

  test("a failed build between two builds is told between them", () => {
    const failed: CloudChange = { kind: "build-failed", id: "a", host: "h1", at: null };
    const again = server("a", { state: "building", host: "h2" });
    expect(left(server("a"), failed, again)).toEqual([server("a"), failed, again]);
  });

  test("while a resize waits for confirmation, the old place stays held however the messages fall together", () => {
    const ahead = server("a", { host: "h1", size: SIZE, alsoOn: { host: "h2", size: LARGER } });
    const arrived = server("a", { state: "resized", host: "h2", size: LARGER });
    const waits = server("a", { state: "resized", host: "h2", size: LARGER, alsoOn: { host: "h1", size: SIZE } });
    expect(left(ahead, arrived)).toEqual([waits]);
    expect(left(ahead, waits, arrived)).toEqual([waits]);
    expect(left(server("a", { size: SIZE }), arrived)).toEqual([waits]);
    expect(left(waits, server("a", { host: "h2" }))).toEqual([server("a", { host: "h2", size: LARGER })]);
  });

  test("a resize on the same host holds both sizes there", () => {
    const ahead = server("a", { host: "h1", size: SIZE, alsoOn: { host: "h1", size: LARGER } });
    const arrived = server("a", { state: "resized", host: "h1", size: LARGER });
    expect(left(ahead, arrived)).toEqual([
      server("a", { state: "resized", host: "h1", size: LARGER, alsoOn: { host: "h1", size: SIZE } }),
    ]);
  });

  test("the last word on a host counts", () => {
    const host = (up: boolean, at: number): CloudChange => ({ kind: "host", host: "h1", up, at });
    expect(left(host(false, 1), host(true, 2))).toEqual([host(true, 2)]);
    expect(left(host(true, 2), host(false, 1))).toEqual([host(true, 2)]);
  });

  test("servers keep the order in which they were first told of, also after some were taken", () => {
    const queue = new EventQueue(100);
    for (const id of ["a", "b", "c"]) queue.offer(server(id));
    expect(queue.take(1)).toEqual([server("a")]);
    queue.offer(server("a", { host: "h2" }));
    queue.offer(server("c", { host: "h2" }));
    expect(queue.size).toBe(3);
    expect(queue.take(9)).toEqual([server("b"), server("c", { host: "h2" }), server("a", { host: "h2" })]);
    expect(queue.size).toBe(0);
  });
});

describe("applying", () => {
  const running: Events[] = [];
  const warnings: string[] = [];
  const rereads: Reread[] = [];
  const applied: CloudChange[] = [];

  function started(options: Partial<EventsOptions> = {}): Events {
    const events = new Events({
      apply: async (changes) => void applied.push(...changes),
      reread: (what) => rereads.push(what),
      warn: (message) => warnings.push(message),
      ...options,
    });
    running.push(events);
    return events;
  }

  afterEach(async () => {
    await Promise.all(running.splice(0).map((events) => events.close()));
    for (const list of [warnings, rereads, applied]) list.length = 0;
  });

  test("what comes together is applied together", async () => {
    const apply = vi.fn(async () => {});
    const events = started({ apply });
    for (let at = 0; at < 150; at++) events.offer([server(`s${at}`)]);
    await vi.waitFor(() => expect(events.counters.applied).toBe(150));
    expect(apply).toHaveBeenCalledTimes(1);
  });

  test("changed facts are read again, once each, and nothing is applied", () => {
    started().offer([{ kind: "facts", of: "aggregates" }]);
    expect(rereads).toEqual(["aggregates"]);
  });

  test("while the store is away changes wait, then all are applied", async () => {
    let away = 3;
    const events = started({
      apply: async (changes) => {
        if (away-- > 0) throw new AppError("store.unavailable", "gone");
        applied.push(...changes);
      },
    });
    events.offer([server("a"), server("b")]);
    await sleep(50);
    events.offer([server("c")]);
    await vi.waitFor(() => expect(applied).toEqual([server("a"), server("b"), server("c")]), 5000);
    expect(warnings).toEqual(["the store is away, changes wait"]);
    expect(rereads).toEqual([]);
  });

  test("a change that cannot be applied costs no other one, and has everything read again", async () => {
    const logged: object[] = [];
    const events = started({
      apply: async (changes) => {
        if (changes.some((change) => change.kind === "server" && change.server.id === "s7")) throw new Error("odd");
        applied.push(...changes);
      },
      warn: (_message, details) => logged.push(details),
    });
    events.offer(Array.from({ length: 20 }, (_, at) => server(`s${at}`, { metadata: { password: "secret" } })));
    await vi.waitFor(() => expect(rereads).toEqual(["everything"]));
    expect(applied).toHaveLength(19);
    expect(events.counters).toMatchObject({ applied: 19, failed: 1 });
    // The metadata of a server may hold secrets of its owner.
    expect(logged).toEqual([{ err: new Error("odd"), kind: "server", of: "s7" }]);
  });

  test("more than can wait is dropped, told once, and everything is read again when the rest is applied", async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const events = started({ apply: () => held, queueLimit: 10 });
    for (let at = 0; at < 500; at++) events.offer([server(`s${at}`)]);
    expect(events.waiting).toBe(10);
    expect(events.counters.dropped).toBe(490);
    expect(warnings).toEqual(["too many changes wait: all are read again later"]);
    expect(rereads).toEqual([]);
    release();
    await vi.waitFor(() => expect(rereads).toEqual(["everything"]));
  });

  test("other work has its turn between batches", async () => {
    const events = started();
    let turns = 0;
    const tick = () => {
      turns++;
      if (events.counters.applied < 10_000) setImmediate(tick);
    };
    events.offer(Array.from({ length: 10_000 }, (_, at) => server(`s${at}`)));
    setImmediate(tick);
    await vi.waitFor(() => expect(events.counters.applied).toBe(10_000));
    expect(turns).toBeGreaterThanOrEqual(events.counters.batches);
  });

  test("closing waits for the batch that is being applied and for nothing else", async () => {
    const events = started({
      apply: async (changes) => {
        await sleep(20);
        applied.push(...changes);
      },
    });
    events.offer(Array.from({ length: 1000 }, (_, at) => server(`s${at}`)));
    await sleep(5);
    await events.close();
    expect(applied.length).toBeLessThanOrEqual(200);
    events.offer([server("late")]);
    expect(events.waiting).toBeLessThan(1000);
  });

  test("closing ends the wait for a store that is away", async () => {
    const events = started({
      apply: async () => {
        throw new AppError("store.unavailable", "gone");
      },
    });
    events.offer([server("a")]);
    await sleep(250);
    await events.close();
    expect(events.counters.applied).toBe(0);
  });
});
