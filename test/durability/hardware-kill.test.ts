// Kill -9 in the middle of every step of every operation of every driver, and what the next process makes of it. A process
// that dies is a real one (CI with PostgreSQL: in every case), or one of ours that hangs for ever, which is quicker.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openStore } from "../../db/client.ts";
import { listDevices } from "../../db/queries/devices.ts";
import { listOperations } from "../../db/queries/operations.ts";
import { claims } from "../../db/schema/index.ts";
import type { Store } from "../../db/store.ts";
import type { Operations, PodManager } from "../../host/drivers/driver.ts";
import { UpstreamError } from "../../host/errors.ts";
import { NodeService } from "../../host/services/hardware/nodes.ts";
import { OperationRunner } from "../../host/services/hardware/operations.ts";
import { nodeProcedures } from "../../host/services/hardware/procedures.ts";
import { register } from "../support/hardware.ts";
import { type HardwareStand, STANDS, type StandKind } from "../support/hardware-stands.ts";
import { type Around, failing, mortal, type Point, pointsOf } from "../support/mortal.mjs";
import { directoryWithCluster, freshDatabase, postgresServer, type TestDatabase } from "../support/postgres.ts";
import { scratchFolders } from "../support/scratch-folder.ts";

const CHILD = fileURLToPath(new URL("hardware-kill-child.mjs", import.meta.url));
const GOLDEN = new URL("../golden/hardware-steps.json", import.meta.url);
const CI = process.env.CI === "true";
const KINDS = ["compose", "attach", "detach", "release"] as const;
const { signal } = new AbortController();
const scratch = scratchFolders();

/** Names of the steps, by driver and operation. */
const STEPS: Record<string, Record<string, string[]>> = Object.fromEntries(
  STANDS.map(({ driver }) => {
    const { operations } = driver.connect({ url: "http://127.0.0.1:1", username: "u", password: "p", log: () => {} });
    return [driver.name, namesOf(operations)];
  }),
);

function namesOf(operations: Operations): Record<string, string[]> {
  return Object.fromEntries(KINDS.map((kind) => [kind, (operations[kind] ?? []).map(({ name }) => name)]));
}

const CASES = STANDS.flatMap((stand) =>
  KINDS.flatMap((kind) =>
    pointsOf(kind, STEPS[stand.driver.name]![kind]!, kind !== "release").map((point) => ({
      stand,
      point,
      text: `${stand.driver.name} ${kind} ${point.step}: ${point.when} ${point.method}`,
    })),
  ),
);

/** Each step of one driver, done and not recorded. */
const FEW = CASES.filter(
  ({ stand, point }) => stand.driver.name === "expether" && point.method === "run" && point.when === "after",
);

/** Hardware with a node that is composed already, and a device that is to be moved. */
interface Scene {
  readonly stand: StandKind;
  readonly hardware: HardwareStand;
  readonly manager: PodManager;
  readonly before: unknown;
  readonly podManagerId: string;
  readonly work: Work;
}

interface Work {
  readonly requirements: StandKind["fitting"];
  readonly podManagerId: string;
  readonly node: string;
  readonly device: string;
}

function services(around: Around): { operations: OperationRunner; nodes: NodeService } {
  const log = () => {};
  const operations = new OperationRunner({ ...around, procedures: nodeProcedures(), log, pauseMs: 5, alone: true });
  const flavors = { find: async () => ({ properties: {} }) };
  return { operations, nodes: new NodeService({ ...around, operations, flavors, log }) };
}

async function perform(nodes: NodeService, kind: Point["kind"], work: Work): Promise<unknown> {
  const { requirements, podManagerId, node, device } = work;
  if (kind === "compose")
    return await nodes.compose({ name: "new", requirements, podManagerId, requestId: "r" }, signal);
  if (kind === "attach") return await nodes.attach(node, device, "r", signal);
  if (kind === "detach") return await nodes.detach(node, device, "r", signal);
  return await nodes.remove(node, "r", signal);
}

async function prepare(store: Store, stand: StandKind, kind: Point["kind"]): Promise<Scene> {
  const hardware = await stand.open();
  const before = hardware.snapshot();
  const manager = stand.driver.connect({ ...hardware.access, log: () => {} });
  const podManagerId = await register(store, { devices: await manager.devices(signal) });
  const { operations, nodes } = services({ store, connect: async () => manager });
  const requirements = stand.fitting;
  const { record } = await nodes.compose({ name: "old", requirements, podManagerId, requestId: "r" }, signal);
  const device = (await manager.devices(signal)).find(
    ({ state, ...rest }) => state === "free" && stand.attachable({ state, ...rest }),
  );
  const work = { requirements, podManagerId, node: record.id, device: `${podManagerId}/${device!.resourceUri}` };
  if (kind === "detach") await nodes.attach(work.node, work.device, "r", signal);
  await operations.close();
  return { stand, hardware, manager, before, podManagerId, work };
}

/** The next process: brings to an end what it finds, then releases everything. */
async function recover(store: Store, scene: Scene, point: Point): Promise<void> {
  const { hardware, manager, before, podManagerId, work } = scene;
  const { operations, nodes } = services({ store, connect: async () => manager });
  await operations.recover();
  await operations.settled();
  await agree(store, scene);
  const forward = point.method === "run";
  const there = await nodes.list({ podManagerId });
  const expected = { compose: forward ? ["old", "new"] : ["old"], release: [] as string[] };
  expect(there.map(({ name }) => name)).toEqual(point.kind in expected ? expected[point.kind as "compose"] : ["old"]);
  const [row] = await store.read((db) => listDevices(db, { id: work.device }));
  if (point.kind === "attach" || point.kind === "detach")
    expect(row!.nodeIndex).toBe((point.kind === "attach") === forward ? there[0]!.index : null);
  for (const { id } of there) await nodes.remove(id, "r", signal);
  expect(hardware.snapshot()).toEqual(before);
  await agree(store, scene);
  await operations.close();
}

/** Store and hardware tell the same, and nothing is under way. */
async function agree(store: Store, { manager, podManagerId }: Scene): Promise<void> {
  const { nodes } = services({ store, connect: async () => manager });
  const there = await nodes.list({ podManagerId });
  const known = new Map(there.map(({ id, index }) => [index, id]));
  expect((await store.read((db) => listOperations(db))).filter((row) => row.podManagerId === podManagerId)).toEqual([]);
  for (const { index } of there) expect((await manager.node(index, signal)).index).toBe(index);
  const standing = (device: {
    resourceUri: string;
    state: string;
    nodeIndex: string | null;
    pooledGroupId: string | null;
  }) => `${device.resourceUri} ${device.state} ${device.nodeIndex} ${device.pooledGroupId}`;
  const truly = await manager.devices(signal);
  const stored = await store.read((db) => listDevices(db, { podManagerId }));
  expect(stored.map(standing).sort()).toEqual(truly.map(standing).sort());
  const held = (await store.read((db) => db.select().from(claims))).filter((row) => row.podManagerId === podManagerId);
  for (const { nodeId, resource } of held) expect([...known.values()], resource).toContain(nodeId);
  const claimed = held.map(({ nodeId, resource }) => `${resource} ${nodeId}`);
  for (const { resourceUri, nodeIndex } of truly)
    if (nodeIndex !== null && known.has(nodeIndex)) expect(claimed).toContain(`${resourceUri} ${known.get(nodeIndex)}`);
}

async function tidy({ manager, hardware }: Scene): Promise<void> {
  await manager.close();
  await hardware.close();
}

/** A process of ours that hangs from the point on. */
async function hang(store: Store, { stand, hardware, work }: Scene, point: Point): Promise<void> {
  const refused = new UpstreamError("pod-manager.refused", { status: 409 }, "no");
  const last = STEPS[stand.driver.name]![point.kind]!.at(-1)!;
  const manager = stand.driver.connect({ ...hardware.access, log: () => {} });
  const shown = point.method === "undo" ? failing(manager, point.kind, last, refused) : manager;
  await new Promise<void>((died, failed) => {
    const die = () => {
      died();
      return new Promise<never>(() => {});
    };
    const { nodes } = services(mortal({ store, connect: async () => shown }, point, die));
    perform(nodes, point.kind, work).then(() => failed(new Error("it lives")), failed);
  });
  await manager.close();
}

/** A process that is killed at the point. */
async function kill(database: string, { stand, hardware, work }: Scene, point: Point): Promise<void> {
  const { name } = stand.driver;
  const last = STEPS[name]![point.kind]!.at(-1)!;
  const given = JSON.stringify({ database, driver: name, access: hardware.access, point, last, work });
  const child = spawn(process.execPath, [CHILD, given], { stdio: ["ignore", "inherit", "inherit"] });
  const [code, killed] = (await once(child, "exit")) as [number | null, string | null];
  expect({ code, killed }).toEqual({ code: null, killed: "SIGKILL" });
}

test("every step of every driver is known here, so that each has its cases", () => {
  if (process.env.OSTRO_WRITE_GOLDEN === "1") writeFileSync(GOLDEN, `${JSON.stringify(STEPS, null, 2)}\n`);
  expect(STEPS).toEqual(JSON.parse(readFileSync(GOLDEN, "utf8")));
  for (const [driver, kinds] of Object.entries(STEPS))
    for (const [kind, names] of Object.entries(kinds)) {
      expect(names.length, `${driver} ${kind}`).toBeGreaterThan(0);
      expect(new Set(names).size, `${driver} ${kind}`).toBe(names.length);
    }
});

describe("processes that hang, on the embedded store", () => {
  let database: TestDatabase;
  let store: Store;
  beforeAll(async () => {
    database = await freshDatabase("pglite");
    store = await database.open();
  });
  afterAll(() => database.remove());

  test.each(CI && postgresServer === null ? CASES : FEW)("$text", async ({ stand, point }) => {
    const scene = await prepare(store, stand, point.kind);
    await hang(store, scene, point);
    await recover(store, scene, point);
    await tidy(scene);
  });
});

describe("processes that are killed, on the embedded store in a directory", () => {
  const one = STANDS.map(({ driver }, at) => CASES.filter(({ stand }) => stand.driver === driver)[1 + 6 * at]!);
  test.each(CI ? one : one.slice(0, 1))("$text", async ({ stand, point }) => {
    const url = await directoryWithCluster(join(scratch(), "data"));
    const first = await openStore(url);
    const scene = await prepare(first, stand, point.kind);
    await first.close();
    await kill(url, scene, point);
    const store = await openStore(url);
    await recover(store, scene, point);
    await store.close();
    await tidy(scene);
  });
});

describe.skipIf(postgresServer === null)("processes that are killed, on PostgreSQL", () => {
  let database: TestDatabase;
  let store: Store;
  beforeAll(async () => {
    database = await freshDatabase("postgres");
    store = await database.open();
  });
  afterAll(() => database.remove());

  test.each(CI ? CASES : FEW)("$text", async ({ stand, point }) => {
    const scene = await prepare(store, stand, point.kind);
    await kill(database.url!, scene, point);
    await recover(store, scene, point);
    await tidy(scene);
  });
});
