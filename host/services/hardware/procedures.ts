// How each kind of operation goes: its steps, and what it changes in the store once it ended.
import { claim, dropClaims } from "../../../db/queries/claims.ts";
import { deleteNode, insertNode, listNodes } from "../../../db/queries/composed-nodes.ts";
import { changeDevices, listDevices } from "../../../db/queries/devices.ts";
import { listOperations, type OperationKind, type OperationRow } from "../../../db/queries/operations.ts";
import type { Db } from "../../../db/store.ts";
import type { DeviceChange, Facts, PodManager, Step } from "../../drivers/driver.ts";
import { AppError } from "../../errors.ts";

/** What an operation is about. */
export type Subject = Pick<OperationRow, "kind" | "podManagerId" | "nodeId">;

export interface Procedure {
  /** In their order. @throws AppError pod-manager.unsupported */
  steps(podManager: PodManager, facts: Facts): readonly Step[];
  /** False: it is tried again until it is done, or refused. */
  readonly undoable: boolean;
  /** In the transaction that ends the operation. @throws AppError when the facts that the steps left cannot be used */
  completed(tx: Db, subject: Subject, facts: Facts): Promise<void>;
  /** The same, after it was undone or, where it cannot be, refused. */
  failed(tx: Db, subject: Subject, facts: Facts): Promise<void>;
}

export type Procedures = Partial<Record<OperationKind, Procedure>>;

/** `beforeRelease`: of nodes that are, or may be, registered with Ironic, which is told first. */
export function nodeProcedures(beforeRelease: readonly Step[] = []): Procedures {
  return {
    compose: {
      steps: ({ operations }) => operations.compose,
      undoable: true,
      completed: composed,
      failed: (tx, { nodeId }) => dropClaims(tx, nodeId),
    },
    release: {
      steps: ({ operations }, facts) => [
        ...(typeof facts.provisioningId === "string" ? beforeRelease : []),
        ...operations.release,
      ],
      undoable: false,
      completed: released,
      failed: changed,
    },
    attach: {
      steps: ({ operations }) => operations.attach ?? unsupported("attached"),
      undoable: true,
      completed: changed,
      failed: async (tx, { nodeId }, { device }) =>
        await dropClaims(tx, nodeId, [(device as DeviceChange).resourceUri]),
    },
    detach: {
      steps: ({ operations }) => operations.detach ?? unsupported("detached"),
      undoable: true,
      completed: changed,
      failed: async () => {},
    },
  };
}

function unsupported(done: string): never {
  throw new AppError("pod-manager.unsupported", `at this pod manager devices cannot be ${done}`);
}

async function composed(tx: Db, subject: Subject, facts: Facts): Promise<void> {
  const { podManagerId, nodeId } = subject;
  const { index, resourceUri, name, description } = facts;
  if (typeof index !== "string" || index === "" || typeof resourceUri !== "string" || resourceUri === "")
    throw new AppError("pod-manager.unreadable", "the composed node has no index or no path");
  await forgetNamesake(tx, podManagerId, index);
  const now = new Date();
  const node = {
    id: nodeId,
    podManagerId,
    name: String(name),
    description: String(description),
    index,
    resourceUri,
    managedBy: null,
    provisioningId: null,
    provisionState: null,
    metadata: {},
    createdAt: now,
    updatedAt: now,
  };
  if (!(await insertNode(tx, node)))
    throw new AppError("node.managed", `a node of index ${index} is known already, it came at the same time`);
  await claim(tx, { podManagerId, nodeId, resources: [resourceUri] });
  await changed(tx, subject, facts);
}

/** The pod manager has given its index to a new node: what had it before is no more. */
async function forgetNamesake(tx: Db, podManagerId: string, index: string): Promise<void> {
  for (const { id } of await listNodes(tx, { podManagerId, index })) {
    await deleteNode(tx, id);
    if ((await listOperations(tx, { nodeId: id })).length === 0) await dropClaims(tx, id);
  }
}

async function released(tx: Db, subject: Subject, facts: Facts): Promise<void> {
  const { podManagerId, nodeId } = subject;
  await changed(tx, subject, facts);
  const left = await listDevices(tx, { podManagerId, nodeIndex: String(facts.index) });
  await changeDevices(
    tx,
    podManagerId,
    left.map(({ resourceUri }) => ({ resourceUri, state: "free", nodeIndex: null, pooledGroupId: null })),
  );
  await deleteNode(tx, nodeId);
  await dropClaims(tx, nodeId);
}

/** Devices stand as the steps left them; those that are free are no longer the node's. */
async function changed(tx: Db, { podManagerId, nodeId }: Subject, { devices }: Facts): Promise<void> {
  if (!Array.isArray(devices)) return;
  const changes = devices as DeviceChange[];
  await changeDevices(tx, podManagerId, changes);
  const free = changes.filter(({ state }) => state === "free").map(({ resourceUri }) => resourceUri);
  await dropClaims(tx, nodeId, free);
}
