// The services that work on hardware over a store, wired as the server does, with pods in memory.
import { randomUUID } from "node:crypto";
import { listNodes } from "../../db/queries/composed-nodes.ts";
import { listDevices } from "../../db/queries/devices.ts";
import { listOperations } from "../../db/queries/operations.ts";
import { claims, devices, podManagers } from "../../db/schema/index.ts";
import type { Store } from "../../db/store.ts";
import type { DeviceFacts } from "../../host/drivers/driver.ts";
import { NodeService } from "../../host/services/hardware/nodes.ts";
import { OperationRunner, type OperationRunnerOptions } from "../../host/services/hardware/operations.ts";
import { nodeProcedures } from "../../host/services/hardware/procedures.ts";
import { type MemoryHardware, memoryDriver } from "./memory-hardware.ts";
import type { Around } from "./mortal.mjs";

export interface Hardware {
  readonly store: Store;
  readonly operations: OperationRunner;
  readonly nodes: NodeService;
  readonly logged: string[];
  close(): Promise<void>;
}

/** `pods`: by id of the pod manager. */
export function hardware(
  whole: Store,
  pods: ReadonlyMap<string, MemoryHardware>,
  options: Partial<OperationRunnerOptions> & { around?: (around: Around) => Around } = {},
  choice: { answerMs?: number } = {},
): Hardware {
  const logged: string[] = [];
  const log = (message: string, details: Record<string, unknown>) =>
    void logged.push(`${message} ${JSON.stringify(details)}`);
  const driver = memoryDriver((url) => pods.get(url)!);
  const plain = async (podManagerId: string) =>
    driver.connect({ url: podManagerId, username: "u", password: "p", log });
  const { around = (it) => it, ...rest } = options;
  const { store, connect } = around({ store: whole, connect: plain });
  const operations = new OperationRunner({
    store,
    connect,
    procedures: nodeProcedures(),
    log,
    patienceMs: 30_000,
    pauseMs: 1,
    alone: true,
    ...rest,
  });
  const flavors = {
    find: async () => ({ properties: { processor: { total_cores: "16" }, pci_device: { type: ["SSD"] } } }),
  };
  const nodes = new NodeService({ store, connect, operations, flavors, log, ...choice });
  return { store, operations, nodes, logged, close: () => operations.close() };
}

/** A registered pod manager, and rows of its devices as a sync makes them, named after their paths. */
export async function register(
  store: Store,
  pod: { readonly devices: Iterable<DeviceFacts> | ReadonlyMap<string, null | string> },
  status: "Online" | "Offline" = "Online",
): Promise<string> {
  const id = randomUUID();
  const now = new Date();
  const rows = [...pod.devices].map((device) => {
    const facts = "resourceUri" in device ? device : { ...FREE, resourceUri: device[0] };
    return { ...facts, id: `${id}/${facts.resourceUri}`, podManagerId: id, createdAt: now, updatedAt: now };
  });
  await store.transaction(async (tx) => {
    await tx.insert(podManagers).values({
      id,
      name: `pod ${id}`,
      url: `memory://${id}`,
      address: id,
      driver: "memory",
      authentication: [],
      secret: "",
      status,
      createdAt: now,
      updatedAt: now,
    });
    if (rows.length > 0) await tx.insert(devices).values(rows);
  });
  return id;
}

const FREE = {
  state: "free",
  nodeIndex: null,
  pooledGroupId: "pool",
  type: "SSD",
  properties: {},
  extra: {},
} satisfies Partial<DeviceFacts>;

/** Where store and hardware contradict each other, a sentence each, when nothing is under way. */
export async function contradictions(store: Store, podManagerId: string, pod: MemoryHardware): Promise<string[]> {
  const found: string[] = [];
  const [nodes, rows, held, under] = await store.read(async (db) => [
    await listNodes(db, { podManagerId }),
    await listDevices(db, { podManagerId }),
    (await db.select().from(claims)).filter((claim) => claim.podManagerId === podManagerId),
    (await listOperations(db)).filter((operation) => operation.podManagerId === podManagerId),
  ]);
  for (const { kind, step } of under) found.push(`${kind} is still at ${step}`);
  for (const { id, index } of nodes) if (!pod.nodes.has(index)) found.push(`node ${id} (${index}) is no more`);
  for (const [index, { assembled }] of pod.nodes) {
    if (!nodes.some((node) => node.index === index)) found.push(`nobody knows of ${index}`);
    if (!assembled) found.push(`${index} is not assembled`);
  }
  const systems = [...pod.nodes.values()].map(({ system }) => system);
  if (new Set(systems).size < systems.length) found.push("a system is in two nodes");
  for (const { resourceUri, nodeIndex, state } of rows) {
    const at = pod.devices.get(resourceUri) ?? null;
    if (at !== nodeIndex || state !== (at === null ? "free" : "allocated"))
      found.push(`${resourceUri} is ${state} at ${nodeIndex}, in truth at ${at}`);
  }
  const truly = new Set<string>();
  for (const { id, index, resourceUri } of nodes) {
    truly.add(`${id} ${resourceUri}`);
    const node = pod.nodes.get(index);
    if (node !== undefined) truly.add(`${id} ${node.system}`);
    for (const [path, at] of pod.devices) if (at === index) truly.add(`${id} ${path}`);
  }
  for (const { nodeId, resource } of held)
    if (!truly.delete(`${nodeId} ${resource}`)) found.push(`${resource} is claimed for ${nodeId}, which has it not`);
  for (const missing of truly) found.push(`not claimed: ${missing}`);
  return found;
}
