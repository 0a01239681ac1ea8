import { randomUUID } from "node:crypto";
import { claim, resourcesOfNode } from "../../../db/queries/claims.ts";
import {
  insertNode,
  listNodes,
  lockNode,
  type NodeFilter,
  type NodeRow,
  updateNode,
} from "../../../db/queries/composed-nodes.ts";
import { type DeviceRow, findDevice, listDevices } from "../../../db/queries/devices.ts";
import { listPodManagers } from "../../../db/queries/pod-managers.ts";
import type { Db, Store } from "../../../db/store.ts";
import type { Assets, Boot, ComposeFacts, Drive, NodeView, PodManager, Requirements } from "../../drivers/driver.ts";
import { AppError } from "../../errors.ts";
import { type Chosen, HardwareChoice, Taken } from "./choice.ts";
import {
  factsOf,
  found,
  immovable,
  managed,
  missing,
  noDevice,
  refuseAssigned,
  refuseElsewhere,
  unsupported,
} from "./node-refusals.ts";
import { busy, type OperationRunner } from "./operations.ts";
import { reasonOf } from "./outcome.ts";
import { requirementsOf } from "./requirements.ts";

export type { NodeFilter, NodeRow as NodeRecord } from "../../../db/queries/composed-nodes.ts";
export type { Assets, Boot, Drive, NodeView, Requirements } from "../../drivers/driver.ts";
export { requirementsOf } from "./requirements.ts";

export interface ComposeInput {
  /** Need not be unique. */
  readonly name: string;
  readonly description?: string;
  /** At most one of the two; neither: any node. */
  readonly requirements?: Requirements;
  readonly flavorId?: string;
  /** Null: the one that fits best. */
  readonly podManagerId: string | null;
  readonly requestId: string;
}

export type NodePatch = Partial<Pick<NodeRow, "name" | "description" | "provisionState" | "metadata">>;

export interface NodeServiceOptions {
  readonly store: Store;
  readonly connect: (podManagerId: string) => Promise<PodManager>;
  readonly operations: OperationRunner;
  readonly flavors: {
    find(id: string): Promise<{ readonly properties: Readonly<Record<string, unknown>> }>;
  };
  readonly log: (message: string, details: Record<string, unknown>) => void;
  /** Where several pod managers are asked, one that takes longer to choose is left out, ms; default 15,000. */
  readonly answerMs?: number;
}

/** Live views are asked for so many nodes at a time. */
const VIEWS_AT_ONCE = 16;
/** Types of devices that store. */
const STORES = /^(ssd|hdd|nvme|drive|volume|storage)$/i;

/** Composed and managed nodes. They are found by id, else by a name that only one has. */
export class NodeService {
  readonly #options: NodeServiceOptions;
  readonly #choice: HardwareChoice;

  constructor(options: NodeServiceOptions) {
    this.#options = options;
    this.#choice = new HardwareChoice(options);
  }

  /** As stored, in order of creation. */
  async list(filter: NodeFilter = {}): Promise<NodeRow[]> {
    return await this.#options.store.read((db) => listNodes(db, filter));
  }

  /** @throws AppError node.not-found, node.ambiguous */
  async find(ident: string): Promise<NodeRow> {
    return await this.#options.store.read((db) => found(db, ident));
  }

  /** As the hardware sees it. @throws AppError as `find` and the pod manager's node() */
  async view(ident: string, signal: AbortSignal): Promise<{ record: NodeRow; live: NodeView }> {
    const record = await this.find(ident);
    const podManager = await this.#options.connect(record.podManagerId);
    return { record, live: await podManager.node(record.index, signal) };
  }

  /** Live views of several, in their order; null: it cannot be had. */
  async views(records: readonly NodeRow[], signal: AbortSignal): Promise<(NodeView | null)[]> {
    const views: (NodeView | null)[] = records.map(() => null);
    let next = 0;
    const work = async (): Promise<void> => {
      for (let at = next++; at < records.length; at = next++) {
        const { podManagerId, index } = records[at]!;
        try {
          views[at] = await (await this.#options.connect(podManagerId)).node(index, signal);
        } catch (error) {
          signal.throwIfAborted();
          this.#options.log("a node cannot be looked at", { node: records[at]!.id, fault: reasonOf(error) });
        }
      }
    };
    await Promise.all(Array.from({ length: VIEWS_AT_ONCE }, work));
    return views;
  }

  /**
   * Resolves when the node is assembled. The signal ends only the search for hardware: what was begun then goes on.
   * `reasons`: why this hardware, a sentence each.
   * @throws AppError flavor.not-found, request.invalid; pod-manager.not-found, .none, .no-fit; and what the pod manager
   * throws, after what was done is undone
   */
  async compose(input: ComposeInput, signal: AbortSignal): Promise<{ record: NodeRow; reasons: readonly string[] }> {
    const { flavors, operations } = this.#options;
    const { name, description = "", podManagerId, requestId } = input;
    const requirements =
      input.flavorId === undefined
        ? (input.requirements ?? {})
        : requirementsOf((await flavors.find(input.flavorId)).properties);
    const id = randomUUID();
    const begin = async (chosen: Chosen) => {
      const { choice, podManagerId } = chosen;
      const facts: ComposeFacts = { id, name, description, requirements, choice };
      const prepare = async (tx: Db): Promise<void> => {
        const resources = new Set(choice.resources);
        const claimed = await claim(tx, { podManagerId, nodeId: id, resources: [...resources] });
        if (claimed.length < resources.size) throw new Taken();
      };
      const subject = { kind: "compose", podManagerId, nodeId: id, requestId } as const;
      const { outcome } = await operations.begin({ ...subject, facts, prepare });
      return { outcome, reasons: chosen.reasons };
    };
    const { outcome, reasons } = await this.#choice.make({ requirements, podManagerId }, begin, signal);
    await outcome;
    return { record: await this.find(id), reasons };
  }

  /**
   * Takes a node that is there already under our care.
   * @throws AppError node.managed, pod-manager.not-found, request.invalid when it is not said at which of several pod managers
   */
  async manage(input: { index: string; podManagerId: string | null }, signal: AbortSignal): Promise<NodeRow> {
    const { store, connect } = this.#options;
    const { index } = input;
    const podManagerId = input.podManagerId ?? (await this.#only());
    const podManager = await connect(podManagerId);
    const known = await store.read((db) => listNodes(db, { podManagerId, index }));
    if (known.length > 0) throw managed(index, known[0]!.id);
    const live = await podManager.node(index, signal);
    const now = new Date();
    const row: NodeRow = {
      id: randomUUID(),
      podManagerId,
      name: live.name ?? live.index,
      description: live.description ?? "",
      index: live.index,
      resourceUri: live.resourceUri,
      managedBy: null,
      provisioningId: null,
      provisionState: null,
      metadata: {},
      createdAt: now,
      updatedAt: now,
    };
    await store.transaction(async (tx) => {
      if (!(await insertNode(tx, row))) throw managed(index, null);
      const own = new Set([live.resourceUri, ...(live.computerSystem === null ? [] : [live.computerSystem])]);
      const claimed = await claim(tx, { podManagerId, nodeId: row.id, resources: [...own] });
      if (claimed.length < own.size) throw managed(index, null);
      const attached = await listDevices(tx, { podManagerId, nodeIndex: live.index });
      const resources = attached.map(({ resourceUri }) => resourceUri);
      await claim(tx, { podManagerId, nodeId: row.id, resources });
    });
    return row;
  }

  /** `change` gets what is stored and returns what is to be different. @throws AppError as `find` and `change` */
  async patch(ident: string, change: (record: NodeRow) => NodePatch): Promise<NodeRow> {
    return await this.#options.store.transaction(async (tx) => {
      const { id } = await found(tx, ident);
      const record = await lockNode(tx, id);
      if (record === undefined) throw missing(ident);
      const changed = await updateNode(tx, id, { ...change(record), updatedAt: new Date() });
      return changed ?? missing(ident);
    });
  }

  /**
   * Gives the hardware back, then forgets the node. One that the pod manager does not know any more is forgotten. When the
   * pod manager refuses the node stays.
   * @throws AppError as `find`, node.busy, node.changed, and what the pod manager throws
   */
  async remove(ident: string, requestId: string, signal: AbortSignal): Promise<NodeRow> {
    const { store, operations } = this.#options;
    const record = await this.find(ident);
    const { id, podManagerId, index, resourceUri, managedBy, provisioningId } = record;
    const underWay = operations.join("release", id);
    if (underWay !== null) {
      await underWay;
      return record;
    }
    await this.#reachable(podManagerId, signal);
    const resources = await store.read((db) => resourcesOfNode(db, id));
    await operations.run({
      kind: "release",
      podManagerId,
      nodeId: id,
      requestId,
      facts: { index, resourceUri, resources, managedBy, provisioningId },
      prepare: async (tx) => {
        const now = (await lockNode(tx, id)) ?? missing(ident);
        // Ironic would keep what nobody took from it.
        if (now.provisioningId !== provisioningId)
          throw new AppError("node.changed", `Node ${id} was registered or deregistered just now.\nTry again.`);
      },
    });
    return record;
  }

  /** @throws AppError as `find`, node.busy, request.invalid when this hardware takes no such thing */
  async reset(ident: string, type: string, signal: AbortSignal): Promise<void> {
    const { record, podManager } = await this.#idle(ident);
    if (podManager.reset === undefined) throw unsupported("Reset");
    await podManager.reset(record.index, type, signal);
  }

  /** @throws AppError as `reset` */
  async boot(ident: string, boot: Boot, signal: AbortSignal): Promise<void> {
    const { record, podManager } = await this.#idle(ident);
    if (podManager.boot === undefined) throw unsupported("Boot");
    await podManager.boot(record.index, boot, signal);
  }

  /**
   * @throws AppError as `find`, device.not-found, device.assigned when it is at a node, device.busy when it is claimed or
   * the node has no room for it, node.busy, request.invalid when it belongs to another pod manager, pod-manager.unsupported
   */
  async attach(ident: string, deviceId: string, requestId: string, signal: AbortSignal): Promise<void> {
    const { operations } = this.#options;
    const { record, device, podManager } = await this.#withDevice(ident, deviceId);
    if (podManager.operations.attach === undefined) throw immovable();
    refuseAssigned(device);
    await this.#reachable(record.podManagerId, signal);
    const { id: nodeId, podManagerId } = record;
    const { resourceUri } = device;
    await operations.run({
      kind: "attach",
      podManagerId,
      nodeId,
      requestId,
      facts: { index: record.index, resourceUri: record.resourceUri, device: factsOf(device) },
      prepare: async (tx) => {
        if ((await lockNode(tx, nodeId)) === undefined) throw missing(ident);
        refuseAssigned((await findDevice(tx, deviceId)) ?? noDevice(deviceId));
        if ((await claim(tx, { podManagerId, nodeId, resources: [resourceUri] })).length === 0)
          throw new AppError("device.busy", `device ${deviceId} is claimed by another node, or by this one`);
      },
    });
  }

  /**
   * A device that is at no node is none the worse for it.
   * @throws AppError as `find`, device.not-found, device.busy when it is at another node, node.busy, pod-manager.unsupported
   */
  async detach(ident: string, deviceId: string, requestId: string, signal: AbortSignal): Promise<void> {
    const { operations } = this.#options;
    const { record, device, podManager } = await this.#withDevice(ident, deviceId);
    if (podManager.operations.detach === undefined) throw immovable();
    if (device.nodeIndex === null && device.state === "free") return;
    refuseElsewhere(record, device);
    await this.#reachable(record.podManagerId, signal);
    const { id: nodeId, podManagerId } = record;
    await operations.run({
      kind: "detach",
      podManagerId,
      nodeId,
      requestId,
      facts: { index: record.index, resourceUri: record.resourceUri, device: factsOf(device) },
      prepare: async (tx) => {
        if ((await lockNode(tx, nodeId)) === undefined) throw missing(ident);
        refuseElsewhere(record, (await findDevice(tx, deviceId)) ?? noDevice(deviceId));
      },
    });
  }

  /** Devices at the node that store, and the drives of its own system. */
  async storages(
    ident: string,
    signal: AbortSignal,
  ): Promise<{ record: NodeRow; devices: DeviceRow[]; drives: readonly Drive[] }> {
    const { record, devices, assets } = await this.assets(ident, signal);
    return { record, devices: devices.filter(({ type }) => STORES.test(type ?? "")), drives: assets.drives };
  }

  /** What the node's system has, and the devices at it. */
  async assets(ident: string, signal: AbortSignal): Promise<{ record: NodeRow; devices: DeviceRow[]; assets: Assets }> {
    const { record, live } = await this.view(ident, signal);
    const { podManagerId, index: nodeIndex } = record;
    const devices = await this.#options.store.read((db) => listDevices(db, { podManagerId, nodeIndex }));
    return { record, devices, assets: live };
  }

  async #withDevice(
    ident: string,
    deviceId: string,
  ): Promise<{ record: NodeRow; device: DeviceRow; podManager: PodManager }> {
    const { record, podManager } = await this.#idle(ident);
    const device = (await this.#options.store.read((db) => findDevice(db, deviceId))) ?? noDevice(deviceId);
    if (device.podManagerId !== record.podManagerId)
      throw new AppError(
        "request.invalid",
        `device ${deviceId} belongs to pod manager ${device.podManagerId}, the node to ${record.podManagerId}`,
      );
    return { record, device, podManager };
  }

  /** A node that no operation works on. */
  async #idle(ident: string): Promise<{ record: NodeRow; podManager: PodManager }> {
    const { store, connect, operations } = this.#options;
    const record = await this.find(ident);
    if ((await operations.list({ nodeId: record.id })).length > 0) throw await store.read((db) => busy(db, record.id));
    return { record, podManager: await connect(record.podManagerId) };
  }

  /** Nothing is begun at a pod manager that does not answer. */
  async #reachable(podManagerId: string, signal: AbortSignal): Promise<void> {
    const podManager = await this.#options.connect(podManagerId);
    if ((await podManager.status(signal)) === "Offline")
      throw new AppError(
        "pod-manager.unreachable",
        `pod manager ${podManagerId} cannot be reached, or rejects our credentials`,
      );
  }

  async #only(): Promise<string> {
    const rows = await this.#options.store.read((db) => listPodManagers(db));
    if (rows.length === 1) return rows[0]!.id;
    const there = rows.map(({ id, name }) => `${id} (${name})`).join(", ");
    throw new AppError(
      "request.invalid",
      rows.length === 0
        ? "podm_id: no pod manager is registered"
        : `podm_id: say which pod manager has the node: ${there}`,
    );
  }
}
