// What every hardware driver must keep, shown on a simulator of its hardware: it chooses what is free, every step of its
// operations can be looked up and taken back, a lost answer doubles nothing, and whatever a pod manager does ends in an error
// that says what it was.
import { afterEach, describe, expect, it } from "vitest";
import type {
  Choice,
  ComposeFacts,
  DeviceFacts,
  Facts,
  Operations,
  PodManager,
  PodManagerAccess,
  Requirements,
  Step,
} from "../../host/drivers/driver.ts";
import { AppError, UpstreamError } from "../../host/errors.ts";
import type { Fault } from "../../host/sim/base/faults.ts";
import type { RequestCounts } from "../../host/sim/base/requests.ts";

/** A simulator that listens, and a driver that is connected to it. */
export interface Stand {
  readonly manager: PodManager;
  /** Another connection to the same simulator; what is given differs. */
  connect(access: Partial<PodManagerAccess>): PodManager;
  /** All that the hardware is, without what ticks or counts on: equal when nothing was changed, or all of it taken back. */
  snapshot(): unknown;
  fault(fault: Fault): () => void;
  readonly requests: RequestCounts;
  /** Served by the hardware, with devices if a node may have some from the start. */
  readonly fitting: Requirements;
  /** Served by no hardware, and what the refusal names. */
  readonly unfitting: readonly [requirements: Requirements, named: RegExp];
  /** Ends the simulator and all connections. */
  close(): Promise<void>;
}

export interface DriverContractOptions {
  /** What `status` does for a pod manager that cannot be reached or used: says Offline, or rejects. */
  readonly offline: "Offline" | "rejects";
  /** A free device that can be attached while a node is there; absent: the driver cannot attach. */
  readonly attachable?: (device: DeviceFacts) => boolean;
}

const SIGNAL = new AbortController().signal;
const NODE_ID = "5f0c1c8e-7f7e-4a3c-9a55-2d4f6a3b1c01";
/** Each matching request from now on. */
const ALWAYS = { times: Number.MAX_SAFE_INTEGER };

type Kind = keyof Operations;

/** A stand where an operation can begin. */
interface Ready {
  readonly stand: Stand;
  readonly steps: readonly Step[];
  readonly facts: Facts;
}

export function driverContract(name: string, open: () => Promise<Stand>, options: DriverContractOptions): void {
  const stands: Stand[] = [];
  const opened = async () => {
    const stand = await open();
    stands.push(stand);
    return stand;
  };
  const closeAll = async () => {
    for (const stand of stands.splice(0)) await stand.close();
  };
  const ready = async (kind: Kind): Promise<Ready> => await readyFor(kind, await opened(), options);
  const kinds: Kind[] = ["compose", "release", ...(options.attachable ? (["attach", "detach"] as const) : [])];
  const undoable = kinds.filter((kind) => kind !== "release");

  describe(`the driver ${name}`, () => {
    afterEach(closeAll);

    it("says that its pod manager is online, and closes as often as it is told", async () => {
      const { manager } = await opened();
      expect(await manager.status(SIGNAL)).toBe("Online");
      await manager.close();
      await manager.close();
      await expect(manager.systems(SIGNAL)).rejects.toBeInstanceOf(AppError);
    });

    it("shows each system alone as it shows it in the list", async () => {
      const { manager } = await opened();
      const systems = await manager.systems(SIGNAL);
      expect(systems.length).toBeGreaterThan(1);
      expect(new Set(systems.map(({ id }) => id)).size).toBe(systems.length);
      const { raw: _, ...first } = systems[0]!;
      expect(await manager.system(first.id, SIGNAL)).toMatchObject(first);
      await expect(manager.system("no such/system", SIGNAL)).rejects.toMatchObject({ upstreamStatus: 404 });
    });

    it("lists every device once, in a state that fits where it is", async () => {
      const { manager } = await opened();
      const devices = await manager.devices(SIGNAL);
      expect(new Set(devices.map(({ resourceUri }) => resourceUri)).size).toBe(devices.length);
      for (const { state, nodeIndex } of devices) {
        expect(["free", "allocated", "error"]).toContain(state);
        if (nodeIndex !== null) expect(state).not.toBe("free");
      }
    });

    it("chooses the same again, never what is taken, and says when nothing is left", async () => {
      const { manager, fitting } = await opened();
      const choose = (taken: ReadonlySet<string>) => manager.choose(fitting, taken, SIGNAL);
      const first = await choose(new Set());
      expect(await choose(new Set())).toEqual(first);
      expect(first.reasons.length).toBeGreaterThan(0);
      const taken = new Set<string>();
      let next: Choice | AppError = first;
      // A pod manager that chooses itself names nothing to be claimed.
      while (!(next instanceof AppError) && next.resources.length > 0) {
        for (const resource of next.resources) {
          expect(taken).not.toContain(resource);
          taken.add(resource);
        }
        next = await choose(taken).catch((error: unknown) => error as AppError);
      }
      if (taken.size > 0) expect(next).toMatchObject({ code: "pod-manager.no-fit" });
    });

    it("names what is short when nothing fits", async () => {
      const { manager, unfitting } = await opened();
      const [requirements, named] = unfitting;
      await expect(manager.choose(requirements, new Set(), SIGNAL)).rejects.toMatchObject({
        code: "pod-manager.no-fit",
        message: expect.stringMatching(named),
      });
    });

    it("composes a node that it then shows, and releases it so that all is free again", async () => {
      const { stand, steps, facts } = await ready("compose");
      const before = stand.snapshot();
      const composed = await perform(steps, facts);
      const node = await stand.manager.node(String(composed.index), SIGNAL);
      expect(node).toMatchObject({ index: composed.index, resourceUri: composed.resourceUri });
      for (const change of devicesIn(composed)) {
        const device = await deviceAt(stand.manager, change.resourceUri);
        expect(device).toMatchObject({ state: "allocated", nodeIndex: change.nodeIndex });
      }
      expect(stand.snapshot()).not.toEqual(before);
      await perform(stand.manager.operations.release, released(composed));
      expect(stand.snapshot()).toEqual(before);
      // Another process may have got there first.
      await perform(stand.manager.operations.release, released(composed));
      expect(stand.snapshot()).toEqual(before);
    });

    it("does not find a node that never was", async () => {
      const { manager } = await opened();
      const asked = manager.node("no such/node", SIGNAL);
      await expect(asked).rejects.toMatchObject({ code: "pod-manager.refused", upstreamStatus: 404 });
    });

    if (options.attachable)
      it("shows a device where it was attached, and free when it was detached", async () => {
        const { stand, steps, facts } = await ready("attach");
        const { resourceUri } = facts.device as DeviceFacts;
        const before = stand.snapshot();
        const [change] = devicesIn(await perform(steps, facts));
        const attached = await deviceAt(stand.manager, resourceUri);
        expect(attached).toMatchObject({ state: "allocated", nodeIndex: facts.index });
        expect(attached).toMatchObject(change!);
        const left = await perform(stand.manager.operations.detach!, { ...facts, device: attached });
        const freed = await deviceAt(stand.manager, resourceUri);
        expect(freed).toMatchObject({ state: "free", nodeIndex: null });
        expect(freed).toMatchObject(devicesIn(left)[0]!);
        expect(stand.snapshot()).toEqual(before);
      });

    describe.each(kinds)("%s, step by step,", (kind) => {
      it("looks up each step truly, before and after it", async () => {
        const { stand, steps, facts: begun } = await ready(kind);
        expect(new Set(steps.map((step) => step.name)).size).toBe(steps.length);
        let facts = begun;
        for (const step of steps) {
          const before = stand.snapshot();
          const early = await step.look(facts, SIGNAL);
          expect(stand.snapshot(), `${step.name}: look changes nothing`).toEqual(before);
          const done = await step.run(facts, SIGNAL);
          if (early !== null) {
            expect(done, `${step.name} was said to be done`).toEqual(early);
            expect(stand.snapshot(), `${step.name} was said to be done`).toEqual(before);
          }
          const after = stand.snapshot();
          expect(await step.look(facts, SIGNAL), `${step.name}: look finds what was done`).toEqual(done);
          expect(stand.snapshot()).toEqual(after);
          facts = { ...facts, ...done };
        }
      });

      it("comes to the same when an answer is lost at any step", async () => {
        const { stand: undisturbed, steps, facts } = await ready(kind);
        const writes = await writesOf(undisturbed, steps, facts);
        const whole = undisturbed.snapshot();
        expect(writes.length).toBeGreaterThan(0);
        for (const { method, path } of writes) {
          const { stand, steps, facts } = await ready(kind);
          stand.fault({ kind: "lose", method, path });
          const ended = await performThrough(steps, facts);
          expect(ended.lost, `${method} ${path.source} is asked again in this run`).toBeLessThanOrEqual(1);
          expect(stand.snapshot(), `${method} ${path.source} lost`).toEqual(whole);
          await closeAll();
        }
      });
    });

    describe.each(undoable)("%s, taken back,", (kind) => {
      it("leaves the hardware as it was, after any number of steps, also the second time", async () => {
        const { steps } = await ready(kind);
        for (let count = 0; count <= steps.length; count++) {
          const { stand, steps, facts } = await ready(kind);
          const before = stand.snapshot();
          const done = await perform(steps.slice(0, count), facts);
          // The step after them may have begun, for all that is known.
          const known = steps.slice(0, count + 1).toReversed();
          for (const step of known) await step.undo(done, SIGNAL);
          expect(stand.snapshot(), `after ${count} steps`).toEqual(before);
          for (const step of known) await step.undo(done, SIGNAL);
          expect(stand.snapshot(), `after ${count} steps, twice`).toEqual(before);
          await closeAll();
        }
      });

      it("leaves it as it was when the answer of a step was lost", async () => {
        const { stand: undisturbed, steps, facts } = await ready(kind);
        for (const { method, path, step: at } of await writesOf(undisturbed, steps, facts)) {
          const { stand, steps, facts } = await ready(kind);
          const before = stand.snapshot();
          let known = await perform(steps.slice(0, at), facts);
          stand.fault({ kind: "lose", method, path });
          // Some find out themselves what became of it.
          const done = await steps[at]!.run(known, SIGNAL).catch(() => null);
          if (done !== null) known = { ...known, ...done };
          for (const step of steps.slice(0, at + 1).toReversed()) await step.undo(known, SIGNAL);
          expect(stand.snapshot(), `${method} ${path.source} lost`).toEqual(before);
          await closeAll();
        }
      });
    });

    describe("with a pod manager that", () => {
      const asked: readonly (readonly [string, (manager: PodManager, stand: Stand) => Promise<unknown>])[] = [
        ["systems", (manager) => manager.systems(SIGNAL)],
        ["devices", (manager) => manager.devices(SIGNAL)],
        ["choose", (manager, { fitting }) => manager.choose(fitting, new Set(), SIGNAL)],
      ];
      const wrong: readonly (readonly [string, string, Fault | null, Partial<PodManagerAccess>])[] = [
        ["hangs", "pod-manager.timeout", { kind: "hang", ...ALWAYS }, { limits: { answerMs: 60, pollMs: 1 } }],
        ["ends connections", "pod-manager.unreachable", { kind: "drop", ...ALWAYS }, {}],
        ["answers with pages", "pod-manager.unreadable", { kind: "html", ...ALWAYS }, {}],
        ["answers 200 with 500", "pod-manager.unreadable", { kind: "number", status: 500, ...ALWAYS }, {}],
        ["rejects the password", "pod-manager.credentials", null, { password: "something else" }],
        ["is not there", "pod-manager.unreachable", null, { url: "http://127.0.0.1:9/" }],
        ["has broken down", "pod-manager.refused", { kind: "fail", status: 500, body: {}, ...ALWAYS }, {}],
      ];
      it.each(wrong)("%s every answer is %s", async (_, code, fault, access) => {
        const stand = await opened();
        const manager = stand.connect(access);
        if (fault) stand.fault(fault);
        for (const [what, ask] of asked) {
          const error = await ask(manager, stand).catch((error: unknown) => error);
          expect(error, what).toMatchObject({ code });
          expect((error as AppError).message, what).not.toMatch(/<html|something else/);
          if (error instanceof UpstreamError) expect(error.upstreamStatus, what).toBeGreaterThanOrEqual(502);
        }
        const status = await manager.status(SIGNAL).catch((error: unknown) => error);
        if (options.offline === "Offline") expect(status).toBe("Offline");
        else expect(status).toBeInstanceOf(AppError);
      });

      it("hangs an aborted request ends with what it was aborted with", async () => {
        const stand = await opened();
        stand.fault({ kind: "hang", ...ALWAYS });
        const enough = new Error("enough");
        for (const ask of [
          (signal: AbortSignal) => stand.manager.systems(signal),
          (signal: AbortSignal) => stand.manager.devices(signal),
          (signal: AbortSignal) => stand.manager.status(signal),
          (signal: AbortSignal) => stand.manager.choose(stand.fitting, new Set(), signal),
        ]) {
          const controller = new AbortController();
          const asked = ask(controller.signal);
          setImmediate(() => controller.abort(enough));
          await expect(asked).rejects.toBe(enough);
          await expect(ask(AbortSignal.abort(enough))).rejects.toBe(enough);
        }
      });
    });
  });
}

async function readyFor(kind: Kind, stand: Stand, { attachable }: DriverContractOptions): Promise<Ready> {
  const { manager, fitting } = stand;
  const choice = await manager.choose(fitting, new Set(), SIGNAL);
  const compose: ComposeFacts = {
    id: NODE_ID,
    name: "n1",
    description: "",
    requirements: fitting,
    choice,
  };
  const steps = manager.operations[kind];
  if (steps === undefined) throw new Error(`this driver cannot ${kind}`);
  if (kind === "compose") return { stand, steps, facts: compose };
  const composed = released(await perform(manager.operations.compose, compose));
  if (kind === "release") return { stand, steps, facts: composed };
  const device = (await manager.devices(SIGNAL)).find((device) => device.state === "free" && attachable?.(device));
  if (device === undefined) throw new Error("no device is free that could be attached");
  const { index, resourceUri } = composed;
  const facts = { index, resourceUri, device };
  if (kind === "attach") return { stand, steps, facts };
  await perform(manager.operations.attach!, facts);
  return { stand, steps, facts: { ...facts, device: await deviceAt(manager, device.resourceUri) } };
}

/** What `release` begins with, of what `compose` leaves. */
function released({ index, resourceUri, choice }: Facts): Facts {
  return { index, resourceUri, resources: [resourceUri, ...(choice as Choice).resources] };
}

async function perform(steps: readonly Step[], begun: Facts): Promise<Facts> {
  let facts = begun;
  for (const step of steps) facts = { ...facts, ...(await step.run(facts, SIGNAL)) };
  return facts;
}

/** As a service does that loses answers: it looks before it orders anything again. `lost`: how often. */
async function performThrough(steps: readonly Step[], begun: Facts): Promise<{ facts: Facts; lost: number }> {
  let facts = begun;
  let lost = 0;
  for (const step of steps) {
    let done = await step.run(facts, SIGNAL).catch(() => null);
    if (done === null) {
      lost++;
      done = (await step.look(facts, SIGNAL)) ?? (await step.run(facts, SIGNAL));
    }
    facts = { ...facts, ...done };
  }
  return { facts, lost };
}

interface Write {
  readonly method: string;
  readonly path: RegExp;
  /** Index of its step. */
  readonly step: number;
}

/** Performs the steps, and tells which requests changed something; log-ins are none of them. */
async function writesOf({ requests }: Stand, steps: readonly Step[], begun: Facts): Promise<Write[]> {
  const writes: Write[] = [];
  let facts = begun;
  for (const [at, step] of steps.entries()) {
    const before = requests.list();
    facts = { ...facts, ...(await step.run(facts, SIGNAL)) };
    for (const [request, count] of Object.entries(requests.list())) {
      const [method = "", path = ""] = request.split(" ");
      if (method === "GET" || method === "HEAD" || /\/Sessions\b/.test(path) || count === before[request]) continue;
      writes.push({ method, path: new RegExp(`^${path.replaceAll(/[^\w/-]/g, "\\$&")}$`), step: at });
    }
  }
  return writes;
}

function devicesIn(facts: Facts): DeviceFacts[] {
  return (facts.devices ?? []) as DeviceFacts[];
}

async function deviceAt(manager: PodManager, resourceUri: string): Promise<DeviceFacts> {
  const device = (await manager.devices(SIGNAL)).find((device) => device.resourceUri === resourceUri);
  if (device === undefined) throw new Error(`${resourceUri} is not in the list of devices`);
  return device;
}
