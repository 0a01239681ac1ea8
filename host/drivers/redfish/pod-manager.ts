// What every Redfish pod manager answers alike, whatever it composes with.

import type {
  Assets,
  ForwardedAnswer,
  ForwardedRequest,
  PodManagerAccess,
  RackView,
  Subscription,
  SystemView,
} from "../driver.ts";
import { RedfishClient } from "./client.ts";
import { readRacks } from "./views/racks.ts";
import { readSystem, readSystemAssets, readSystems } from "./views/systems.ts";

/** The part of a PodManager that needs no more than its client. */
export abstract class RedfishPodManager {
  protected readonly access: PodManagerAccess;
  protected readonly client: RedfishClient;

  constructor(access: PodManagerAccess) {
    this.access = access;
    this.client = new RedfishClient(access);
  }

  async systems(signal: AbortSignal): Promise<SystemView[]> {
    return await readSystems(this.client, signal);
  }

  async system(id: string, signal: AbortSignal): Promise<SystemView> {
    return await readSystem(this.client, id, signal);
  }

  async assets(systemId: string, signal: AbortSignal): Promise<Assets> {
    return await readSystemAssets(this.client, systemId, signal);
  }

  async racks(signal: AbortSignal): Promise<RackView[]> {
    return await readRacks(this.client, signal);
  }

  async forward(request: ForwardedRequest, signal: AbortSignal): Promise<ForwardedAnswer> {
    return await this.client.forward(request, signal);
  }

  async follow(
    options: { changed: () => void; destination: string | null; context: string },
    signal: AbortSignal,
  ): Promise<Subscription | null> {
    return await this.client.follow(options, signal);
  }

  async close(): Promise<void> {
    await this.client.close();
  }
}
