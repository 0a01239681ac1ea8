import { lockNode, type NodeRow, updateNode } from "../../../db/queries/composed-nodes.ts";
import { listOperations } from "../../../db/queries/operations.ts";
import type { Store } from "../../../db/store.ts";
import type { Assets, Facts, PodManager, Step } from "../../drivers/driver.ts";
import { AppError, UpstreamError } from "../../errors.ts";
import type { Ironic, IronicNode } from "../../openstack/ironic.ts";
import type { Connections } from "./connections.ts";
import { busy } from "./operations.ts";
import { type RegistrationFields, registrationFields } from "./provisioning-fields.ts";

export interface ProvisioningOptions {
  readonly store: Store;
  readonly connections: Pick<Connections, "get">;
  readonly ironic: Ironic;
  /** How long Ironic may take to reach the hardware of a node, ms; default 60,000. */
  readonly patienceMs?: number;
  readonly log: (message: string, details: Record<string, unknown>) => void;
}

export interface Registered {
  readonly node: NodeRow;
  /** What did not succeed beside the registration itself, a sentence each. */
  readonly warnings: readonly string[];
}

/**
 * Hands composed nodes to Ironic and takes them back. A node has the same UUID there as here unless the caller chose one, and
 * that UUID is recorded before Ironic is asked: whatever was interrupted is found again by it, and never made twice.
 * Contract: valence-rest, 6.9; drivers, 5.
 */
export class ProvisioningService {
  readonly #options: ProvisioningOptions;

  constructor(options: ProvisioningOptions) {
    this.#options = options;
  }

  /**
   * @param params driver_info, driver, mac, ports' owner and other fields of Ironic's node; `target`: `manage` or `provide`,
   *   the state to bring it to
   * @throws AppError node.not-found, node.busy while its hardware goes back to the pool, node.registered, request.invalid
   *   naming the field, provisioning.unavailable, provisioning.refused, and those of the pod manager
   */
  async register(nodeId: string, params: Facts, signal: AbortSignal): Promise<Registered> {
    const row = await this.#intend(nodeId, params);
    const podManager = await this.#options.connections.get(row.podManagerId);
    const fields = await this.#fields(row, podManager, params, signal);
    const made = await this.#make(row.provisioningId!, fields);
    const warnings = await this.#ports(made.uuid, fields.macs);
    const node = await this.#registered(nodeId, made);
    warnings.push(...(await this.#bringTo(made.uuid, fields.targets)));
    return { node, warnings };
  }

  /**
   * Nothing to do when it is not registered. Ironic refuses while an instance runs on it.
   * @throws AppError node.not-found, provisioning.unavailable, provisioning.refused
   */
  async deregister(nodeId: string): Promise<NodeRow> {
    const row = await this.#options.store.transaction((tx) => locked(tx, nodeId));
    if (row.provisioningId !== null) await this.#remove(row.provisioningId);
    return await this.#record(nodeId, { managedBy: null, provisioningId: null, provisionState: null });
  }

  /** Before the hardware of a node goes back to its pool. Reads `provisioningId`. */
  get beforeRelease(): readonly Step[] {
    const idIn = ({ provisioningId }: Facts) => String(provisioningId);
    return [
      {
        name: "deregister",
        run: async (facts) => {
          await this.#remove(idIn(facts));
          return {};
        },
        look: async (facts) => ((await this.#options.ironic.node(idIn(facts))) === null ? {} : null),
        undo: async () => {},
      },
    ];
  }

  /** The UUID it gets, recorded; it keeps the one of an earlier try. */
  async #intend(nodeId: string, params: Facts): Promise<NodeRow> {
    const chosen = typeof params.uuid === "string" ? params.uuid : nodeId;
    return await this.#options.store.transaction(async (tx) => {
      const row = await unreleased(tx, nodeId);
      if (row.managedBy !== null)
        throw new AppError(
          "node.registered",
          `Node ${nodeId} is registered with ${row.managedBy} already as ${row.provisioningId ?? "an unknown node"}; DELETE its register first`,
        );
      if (row.provisioningId !== null) return row;
      return (await updateNode(tx, nodeId, { provisioningId: chosen }))!;
    });
  }

  /** A node that was released meanwhile is taken from Ironic again. */
  async #registered(nodeId: string, { uuid, provisionState }: IronicNode): Promise<NodeRow> {
    const values = { managedBy: "ironic", provisioningId: uuid, provisionState, updatedAt: new Date() };
    try {
      return await this.#options.store.transaction(async (tx) => {
        await unreleased(tx, nodeId);
        return (await updateNode(tx, nodeId, values))!;
      });
    } catch (error) {
      if (error instanceof AppError && ["node.not-found", "node.busy"].includes(error.code)) await this.#remove(uuid);
      throw error;
    }
  }

  async #fields(row: NodeRow, podManager: PodManager, params: Facts, signal: AbortSignal): Promise<RegistrationFields> {
    const provisioning = await podManager.provisioning(row.index, params, signal);
    // Sizes are for schedulers only: without them it can be registered all the same.
    const assets: Assets | null = await podManager.node(row.index, signal).catch(() => null);
    return registrationFields({
      id: row.provisioningId!,
      nodeId: row.id,
      name: row.name,
      provisioning,
      assets,
      params,
    });
  }

  async #make(id: string, { node }: RegistrationFields): Promise<IronicNode> {
    const { ironic } = this.#options;
    try {
      return await ironic.createNode(node);
    } catch (error) {
      const lost = error instanceof AppError && error.code === "provisioning.unavailable";
      const taken = error instanceof UpstreamError && error.upstreamStatus === 409;
      if (!lost && !taken) throw error;
      // Its answer was lost, now or in an earlier try, or somebody else has this name.
      const found = await ironic.node(id).catch(() => null);
      if (found === null || found.extra.ostro_node !== (node.extra as Facts).ostro_node) throw error;
      return found;
    }
  }

  async #ports(nodeId: string, macs: readonly string[]): Promise<string[]> {
    const { ironic } = this.#options;
    const warnings: string[] = [];
    const there = macs.length === 0 ? [] : await ironic.ports(nodeId).catch(() => []);
    for (const mac of macs) {
      if (there.includes(mac.toLowerCase())) continue;
      try {
        await ironic.createPort(nodeId, mac);
      } catch (error) {
        warnings.push(`no port for ${mac}: ${reasonOf(error)}`);
      }
    }
    return warnings;
  }

  async #bringTo(nodeId: string, targets: readonly string[]): Promise<string[]> {
    const { ironic } = this.#options;
    for (const [at, target] of targets.entries()) {
      try {
        await ironic.provision(nodeId, target);
        if (at + 1 < targets.length) await this.#until(nodeId, "manageable");
      } catch (error) {
        return [`it is not brought to "${target}": ${reasonOf(error)}`];
      }
    }
    return [];
  }

  /** Ironic talks to the hardware before it takes the next order. The last order is not waited for: cleaning takes hours. */
  async #until(nodeId: string, state: string): Promise<void> {
    const { ironic, patienceMs = 60_000 } = this.#options;
    const end = performance.now() + patienceMs;
    for (;;) {
      const node = await ironic.node(nodeId);
      if (node?.provisionState === state) return;
      if (node !== null && node.lastError !== null) throw new Error(node.lastError);
      if (performance.now() > end)
        throw new Error(`it is "${node?.provisionState}" after ${patienceMs} ms, not "${state}"`);
      await new Promise((resolve) => setTimeout(resolve, Math.min(1_000, patienceMs / 10)));
    }
  }

  async #remove(id: string): Promise<void> {
    const { ironic, log } = this.#options;
    try {
      await ironic.deleteNode(id);
    } catch (error) {
      if (!(error instanceof UpstreamError) || error.upstreamStatus !== 409) throw error;
      // In most states a node can only be deleted in maintenance; one with an instance not even then.
      await ironic.startMaintenance(id, "its hardware goes back to the pool");
      log("a node of Ironic is deleted from maintenance", { node: id, reason: error.message });
      await ironic.deleteNode(id);
    }
  }

  async #record(
    nodeId: string,
    values: Pick<NodeRow, "managedBy" | "provisioningId" | "provisionState">,
  ): Promise<NodeRow> {
    const row = await this.#options.store.transaction((tx) =>
      updateNode(tx, nodeId, { ...values, updatedAt: new Date() }),
    );
    return row ?? missing(nodeId);
  }
}

async function locked(tx: Parameters<typeof lockNode>[0], nodeId: string): Promise<NodeRow> {
  return (await lockNode(tx, nodeId)) ?? missing(nodeId);
}

/** Locked, and its hardware stays with it. */
async function unreleased(tx: Parameters<typeof lockNode>[0], nodeId: string): Promise<NodeRow> {
  const row = await locked(tx, nodeId);
  if ((await listOperations(tx, { nodeId })).some(({ kind }) => kind === "release")) throw await busy(tx, nodeId);
  return row;
}

function missing(nodeId: string): never {
  throw new AppError("node.not-found", `Node ${nodeId} not found`);
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
