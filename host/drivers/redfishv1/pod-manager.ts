// A connection to a pod manager of Rack Scale Design.

import { AppError } from "../../errors.ts";
import type {
  Boot,
  Choice,
  DeviceFacts,
  Facts,
  NodeView,
  Operations,
  PodManager,
  PodManagerAccess,
  Provisioning,
  Requirements,
  Status,
} from "../driver.ts";
import type { Resource } from "../redfish/client.ts";
import { RedfishPodManager } from "../redfish/pod-manager.ts";
import { actionOf, orderReset } from "../redfish/views/actions.ts";
import { isRefusal, setBoot } from "../redfish/views/boot.ts";
import { rootLink } from "../redfish/views/links.ts";
import { attachSteps, detachSteps } from "./attach.ts";
import { choose } from "./choose.ts";
import { composeSteps } from "./compose.ts";
import { readDevices } from "./devices.ts";
import { dialectOf } from "./dialect.ts";
import { nodeView } from "./node-view.ts";
import { computerSystemOf, findNode } from "./nodes.ts";
import { provisioningOf } from "./provisioning.ts";
import { releaseSteps } from "./release.ts";
import { SupplyReader, systemsInUse } from "./supply.ts";

export class RsdPodManager extends RedfishPodManager implements PodManager {
  readonly operations: Operations;
  readonly #supply: SupplyReader;

  constructor(access: PodManagerAccess) {
    super(access);
    this.#supply = new SupplyReader(this.client);
    this.operations = {
      compose: composeSteps(this.client, this.#supply),
      release: releaseSteps(this.client),
      attach: attachSteps(this.client),
      detach: detachSteps(this.client),
    };
  }

  /** The root may be read by anyone: only an answer to our credentials counts. */
  async status(signal: AbortSignal): Promise<Status> {
    try {
      const systems = await rootLink(this.client, "Systems", signal);
      if (systems !== null) await this.client.get(systems, signal);
      return "Online";
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof AppError)) throw error;
      this.access.log("pod manager is offline", { url: this.access.url, reason: error.message });
      return "Offline";
    }
  }

  async choose(requirements: Requirements, taken: ReadonlySet<string>, signal: AbortSignal): Promise<Choice> {
    const { pins, attaches } = dialectOf((await this.client.root(signal)).body);
    const [inUse, devices] = await Promise.all([
      systemsInUse(this.client, signal),
      attaches && (requirements.pciDevices?.length ?? 0) > 0 ? readDevices(this.client, signal) : null,
    ]);
    const depth = requirements.memory?.type === undefined ? "sizes" : "modules";
    const attempt = async (maxAgeMs?: number) =>
      choose(requirements, taken, { ...(await this.#supply.supply(depth, signal, maxAgeMs)), inUse, devices, pins });
    try {
      return await attempt();
    } catch (error) {
      // What is said to be short must be so now.
      if (error instanceof AppError && error.code === "pod-manager.no-fit") return await attempt(0);
      throw error;
    }
  }

  async node(index: string, signal: AbortSignal): Promise<NodeView> {
    return await nodeView(this.client, index, await this.#node(index, signal), signal);
  }

  async devices(signal: AbortSignal): Promise<DeviceFacts[]> {
    return await readDevices(this.client, signal);
  }

  async provisioning(index: string, params: Facts, signal: AbortSignal): Promise<Provisioning> {
    return await provisioningOf(this.client, this.access, await this.#node(index, signal), params, signal);
  }

  /** At the system, where the node itself has no such action. */
  async reset(index: string, type: string, signal: AbortSignal): Promise<void> {
    const node = await this.#node(index, signal);
    const system = actionOf(this.client, node, /\.Reset$/) === null ? computerSystemOf(this.client, node) : null;
    await orderReset(this.client, system === null ? node : await this.client.get(system, signal), type, signal);
  }

  /** At the system, where the pod manager does not change nodes. */
  async boot(index: string, boot: Boot, signal: AbortSignal): Promise<void> {
    const node = await this.#node(index, signal);
    try {
      await setBoot(this.client, () => this.client.get(node.path, signal), boot, signal);
    } catch (error) {
      if (!isRefusal(error, 405, 501)) throw error;
      const system = computerSystemOf(this.client, node);
      if (system === null)
        throw new AppError(
          "pod-manager.unsupported",
          `The pod manager changes nothing of ${node.path}, and the node names no computer system that it could change.`,
          { cause: error },
        );
      await setBoot(this.client, () => this.client.get(system, signal), boot, signal);
    }
  }

  async #node(index: string, signal: AbortSignal): Promise<Resource> {
    return await findNode(this.client, index, signal);
  }
}
