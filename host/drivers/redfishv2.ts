// The driver for services that compose systems of resource blocks as DMTF's CompositionService says (DSP2050).
// Contract: drivers, section 3.

import { AppError } from "../errors.ts";
import type {
  Boot,
  Choice,
  DeviceFacts,
  Driver,
  Facts,
  NodeView,
  Operations,
  PodManager,
  PodManagerAccess,
  Provisioning,
  Requirements,
  Status,
} from "./driver.ts";
import { RedfishPodManager } from "./redfish/pod-manager.ts";
import { attachSteps, detachSteps } from "./redfishv2/attach.ts";
import { isDevice } from "./redfishv2/block.ts";
import { chooseBlocks } from "./redfishv2/choose.ts";
import { composeSteps } from "./redfishv2/compose.ts";
import { releaseSteps } from "./redfishv2/decompose.ts";
import { deviceFacts } from "./redfishv2/devices.ts";
import { bootNode, nodeView, provisioningOf, resetNode } from "./redfishv2/node.ts";
import { HoldingsReader } from "./redfishv2/parts.ts";
import { readBlocks, readRackOf, readService, readZones } from "./redfishv2/pool.ts";
import type { ComposePlan } from "./redfishv2/request.ts";

export const redfishv2: Driver = {
  name: "redfishv2",
  connect: (access) => new CompositionManager(access),
};

class CompositionManager extends RedfishPodManager implements PodManager {
  readonly operations: Operations;
  readonly #holdings: HoldingsReader;

  constructor(access: PodManagerAccess) {
    super(access);
    this.#holdings = new HoldingsReader(this.client);
    this.operations = {
      compose: composeSteps(this.client),
      release: releaseSteps(
        this.client,
        this.#holdings,
        async (signal) => (await readService(this.client, signal)).compose,
      ),
      attach: attachSteps(this.client),
      detach: detachSteps(this.client),
    };
  }

  async status(signal: AbortSignal): Promise<Status> {
    try {
      await readService(this.client, signal);
      return "Online";
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof AppError) return "Offline";
      throw error;
    }
  }

  async choose(requirements: Requirements, taken: ReadonlySet<string>, signal: AbortSignal): Promise<Choice> {
    const client = this.client;
    const service = await readService(client, signal);
    const [blocks, rackOf] = await Promise.all([
      readBlocks(client, service, this.#holdings, signal),
      readRackOf(client, signal),
    ]);
    this.#holdings.keep(blocks.map(({ path }) => path));
    const zones = await readZones(client, service, blocks, signal);
    const { zone, blocks: chosen, ...found } = chooseBlocks(blocks, zones, requirements, taken, rackOf);
    const total = (of: (block: (typeof chosen)[number]) => number) => chosen.reduce((sum, block) => sum + of(block), 0);
    const plan: ComposePlan = {
      way: zone.way,
      target: zone.target,
      compose: service.compose,
      blocks: chosen.map(({ path }) => path),
      devices: chosen.filter(isDevice).map(({ path }) => path),
      parts: { cpus: total(({ cpus }) => cpus), modules: total(({ modules }) => modules) },
      zone: service.zoneAffinity ? zone.id : null,
      overprovisioning: service.overprovisioning,
      capabilities: zone.capabilities,
    };
    return {
      // Blocks that others may have, too, cannot be claimed; a service that chooses itself may choose others.
      resources: zone.way === "constrained" ? [] : chosen.filter(({ sharable }) => !sharable).map(({ path }) => path),
      cost: { zonesBroken: found.zonesBroken, racks: found.racks, resources: chosen.length, wasteBp: found.wasteBp },
      reasons: found.reasons,
      plan: { ...plan },
    };
  }

  async node(index: string, signal: AbortSignal): Promise<NodeView> {
    return await nodeView(this.client, index, signal);
  }

  async devices(signal: AbortSignal): Promise<DeviceFacts[]> {
    const service = await readService(this.client, signal);
    const blocks = await readBlocks(this.client, service, this.#holdings, signal);
    return blocks.filter(isDevice).map((block) => deviceFacts(block));
  }

  async provisioning(index: string, params: Facts, signal: AbortSignal): Promise<Provisioning> {
    return await provisioningOf(this.client, this.access, index, params, signal);
  }

  async reset(index: string, type: string, signal: AbortSignal): Promise<void> {
    await resetNode(this.client, index, type, signal);
  }

  async boot(index: string, boot: Boot, signal: AbortSignal): Promise<void> {
    await bootNode(this.client, index, boot, signal);
  }
}
